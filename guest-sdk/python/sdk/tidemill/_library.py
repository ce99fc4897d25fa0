"""The decorators, and the library that they fill."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

from . import _config
from ._aggregate import Aggregate
from ._function import Function, Results
from ._holistic import Holistic
from ._process import Process
from ._scalar import ColumnScalar, Scalar
from ._state import State
from ._table import Table
from .types import Field, element, field, fields_of

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)


class Library:
    """The functions of the modules that were imported, in the order of their definition."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.config_class: type | None = None
        self.states: dict[type, State] = {}

    def configure(self, text: str) -> Any:
        """The configuration that `text` holds. Raises `ValueError` if it does not fit."""
        return _config.read(text, self.config_class)


library = Library()


def scalar(
    function: F | None = None,
    *,
    name: str | None = None,
    result: str | None = None,
    columns: bool = False,
) -> Any:
    """One row in, one row out. A filter is one that returns `bool`.

    The result is called `result`, or like the function; a dataclass gives several. With `columns=True`, the function
    takes whole columns, as `Sequence[float]`, and returns as many values.
    """

    def add(function: F) -> F:
        signature = _Signature(function, columns)
        results = signature.results(result or name, signature.inner_return() if columns else None)
        kind = ColumnScalar if columns else Scalar
        library.functions.append(
            kind(function, signature.takes_config, *signature.describe(name, results))
        )
        return function

    return add if function is None else add(function)


def table(function: F | None = None, *, name: str | None = None, result: str | None = None) -> Any:
    """One row in, any number of rows out: a generator, or what returns a list, or one row or `None`."""

    def add(function: F) -> F:
        signature = _Signature(function)
        row, gives_many = signature.returned_rows()
        results = signature.results(result or name, row)
        library.functions.append(
            Table(
                function, signature.takes_config, gives_many, *signature.describe(name, results)
            )
        )
        return function

    return add if function is None else add(function)


def holistic(
    function: F | None = None, *, name: str | None = None, result: str | None = None
) -> Any:
    """All rows of a group in, as `Sequence[float]` and the like; one row out."""

    def add(function: F) -> F:
        signature = _Signature(function, many=True)
        results = signature.results(result or name, None)
        library.functions.append(
            Holistic(function, signature.takes_config, *signature.describe(name, results))
        )
        return function

    return add if function is None else add(function)


def process(
    function: F | None = None, *, name: str | None = None, result: str | None = None
) -> Any:
    """Row by row, with the state of the row's key in front of the row. Gives what a table function gives."""

    def add(function: F) -> F:
        signature = _Signature(function)
        if signature.state is None:
            raise TypeError(f"{signature.where} takes no class with `@state`")
        row, gives_many = signature.returned_rows()
        results = signature.results(result or name, row)
        library.functions.append(
            Process(
                function,
                signature.takes_config,
                gives_many,
                signature.state,
                *signature.describe(name, results),
            )
        )
        return function

    return add if function is None else add(function)


@dataclass_transform()
def aggregate(
    holder: C | None = None,
    *,
    name: str | None = None,
    result: str | None = None,
    version: int = 1,
) -> Any:
    """Many rows in, one row out. The class is the accumulator; it becomes a dataclass.

    It has `update(self, value: float)`, `merge(self, other)` and `finish(self)`. When the fields or their meaning
    change, `version` goes up, and a `@staticmethod` `from_version_1(old)` makes a new accumulator of one of version 1,
    whose fields are attributes of `old`.
    """

    def add(holder: C) -> C:
        doc = _doc(holder)
        state = State(holder, version)
        update = _Signature(holder.update, where=f"`{holder.__name__}.update`", is_method=True)
        finish = _Signature(holder.finish, where=f"`{holder.__name__}.finish`", is_method=True)
        if not callable(getattr(holder, "merge", None)):
            raise TypeError(f"class `{holder.__name__}` has no `merge`")
        own = name or _snake(holder.__name__)
        results = finish.results(result or own, None)
        library.functions.append(Aggregate(state, own, doc, update.parameters, results))
        return state.holder

    return add if holder is None else add(holder)


@dataclass_transform()
def state(holder: C | None = None, *, version: int = 1) -> Any:
    """What a process function remembers for each key. The class becomes a dataclass; all fields have a default.

    When the fields or their meaning change, `version` goes up, and a `@staticmethod` `from_version_1(old)` makes a new
    state of one of version 1, whose fields are attributes of `old`.
    """

    def add(holder: C) -> C:
        made = State(holder, version)
        library.states[made.holder] = made
        return made.holder

    return add if holder is None else add(holder)


@dataclass_transform()
def config(holder: C) -> C:
    """The configuration of a stage. The class becomes a dataclass; a function that wants it takes it first.

    Keys that it does not have are refused, as are values of other types, and what its `__post_init__` raises a
    `ValueError` for.
    """
    if library.config_class is not None:
        raise TypeError(f"there is a configuration already: `{library.config_class.__name__}`")
    if not dataclasses.is_dataclass(holder):
        holder = dataclasses.dataclass(holder)
    library.config_class = holder
    return holder


class _Signature:
    """What a function takes and gives, by its annotations."""

    def __init__(
        self,
        function: Callable[..., Any],
        many: bool = False,
        where: str | None = None,
        is_method: bool = False,
    ) -> None:
        self._function = function
        self.where = where or f"function `{function.__name__}`"
        hints = typing.get_type_hints(function, include_extras=True)
        self._returned = hints.get("return", inspect.Signature.empty)
        self.takes_config = False
        self.state: State | None = None
        found: list[Field] = []
        names = list(inspect.signature(function).parameters.values())
        for place, parameter in enumerate(names[1:] if is_method else names):
            if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                raise TypeError(f"{self.where}: `{parameter}` is no column")
            if parameter.name not in hints:
                raise TypeError(f"{self.where}: `{parameter.name}` needs an annotation, as in `: float`")
            hint = hints[parameter.name]
            if isinstance(hint, type) and hint is library.config_class and place == 0 and not is_method:
                self.takes_config = True
            elif isinstance(hint, type) and hint in library.states and not found:
                self.state = library.states[hint]
            else:
                inner = element(hint, self.where) if many else hint
                found.append(field(parameter.name, inner, self.where))
        self.parameters = tuple(found)

    def inner_return(self) -> Any:
        """What a function of columns returns values of."""
        return element(self._returned, self.where)

    def returned_rows(self) -> tuple[Any, bool]:
        """What a table or process function makes rows of, and whether there may be more than one."""
        try:
            return element(self._returned, self.where), True
        except TypeError:
            return self._optional(), False

    def _optional(self) -> Any:
        """The annotation without `None`, which means that there is no row."""
        arguments = typing.get_args(self._returned)
        rest = [argument for argument in arguments if argument is not type(None)]
        return rest[0] if len(rest) == 1 and len(arguments) == 2 else self._returned

    def results(self, name: str | None, annotation: Any) -> Results:
        """The columns of what is returned."""
        annotation = self._returned if annotation is None else annotation
        if annotation is inspect.Signature.empty:
            raise TypeError(f"{self.where} needs an annotation of what it returns, as in `-> float`")
        if dataclasses.is_dataclass(annotation):
            return Results(fields_of(annotation), annotation)
        name = name or self._function.__name__
        return Results((field(name, annotation, self.where),), None)

    def describe(self, name: str | None, results: Results) -> tuple[Any, ...]:
        """Name, doc, parameters and results."""
        return name or self._function.__name__, _doc(self._function), self.parameters, results


def _doc(described: Any) -> str:
    doc = inspect.cleandoc(vars(described).get("__doc__") or "") if isinstance(described, type) else (
        inspect.getdoc(described) or ""
    )
    # What `dataclass` writes itself is no description.
    return "" if doc.startswith(f"{described.__name__}(") else doc


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
