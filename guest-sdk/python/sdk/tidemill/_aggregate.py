"""Functions that make one row of many by way of an accumulator."""

from __future__ import annotations

from itertools import compress
from operator import length_hint
from typing import Any

from . import _loops
from ._columns import Column, numbers
from ._errors import reason
from ._function import CallError, Function, Kind, arguments, check_groups, rows_of
from ._state import State

Errors = list[tuple[int, str]]


class Aggregate(Function):
    """A class whose objects are accumulators."""

    kind = Kind.AGGREGATE

    def __init__(self, state: State, *description: Any) -> None:
        super().__init__(*description)
        self.states = state
        self.state = state.fields
        self.state_version = state.version
        self._loop = _loops.update_each(len(self.parameters))

    def update(
        self,
        accumulators: list[Column],
        count: int,
        groups: bytes,
        columns: list[Column],
        rows: int,
    ) -> tuple[list[Column], Errors]:
        """Adds the rows, in their order."""
        states = self.states.load(accumulators, count)
        places = numbers(groups)
        check_groups(places, rows, count)
        lists, there = arguments(columns, self.parameters, rows)
        if there is not None:
            places = list(compress(places, there))
        update = self.states.holder.update
        waiting = iter(places)
        errors: Errors = []
        try:
            self._loop(update, states, waiting, lists)
        except ValueError as error:
            # What the refused row has changed is not known: its accumulator is made anew. The rows after it are
            # added with more care.
            first = len(places) - length_hint(waiting) - 1
            rows_there = rows_of(there, rows)
            errors.append((rows_there[first], reason(error)))
            place = places[first]
            states[place] = self.states.load(accumulators, count)[place]
            for row in range(first):
                if places[row] == place:
                    update(states[place], *(values[row] for values in lists))
            for row in range(first + 1, len(places)):
                state = states[places[row]]
                before = vars(state).copy()
                try:
                    update(state, *(values[row] for values in lists))
                except ValueError as error:
                    vars(state).clear()
                    vars(state).update(before)
                    errors.append((rows_there[row], reason(error)))
        return self.states.store(states), errors

    def merge(
        self,
        accumulators: list[Column],
        count: int,
        groups: bytes,
        partials: list[Column],
        rows: int,
    ) -> list[Column]:
        """Adds what `partials` have seen."""
        states = self.states.load(accumulators, count)
        others = self.states.load(partials, rows)
        places = numbers(groups)
        check_groups(places, rows, count)
        merge = self.states.holder.merge
        try:
            for place, other in zip(places, others):
                merge(states[place], other)
        except ValueError as error:
            raise CallError(reason(error)) from error
        return self.states.store(states)

    def finish(self, accumulators: list[Column], count: int) -> list[Column]:
        """Computes the results."""
        states = self.states.load(accumulators, count)
        try:
            found = list(map(self.states.holder.finish, states))
        except ValueError as error:
            raise CallError(reason(error)) from error
        return self.results.columns(found, 0, self.name)
