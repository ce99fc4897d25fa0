"""Functions that see the rows of a key one by one and remember what they need in a state."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from typing import Any

from ._columns import Column, numbers
from ._errors import reason
from ._function import Function, Kind, arguments, check_groups, rows_of, with_config
from ._state import State
from ._table import Made

Errors = list[tuple[int, str]]


class Process(Function):
    """A function that is called with the state of the row's key, and the row."""

    kind = Kind.PROCESS

    def __init__(
        self,
        function: Callable[..., Any],
        takes_config: bool,
        gives_many: bool,
        state: State,
        *description: Any,
    ) -> None:
        super().__init__(*description)
        self._function = function
        self._takes_config = takes_config
        self._gives_many = gives_many
        self.states = state
        self.state = state.fields
        self.state_version = state.version

    def process(
        self,
        config: Any,
        stored: list[Column],
        count: int,
        keys: bytes,
        columns: list[Column],
        rows: int,
    ) -> tuple[list[Column], list[Column], bytes, Errors]:
        """Handles the rows, in their order."""
        states = self.states.load(stored, count)
        places = numbers(keys)
        check_groups(places, rows, count)
        lists, there = arguments(columns, self.parameters, rows)
        if there is not None:
            places = list(compress(places, there))
        function = with_config(self._function, self._takes_config, config)
        made = Made(self._gives_many)
        errors: Errors = []
        given = zip(*lists) if lists else [()] * rows
        for row, place, values in zip(rows_of(there, rows), places, given):
            state = states[place]
            before = vars(state).copy()
            try:
                made.add(row, function(state, *values))
            except ValueError as error:
                vars(state).clear()
                vars(state).update(before)
                made.take_back()
                errors.append((row, reason(error)))
        results = self.results.columns(made.rows, 0, self.name)
        return self.states.store(states), results, made.parents.tobytes(), errors
