package main

import (
	"go/ast"
	"go/token"
	"reflect"
	"strconv"
)

// structure is a struct of the package, which may be an accumulator or a state.
type structure struct {
	name    string
	version uint32
	fields  *ast.StructType
	file    source
	// columns are its fields, once it is used.
	columns columns
	used    bool
	// initial says that the method Init makes a new one.
	initial bool
	// previous is the struct that Migrate takes, if there is one.
	previous          *structure
	byPointer         bool
	migrationFallible bool
}

// addType notes a struct that a directive stands above.
func (l *library) addType(spec *ast.TypeSpec, doc *ast.CommentGroup, directive *directive) {
	structure := l.structs[spec.Name.Name]
	if structure == nil || structure.fields != spec.Type || spec.TypeParams != nil {
		l.problem(directive.place, "`%s%s` belongs above a struct that is not generic", prefix, directive.kind)
		return
	}
	structure.version = l.version(directive)
	switch directive.kind {
	case "state":
		l.options(directive, "version")
	case "aggregate":
		l.options(directive, "name", "result", "version")
		l.addAggregate(structure, doc, directive)
	default:
		l.problem(directive.place, "`%s%s` does not belong above a struct", prefix, directive.kind)
	}
}

// useState makes the columns of a struct known.
func (l *library) useState(s *structure) {
	if s.used {
		return
	}
	s.used = true
	l.states = append(l.states, s)
	s.columns = l.fields(s)
	if len(s.columns) == 0 {
		l.problem(s.fields.Pos(), "a state has at least one field")
	}
	_, s.initial = l.methods[s.name]["Init"]
	migrate, ok := l.methods[s.name]["Migrate"]
	if !ok {
		return
	}
	parameters := flatten(migrate.declaration.Type.Params)
	if len(parameters) == 1 {
		s.previous = l.structs[pointee(parameters[0].kind)]
		_, s.byPointer = parameters[0].kind.(*ast.StarExpr)
	}
	if s.previous == nil {
		l.problem(migrate.declaration.Pos(), "`Migrate` takes the struct of the version before")
		return
	}
	s.migrationFallible = l.nothing(migrate.declaration, "`Migrate` fills the struct, and returns nothing or an error")
	l.useState(s.previous)
}

// fields returns the columns that the fields of a struct are.
func (l *library) fields(s *structure) columns {
	var found columns
	for _, field := range s.fields.Fields.List {
		if len(field.Names) == 0 {
			l.problem(field.Pos(), "an embedded field cannot be a column")
		}
		for _, name := range field.Names {
			column := l.columnOf(s.file, parameter{name.Name, field.Type, name.Pos()})
			column.field = name.Name
			if tag := tagOf(field.Tag); tag != "" {
				column.name = tag
			}
			found = append(found, column)
		}
	}
	return found
}

// checkVersions finds migrations that do not go up.
func (l *library) checkVersions() {
	for _, s := range l.states {
		if s.previous != nil && s.previous.version >= s.version {
			l.problem(s.fields.Pos(), "version %d of `%s` migrates from version %d of `%s`; a struct with more fields than before has a greater `version=`", s.version, s.name, s.previous.version, s.previous.name)
		}
	}
}

// tagOf returns the name in a tag such as `tidemill:"name"`.
func tagOf(tag *ast.BasicLit) string {
	if tag == nil || tag.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text).Get("tidemill")
}

// stateCode writes what reads, writes and copies the states of a struct.
func (l *library) stateCode(w *writer, s *structure) {
	w.line("var tm_fields%s = %s", s.name, s.columns.fields())
	w.line("func tm_load%s(tm_in *tm_rt.Batch, tm_kept []%s) []%s {", s.name, s.name, s.name)
	w.line("tm_kept = tm_rt.Resize(tm_kept, tm_in.Rows)")
	s.columns.open(w, "tm_in", "tm_p")
	w.line("for tm_row := range tm_kept {")
	for place, column := range s.columns {
		w.line("tm_kept[tm_row].%s = %s", column.field, s.columns.at(place, "tm_p", "tm_row"))
	}
	w.line("}\nreturn tm_kept\n}")
	w.line("type tm_store%s struct {", s.name)
	for place, column := range s.columns {
		w.line("r%d %s", place, column.value.builder())
	}
	w.line("}")
	w.line("func (tm_s *tm_store%s) store(tm_kept []%s, tm_out *tm_rt.Output) {", s.name, s.name)
	w.line("tm_out.State(len(tm_kept)%s)", s.columns.references("tm_s.r"))
	w.line("for tm_row := range tm_kept {")
	for place, column := range s.columns {
		w.line("%s", column.value.append("tm_s.r"+strconv.Itoa(place), "tm_kept[tm_row]."+column.field))
	}
	w.line("}\n}")
	w.line("func tm_copy%s(tm_state *%s) %s {\ntm_copy := *tm_state", s.name, s.name, s.name)
	for _, column := range s.columns {
		if column.value.class == bytes && column.value.nullable {
			w.line("tm_copy.%s.V = append([]byte{}, tm_copy.%s.V...)", column.field, column.field)
		} else if column.value.class == bytes {
			w.line("tm_copy.%s = append([]byte{}, tm_copy.%s...)", column.field, column.field)
		}
	}
	w.line("return tm_copy\n}")
}

// memory writes what calls share, as fields.
func (s *structure) memory(w *writer) {
	w.line("kept []%s", s.name)
	w.line("store tm_store%s", s.name)
}

// description writes what an entry says of its state.
func (s *structure) description(w *writer, place int) {
	w.line("State: tm_fields%s, StateVersion: %d, Init: tm_init%d, Migrate: tm_migrate%d,", s.name, s.version, place, place)
}

// functions writes the functions that make states.
func (s *structure) functions(w *writer, place int) {
	function(w, "init", place, "tm_count int, tm_out *tm_rt.Output")
	w.line("tm_m.kept = tm_rt.Resize(tm_m.kept, tm_count)")
	s.initialize(w, "tm_m.kept")
	w.line("tm_m.store.store(tm_m.kept, tm_out)\n}")
	function(w, "migrate", place, "tm_version uint32, tm_fields []tm_rt.Field, tm_old *tm_rt.Batch, tm_out *tm_rt.Output")
	w.line("switch tm_version {")
	for source, chain := s, []*structure(nil); source != nil; source = source.previous {
		w.line("case %d:", source.version)
		w.line("if tm_err := tm_rt.OpenVersion(tm_version, tm_fields, tm_fields%s, tm_old); tm_err != nil {\ntm_out.Fail(tm_err)\nreturn\n}", source.name)
		if source == s {
			w.line("tm_m.kept = tm_load%s(tm_old, tm_m.kept)", s.name)
		} else {
			migrations(w, source, chain)
		}
		w.line("tm_m.store.store(tm_m.kept, tm_out)")
		chain = append(chain, source)
	}
	w.line("default:\ntm_out.Fail(tm_rt.UnknownVersion(tm_version))\n}\n}")
}

// migrations writes the steps from an old struct by way of those that came after it; chain has them,
// the present one first.
func migrations(w *writer, source *structure, chain []*structure) {
	w.line("tm_v%d := tm_load%s(tm_old, nil)", source.version, source.name)
	for place := len(chain) - 1; place >= 0; place-- {
		next, from := chain[place], "tm_v"+strconv.Itoa(int(source.version))
		to := "tm_m.kept"
		if place > 0 {
			to = "tm_v" + strconv.Itoa(int(next.version))
			w.line("%s := make([]%s, tm_old.Rows)", to, next.name)
		} else {
			w.line("tm_m.kept = tm_rt.Resize(tm_m.kept, tm_old.Rows)")
		}
		next.initialize(w, to)
		old := from + "[tm_row]"
		if next.byPointer {
			old = "&" + old
		}
		w.line("for tm_row := range %s {", to)
		w.line("%s", assigned(nil, next.migrationFallible, call(to+"[tm_row].Migrate", old)))
		if next.migrationFallible {
			w.line("if tm_err != nil {\ntm_out.Fail(tm_err)\nreturn\n}")
		}
		w.line("}")
		source = next
	}
}

// initialize writes what makes new states of zero values.
func (s *structure) initialize(w *writer, variable string) {
	if s.initial {
		w.line("for tm_row := range %s {\n%s[tm_row].Init()\n}", variable, variable)
	}
}
