package main

import "go/ast"

// aggregate is a struct that takes rows up.
type aggregate struct {
	signature
	state                         *structure
	updateFallible, mergeFallible bool
	mergeByPointer                bool
}

func (l *library) addAggregate(s *structure, doc *ast.CommentGroup, directive *directive) {
	l.useState(s)
	methods := l.methods[s.name]
	update, hasUpdate := methods["Update"]
	merge, hasMerge := methods["Merge"]
	finish, hasFinish := methods["Finish"]
	if !hasUpdate || !hasMerge || !hasFinish {
		l.problem(directive.place, "an aggregate has the methods `Update(value …)`, `Merge(other %s)` and `Finish() …`, with a pointer as receiver", s.name)
		return
	}
	found := &aggregate{state: s, signature: signature{
		name: nameOf(directive, s.name), declared: s.name, doc: describe(doc, s.name),
		alone: directive.options["result"],
	}}
	found.parameters = l.plainColumns(update.file, flatten(update.declaration.Type.Params))
	found.updateFallible = l.nothing(update.declaration, "`Update` changes the struct, and returns nothing or an error")
	found.mergeFallible = l.nothing(merge.declaration, "`Merge` changes the struct, and returns nothing or an error")
	others := flatten(merge.declaration.Type.Params)
	if len(others) != 1 || pointee(others[0].kind) != s.name {
		l.problem(merge.declaration.Pos(), "`Merge` takes another `%s`", s.name)
	} else {
		_, found.mergeByPointer = others[0].kind.(*ast.StarExpr)
	}
	l.returned(&found.signature, finish.file, finish.declaration.Type.Results)
	if len(found.results) == 0 || finish.declaration.Type.Params.NumFields() > 0 {
		l.problem(finish.declaration.Pos(), "`Finish` takes nothing and returns at least one value, which becomes a column")
	}
	for _, method := range []method{update, merge} {
		if _, ok := method.declaration.Recv.List[0].Type.(*ast.StarExpr); !ok {
			l.problem(method.declaration.Pos(), "the receiver of `%s` is a pointer: it changes the struct", method.declaration.Name.Name)
		}
	}
	l.entries = append(l.entries, found)
}

func (a *aggregate) code(w *writer, place int) {
	a.memory(w, place, func() {
		a.state.memory(w)
		w.line("others []%s", a.state.name)
	})
	a.header(w, "Aggregate", place)
	a.state.description(w, place)
	w.line("Update: tm_update%d, Merge: tm_merge%d, Finish: tm_finish%d,\n}", place, place, place)
	a.state.functions(w, place)
	a.update(w, place)
	a.merge(w, place)
	a.finish(w, place)
}

func (a *aggregate) update(w *writer, place int) {
	function(w, "update", place, "tm_states *tm_rt.Batch, tm_groups []uint32, tm_in *tm_rt.Batch, tm_out *tm_rt.Output")
	w.line("tm_m.kept = tm_load%s(tm_states, tm_m.kept)", a.state.name)
	a.parameters.open(w, "tm_in", "tm_p")
	w.line("for tm_row := range tm_in.Rows {")
	w.line("if !tm_in.Present(tm_row) {\ncontinue\n}")
	w.line("tm_state := &tm_m.kept[tm_groups[tm_row]]")
	if a.updateFallible {
		w.line("tm_before := tm_copy%s(tm_state)", a.state.name)
	}
	w.line("%s", assigned(nil, a.updateFallible, call("tm_state.Update", a.parameters.values("tm_p", "tm_row")...)))
	if a.updateFallible {
		w.line("if tm_err != nil {\n*tm_state = tm_before\ntm_out.Refuse(tm_row, tm_err)\n}")
	}
	w.line("}\ntm_m.store.store(tm_m.kept, tm_out)\n}")
}

func (a *aggregate) merge(w *writer, place int) {
	function(w, "merge", place, "tm_states *tm_rt.Batch, tm_groups []uint32, tm_partials *tm_rt.Batch, tm_out *tm_rt.Output")
	w.line("tm_m.kept = tm_load%s(tm_states, tm_m.kept)", a.state.name)
	w.line("tm_m.others = tm_load%s(tm_partials, tm_m.others)", a.state.name)
	w.line("for tm_row := range tm_m.others {")
	other := "tm_m.others[tm_row]"
	if a.mergeByPointer {
		other = "&" + other
	}
	w.line("%s", assigned(nil, a.mergeFallible, call("tm_m.kept[tm_groups[tm_row]].Merge", other)))
	if a.mergeFallible {
		w.line("if tm_err != nil {\ntm_out.Fail(tm_err)\nreturn\n}")
	}
	w.line("}\ntm_m.store.store(tm_m.kept, tm_out)\n}")
}

func (a *aggregate) finish(w *writer, place int) {
	function(w, "finish", place, "tm_states *tm_rt.Batch, tm_out *tm_rt.Output")
	w.line("tm_m.kept = tm_load%s(tm_states, tm_m.kept)", a.state.name)
	w.line("tm_out.Results(len(tm_m.kept)%s)", a.results.references("tm_m.r"))
	w.line("for tm_row := range tm_m.kept {")
	w.line("%s", assigned(a.variables(), a.fallible, call("tm_m.kept[tm_row].Finish")))
	if a.fallible {
		w.line("if tm_err != nil {\ntm_out.Fail(tm_err)\nreturn\n}")
	}
	a.append(w)
	w.line("}\n}")
}
