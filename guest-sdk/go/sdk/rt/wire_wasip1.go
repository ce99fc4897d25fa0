package rt

import "unsafe"

// The records of the contract as the canonical ABI lays them out in memory. Where it has one byte and
// three of padding, the padding is of no meaning.

// wireList is a list of bytes or a string.
type wireList struct{ data, length uint32 }

// wireColumn is a column.
type wireColumn struct {
	kind                                       uint32
	first, firstCount, second, secondCount     uint32
	hasValidity, validityBytes, validityLength uint32
}

// wireField is a field; kind also has its nullability, in the second byte.
type wireField struct {
	name wireList
	kind uint32
}

// wireError is a row error.
type wireError struct {
	row     uint32
	message wireList
}

// wireFunction is an entry of the catalog.
type wireFunction struct {
	name                       wireList
	kind                       uint32
	doc                        wireList
	parameters, results, state wireList
	version                    uint32
}

func text(value string) wireList {
	return wireList{uint32(uintptr(unsafe.Pointer(unsafe.StringData(value)))), uint32(len(value))}
}

func span[T any](values []T) wireList { return wireList{address(values), uint32(len(values))} }

// readBatch reads columns that the host has passed.
func readBatch(batch *Batch, rows, columns, count uint32) *Batch {
	batch.Rows, batch.mask = int(rows), nil
	batch.columns = batch.columns[:0]
	for _, wire := range memory[wireColumn](columns, count) {
		read := column{kind: DataType(wire.kind)}
		if read.kind == Utf8 || read.kind == Binary {
			read.offsets = memory[uint32](wire.first, wire.firstCount)
			wire.first, wire.firstCount = wire.second, wire.secondCount
		}
		if wire.firstCount > 0 {
			read.values, read.count = unsafe.Pointer(uintptr(wire.first)), int(wire.firstCount)
		}
		if wire.hasValidity&0xFF == 1 {
			read.validity = memory[byte](wire.validityBytes, wire.validityLength)
		}
		batch.columns = append(batch.columns, read)
	}
	return batch
}

// readText reads text that the host has passed.
func readText(data, length uint32) string { return string(memory[byte](data, length)) }

// readFields reads fields that the host has passed.
func readFields(data, count uint32) []Field {
	wires := memory[wireField](data, count)
	fields := make([]Field, len(wires))
	for place, wire := range wires {
		fields[place] = Field{
			readText(wire.name.data, wire.name.length), DataType(wire.kind), wire.kind>>8&0xFF != 0,
		}
	}
	return fields
}

// kept are the records of the last answer: the host reads them after the call has returned.
var kept struct {
	area    [10]uint32
	columns []wireColumn
	state   []wireColumn
	errors  []wireError
	catalog []wireFunction
	fields  [][]wireField
	failure string
}

// writeColumns lays columns out, whose types are those of fields.
func writeColumns(wires []wireColumn, columns []Column, fields []Field) []wireColumn {
	wires = wires[:0]
	for place, column := range columns {
		buffers := column.buffers()
		wire := wireColumn{
			kind:  uint32(fields[place].Type),
			first: uint32(uintptr(buffers.first)), firstCount: uint32(buffers.firstCount),
			second: uint32(uintptr(buffers.second)), secondCount: uint32(buffers.secondCount),
		}
		if buffers.validity != nil {
			wire.hasValidity = 1
			wire.validityBytes, wire.validityLength = address(buffers.validity), uint32(len(buffers.validity))
		}
		wires = append(wires, wire)
	}
	return wires
}

// writeErrors lays row errors out.
func writeErrors(errors []rowError) wireList {
	kept.errors = kept.errors[:0]
	for _, err := range errors {
		kept.errors = append(kept.errors, wireError{err.row, text(err.message)})
	}
	return span(kept.errors)
}

// writeFields lays fields out.
func writeFields(fields []Field) wireList {
	wires := make([]wireField, len(fields))
	for place, field := range fields {
		kind := uint32(field.Type)
		if field.Nullable {
			kind |= 1 << 8
		}
		wires[place] = wireField{text(field.Name), kind}
	}
	kept.fields = append(kept.fields, wires)
	return span(wires)
}

// writeCatalog lays the catalog out.
func writeCatalog() wireList {
	for _, function := range functions {
		kept.catalog = append(kept.catalog, wireFunction{
			name: text(function.Name), kind: uint32(function.Kind), doc: text(function.Doc),
			parameters: writeFields(function.Parameters), results: writeFields(function.Results),
			state: writeFields(function.State), version: function.StateVersion,
		})
	}
	return span(kept.catalog)
}

// answer returns the address of a result that is well, made of words.
func answer(words ...uint32) uint32 {
	kept.area = [10]uint32{}
	copy(kept.area[1:], words)
	return address(kept.area[:])
}

// fail returns the address of a result that is an error.
func fail(err error) uint32 {
	kept.failure = message(err)
	failure := text(kept.failure)
	kept.area = [10]uint32{1, failure.data, failure.length}
	return address(kept.area[:])
}
