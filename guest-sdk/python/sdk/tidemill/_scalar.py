"""Functions that make one row of each row."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from . import _loops
from ._columns import Column
from ._errors import reason
from ._function import CallError, Function, Kind, arguments, rows_of, with_config

Errors = list[tuple[int, str]]


class Scalar(Function):
    """A function that is called with each row."""

    kind = Kind.SCALAR

    def __init__(self, function: Callable[..., Any], takes_config: bool, *description: Any) -> None:
        super().__init__(*description)
        self._function = function
        self._takes_config = takes_config
        self._loop = _loops.call_each(len(self.parameters), takes_config)

    def call(self, config: Any, columns: list[Column], rows: int) -> tuple[list[Column], Errors]:
        """Computes every row."""
        lists, there = arguments(columns, self.parameters, rows)
        places = rows_of(there, rows)
        waiting = _loops.rows(lists, rows)
        found = self.results.empty()
        errors: Errors = []
        while True:
            try:
                self._loop(self._function, config, waiting, found.append)
                break
            except ValueError as error:
                # The loop goes on with the row after this one.
                errors.append((places[len(found)], reason(error)))
                found.append(0 if isinstance(found, array) else None)
            except (TypeError, OverflowError) as error:
                if _is_from_loop(error):
                    wrong = f"function `{self.name}` has given what does not fit: {error}"
                    raise type(error)(wrong) from None
                raise
        absent = 0 if isinstance(found, array) else len(errors)
        return self.results.columns(*_spread(found, there, absent), self.name), errors


class ColumnScalar(Scalar):
    """A function that is called with whole columns."""

    def call(self, config: Any, columns: list[Column], rows: int) -> tuple[list[Column], Errors]:
        lists, there = arguments(columns, self.parameters, rows)
        function = with_config(self._function, self._takes_config, config)
        try:
            found = function(*lists)
            found = found if isinstance(found, array) else list(found)
        except ValueError as error:
            raise CallError(reason(error)) from error
        count = rows if there is None else sum(there)
        if len(found) != count:
            raise RuntimeError(f"function `{self.name}` has made {len(found)} values of {count}")
        return self.results.columns(*_spread(found, there, 0), self.name), []


def _is_from_loop(error: Exception) -> bool:
    """Whether it is `append` that has raised, and not the function."""
    trace = error.__traceback__
    return trace is not None and trace.tb_next is not None and trace.tb_next.tb_next is None


def _spread(found: Any, there: bytes | None, absent: int) -> tuple[Any, int]:
    """Puts `None` where rows were left out, and counts what is not there."""
    if there is None:
        return found, absent
    following = iter(found)
    spread: list[Any] = [next(following) if is_there else None for is_there in there]
    return spread, absent + len(spread) - len(found)
