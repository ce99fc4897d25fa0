package rt

import (
	"errors"
	"strings"
)

// errNotText is why a row is refused whose result the host would not take as text.
var errNotText = errors.New("a result is not valid UTF-8")

// rowError says why a row is refused.
type rowError struct {
	row     uint32
	message string
}

// Output is what a call gives back.
type Output struct {
	columns []Column
	state   []Column
	parents []uint32
	errors  []rowError
	failure error
}

// output is the only one there is: the host makes one call at a time, and reads the result of a call
// before it makes the next one.
var output Output

// begin makes the output empty.
func (o *Output) begin() *Output {
	o.columns, o.state = o.columns[:0], o.state[:0]
	o.parents = o.parents[:0]
	clear(o.errors)
	o.errors, o.failure = o.errors[:0], nil
	return o
}

// Results says which columns the results go to, and makes them empty, for about rows rows.
func (o *Output) Results(rows int, columns ...Column) {
	o.columns = append(o.columns, columns...)
	for _, column := range columns {
		column.reset(rows)
	}
}

// State says which columns the states go to, and makes them empty.
func (o *Output) State(rows int, columns ...Column) {
	o.state = append(o.state, columns...)
	for _, column := range columns {
		column.reset(rows)
	}
}

// Refuse takes a row out, as one that has an error.
func (o *Output) Refuse(row int, err error) {
	o.errors = append(o.errors, rowError{uint32(row), message(err)})
}

// Fail gives up the whole call.
func (o *Output) Fail(err error) {
	if o.failure == nil {
		o.failure = err
	}
}

// CheckText returns an error if a result of the last row is text that is not UTF-8.
func (o *Output) CheckText(columns ...*TextColumn) error {
	var err error
	for _, column := range columns {
		if column.mistake() {
			err = errNotText
		}
	}
	return err
}

// Emitted returns how many result rows there are.
func (o *Output) Emitted() int { return len(o.parents) }

// Parent says that a result row has been added, and of which row it is.
func (o *Output) Parent(row int) { o.parents = append(o.parents, uint32(row)) }

// Undo takes the result rows back that came after so many.
func (o *Output) Undo(rows int) {
	o.parents = o.parents[:rows]
	for _, column := range o.columns {
		column.truncate(rows)
	}
}

// check finds text in states that is not UTF-8; no row could be blamed for it.
func (o *Output) check() error {
	if o.failure != nil {
		return o.failure
	}
	for _, columns := range [][]Column{o.columns, o.state} {
		for _, column := range columns {
			if text, ok := column.(*TextColumn); ok && text.mistake() {
				return errors.New("text in the state or in a result is not valid UTF-8")
			}
		}
	}
	return nil
}

// message returns what an error says, as text that the host takes.
func message(err error) string {
	return strings.ToValidUTF8(err.Error(), "\uFFFD")
}
