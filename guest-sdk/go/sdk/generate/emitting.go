package main

import (
	"fmt"
	"go/ast"
	"strings"
)

// table is a function that makes any number of rows of a row.
type table struct{ signature }

func (l *library) addTable(file source, declaration *ast.FuncDecl, common signature) {
	const form = "a table function has a last parameter that takes its rows, such as `emit func(word string, position int32)`, and returns nothing or an error"
	parameters, ok := l.emitter(&common, file, flatten(declaration.Type.Params))
	common.parameters = l.plainColumns(file, parameters)
	common.fallible = l.nothing(declaration, form)
	if !ok || len(common.results) == 0 {
		l.problem(declaration.Pos(), form)
	}
	l.entries = append(l.entries, &table{common})
}

func (t *table) code(w *writer, place int) {
	t.memory(w, place, func() {})
	t.header(w, "Table", place)
	w.line("Call: tm_call%d,\n}", place)
	function(w, "call", place, "tm_in *tm_rt.Batch, tm_out *tm_rt.Output")
	t.emitting(w, "", true)
	w.line("}")
}

// process is a function that keeps a state for each key.
type process struct {
	signature
	state *structure
	// emits says that rows are given to a function, rather than returned.
	emits bool
}

func (l *library) addProcess(file source, declaration *ast.FuncDecl, common signature) {
	parameters := flatten(declaration.Type.Params)
	var state *structure
	if len(parameters) > 0 {
		if _, ok := parameters[0].kind.(*ast.StarExpr); ok {
			state = l.structs[pointee(parameters[0].kind)]
		}
	}
	if state == nil {
		l.problem(declaration.Pos(), "the first parameter of a process function is a pointer to a struct of this package, the state of the key")
		return
	}
	l.useState(state)
	parameters, emits := l.emitter(&common, file, parameters[1:])
	common.parameters = l.plainColumns(file, parameters)
	if emits {
		common.fallible = l.nothing(declaration, "results go to the last parameter or are returned, not both")
	} else {
		l.returned(&common, file, declaration.Type.Results)
	}
	l.entries = append(l.entries, &process{common, state, emits})
}

func (p *process) code(w *writer, place int) {
	p.memory(w, place, func() { p.state.memory(w) })
	p.header(w, "Process", place)
	p.state.description(w, place)
	w.line("Update: tm_update%d,\n}", place)
	p.state.functions(w, place)
	function(w, "update", place, "tm_states *tm_rt.Batch, tm_groups []uint32, tm_in *tm_rt.Batch, tm_out *tm_rt.Output")
	w.line("tm_m.kept = tm_load%s(tm_states, tm_m.kept)", p.state.name)
	p.emitting(w, p.state.name, p.emits)
	w.line("tm_m.store.store(tm_m.kept, tm_out)")
	w.line("}")
}

// emitting writes the loop over the rows of a function that makes any number of them. state is the
// name of the struct that is the first argument, if any.
func (s *signature) emitting(w *writer, state string, emits bool) {
	s.parameters.open(w, "tm_in", "tm_p")
	w.line("tm_out.Results(tm_in.Rows%s)", s.results.references("tm_m.r"))
	arguments := s.parameters.values("tm_p", "tm_row")
	if state != "" {
		arguments = append([]string{"tm_state"}, arguments...)
	}
	w.line("var tm_row int")
	if emits {
		w.line("tm_emit := func(%s) {", s.emitted())
		s.append(w)
		w.line("tm_out.Parent(tm_row)\n}")
		arguments = append(arguments, "tm_emit")
	}
	w.line("for tm_row = range tm_in.Rows {")
	w.line("if !tm_in.Present(tm_row) {\ncontinue\n}")
	texts := s.results.texts("tm_m.r")
	if state != "" {
		w.line("tm_state := &tm_m.kept[tm_groups[tm_row]]")
		if s.fallible || texts != "" {
			w.line("tm_before := tm_copy%s(tm_state)", state)
		}
	}
	if s.fallible || texts != "" {
		w.line("tm_emitted := tm_out.Emitted()")
	}
	var results []string
	if !emits {
		results = s.variables()
	}
	w.line("%s", assigned(results, s.fallible, call(s.declared, arguments...)))
	undo := "tm_out.Undo(tm_emitted)\n"
	if state != "" {
		undo += "*tm_state = tm_before\n"
	}
	if s.fallible {
		w.line("if tm_err != nil {\ntm_out.Refuse(tm_row, tm_err)\n%scontinue\n}", undo)
	}
	if !emits {
		s.append(w)
		w.line("tm_out.Parent(tm_row)")
	}
	s.checkText(w, undo)
	w.line("}")
}

// emitted returns the parameters of the function that takes the results.
func (s *signature) emitted() string {
	if s.row != "" {
		return "tm_y " + s.row
	}
	var parameters []string
	for place, result := range s.results {
		parameters = append(parameters, fmt.Sprintf("tm_y%d %s", place, result.value.spelled()))
	}
	return strings.Join(parameters, ", ")
}
