"""The types of columns, and how annotations name them.

| column      | annotation             | column      | annotation  |
| ----------- | ---------------------- | ----------- | ----------- |
| `boolean`   | `bool`                 | `float64`   | `float`     |
| `int32`     | `Int32`                | `timestamp` | `Timestamp` |
| `int64`     | `int`                  | `utf8`      | `str`       |
| `float32`   | `Float32`              | `binary`    | `bytes`     |

`X | None` takes nulls, or may give them. To Python itself and to type checkers, `Int32` and `Timestamp` are `int`,
and `Float32` is `float`. A timestamp counts microseconds since 1970-01-01T00:00:00 UTC.
"""

import dataclasses
import enum
import types
import typing
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Annotated, Any


class DataType(enum.Enum):
    """The type of a column. The value is its place in the contract."""

    BOOLEAN = 0
    INT32 = 1
    INT64 = 2
    FLOAT32 = 3
    FLOAT64 = 4
    TIMESTAMP = 5
    UTF8 = 6
    BINARY = 7


Int32 = Annotated[int, DataType.INT32]
Float32 = Annotated[float, DataType.FLOAT32]
Timestamp = Annotated[int, DataType.TIMESTAMP]

_OWN = {
    bool: DataType.BOOLEAN,
    int: DataType.INT64,
    float: DataType.FLOAT64,
    str: DataType.UTF8,
    bytes: DataType.BINARY,
}

_MANY = (Sequence, Iterable, Iterator, Generator, list, tuple)


@dataclasses.dataclass(frozen=True)
class Field:
    """The name and the type of a column."""

    name: str
    type: DataType
    nullable: bool


def field(name: str, annotation: Any, where: str) -> Field:
    """The column that an annotation means."""
    inner, nullable = _without_none(annotation)
    if typing.get_origin(inner) is Annotated:
        marks = [mark for mark in inner.__metadata__ if isinstance(mark, DataType)]
        kind = marks[0] if marks else _OWN.get(inner.__origin__)
    else:
        kind = _OWN.get(inner)
    if kind is None:
        raise TypeError(
            f"{where}: `{name}` cannot be `{_text(annotation)}`; columns are bool, int, Int32, float, Float32, "
            "Timestamp, str or bytes, or one of them with `| None`"
        )
    return Field(name, kind, nullable)


def fields_of(rows: type) -> tuple[Field, ...]:
    """The columns of a dataclass."""
    hints = typing.get_type_hints(rows, include_extras=True)
    where = f"class `{rows.__name__}`"
    return tuple(
        field(place.name, hints[place.name], where)
        for place in dataclasses.fields(rows)
    )


def element(annotation: Any, where: str) -> Any:
    """What an annotation of many values says that they are."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin not in _MANY or not arguments:
        raise TypeError(
            f"{where}: `{_text(annotation)}` where many values are meant; write as in `Sequence[float]`"
        )
    return arguments[0]


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [part for part in typing.get_args(annotation) if part is not type(None)]
        if len(rest) == 1 and len(typing.get_args(annotation)) == 2:
            return rest[0], True
    return annotation, False


def _text(annotation: Any) -> str:
    return (
        annotation.__name__ if isinstance(annotation, type) else str(annotation)
    )
