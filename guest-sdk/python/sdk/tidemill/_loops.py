"""The loops that call functions row by row, one for each number of columns.

They are made when the library is built. A function that is called from Python costs a good deal less than one that `map`
calls, and a call that names its arguments less than one that unpacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any


def rows(lists: list[Any], count: int) -> Iterator[Any]:
    """What the loops go through; it goes on with the next row after one has raised."""
    if not lists:
        return iter(range(count))
    return iter(lists[0]) if len(lists) == 1 else zip(*lists)


@cache
def call_each(columns: int, takes_config: bool) -> Callable[..., None]:
    """`(function, config, rows, append)`: hands what each call gives to `append`."""
    names = _names(columns)
    config = "config, " if takes_config else ""
    return _made(
        "def loop(function, config, rows, append):\n"
        f"    for {names or '_'} in rows:\n"
        f"        append(function({config}{names}))\n"
    )


@cache
def update_each(columns: int) -> Callable[..., None]:
    """`(update, states, groups, lists)`: calls `update` with the state of each row's group, and the row."""
    names = _names(columns)
    places, both = (f"group, {names}", "zip(groups, *lists)") if names else ("group", "groups")
    return _made(
        "def loop(update, states, groups, lists):\n"
        f"    for {places} in {both}:\n"
        f"        update(states[group], {names})\n"
    )


def _names(columns: int) -> str:
    return ", ".join(f"value{place}" for place in range(columns))


def _made(source: str) -> Callable[..., None]:
    names: dict[str, Any] = {}
    exec(compile(source, "/tidemill/_loops.py", "exec"), names)
    return names["loop"]
