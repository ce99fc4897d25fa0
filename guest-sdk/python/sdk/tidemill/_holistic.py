"""Functions that make one row of many and need all of them at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import compress
from typing import Any

from ._columns import Column, numbers
from ._errors import reason
from ._function import Function, Kind, arguments, check_groups, with_config

Errors = list[tuple[int, str]]


class Holistic(Function):
    """A function that is called with all values of a group."""

    kind = Kind.HOLISTIC

    def __init__(self, function: Callable[..., Any], takes_config: bool, *description: Any) -> None:
        super().__init__(*description)
        self._function = function
        self._takes_config = takes_config

    def evaluate(
        self, config: Any, count: int, groups: bytes, columns: list[Column], rows: int
    ) -> tuple[list[Column], Errors]:
        """Computes every group; one may have no rows."""
        places = numbers(groups)
        check_groups(places, rows, count)
        lists, there = arguments(columns, self.parameters, rows)
        if there is not None:
            places = list(compress(places, there))
        function = with_config(self._function, self._takes_config, config)
        found: list[Any] = []
        errors: Errors = []
        start = 0
        for group in range(count):
            end = bisect_right(places, group, start)
            try:
                found.append(function(*(values[start:end] for values in lists)))
            except ValueError as error:
                errors.append((group, reason(error)))
                found.append(None)
            start = end
        return self.results.columns(found, len(errors), self.name), errors
