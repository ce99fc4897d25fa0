package main

import "go/ast"

// holistic is a function of all values of a group.
type holistic struct{ signature }

func (l *library) addHolistic(file source, declaration *ast.FuncDecl, common signature) {
	for _, parameter := range flatten(declaration.Type.Params) {
		item, ok := sliceOf(file, parameter.kind)
		if !ok {
			l.problem(parameter.place, "a holistic function takes slices, such as `values []float64`; %s", hint)
		}
		common.parameters = append(common.parameters, l.named(parameter, item))
	}
	l.returned(&common, file, declaration.Type.Results)
	if len(common.results) == 0 {
		l.problem(declaration.Pos(), "a holistic function returns at least one value, which becomes a column")
	}
	l.entries = append(l.entries, &holistic{common})
}

func (h *holistic) code(w *writer, place int) {
	h.memory(w, place, func() { h.parameters.buffers(w, "b") })
	h.header(w, "Holistic", place)
	w.line("Evaluate: tm_evaluate%d,\n}", place)
	function(w, "evaluate", place, "tm_groups *tm_rt.Groups, tm_in *tm_rt.Batch, tm_out *tm_rt.Output")
	h.parameters.gather(w)
	w.line("tm_out.Results(tm_groups.Count%s)", h.results.references("tm_m.r"))
	w.line("for tm_row := range tm_groups.Count {")
	w.line("tm_start, tm_end := tm_groups.Next(tm_row, tm_in)")
	var arguments []string
	for _, variable := range h.parameters.variables("tm_p") {
		arguments = append(arguments, variable+"[tm_start:tm_end:tm_end]")
	}
	if len(arguments) == 0 {
		w.line("_, _ = tm_start, tm_end")
	}
	w.line("%s", assigned(h.variables(), h.fallible, call(h.declared, arguments...)))
	if h.fallible {
		w.line("if tm_err != nil {\ntm_out.Refuse(tm_row, tm_err)")
		h.nulls(w)
		w.line("continue\n}")
	}
	h.append(w)
	h.checkText(w, "")
	w.line("}\n}")
}
