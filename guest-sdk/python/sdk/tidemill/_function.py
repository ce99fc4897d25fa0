"""What every kind of function has in common: its description, and its arguments taken apart."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from functools import partial
from itertools import compress
from typing import Any

from ._columns import Column, chosen, column, empty, flags, values, values_or_none
from .types import Field


class Kind(enum.Enum):
    """What a function does with rows. The value is its place in the contract."""

    SCALAR = 0
    TABLE = 1
    AGGREGATE = 2
    HOLISTIC = 3
    PROCESS = 4


class CallError(Exception):
    """Refuses a whole call: there is no row to blame."""


class Function:
    """A function of the library, as the catalog describes it. The kinds are subclasses."""

    kind: Kind
    state: tuple[Field, ...] = ()
    state_version = 0

    def __init__(
        self,
        name: str,
        doc: str,
        parameters: tuple[Field, ...],
        results: Results,
    ) -> None:
        self.name = name
        self.doc = doc
        self.parameters = parameters
        self.results = results


class Results:
    """What a function gives back: one value, or the fields of a dataclass."""

    def __init__(self, fields: tuple[Field, ...], rows: type | None) -> None:
        self.fields = fields
        self._rows = rows

    def empty(self) -> Any:
        """Where what a function returns is gathered, one after the other."""
        one = self._rows is None and not self.fields[0].nullable
        return empty(self.fields[0].type) if one else []

    def columns(self, found: Any, absent: int, name: str) -> list[Column]:
        """The columns of results, of which `absent` are `None` because there are none."""
        if self._rows is None:
            return [_checked(found, self.fields[0], absent, name)]
        return [
            _checked(_picked(found, place.name, absent), place, absent, name)
            for place in self.fields
        ]


def _picked(found: Any, name: str, absent: int) -> list[Any]:
    pick = operator.attrgetter(name)
    if absent:
        return [None if row is None else pick(row) for row in found]
    return list(map(pick, found))


def _checked(found: Any, place: Field, absent: int, name: str) -> Column:
    try:
        made = column(found, place.type)
    except (TypeError, OverflowError) as error:
        wrong = f"function `{name}`: a value of `{place.name}` does not fit: {error}"
        raise type(error)(wrong) from None
    if made.validity is not None and not place.nullable:
        if sum(value is None for value in found) != absent:
            raise TypeError(
                f"function `{name}` has given `None` for `{place.name}`, which its annotation does not allow"
            )
    return made


def arguments(
    columns: list[Column],
    parameters: tuple[Field, ...],
    rows: int,
) -> tuple[list[Any], bytes | None]:
    """The values of the rows that have all that they need, and a flag for each row that says so."""
    if len(columns) != len(parameters):
        raise CallError(f"{len(columns)} columns where there are {len(parameters)} parameters")
    there = None
    for given, parameter in zip(columns, parameters):
        if not parameter.nullable and (own := flags(given, rows)) is not None:
            there = own if there is None else bytes(map(operator.and_, there, own))
    taken = [
        (values_or_none if parameter.nullable else values)(given, parameter.type, rows)
        for given, parameter in zip(columns, parameters)
    ]
    if there is not None:
        taken = [chosen(found, there) for found in taken]
    return taken, there


def rows_of(there: bytes | None, rows: int) -> Any:
    """The rows that were not left out."""
    return range(rows) if there is None else list(compress(range(rows), there))


def with_config(function: Callable[..., Any], takes: bool, config: Any) -> Callable[..., Any]:
    """The function as it is called with values alone."""
    return partial(function, config) if takes else function


def check_groups(groups: list[int], rows: int, count: int) -> None:
    """Raises `CallError` unless there is a group for each row."""
    if len(groups) != rows or max(groups, default=-1) >= count:
        raise CallError(f"{len(groups)} groups of {count} for {rows} rows")

