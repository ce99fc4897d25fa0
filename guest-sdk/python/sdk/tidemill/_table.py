"""Functions that make any number of rows of each row."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from ._columns import Column
from ._errors import reason
from ._function import Function, Kind, arguments, rows_of, with_config

Errors = list[tuple[int, str]]


class Table(Function):
    """A generator, or a function that returns what a `for` can go through, or one row or `None`."""

    kind = Kind.TABLE

    def __init__(
        self,
        function: Callable[..., Any],
        takes_config: bool,
        gives_many: bool,
        *description: Any,
    ) -> None:
        super().__init__(*description)
        self._function = function
        self._takes_config = takes_config
        self._gives_many = gives_many

    def call(
        self, config: Any, columns: list[Column], rows: int
    ) -> tuple[list[Column], bytes, Errors]:
        """Computes every row."""
        lists, there = arguments(columns, self.parameters, rows)
        function = with_config(self._function, self._takes_config, config)
        made = Made(self._gives_many)
        errors: Errors = []
        for row, given in zip(rows_of(there, rows), zip(*lists) if lists else [()] * rows):
            try:
                made.add(row, function(*given))
            except ValueError as error:
                made.take_back()
                errors.append((row, reason(error)))
        return self.results.columns(made.rows, 0, self.name), made.parents.tobytes(), errors


class Made:
    """Result rows, and the row that each was made of."""

    def __init__(self, gives_many: bool) -> None:
        self.rows: list[Any] = []
        self.parents = array("I")
        self._gives_many = gives_many

    def add(self, row: int, given: Any) -> None:
        """Adds what a function has given for a row. May raise what a generator raises."""
        if self._gives_many:
            before = len(self.rows)
            self.rows.extend(given)
            self.parents.extend([row] * (len(self.rows) - before))
        elif given is not None:
            self.rows.append(given)
            self.parents.append(row)

    def take_back(self) -> None:
        """Forgets what came of a row before it was refused."""
        del self.rows[len(self.parents) :]
