package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// library is what is known of a package.
type library struct {
	files   *token.FileSet
	name    string
	structs map[string]*structure
	methods map[string]map[string]method
	// entries are the functions of the catalog, in the order of the source.
	entries []entry
	// states are the structs whose columns are read and written, in the order of their first use.
	states []*structure
	// config is the variable that the configuration is read into, if there is one.
	config   string
	problems []error
}

// entry is a function of the catalog.
type entry interface {
	// code writes the function's part of the catalog, tm_function with its place as number, and what the
	// host calls. These are no closures: the compiler inlines nothing into closures of this size.
	code(w *writer, place int)
}

// method is a method of a struct, and the file it is in.
type method struct {
	declaration *ast.FuncDecl
	file        source
}

// source is a file, and the name by which it imports the SDK.
type source struct {
	tree *ast.File
	sdk  string
}

// read parses the package in a folder as it is compiled for the host.
func read(folder string) (*library, error) {
	context := build.Default
	context.GOOS, context.GOARCH, context.CgoEnabled = "wasip1", "wasm", false
	found, err := context.ImportDir(folder, 0)
	if err != nil {
		return nil, err
	}
	l := &library{
		files: token.NewFileSet(), name: found.Name,
		structs: map[string]*structure{}, methods: map[string]map[string]method{},
	}
	if l.name == "main" {
		return nil, errors.New("the package is called `main`; give it the name of the library, and leave `func main` out: `tidemill build` adds one")
	}
	var sources []source
	for _, name := range found.GoFiles {
		tree, err := parser.ParseFile(l.files, filepath.Join(folder, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source{tree, sdkName(tree)})
	}
	for _, file := range sources {
		l.declare(file)
	}
	for _, file := range sources {
		l.collect(file)
	}
	l.checkVersions()
	if len(l.problems) == 0 && len(l.entries) == 0 {
		l.problems = append(l.problems, errors.New("no function has a comment such as `//tidemill:scalar` above it"))
	}
	return l, errors.Join(l.problems...)
}

// sdkName returns the name by which a file imports the SDK, or "" if it does not.
func sdkName(file *ast.File) string {
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err != nil || path != "tidemill" {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return "tidemill"
	}
	return ""
}

// declare notes the structs and methods of a file.
func (l *library) declare(file source) {
	for _, declaration := range file.tree.Decls {
		switch declaration := declaration.(type) {
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					if fields, ok := spec.Type.(*ast.StructType); ok {
						l.structs[spec.Name.Name] = &structure{name: spec.Name.Name, version: 1, fields: fields, file: file}
					}
				}
			}
		case *ast.FuncDecl:
			if receiver := receiverName(declaration); receiver != "" {
				if l.methods[receiver] == nil {
					l.methods[receiver] = map[string]method{}
				}
				l.methods[receiver][declaration.Name.Name] = method{declaration, file}
			}
		}
	}
}

// receiverName returns the struct that a function is a method of, or "".
func receiverName(declaration *ast.FuncDecl) string {
	if declaration.Recv == nil || len(declaration.Recv.List) != 1 {
		return ""
	}
	return pointee(declaration.Recv.List[0].Type)
}

// pointee returns the name of the type that an expression is, or points to, or "".
func pointee(expression ast.Expr) string {
	if pointer, ok := expression.(*ast.StarExpr); ok {
		expression = pointer.X
	}
	if name, ok := expression.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// collect notes what the comments of a file say.
func (l *library) collect(file source) {
	used := map[*ast.Comment]bool{}
	// States first: what uses them needs their version.
	for _, declaration := range file.tree.Decls {
		if declaration, ok := declaration.(*ast.GenDecl); ok {
			l.collectGeneral(file, declaration, used)
		}
	}
	for _, declaration := range file.tree.Decls {
		if declaration, ok := declaration.(*ast.FuncDecl); ok {
			if directive := l.directive(used, declaration.Doc); directive != nil {
				l.addFunction(file, declaration, directive)
			}
		}
	}
	for _, group := range file.tree.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, prefix) && !used[comment] {
				l.problem(comment.Pos(), "`%s` stands above nothing; put it directly above a function, a struct or a variable", comment.Text)
			}
		}
	}
}

func (l *library) collectGeneral(file source, declaration *ast.GenDecl, used map[*ast.Comment]bool) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil && len(declaration.Specs) == 1 {
				doc = declaration.Doc
			}
			if directive := l.directive(used, doc); directive != nil {
				l.addType(spec, doc, directive)
			}
		case *ast.ValueSpec:
			doc := spec.Doc
			if doc == nil && len(declaration.Specs) == 1 {
				doc = declaration.Doc
			}
			if directive := l.directive(used, doc); directive != nil {
				l.addConfig(declaration.Tok, spec, directive)
			}
		}
	}
}

// addConfig notes the variable of the configuration.
func (l *library) addConfig(kind token.Token, spec *ast.ValueSpec, directive *directive) {
	switch {
	case directive.kind != "config":
		l.problem(directive.place, "`%s%s` belongs above a function or a struct", prefix, directive.kind)
	case kind != token.VAR || len(spec.Names) != 1:
		l.problem(directive.place, "`%sconfig` belongs above one `var`", prefix)
	case l.config != "":
		l.problem(directive.place, "a second variable for the configuration; `%s` is one already", l.config)
	default:
		l.config = spec.Names[0].Name
	}
	l.options(directive)
}

// problem notes what is wrong, and where.
func (l *library) problem(place token.Pos, format string, values ...any) {
	position := l.files.Position(place)
	l.problems = append(l.problems, fmt.Errorf("%s: %s", position, fmt.Sprintf(format, values...)))
}
