"""Functions that make one row of each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._columns import Column
from ._errors import reason
from ._function import CallError, Function, Kind, arguments, array_of, calls, rows_of, with_config

Errors = list[tuple[int, str]]


class Scalar(Function):
    """A function that is called with each row."""

    kind = Kind.SCALAR

    def __init__(self, function: Callable[..., Any], takes_config: bool, *description: Any) -> None:
        super().__init__(*description)
        self._function = function
        self._takes_config = takes_config

    def call(self, config: Any, columns: list[Column], rows: int) -> tuple[list[Column], Errors]:
        """Computes every row."""
        lists, there = arguments(columns, self.parameters, rows)
        places = rows_of(there, rows)
        function = with_config(self._function, self._takes_config, config)
        waiting = calls(function, lists, rows)
        found: list[Any] = []
        errors: Errors = []
        while True:
            try:
                # Keeps what it has got when a call raises; the next one goes on with the row after it.
                found.extend(waiting)
                break
            except ValueError as error:
                errors.append((places[len(found)], reason(error)))
                found.append(None)
        if len(found) != len(places):
            raise RuntimeError(f"function `{self.name}` has raised StopIteration")
        return self.results.columns(*_spread(found, there, len(errors)), self.name), errors


class ColumnScalar(Scalar):
    """A function that is called with whole columns."""

    def call(self, config: Any, columns: list[Column], rows: int) -> tuple[list[Column], Errors]:
        lists, there = arguments(columns, self.parameters, rows, array_of)
        function = with_config(self._function, self._takes_config, config)
        try:
            found = list(function(*lists))
        except ValueError as error:
            raise CallError(reason(error)) from error
        count = rows if there is None else sum(there)
        if len(found) != count:
            raise RuntimeError(f"function `{self.name}` has made {len(found)} values of {count}")
        return self.results.columns(*_spread(found, there, 0), self.name), []


def _spread(found: list[Any], there: bytes | None, absent: int) -> tuple[list[Any], int]:
    """Puts `None` where rows were left out, and counts what is not there."""
    if there is None:
        return found, absent
    following = iter(found)
    spread = [next(following) if is_there else None for is_there in there]
    return spread, absent + len(spread) - len(found)
