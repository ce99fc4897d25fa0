package rt

import (
	"tidemill"
	"unsafe"
)

// Number is a type whose values stand in columns as they are.
type Number interface {
	~int | ~int32 | ~int64 | ~float32 | ~float64
}

// Numbers gives the numbers of a column, as they are in memory.
func Numbers[T Number](b *Batch, place int) []T {
	return unsafe.Slice((*T)(b.columns[place].values), b.Rows)
}

// BooleanReader reads a column of booleans.
type BooleanReader struct{ bits []byte }

// Booleans reads a column of booleans.
func Booleans(b *Batch, place int) BooleanReader {
	column := &b.columns[place]
	return BooleanReader{unsafe.Slice((*byte)(column.values), column.count)}
}

// At returns the value of a row.
func (r BooleanReader) At(row int) bool { return bit(r.bits, row) }

// TextReader reads a column of text.
type TextReader struct {
	offsets []uint32
	text    string
}

// Text reads a column of text. The text is copied once for all rows: a function may keep it.
func Text(b *Batch, place int) TextReader {
	column := &b.columns[place]
	return TextReader{column.offsets, string(unsafe.Slice((*byte)(column.values), column.count))}
}

// At returns the value of a row.
func (r TextReader) At(row int) string { return r.text[r.offsets[row]:r.offsets[row+1]] }

// BytesReader reads a column of bytes.
type BytesReader struct {
	offsets []uint32
	data    []byte
}

// Bytes reads a column of bytes. They are copied once for all rows: a function may keep and change them.
func Bytes(b *Batch, place int) BytesReader {
	column := &b.columns[place]
	data := append([]byte{}, unsafe.Slice((*byte)(column.values), column.count)...)
	return BytesReader{column.offsets, data}
}

// At returns the value of a row.
func (r BytesReader) At(row int) []byte {
	start, end := r.offsets[row], r.offsets[row+1]
	return r.data[start:end:end]
}

// ValidityReader tells which rows of a column have a value.
type ValidityReader struct{ bits []byte }

// Validity tells which rows of a column have a value.
func Validity(b *Batch, place int) ValidityReader {
	return ValidityReader{b.columns[place].validity}
}

// At says whether a row has a value.
func (r ValidityReader) At(row int) bool { return r.bits == nil || bit(r.bits, row) }

// Maybe returns value if it is there.
func Maybe[T any](valid bool, value T) tidemill.Null[T] {
	if !valid {
		return tidemill.Null[T]{}
	}
	return tidemill.Null[T]{V: value, Valid: true}
}

// GatherNumbers gives the numbers of the rows that lack nothing.
func GatherNumbers[T Number](b *Batch, place int) []T {
	numbers := Numbers[T](b, place)
	if b.mask == nil {
		return numbers
	}
	// The memory is ours until the call ends, and what is left out moves nobody to the right.
	kept := numbers[:0]
	for row, number := range numbers {
		if bit(b.mask, row) {
			kept = append(kept, number)
		}
	}
	return kept
}

// Gather gives the values of the rows that lack nothing, in a buffer that calls share.
func Gather[T any](b *Batch, buffer *[]T, value func(row int) T) []T {
	gathered := reuse(*buffer, b.Rows)
	for row := range b.Rows {
		if b.Present(row) {
			gathered = append(gathered, value(row))
		}
	}
	*buffer = gathered
	return gathered
}

// Groups tells which of the gathered rows belong to which group.
type Groups struct {
	// Count is the number of groups.
	Count  int
	groups []uint32
	row    int
	kept   int
}

// Next returns the range of the next group's rows, among those that were gathered from b.
func (g *Groups) Next(group int, b *Batch) (int, int) {
	start := g.kept
	for g.row < len(g.groups) && int(g.groups[g.row]) == group {
		if b.Present(g.row) {
			g.kept++
		}
		g.row++
	}
	return start, g.kept
}

// Resize returns a slice of length rows, in the memory of buffer if it fits, with zero values.
func Resize[T any](buffer []T, rows int) []T {
	values := reuse(buffer, rows)[:rows]
	clear(values)
	return values
}

// reuse returns an empty slice for about rows values: buffer, unless it is too small, or so much too
// large that one huge batch would keep its memory for ever.
func reuse[T any](buffer []T, rows int) []T {
	if cap(buffer) < rows || (cap(buffer) > 1<<17 && cap(buffer)/16 > rows) {
		return make([]T, 0, rows)
	}
	return buffer[:0]
}

// Scatter adds the values of the rows that lack nothing to a column, with nulls for the other rows.
func Scatter[T any, C interface {
	Append(T)
	AppendNull()
}](b *Batch, column C, values []T) {
	place := 0
	for row := range b.Rows {
		if !b.Present(row) {
			column.AppendNull()
			continue
		}
		column.Append(values[place])
		place++
	}
}

// ScatterMaybe does the same with values that may be missing.
func ScatterMaybe[T any, C interface {
	AppendMaybe(tidemill.Null[T])
	AppendNull()
}](b *Batch, column C, values []tidemill.Null[T]) {
	place := 0
	for row := range b.Rows {
		if !b.Present(row) {
			column.AppendNull()
			continue
		}
		column.AppendMaybe(values[place])
		place++
	}
}
