package main

import (
	"fmt"
	"go/ast"
	"go/token"

	"tidemill/rt"
)

// signature is what the kinds have in common.
type signature struct {
	// name is the name in the catalog, declared the one in Go.
	name, declared string
	doc            string
	// alone is the name of a result that is the only one, if a directive gives one.
	alone      string
	parameters columns
	results    columns
	// row is the name of the struct that has the results as its fields, or "" if they come one by one.
	row string
	// fallible says that the last result is an error.
	fallible bool
}

// variables returns what the results of a call are put into.
func (s *signature) variables() []string {
	if s.row != "" {
		return []string{"tm_y"}
	}
	return s.results.variables("tm_y")
}

// append writes what adds the results of a call to their columns.
func (s *signature) append(w *writer) {
	for place, result := range s.results {
		value := fmt.Sprintf("tm_y%d", place)
		if s.row != "" {
			value = "tm_y." + result.field
		}
		w.line("%s", result.value.append(fmt.Sprintf("tm_m.r%d", place), value))
	}
}

// checkText writes what refuses a row with a result that is not UTF-8. undo is done for such a row.
func (s *signature) checkText(w *writer, undo string) {
	if texts := s.results.texts("tm_m.r"); texts != "" {
		w.line("if tm_err := tm_out.CheckText(%s); tm_err != nil {\ntm_out.Refuse(tm_row, tm_err)\n%s}", texts, undo)
	}
}

// nulls writes what adds a row without values.
func (s *signature) nulls(w *writer) {
	for place := range s.results {
		w.line("tm_m.r%d.AppendNull()", place)
	}
}

// memory writes what calls of a function share; functions have it as tm_m.
func (s *signature) memory(w *writer, place int, fields func()) {
	w.line("var tm_memory%d struct {", place)
	s.results.builders(w, "r")
	fields()
	w.line("}")
}

// function writes the beginning of a function that the host calls.
func function(w *writer, name string, place int, parameters string) {
	w.line("func tm_%s%d(%s) {", name, place, parameters)
	w.line("tm_m := &tm_memory%d", place)
}

// header writes the entry of the catalog up to the functions.
func (s *signature) header(w *writer, kind string, place int) {
	w.line("var tm_function%d = tm_rt.Function{", place)
	w.line("Name: %q, Kind: tm_rt.%s, Doc: %q,", s.name, kind, s.doc)
	w.line("Parameters: %s,", s.parameters.fields())
	w.line("Results: %s,", s.results.fields())
}

// addFunction notes a function that a directive stands above.
func (l *library) addFunction(file source, declaration *ast.FuncDecl, directive *directive) {
	place := declaration.Name.Pos()
	if declaration.Recv != nil || declaration.Type.TypeParams != nil {
		l.problem(place, "`%s` is a method or generic; `%s%s` takes a plain function", declaration.Name.Name, prefix, directive.kind)
		return
	}
	if directive.kind == "table" {
		l.options(directive, "name")
	} else {
		l.options(directive, "name", "result")
	}
	common := signature{
		name:     nameOf(directive, declaration.Name.Name),
		declared: declaration.Name.Name,
		alone:    directive.options["result"],
		doc:      describe(declaration.Doc, declaration.Name.Name),
	}
	switch directive.kind {
	case "scalar":
		l.addScalar(file, declaration, common)
	case "table":
		l.addTable(file, declaration, common)
	case "holistic":
		l.addHolistic(file, declaration, common)
	case "process":
		l.addProcess(file, declaration, common)
	case "aggregate", "state":
		l.problem(place, "`%s%s` belongs above a struct", prefix, directive.kind)
	case "config":
		l.problem(place, "`%sconfig` belongs above a `var`", prefix)
	default:
		l.problem(directive.place, "unknown `%s%s`; expected scalar, table, aggregate, holistic, process, state or config", prefix, directive.kind)
	}
}

// parameter is a parameter or result with its name.
type parameter struct {
	name  string
	kind  ast.Expr
	place token.Pos
}

// flatten returns one parameter for each name; those without a name have an empty one.
func flatten(list *ast.FieldList) []parameter {
	if list == nil {
		return nil
	}
	var flat []parameter
	for _, field := range list.List {
		if len(field.Names) == 0 {
			flat = append(flat, parameter{"", field.Type, field.Type.Pos()})
		}
		for _, name := range field.Names {
			flat = append(flat, parameter{name.Name, field.Type, name.Pos()})
		}
	}
	return flat
}

// columnOf returns the column of a parameter.
func (l *library) columnOf(file source, parameter parameter) column {
	found, ok := valueOf(file, parameter.kind)
	if !ok {
		l.problem(parameter.kind.Pos(), "this is no type of a column; %s", hint)
	}
	return l.named(parameter, found)
}

// named returns a column with the name of a parameter.
func (l *library) named(parameter parameter, found value) column {
	if parameter.name == "" || parameter.name == "_" {
		l.problem(parameter.place, "this needs a name, which becomes the name of the column")
	}
	return column{value: found, name: rt.SnakeCase(parameter.name)}
}

// plainColumns returns the columns of parameters.
func (l *library) plainColumns(file source, parameters []parameter) columns {
	var found columns
	for _, parameter := range parameters {
		found = append(found, l.columnOf(file, parameter))
	}
	return found
}

// withoutError returns results without the error at their end, and whether there is one.
func withoutError(results *ast.FieldList) ([]parameter, bool) {
	flat := flatten(results)
	if last := len(flat) - 1; last >= 0 {
		if name, ok := flat[last].kind.(*ast.Ident); ok && name.Name == "error" {
			return flat[:last], true
		}
	}
	return flat, false
}

// returned notes the results of a function that returns them. A single one without a name has the
// name of the function.
func (l *library) returned(s *signature, file source, results *ast.FieldList) {
	flat, fallible := withoutError(results)
	s.fallible = fallible
	if len(flat) == 1 && (flat[0].name == "" || flat[0].name == "_") {
		flat[0].name = s.declared
	}
	l.rows(s, file, flat)
	if s.alone != "" && len(s.results) == 1 {
		s.results[0].name = s.alone
	} else if s.alone != "" {
		l.problem(results.Pos(), "`result=` names a result that is the only one")
	}
}

// rows notes results: values one by one, or a struct of them.
func (l *library) rows(s *signature, file source, results []parameter) {
	if len(results) == 1 {
		if name, ok := results[0].kind.(*ast.Ident); ok && l.structs[name.Name] != nil {
			s.row, s.results = name.Name, l.fields(l.structs[name.Name])
			return
		}
	}
	s.results = l.plainColumns(file, results)
}

// nothing checks that a function returns nothing or an error, and says which.
func (l *library) nothing(declaration *ast.FuncDecl, why string) bool {
	flat, fallible := withoutError(declaration.Type.Results)
	if len(flat) > 0 {
		l.problem(declaration.Pos(), "%s", why)
	}
	return fallible
}

// emitter notes the results that go to a last parameter such as emit func(word string), if there is one,
// and returns the other parameters.
func (l *library) emitter(s *signature, file source, parameters []parameter) ([]parameter, bool) {
	last := len(parameters) - 1
	if last < 0 {
		return parameters, false
	}
	function, ok := parameters[last].kind.(*ast.FuncType)
	if !ok {
		return parameters, false
	}
	if function.Results != nil {
		l.problem(function.Pos(), "the function that takes the results returns nothing")
	}
	l.rows(s, file, flatten(function.Params))
	return parameters[:last], true
}
