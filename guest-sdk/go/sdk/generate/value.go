package main

import (
	"fmt"
	"go/ast"
)

// class is how the values of a type are read and written.
type class int

const (
	number class = iota
	boolean
	text
	bytes
)

// value is a type that a column can have.
type value struct {
	class class
	// data is the name of the type among those of columns.
	data string
	// plain is the type in Go, without Null.
	plain    string
	nullable bool
}

// known are the types that are written as a name.
var known = map[string]value{
	"bool":    {class: boolean, data: "Boolean", plain: "bool"},
	"int32":   {class: number, data: "Int32", plain: "int32"},
	"int64":   {class: number, data: "Int64", plain: "int64"},
	"int":     {class: number, data: "Int64", plain: "int"},
	"float32": {class: number, data: "Float32", plain: "float32"},
	"float64": {class: number, data: "Float64", plain: "float64"},
	"string":  {class: text, data: "Utf8", plain: "string"},
}

// hint says what a type of a column may be.
const hint = "use bool, int32, int64, float32, float64, string, []byte or tidemill.Timestamp, or tidemill.Null of one of them"

// valueOf returns the type of a column that an expression is.
func valueOf(file source, expression ast.Expr) (value, bool) {
	switch expression := expression.(type) {
	case *ast.Ident:
		found, ok := known[expression.Name]
		return found, ok
	case *ast.SelectorExpr:
		return value{class: number, data: "TimestampType", plain: "tm_sdk.Timestamp"}, isSDK(file, expression, "Timestamp")
	case *ast.ArrayType:
		item, ok := expression.Elt.(*ast.Ident)
		return value{class: bytes, data: "Binary", plain: "[]byte"}, ok && expression.Len == nil && item.Name == "byte"
	case *ast.IndexExpr:
		found, ok := valueOf(file, expression.Index)
		if !ok || found.nullable || !isSDK(file, expression.X, "Null") {
			return value{}, false
		}
		found.nullable = true
		return found, true
	}
	return value{}, false
}

// isSDK says whether an expression is a name of the SDK.
func isSDK(file source, expression ast.Expr, name string) bool {
	selector, ok := expression.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && file.sdk != "" && from.Name == file.sdk
}

// spelled is the type as the generated code writes it.
func (v value) spelled() string {
	if v.nullable {
		return "tm_sdk.Null[" + v.plain + "]"
	}
	return v.plain
}

// reader returns the expression that opens a column of a batch.
func (v value) reader(batch string, place int) string {
	switch v.class {
	case number:
		return fmt.Sprintf("tm_rt.Numbers[%s](%s, %d)", v.plain, batch, place)
	case boolean:
		return fmt.Sprintf("tm_rt.Booleans(%s, %d)", batch, place)
	case text:
		return fmt.Sprintf("tm_rt.Text(%s, %d)", batch, place)
	}
	return fmt.Sprintf("tm_rt.Bytes(%s, %d)", batch, place)
}

// builder returns the type that builds a column of results.
func (v value) builder() string {
	switch v.class {
	case number:
		return "tm_rt.NumberColumn[" + v.plain + "]"
	case boolean:
		return "tm_rt.BooleanColumn"
	case text:
		return "tm_rt.TextColumn"
	}
	return "tm_rt.BytesColumn"
}

// append returns the statement that adds a value to the column variable.
func (v value) append(variable, expression string) string {
	if v.nullable {
		return fmt.Sprintf("%s.AppendMaybe(%s)", variable, expression)
	}
	return fmt.Sprintf("%s.Append(%s)", variable, expression)
}

// column is a parameter, a result or a field of a state.
type column struct {
	value value
	// name is the name of the column.
	name string
	// field is the name of the struct's field in Go, for states.
	field string
}

// columns are some of them, of which the generated code calls the variables prefix0, prefix1 and so on.
type columns []column

// open writes the statements that open the columns of a batch.
func (c columns) open(w *writer, batch, prefix string) {
	for place, column := range c {
		w.line("%s%d := %s", prefix, place, column.value.reader(batch, place))
		if column.value.nullable {
			w.line("%sv%d := tm_rt.Validity(%s, %d)", prefix, place, batch, place)
		}
	}
}

// at returns the expression for the value of a row.
func (c columns) at(place int, prefix, row string) string {
	v := c[place].value
	access := fmt.Sprintf("%s%d.At(%s)", prefix, place, row)
	if v.class == number {
		access = fmt.Sprintf("%s%d[%s]", prefix, place, row)
	}
	if v.nullable {
		return fmt.Sprintf("tm_rt.Maybe(%sv%d.At(%s), %s)", prefix, place, row, access)
	}
	return access
}

// values returns the values of a row, as arguments of a call.
func (c columns) values(prefix, row string) []string {
	var values []string
	for place := range c {
		values = append(values, c.at(place, prefix, row))
	}
	return values
}

// builders writes the columns that are built, as fields.
func (c columns) builders(w *writer, prefix string) {
	for place, column := range c {
		w.line("%s%d %s", prefix, place, column.value.builder())
	}
}

// references returns the addresses of the columns that are built, each after a comma.
func (c columns) references(prefix string) string {
	var list string
	for place := range c {
		list += fmt.Sprintf(", &%s%d", prefix, place)
	}
	return list
}

// texts returns the addresses of those among them that are text.
func (c columns) texts(prefix string) string {
	var list string
	for place, column := range c {
		if column.value.class != text {
			continue
		}
		if list != "" {
			list += ", "
		}
		list += fmt.Sprintf("&%s%d", prefix, place)
	}
	return list
}

// variables returns prefix0, prefix1 and so on.
func (c columns) variables(prefix string) []string {
	var list []string
	for place := range c {
		list = append(list, fmt.Sprintf("%s%d", prefix, place))
	}
	return list
}

// fields returns the columns as the catalog has them.
func (c columns) fields() string {
	list := "[]tm_rt.Field{"
	for _, column := range c {
		list += fmt.Sprintf("{Name: %q, Type: tm_rt.%s, Nullable: %t}, ", column.name, column.value.data, column.value.nullable)
	}
	return list + "}"
}
