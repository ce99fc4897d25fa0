"""What aggregates and process functions remember, as columns that the host keeps."""

from __future__ import annotations

import dataclasses
import types
from itertools import repeat, starmap
from typing import Any

from ._columns import Column, values_or_none
from ._errors import reason
from ._function import CallError, Results
from .types import Field, fields_of


class State:
    """A class whose objects are stored field by field."""

    def __init__(self, holder: type, version: int) -> None:
        if not dataclasses.is_dataclass(holder):
            holder = dataclasses.dataclass(holder)
        if not hasattr(holder, "__dict__") or "__slots__" in vars(holder):
            raise TypeError(f"class `{holder.__name__}` cannot have `slots=True`")
        self.holder = holder
        self.version = version
        self.fields = fields_of(holder)
        self._columns = Results(self.fields, holder)

    def new(self, count: int) -> list[Column]:
        """Columns of states that have seen nothing."""
        return self.store([self.holder() for _ in range(count)])

    def load(self, columns: list[Column], rows: int) -> list[Any]:
        """The states that columns hold."""
        if len(columns) != len(self.fields):
            raise CallError(f"{len(columns)} columns of state where there are {len(self.fields)}")
        lists = [
            values_or_none(column, field.type, rows) for column, field in zip(columns, self.fields)
        ]
        if not lists:
            return list(starmap(self.holder, repeat((), rows)))
        return list(map(self.holder, *lists))

    def store(self, states: list[Any]) -> list[Column]:
        """The columns of states."""
        return self._columns.columns(states, 0, self.holder.__name__)

    def migrate(self, version: int, old: list[Field], columns: list[Column], rows: int) -> list[Column]:
        """The columns of states that another version has stored."""
        if version == self.version and _names(old) == _names(self.fields):
            return self.store(self.load(columns, rows))
        convert = getattr(self.holder, f"from_version_{version}", None)
        if convert is None:
            raise CallError(f"unknown version {version}")
        lists = [values_or_none(column, field.type, rows) for column, field in zip(columns, old)]
        names = [field.name for field in old]
        try:
            found = [
                convert(types.SimpleNamespace(**dict(zip(names, row))))
                for row in (zip(*lists) if lists else [()] * rows)
            ]
        except ValueError as error:
            raise CallError(reason(error)) from error
        return self.store(found)


def _names(fields: Any) -> list[Any]:
    return [(field.name, field.type) for field in fields]
