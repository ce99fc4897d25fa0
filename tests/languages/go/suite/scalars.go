// Package suite has a function of each kind, for tests of what functions in Go can do.
package suite

import (
	"errors"

	"tidemill"
)

//tidemill:config
var config = struct{ Threshold float64 }{Threshold: 30}

// Is this reading above the threshold?
//
//tidemill:scalar
func isHot(temperature float64) bool {
	return temperature > config.Threshold
}

// toFahrenheit converts degrees Celsius to degrees Fahrenheit.
//
//tidemill:scalar
func toFahrenheit(celsius float64) (fahrenheit float64) {
	return celsius*1.8 + 32
}

// everything has a column of each type.
type everything struct {
	B tidemill.Null[bool]
	I tidemill.Null[int32]
	L tidemill.Null[int64]
	F tidemill.Null[float32]
	D tidemill.Null[float64]
	T tidemill.Null[tidemill.Timestamp]
	S tidemill.Null[string]
	Y tidemill.Null[[]byte]
}

// echo returns what it is given.
//
//tidemill:scalar
func echo(
	b tidemill.Null[bool],
	i tidemill.Null[int32],
	l tidemill.Null[int64],
	f tidemill.Null[float32],
	d tidemill.Null[float64],
	t tidemill.Null[tidemill.Timestamp],
	s tidemill.Null[string],
	y tidemill.Null[[]byte],
) everything {
	return everything{b, i, l, f, d, t, s, y}
}

// next is the number that comes after.
//
//tidemill:scalar
func next(l int64) int64 {
	return l + 1
}

// divide divides, without the remainder.
//
//tidemill:scalar
func divide(a, b int64) (quotient int64, err error) {
	if b == 0 {
		return 0, errors.New("division by zero")
	}
	return a / b, nil
}

// shout adds an exclamation mark.
//
//tidemill:scalar
func shout(text string) string {
	return text + "!"
}

// crash crashes at 13, and returns any other number.
//
//tidemill:scalar result=n
func crash(n int64) int64 {
	if n == 13 {
		panic("thirteen")
	}
	return n
}
