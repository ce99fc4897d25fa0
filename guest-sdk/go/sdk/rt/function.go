// Package rt is what the code that `tidemill build` generates for a library is made with: it reads
// columns, builds columns and answers the calls of the host. It is not meant to be used by hand.
package rt

import (
	"errors"
	"strconv"
)

// DataType is the type of a column, in the order of the contract.
type DataType uint8

// The types of columns.
const (
	Boolean DataType = iota
	Int32
	Int64
	Float32
	Float64
	TimestampType
	Utf8
	Binary
)

func (t DataType) String() string {
	names := [...]string{"boolean", "int32", "int64", "float32", "float64", "timestamp", "utf8", "binary"}
	return names[t]
}

// Kind is what a function does with rows, in the order of the contract.
type Kind uint8

// The kinds of functions.
const (
	Scalar Kind = iota
	Table
	Aggregate
	Holistic
	Process
)

func (k Kind) String() string {
	names := [...]string{"scalar", "table", "aggregate", "holistic", "process"}
	return names[k]
}

// Field is the name and type of a column.
type Field struct {
	Name     string
	Type     DataType
	Nullable bool
}

// Function is an entry of the catalog and how to call it. Which of the functions are there depends on the kind.
type Function struct {
	Name         string
	Kind         Kind
	Doc          string
	Parameters   []Field
	Results      []Field
	State        []Field
	StateVersion uint32

	// Call computes a scalar or table function.
	Call func(in *Batch, out *Output)
	// Evaluate computes a holistic function.
	Evaluate func(groups *Groups, in *Batch, out *Output)
	// Init makes accumulators or states.
	Init func(count int, out *Output)
	// Update handles the rows of an aggregate or process function. Row i belongs to the state groups[i].
	Update func(states *Batch, groups []uint32, in *Batch, out *Output)
	// Merge adds accumulators to others.
	Merge func(states *Batch, groups []uint32, partials *Batch, out *Output)
	// Finish computes the results of an aggregate.
	Finish func(states *Batch, out *Output)
	// Migrate converts accumulators or states of another version.
	Migrate func(version uint32, fields []Field, old *Batch, out *Output)
}

var (
	functions     []*Function
	configuration func(text string) error
	configured    bool
)

// Register adds functions to the catalog, in their order.
func Register(added ...*Function) {
	functions = append(functions, added...)
}

// Configuration says what reads the configuration of the stage.
func Configuration(read func(text string) error) {
	configuration = read
}

// configure reads the configuration, once for each instance.
func configure(text string) error {
	read := configuration
	if read == nil {
		read = func(text string) error { return ReadConfig(text, &struct{}{}) }
	}
	if err := read(text); err != nil {
		return errors.New("the configuration does not fit: " + err.Error())
	}
	configured = true
	return nil
}

// lookup finds the function that the host means.
func lookup(place uint32, kind Kind) (*Function, error) {
	number := strconv.Itoa(int(place))
	switch {
	case !configured:
		return nil, errors.New("the library is not configured")
	case int(place) >= len(functions):
		return nil, errors.New("function " + number + " of a library that has " + strconv.Itoa(len(functions)))
	case functions[place].Kind != kind:
		return nil, errors.New("function " + number + " is not of the kind " + kind.String())
	}
	return functions[place], nil
}
