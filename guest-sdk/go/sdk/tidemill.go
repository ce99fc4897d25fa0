// Package tidemill is what a library of functions for Tidemill is written with.
//
// A function becomes one that pipelines can call by a comment of its own above it:
//
//	// toFahrenheit converts degrees Celsius to degrees Fahrenheit.
//	//
//	//tidemill:scalar
//	func toFahrenheit(celsius float64) (fahrenheit float64) {
//		return celsius*1.8 + 32
//	}
//
// `tidemill build` reads these comments. Columns have the names of the parameters and results, in
// snake_case. The functions stay what they are: call them in tests.
//
// The comments are:
//
//   - //tidemill:scalar: a row in, a row out. With slices as parameters and [Out] for the results,
//     the function is given whole columns.
//   - //tidemill:table: a row in, any number of rows out, by calls of the last parameter, such as
//     emit func(word string, position int32).
//   - //tidemill:aggregate, above a struct with the methods Update, Merge and Finish: many rows in,
//     one out. The struct is the accumulator.
//   - //tidemill:holistic: slices with all values of a group in, a row out.
//   - //tidemill:process: as a table function, but with a pointer to a struct as first parameter, the
//     state of the row's key. Results instead of an emit parameter mean one row for each row.
//   - //tidemill:state version=2, above a struct that a process function keeps or an aggregate once was.
//   - //tidemill:config, above a variable: what the configuration of the stage is read into. Its
//     value is the default. A method Validate() error may refuse what it finds.
//
// name=other after scalar, table, aggregate, holistic or process gives the function another name, and
// result=other its result, if it has one and it comes without a name; version=2 after aggregate or state says that the fields have changed. A method Migrate with the
// old struct as its parameter fills the new one.
//
// Any function may return an error as its last result. It refuses the row; what the function has
// emitted for it or changed in its state is undone.
package tidemill

import "time"

// Null is a value that may be missing. The zero Null is.
//
// A row in which a parameter of another type is missing has no result and is not given to the function.
type Null[T any] struct {
	// V is the value, if there is one.
	V T
	// Valid says whether there is a value.
	Valid bool
}

// Some returns a Null with a value.
func Some[T any](value T) Null[T] {
	return Null[T]{V: value, Valid: true}
}

// None returns a Null without a value.
func None[T any]() Null[T] {
	return Null[T]{}
}

// Or returns the value, or other if there is none.
func (n Null[T]) Or(other T) T {
	if n.Valid {
		return n.V
	}
	return other
}

// Timestamp counts microseconds since 1970-01-01T00:00:00 UTC.
type Timestamp int64

// TimestampOf converts a time. What is below a microsecond is cut off.
func TimestampOf(moment time.Time) Timestamp {
	return Timestamp(moment.UnixMicro())
}

// Time converts to a time in UTC.
func (t Timestamp) Time() time.Time {
	return time.UnixMicro(int64(t)).UTC()
}

// Out is a column of results, as a parameter of a scalar function that is given columns. It is as long
// as the columns of the arguments, and the function sets each of its values.
type Out[T any] []T
