package suite

import (
	"errors"
	"slices"

	"tidemill"
)

// average is the arithmetic mean of temperatures.
//
//tidemill:aggregate
type average struct {
	sum   float64
	count int64
}

func (a *average) Update(value float64) error {
	if value < -273.15 {
		return errors.New("below absolute zero")
	}
	a.sum += value
	a.count++
	return nil
}

func (a *average) Merge(other average) {
	a.sum += other.sum
	a.count += other.count
}

func (a *average) Finish() tidemill.Null[float64] {
	if a.count == 0 {
		return tidemill.None[float64]()
	}
	return tidemill.Some(a.sum / float64(a.count))
}

// longest is the text of the most bytes, and how many rows have none.
//
//tidemill:aggregate
type longest struct {
	text  tidemill.Null[string]
	nulls int64
}

func (l *longest) Update(text tidemill.Null[string]) {
	if !text.Valid {
		l.nulls++
		return
	}
	if !l.text.Valid || len(text.V) > len(l.text.V) {
		l.text = text
	}
}

func (l *longest) Merge(other longest) {
	nulls := l.nulls + other.nulls
	if other.text.Valid {
		l.Update(other.text)
	}
	l.nulls = nulls
}

func (l *longest) Finish() (longest tidemill.Null[string], nulls int64) {
	return l.text, l.nulls
}

// median is the value in the middle, or the lower one of two.
//
//tidemill:holistic
func median(value []float64) (tidemill.Null[float64], error) {
	if len(value) == 0 {
		return tidemill.None[float64](), nil
	}
	slices.Sort(value)
	if value[0] < 0 {
		return tidemill.None[float64](), errors.New("negative")
	}
	return tidemill.Some(value[(len(value)-1)/2]), nil
}
