// Command generate reads the comments of a library and writes the code that makes its functions callable
// by the host. `tidemill build` runs it in the folder of the library:
//
//	go run tidemill/generate FOLDER
//
// It writes into FOLDER what the compiler then sees as part of the package (library.go, by way of
// overlay.json), and a program that has the package in it (main.go). It knows types by how they are
// written and needs no compiled package, so it is quick.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	if err := run(".", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run writes the code for the library in the folder source into the folder target.
func run(source, target string) error {
	module, err := modulePath(filepath.Join(source, "go.mod"))
	if err != nil {
		return err
	}
	library, err := read(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o777); err != nil {
		return err
	}
	generated := filepath.Join(target, "library.go")
	overlay, err := overlay(source, generated)
	if err != nil {
		return err
	}
	program := "package main\n\nimport _ " + fmt.Sprintf("%q", module) + "\n\nfunc main() {}\n"
	for path, text := range map[string]string{
		generated:                             library.code(),
		filepath.Join(target, "main.go"):      program,
		filepath.Join(target, "overlay.json"): overlay,
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// overlay tells the compiler to see the generated file as one of the package.
func overlay(source, generated string) (string, error) {
	seen, err := filepath.Abs(filepath.Join(source, "tidemill_generated.go"))
	if err != nil {
		return "", err
	}
	real, err := filepath.Abs(generated)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {seen: real}})
	return string(text), err
}

// modulePath returns what the package in the folder of a go.mod is imported as.
func modulePath(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "module" {
			return strings.Trim(words[1], `"`), nil
		}
	}
	return "", fmt.Errorf("%s: no line `module NAME`", path)
}
