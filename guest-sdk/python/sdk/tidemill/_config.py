"""Makes the configuration of a stage an object of the library's class."""

import dataclasses
import json
import types
import typing
from typing import Any


def read(text: str, wanted: type | None) -> Any:
    """The configuration that `text` holds. Raises `ValueError` with what does not fit."""
    given = json.loads(text)
    if wanted is not None:
        return _object(given, wanted, "")
    if given:
        raise ValueError(f"`{next(iter(given))}`: the library has no configuration")
    return None


def _object(given: Any, wanted: type, path: str) -> Any:
    if not isinstance(given, dict):
        raise ValueError(f"{path or 'the configuration'}: expected an object, found {_name(given)}")
    hints = typing.get_type_hints(wanted)
    known = {place.name: place for place in dataclasses.fields(wanted) if place.init}
    for key in given:
        if key not in known:
            names = ", ".join(f"`{name}`" for name in known)
            raise ValueError(f"`{path}{key}` is no key of the configuration; there are {names or 'none'}")
    for name, place in known.items():
        defaults = (place.default, place.default_factory)
        if name not in given and all(default is dataclasses.MISSING for default in defaults):
            raise ValueError(f"`{path}{name}` is missing")
    return wanted(**{key: _value(value, hints[key], path + key) for key, value in given.items()})


def _value(given: Any, wanted: Any, path: str) -> Any:
    if wanted is Any:
        return given
    if dataclasses.is_dataclass(wanted):
        return _object(given, wanted, path + ".")
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        if given is None and type(None) in arguments:
            return None
        choices = [argument for argument in arguments if argument is not type(None)]
        if len(choices) == 1:
            return _value(given, choices[0], path)
    elif wanted is float and isinstance(given, (int, float)) and not isinstance(given, bool):
        return float(given)
    elif wanted in (bool, int, str, list, dict):
        if type(given) is wanted:
            return given
    elif origin is list and isinstance(given, list):
        return [_value(item, arguments[0], f"{path}[{place}]") for place, item in enumerate(given)]
    elif origin is dict and isinstance(given, dict):
        return {key: _value(item, arguments[1], f"{path}.{key}") for key, item in given.items()}
    expected = {float: "a number", int: "an integer", str: "a text", bool: "true or false"}
    raise ValueError(f"`{path}`: expected {expected.get(wanted, wanted)}, found {_name(given)}")


def _name(given: Any) -> str:
    return json.dumps(given)
