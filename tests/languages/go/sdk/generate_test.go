package sdk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// generator is the program of the SDK that reads the comments of a library.
var generator string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "generate")
	if err != nil {
		panic(err)
	}
	generator = filepath.Join(folder, "generate")
	if said, err := exec.Command("go", "build", "-o", generator, "tidemill/generate").CombinedOutput(); err != nil {
		panic(string(said))
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// generate reads a library of one file; gives back the code that is added to it, and what is said of it.
func generate(t *testing.T, source string) (code, said string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module a\n\ngo 1.24\n", "a.go": source} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(generator, "build")
	command.Dir = folder
	output, _ := command.CombinedOutput()
	added, _ := os.ReadFile(filepath.Join(folder, "build", "library.go"))
	return string(added), string(output)
}

// The mistakes that are made on a first try, and what is said of them and where.
func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	for source, expected := range map[string]string{
		"func f(a float64) float64 { return a }":                                                                                           "no function has a comment such as `//tidemill:scalar` above it",
		"//tidemill:scaler\nfunc f(a float64) float64 { return a }":                                                                        "a.go:5:1: unknown `//tidemill:scaler`; expected scalar, table",
		"//tidemill:scalar\n\nfunc f(a float64) float64 { return a }":                                                                      "a.go:5:1: `//tidemill:scalar` stands above nothing",
		"//tidemill:scalar\nfunc f(a uint8) float64 { return 0 }":                                                                          "a.go:6:10: this is no type of a column; use bool, int32,",
		"//tidemill:scalar\nfunc f(a *string) bool { return false }":                                                                       "or tidemill.Null of one of them",
		"//tidemill:scalar\nfunc f(float64) bool { return false }":                                                                         "a.go:6:8: this needs a name",
		"//tidemill:scalar\nfunc f(a float64) {}":                                                                                          "a scalar function returns at least one value",
		"//tidemill:scalar nam=b\nfunc f(a float64) bool { return a>0 }":                                                                   "`//tidemill:scalar` takes no `nam`",
		"//tidemill:scalar\ntype f struct{ a int }":                                                                                        "`//tidemill:scalar` does not belong above a struct",
		"//tidemill:table\nfunc f(a string) []string { return nil }":                                                                       "a table function has a last parameter that takes its rows, such as `emit func(",
		"//tidemill:holistic\nfunc f(a float64) bool { return false }":                                                                     "a holistic function takes slices",
		"//tidemill:process\nfunc f(a int) int { return a }":                                                                               "the first parameter of a process function is a pointer to a struct",
		"//tidemill:aggregate\ntype f struct{ a int }":                                                                                     "an aggregate has the methods `Update(value …)`, `Merge(other f)` and `Finish() …`",
		"//tidemill:config\nfunc f(a float64) bool { return false }":                                                                       "`//tidemill:config` belongs above a `var`",
		"type s struct{ a []int }\n//tidemill:process\nfunc f(s *s, a int) int { return a }":                                               "this is no type of a column",
		"type s struct{ a int }\nfunc (s *s) Migrate(old t) {}\ntype t struct{ a int }\n//tidemill:process\nfunc f(s *s) int { return 0 }": "version 1 of `s` migrates from version 1 of `t`",
	} {
		if code, said := generate(t, "package a\n\nimport _ \"tidemill\"\n\n"+source+"\n"); !strings.Contains(said, expected) || code != "" {
			t.Errorf("of\n%s\nit is said\n%s\nwant %s", source, said, expected)
		}
	}
	if _, said := generate(t, "package main\n"); !strings.Contains(said, "the package is called `main`; give it the name of the library") {
		t.Error(said)
	}
}

func TestDocCommentsBecomeSentencesOfTheirOwn(t *testing.T) {
	for comment, doc := range map[string]string{
		"// f computes a.\n//":                          "Computes a.",
		"// f is the mean.\n//":                         "The mean.",
		"// Is it so?\n//":                              "Is it so?",
		"// f computes a\n// and b.\n//\n// Twice.\n//": `Computes a\nand b.\n\nTwice.`,
	} {
		code, said := generate(t, "package a\n\n"+comment+"\n//tidemill:scalar name=g result=h\nfunc f(userID int) bool { return false }\n")
		for _, expected := range []string{`Doc: "` + doc + `"`, `Name: "g"`, `Name: "user_id"`, `Name: "h"`} {
			if !strings.Contains(code, expected) {
				t.Errorf("no %s in\n%s\n%s", expected, code, said)
			}
		}
	}
}
