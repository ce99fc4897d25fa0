package rt

import (
	"errors"
	"strconv"
	"unsafe"
)

// column is a column as it came from the host.
type column struct {
	kind DataType
	// values are the bits of booleans, the numbers, or the bytes of text and binary values.
	values unsafe.Pointer
	// count is the number of bytes of bits or data, or of numbers.
	count   int
	offsets []uint32
	// validity has a bit for each row, or is nil if no value is missing.
	validity []byte
}

// Batch is a number of rows, as columns. Its memory is the host's to overwrite after the call.
type Batch struct {
	// Rows is the number of rows.
	Rows    int
	columns []column
	// mask has a bit for each row that has all the values it needs; nil if all have.
	mask []byte
}

// Masked says whether there are rows that lack a value they need.
func (b *Batch) Masked() bool { return b.mask != nil }

// Present says whether a row has all the values it needs.
func (b *Batch) Present(row int) bool { return b.mask == nil || bit(b.mask, row) }

// Count is the number of rows that have all the values they need.
func (b *Batch) Count() int {
	if b.mask == nil {
		return b.Rows
	}
	count := 0
	for row := range b.Rows {
		if bit(b.mask, row) {
			count++
		}
	}
	return count
}

// Open checks that the columns are those of fields, and finds the rows that lack a value.
func (b *Batch) Open(fields []Field) error {
	if len(b.columns) != len(fields) {
		return errors.New(strconv.Itoa(len(b.columns)) + " columns where there are " + strconv.Itoa(len(fields)))
	}
	b.mask = nil
	for place := range fields {
		field, column := &fields[place], &b.columns[place]
		if err := column.check(field, b.Rows); err != nil {
			return errors.New("`" + field.Name + "`: " + err.Error())
		}
		if !field.Nullable && column.validity != nil {
			b.require(column.validity)
		}
	}
	return nil
}

// OpenState does the same for the columns of a state, of which no row may lack a value.
func (b *Batch) OpenState(fields []Field) error {
	if err := b.Open(fields); err != nil {
		return errors.New("state " + err.Error())
	}
	if b.mask == nil {
		return nil
	}
	for row := range b.Rows {
		if !bit(b.mask, row) {
			return errors.New("a null in a state where there can be none")
		}
	}
	b.mask = nil
	return nil
}

// require takes the rows out that have no value in a column.
func (b *Batch) require(validity []byte) {
	if b.mask == nil {
		b.mask = validity
		return
	}
	both := make([]byte, len(validity))
	for place := range both {
		both[place] = b.mask[place] & validity[place]
	}
	b.mask = both
}

func (c *column) check(field *Field, rows int) error {
	if c.kind != field.Type {
		return errors.New("expected " + field.Type.String() + ", got " + c.kind.String())
	}
	count := rows
	switch c.kind {
	case Boolean:
		count = (rows + 7) / 8
	case Utf8, Binary:
		if len(c.offsets) != rows+1 {
			return errors.New(strconv.Itoa(len(c.offsets)) + " offsets for " + strconv.Itoa(rows) + " rows")
		}
		count = int(c.offsets[rows])
	}
	if c.count < count {
		return errors.New(strconv.Itoa(c.count) + " values for " + strconv.Itoa(rows) + " rows")
	}
	if c.validity != nil {
		if len(c.validity) < (rows+7)/8 {
			return errors.New(strconv.Itoa(len(c.validity)) + " bytes of validity for " + strconv.Itoa(rows) + " rows")
		}
		c.validity = c.validity[:(rows+7)/8]
	}
	return nil
}

// checkGroups checks that there is a group for each row, and that it is there.
func checkGroups(groups []uint32, rows, count int) error {
	if len(groups) != rows {
		return errors.New(strconv.Itoa(len(groups)) + " groups for " + strconv.Itoa(rows) + " rows")
	}
	for _, group := range groups {
		if int(group) >= count {
			return errors.New("group " + strconv.Itoa(int(group)) + " of " + strconv.Itoa(count))
		}
	}
	return nil
}

func bit(bits []byte, row int) bool {
	return bits[row>>3]>>(row&7)&1 != 0
}
