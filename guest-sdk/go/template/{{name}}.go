// Package {{name}} has functions for readings of temperatures.
package {{name}}

import "tidemill"

// What a stage configures, with the values it has if the stage says nothing.
//
//tidemill:config
var config = struct {
	// Threshold is the temperature above which it is hot.
	Threshold float64
}{
	Threshold: 30,
}

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

// mean is the arithmetic mean.
//
//tidemill:aggregate
type mean struct {
	sum   float64
	count int64
}

// Update adds a value.
func (m *mean) Update(value float64) {
	m.sum += value
	m.count++
}

// Merge adds the values of another mean.
func (m *mean) Merge(other mean) {
	m.sum += other.sum
	m.count += other.count
}

// Finish computes the result: none without values.
func (m *mean) Finish() tidemill.Null[float64] {
	if m.count == 0 {
		return tidemill.None[float64]()
	}
	return tidemill.Some(m.sum / float64(m.count))
}
