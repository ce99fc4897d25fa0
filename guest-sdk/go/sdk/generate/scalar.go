package main

import (
	"fmt"
	"go/ast"
)

// scalar is a function of single values.
type scalar struct{ signature }

func (l *library) addScalar(file source, declaration *ast.FuncDecl, common signature) {
	parameters := flatten(declaration.Type.Params)
	if len(parameters) > 0 {
		if _, ok := sliceOf(file, parameters[0].kind); ok {
			l.addColumnar(file, declaration, common, parameters)
			return
		}
	}
	common.parameters = l.plainColumns(file, parameters)
	l.returned(&common, file, declaration.Type.Results)
	if len(common.results) == 0 {
		l.problem(declaration.Pos(), "a scalar function returns at least one value, which becomes a column")
	}
	l.entries = append(l.entries, &scalar{common})
}

func (s *scalar) code(w *writer, place int) {
	s.memory(w, place, func() {})
	s.header(w, "Scalar", place)
	w.line("Call: tm_call%d,\n}", place)
	function(w, "call", place, "tm_in *tm_rt.Batch, tm_out *tm_rt.Output")
	s.parameters.open(w, "tm_in", "tm_p")
	w.line("tm_out.Results(tm_in.Rows%s)", s.results.references("tm_m.r"))
	s.fast(w)
	w.line("for tm_row := range tm_in.Rows {")
	w.line("if !tm_in.Present(tm_row) {")
	s.nulls(w)
	w.line("continue\n}")
	w.line("%s", assigned(s.variables(), s.fallible, call(s.declared, s.parameters.values("tm_p", "tm_row")...)))
	if s.fallible {
		w.line("if tm_err != nil {\ntm_out.Refuse(tm_row, tm_err)")
		s.nulls(w)
		w.line("continue\n}")
	}
	s.append(w)
	s.checkText(w, "")
	w.line("}\n}")
}

// unrolled is how many rows a loop over plain numbers computes between two looks at the deadline. In what
// Go compiles to WebAssembly, a jump backwards costs more than a row.
const unrolled = 16

// fast writes a loop for functions from numbers to one number or boolean that cannot fail, for batches
// without nulls.
func (s *scalar) fast(w *writer) {
	for _, parameter := range s.parameters {
		if parameter.value.class != number || parameter.value.nullable {
			return
		}
	}
	if len(s.parameters) == 0 || len(s.results) != 1 || s.fallible || s.row != "" || s.results[0].value.nullable {
		return
	}
	result := s.results[0].value
	if result.class != number && result.class != boolean {
		return
	}
	w.line("if !tm_in.Masked() {")
	w.line("tm_row := 0")
	w.line("tm_y := tm_m.r0.Fill(tm_in.Rows)")
	w.line("for ; tm_row+%d <= tm_in.Rows; tm_row += %d {", unrolled, unrolled)
	for place, parameter := range s.parameters {
		w.line("tm_q%d := (*[%d]%s)(tm_p%d[tm_row:])", place, unrolled, parameter.value.plain, place)
	}
	if result.class == number {
		w.line("tm_z := (*[%d]%s)(tm_y[tm_row:])", unrolled, result.plain)
	} else {
		w.line("var tm_z uint%d", unrolled)
	}
	for row := range unrolled {
		var arguments []string
		for place := range s.parameters {
			arguments = append(arguments, fmt.Sprintf("tm_q%d[%d]", place, row))
		}
		expression := call(s.declared, arguments...)
		if result.class == number {
			w.line("tm_z[%d] = %s", row, expression)
		} else {
			w.line("if %s {\ntm_z |= 1 << %d\n}", expression, row)
		}
	}
	if result.class == boolean {
		w.line("tm_y[tm_row>>3], tm_y[tm_row>>3+1] = byte(tm_z), byte(tm_z>>8)")
	}
	w.line("}")
	w.line("for ; tm_row < tm_in.Rows; tm_row++ {")
	expression := call(s.declared, s.parameters.values("tm_p", "tm_row")...)
	if result.class == number {
		w.line("tm_y[tm_row] = %s", expression)
	} else {
		w.line("if %s {\ntm_y[tm_row>>3] |= 1 << (tm_row & 7)\n}", expression)
	}
	w.line("}\nreturn\n}")
}

// columnar is a function that is given whole columns.
type columnar struct{ signature }

func (l *library) addColumnar(file source, declaration *ast.FuncDecl, common signature, parameters []parameter) {
	for _, parameter := range parameters {
		if item, ok := outOf(file, parameter.kind); ok {
			common.results = append(common.results, l.named(parameter, item))
		} else if item, ok := sliceOf(file, parameter.kind); ok && len(common.results) == 0 {
			common.parameters = append(common.parameters, l.named(parameter, item))
		} else {
			l.problem(parameter.place, "a function of columns takes slices, and then a tidemill.Out of each result; %s", hint)
		}
	}
	common.fallible = l.nothing(declaration, "a function of columns returns nothing or an error; its results are parameters such as `doubled tidemill.Out[float64]`")
	if len(common.results) == 0 {
		l.problem(declaration.Pos(), "a function of columns needs a parameter for its results, such as `doubled tidemill.Out[float64]`")
	}
	l.entries = append(l.entries, &columnar{common})
}

func (c *columnar) code(w *writer, place int) {
	c.memory(w, place, func() {
		c.parameters.buffers(w, "b")
		c.results.buffers(w, "s")
	})
	c.header(w, "Scalar", place)
	w.line("Call: tm_call%d,\n}", place)
	function(w, "call", place, "tm_in *tm_rt.Batch, tm_out *tm_rt.Output")
	c.parameters.gather(w)
	w.line("tm_out.Results(tm_in.Rows%s)", c.results.references("tm_m.r"))
	outs := c.results.variables("tm_m.s")
	for place, result := range c.results {
		direct := result.value.class == number && !result.value.nullable
		if direct {
			w.line("if !tm_in.Masked() {")
			w.line("%s = tm_m.r%d.Fill(tm_in.Rows)\nclear(%s)", outs[place], place, outs[place])
			w.line("} else {")
		}
		w.line("%s = tm_rt.Resize(%s, tm_in.Count())", outs[place], outs[place])
		if direct {
			w.line("}")
		}
	}
	arguments := append(c.parameters.variables("tm_p"), outs...)
	w.line("%s", assigned(nil, c.fallible, call(c.declared, arguments...)))
	if c.fallible {
		w.line("if tm_err != nil {\ntm_out.Fail(tm_err)\nreturn\n}")
	}
	for place, result := range c.results {
		c.scatter(w, place, result.value)
	}
	w.line("}")
}

// scatter writes what puts the values of a result where they belong, if they are not there yet.
func (c *columnar) scatter(w *writer, place int, v value) {
	switch {
	case v.nullable:
		w.line("tm_rt.ScatterMaybe(tm_in, &tm_m.r%d, tm_m.s%d)", place, place)
	case v.class == number:
		// What was filled directly belongs to the column: the next call needs memory of its own.
		w.line("if tm_in.Masked() {\ntm_rt.Scatter(tm_in, &tm_m.r%d, tm_m.s%d)\n} else {\ntm_m.s%d = nil\n}", place, place, place)
	default:
		w.line("tm_rt.Scatter(tm_in, &tm_m.r%d, tm_m.s%d)", place, place)
	}
}

// sliceOf returns the type of the values of a slice that is a column.
func sliceOf(file source, expression ast.Expr) (value, bool) {
	array, ok := expression.(*ast.ArrayType)
	if !ok || array.Len != nil {
		return value{}, false
	}
	return valueOf(file, array.Elt)
}

// outOf returns the type of the values of a tidemill.Out.
func outOf(file source, expression ast.Expr) (value, bool) {
	index, ok := expression.(*ast.IndexExpr)
	if !ok || !isSDK(file, index.X, "Out") {
		return value{}, false
	}
	return valueOf(file, index.Index)
}

// buffers writes the slices that calls share, as fields.
func (c columns) buffers(w *writer, prefix string) {
	for place, column := range c {
		if prefix == "b" && column.value.class == number && !column.value.nullable {
			continue
		}
		w.line("%s%d []%s", prefix, place, column.value.spelled())
	}
}

// gather writes the statements that make slices of the columns of a batch, without the rows that lack
// a value.
func (c columns) gather(w *writer) {
	for place, column := range c {
		v := column.value
		if v.class == number && !v.nullable {
			w.line("tm_p%d := tm_rt.GatherNumbers[%s](tm_in, %d)", place, v.plain, place)
			continue
		}
		w.line("tm_g%d := %s", place, v.reader("tm_in", place))
		if v.nullable {
			w.line("tm_gv%d := tm_rt.Validity(tm_in, %d)", place, place)
		}
		value := c.at(place, "tm_g", "tm_row")
		w.line("tm_p%d := tm_rt.Gather(tm_in, &tm_m.b%d, func(tm_row int) %s { return %s })", place, place, v.spelled(), value)
	}
}
