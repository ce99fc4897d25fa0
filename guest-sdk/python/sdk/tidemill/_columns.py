"""Columns as they cross: bytes in Arrow's layout, and the lists of values that functions see.

Nothing here looks at values one by one in Python: what loops is in the interpreter's own code.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import accumulate, compress, islice
from typing import Any

from .types import DataType

# What `array` and `memoryview` call the numbers of a column.
_CODES = {
    DataType.INT32: "i",
    DataType.INT64: "q",
    DataType.FLOAT32: "f",
    DataType.FLOAT64: "d",
    DataType.TIMESTAMP: "q",
}

# Stands at the place of a null.
_FILLING = {
    DataType.BOOLEAN: False,
    DataType.FLOAT32: 0.0,
    DataType.FLOAT64: 0.0,
    DataType.UTF8: "",
    DataType.BINARY: b"",
}

_BOOLEANS = (False, True)
_DIGITS = bytes([48]) + bytes([49]) * 255
_FLAGS = bytes(int(place == 49) for place in range(256))


@dataclass(slots=True)
class Column:
    """The values of a column, and a bit for each that is there; none if all are."""

    data: bytes
    offsets: bytes | None
    validity: bytes | None


def unpack_bits(bits: bytes, count: int) -> bytes:
    """A byte of 0 or 1 for each of the first `count` bits."""
    if count == 0:
        return b""
    # The 1 in front keeps leading zeros.
    number = int.from_bytes(bits[: (count + 7) // 8], "little") | (1 << (count + 8))
    return format(number, "b")[: -count - 1 : -1].encode().translate(_FLAGS)


def pack_bits(flags: bytes) -> bytes:
    """The bits of as many bytes of 0 or something else."""
    if not flags:
        return b""
    return int(flags.translate(_DIGITS)[::-1], 2).to_bytes((len(flags) + 7) // 8, "little")


def numbers(data: bytes) -> list[int]:
    """Indices of rows or groups."""
    return memoryview(data).cast("I").tolist()


def pack_numbers(values: list[int]) -> bytes:
    """The same as bytes."""
    return array("I", values).tobytes()


def flags(column: Column, rows: int) -> bytes | None:
    """A byte of 0 or 1 for each value that is there; `None` if all are."""
    if column.validity is None:
        return None
    there = unpack_bits(column.validity, rows)
    return there if 0 in there else None


def empty(kind: DataType) -> Any:
    """Where values are gathered: of numbers an array, which takes nothing else."""
    code = _CODES.get(kind)
    return [] if code is None else array(code)


def values(column: Column, kind: DataType, rows: int) -> Any:
    """The values, whatever stands at the place of nulls: of numbers an array, a list otherwise."""
    if (code := _CODES.get(kind)) is not None:
        return array(code, column.data)
    if kind is DataType.BOOLEAN:
        return list(map(_BOOLEANS.__getitem__, unpack_bits(column.data, rows)))
    ends = numbers(column.offsets)
    pieces = map(slice, ends, islice(ends, 1, None))
    if kind is DataType.BINARY:
        return list(map(column.data.__getitem__, pieces))
    if column.data.isascii():
        return list(map(column.data.decode().__getitem__, pieces))
    return list(map(bytes.decode, map(column.data.__getitem__, pieces)))


def values_or_none(column: Column, kind: DataType, rows: int) -> list[Any]:
    """The values, with `None` for nulls."""
    found = values(column, kind, rows)
    there = flags(column, rows)
    if there is not None:
        found = [value if is_there else None for value, is_there in zip(found, there)]
    return found


def chosen(found: Any, there: bytes) -> Any:
    """Those of some values that are there."""
    kept = compress(found, there)
    return array(found.typecode, kept) if isinstance(found, array) else list(kept)


def column(found: Any, kind: DataType) -> Column:
    """The column of some values, in which `None` is a null. Raises `TypeError` if one is of another type."""
    if isinstance(found, array) and found.typecode == _CODES.get(kind):
        return Column(found.tobytes(), None, None)
    try:
        return _column(found, kind)
    except TypeError:
        there = bytes([value is not None for value in found])
        if 0 not in there:
            raise
    filling = _FILLING.get(kind, 0)
    made = _column([filling if value is None else value for value in found], kind)
    made.validity = pack_bits(there)
    return made


def _column(found: Any, kind: DataType) -> Column:
    if (code := _CODES.get(kind)) is not None:
        return Column(array(code, found).tobytes(), None, None)
    if kind is DataType.BOOLEAN:
        return Column(pack_bits(_booleans(found)), None, None)
    if kind is DataType.UTF8:
        text = "".join(found)
        if text.isascii():
            return Column(text.encode(), _offsets(found), None)
        found = list(map(str.encode, found))
    return Column(b"".join(found), _offsets(found), None)


def _booleans(found: list[Any]) -> bytes:
    flags = bytes(found)
    if flags.translate(None, b"\0\1"):
        raise TypeError("a number where a boolean was expected")
    return flags


def _offsets(found: list[Any]) -> bytes:
    return array("I", accumulate(map(len, found), initial=0)).tobytes()
