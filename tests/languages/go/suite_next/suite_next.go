// Package suite_next has later versions of functions of the suite, whose state has other columns.
package suite_next

import (
	"errors"

	"tidemill"
)

// averageV1 is what version 1 of average kept.
//
//tidemill:state version=1
type averageV1 struct {
	sum   float64
	count int64
}

// average is the arithmetic mean of temperatures, counted from the least of them.
//
//tidemill:aggregate version=2
type average struct {
	sum   float64
	count int64
	least tidemill.Null[float64]
}

func (a *average) Migrate(old averageV1) {
	a.sum, a.count = old.sum, old.count
}

func (a *average) Update(value float64) error {
	if value < -273.15 {
		return errors.New("below absolute zero")
	}
	a.sum += value
	a.count++
	a.atLeast(value)
	return nil
}

func (a *average) Merge(other average) {
	a.sum += other.sum
	a.count += other.count
	if other.least.Valid {
		a.atLeast(other.least.V)
	}
}

func (a *average) atLeast(value float64) {
	if !a.least.Valid || value < a.least.V {
		a.least = tidemill.Some(value)
	}
}

func (a *average) Finish() tidemill.Null[float64] {
	if a.count == 0 {
		return tidemill.Null[float64]{}
	}
	return tidemill.Some(a.sum/float64(a.count) - a.least.V)
}

// balanceV1 is what version 1 of account kept.
//
//tidemill:state version=1
type balanceV1 struct {
	balance int64
}

// balance is what an account holds, and of how many rows.
//
//tidemill:state version=2
type balance struct {
	balance int64
	rows    int64
}

func (b *balance) Migrate(old balanceV1) {
	b.balance = old.balance
}

func (b *balance) shown() int64 {
	return b.balance*1000 + b.rows
}

// account books amounts, and tells the balance after each in thousandths, with their number.
//
//tidemill:process
func account(state *balance, amount int64, emit func(balance int64)) error {
	before := state.shown()
	state.balance += amount
	state.rows++
	switch {
	case state.balance < 0:
		return errors.New("overdrawn")
	case amount >= 1000:
		emit(before)
		emit(state.shown())
	case amount != 0:
		emit(state.shown())
	}
	return nil
}
