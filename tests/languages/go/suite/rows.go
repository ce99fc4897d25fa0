package suite

import (
	"errors"
	"strings"
)

// words splits a line at its spaces.
//
//tidemill:table
func words(line string, emit func(word string, position int32)) error {
	if line == "?" {
		return errors.New("no words")
	}
	var position int32
	for word := range strings.SplitSeq(line, " ") {
		if word != "" {
			emit(word, position)
			position++
		}
	}
	return nil
}

// balance is what an account holds.
type balance struct {
	balance int64
}

// account books amounts, and tells the balance after each.
//
//tidemill:process
func account(state *balance, amount int64, emit func(balance int64)) error {
	before := state.balance
	state.balance += amount
	switch {
	case state.balance < 0:
		return errors.New("overdrawn")
	case amount >= 1000:
		emit(before)
		emit(state.balance)
	case amount != 0:
		emit(state.balance)
	}
	return nil
}
