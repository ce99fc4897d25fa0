package rt

import (
	"tidemill"
	"unicode/utf8"
	"unsafe"
)

// Column is a column of results that is being built. Its memory serves call after call.
type Column interface {
	// reset makes the column empty, for about rows rows.
	reset(rows int)
	// truncate takes rows back.
	truncate(rows int)
	// rows is the number of rows so far.
	rows() int
	// buffers returns what the contract says a column is made of.
	buffers() buffers
}

// buffers is a column as the contract has it. The second buffer is the data of text and bytes, of
// which the first are the offsets.
type buffers struct {
	first, second           unsafe.Pointer
	firstCount, secondCount int
	validity                []byte
}

// validity remembers which rows have no value. Bits are there from the first such row on.
type validity struct {
	bits  []byte
	nulls bool
}

func (v *validity) reset() {
	v.bits, v.nulls = v.bits[:0], false
}

// set says whether the row that comes next, row, has a value.
func (v *validity) set(row int, valid bool) {
	if !v.nulls {
		if valid {
			return
		}
		v.nulls = true
		for range (row + 7) / 8 {
			v.bits = append(v.bits, 0xFF)
		}
	}
	setBit(&v.bits, row, valid)
}

// truncate keeps the bits of so many rows.
func (v *validity) truncate(rows int) {
	if v.nulls {
		v.bits = v.bits[:(rows+7)/8]
	}
}

// all returns the bits, or nil if every row has a value.
func (v *validity) all() []byte {
	if !v.nulls {
		return nil
	}
	return v.bits
}

// setBit sets a bit that is at most one behind the end.
func setBit(bits *[]byte, row int, value bool) {
	if row>>3 >= len(*bits) {
		*bits = append(*bits, 0)
	}
	flag := byte(1) << (row & 7)
	if value {
		(*bits)[row>>3] |= flag
	} else {
		(*bits)[row>>3] &^= flag
	}
}

// NumberColumn builds a column of numbers.
type NumberColumn[T Number] struct {
	values   []T
	validity validity
}

// Append adds a row.
func (c *NumberColumn[T]) Append(value T) {
	if c.validity.nulls {
		c.validity.set(len(c.values), true)
	}
	c.values = append(c.values, value)
}

// AppendNull adds a row without a value.
func (c *NumberColumn[T]) AppendNull() {
	c.validity.set(len(c.values), false)
	c.values = append(c.values, 0)
}

// AppendMaybe adds a row that may have a value.
func (c *NumberColumn[T]) AppendMaybe(value tidemill.Null[T]) {
	if value.Valid {
		c.Append(value.V)
	} else {
		c.AppendNull()
	}
}

// Fill adds rows without nulls, which the caller sets.
func (c *NumberColumn[T]) Fill(rows int) []T {
	c.values = reuse(c.values, rows)[:rows]
	return c.values
}

func (c *NumberColumn[T]) reset(rows int) {
	c.values = reuse(c.values, rows)
	c.validity.reset()
}

func (c *NumberColumn[T]) truncate(rows int) {
	c.values = c.values[:rows]
	c.validity.truncate(rows)
}

func (c *NumberColumn[T]) rows() int { return len(c.values) }

func (c *NumberColumn[T]) buffers() buffers {
	return buffers{
		first: unsafe.Pointer(unsafe.SliceData(c.values)), firstCount: len(c.values),
		validity: c.validity.all(),
	}
}

// BooleanColumn builds a column of booleans.
type BooleanColumn struct {
	bits     []byte
	count    int
	validity validity
}

// Append adds a row.
func (c *BooleanColumn) Append(value bool) {
	if c.validity.nulls {
		c.validity.set(c.count, true)
	}
	setBit(&c.bits, c.count, value)
	c.count++
}

// AppendNull adds a row without a value.
func (c *BooleanColumn) AppendNull() {
	c.validity.set(c.count, false)
	setBit(&c.bits, c.count, false)
	c.count++
}

// AppendMaybe adds a row that may have a value.
func (c *BooleanColumn) AppendMaybe(value tidemill.Null[bool]) {
	if value.Valid {
		c.Append(value.V)
	} else {
		c.AppendNull()
	}
}

// Fill adds rows without nulls, which the caller sets: eight to a byte, all false so far.
func (c *BooleanColumn) Fill(rows int) []byte {
	c.bits = Resize(c.bits, (rows+7)/8)
	c.count = rows
	return c.bits
}

func (c *BooleanColumn) reset(rows int) {
	c.bits, c.count = reuse(c.bits, (rows+7)/8), 0
	c.validity.reset()
}

func (c *BooleanColumn) truncate(rows int) {
	c.bits, c.count = c.bits[:(rows+7)/8], rows
	c.validity.truncate(rows)
}

func (c *BooleanColumn) rows() int { return c.count }

func (c *BooleanColumn) buffers() buffers {
	return buffers{
		first: unsafe.Pointer(unsafe.SliceData(c.bits)), firstCount: len(c.bits),
		validity: c.validity.all(),
	}
}

// Variable is a type whose values differ in length.
type Variable interface {
	~string | ~[]byte
}

// VariableColumn builds a column of text or bytes.
type VariableColumn[T Variable] struct {
	offsets  []uint32
	data     []byte
	validity validity
	// wrong says that some text is not UTF-8.
	wrong bool
}

// TextColumn builds a column of text.
type TextColumn struct{ VariableColumn[string] }

// BytesColumn builds a column of bytes.
type BytesColumn struct{ VariableColumn[[]byte] }

// Append adds a row.
func (c *TextColumn) Append(value string) {
	c.wrong = c.wrong || !utf8.ValidString(value)
	c.VariableColumn.Append(value)
}

// AppendMaybe adds a row that may have a value.
func (c *TextColumn) AppendMaybe(value tidemill.Null[string]) {
	c.wrong = c.wrong || value.Valid && !utf8.ValidString(value.V)
	c.VariableColumn.AppendMaybe(value)
}

// Append adds a row.
func (c *VariableColumn[T]) Append(value T) {
	if c.validity.nulls {
		c.validity.set(c.rows(), true)
	}
	c.data = append(c.data, value...)
	c.offsets = append(c.offsets, uint32(len(c.data)))
}

// AppendNull adds a row without a value.
func (c *VariableColumn[T]) AppendNull() {
	c.validity.set(c.rows(), false)
	c.offsets = append(c.offsets, uint32(len(c.data)))
}

// AppendMaybe adds a row that may have a value.
func (c *VariableColumn[T]) AppendMaybe(value tidemill.Null[T]) {
	if value.Valid {
		c.Append(value.V)
	} else {
		c.AppendNull()
	}
}

// mistake says whether text was added that is not UTF-8, and forgets it.
func (c *VariableColumn[T]) mistake() bool {
	wrong := c.wrong
	c.wrong = false
	return wrong
}

func (c *VariableColumn[T]) reset(rows int) {
	c.offsets, c.data = append(reuse(c.offsets, rows+1), 0), reuse(c.data, rows)
	c.wrong = false
	c.validity.reset()
}

func (c *VariableColumn[T]) truncate(rows int) {
	c.offsets = c.offsets[:rows+1]
	c.data = c.data[:c.offsets[rows]]
	c.wrong = false
	c.validity.truncate(rows)
}

func (c *VariableColumn[T]) rows() int { return len(c.offsets) - 1 }

func (c *VariableColumn[T]) buffers() buffers {
	return buffers{
		first: unsafe.Pointer(unsafe.SliceData(c.offsets)), firstCount: len(c.offsets),
		second: unsafe.Pointer(unsafe.SliceData(c.data)), secondCount: len(c.data),
		validity: c.validity.all(),
	}
}
