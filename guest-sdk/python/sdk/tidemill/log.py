"""Writes lines to the host's log, with the name of the stage; in tests, to standard error.

The host limits lines and bytes. What is printed goes nowhere in a component.
"""

import sys

try:
    from wit_world.imports import log as _host
except ImportError:
    _host = None


def debug(message: str) -> None:
    """Writes a line that helps to find mistakes."""
    _write("DEBUG", message)


def info(message: str) -> None:
    """Writes a line that is good to know."""
    _write("INFO", message)


def warn(message: str) -> None:
    """Writes a line about something odd."""
    _write("WARN", message)


def error(message: str) -> None:
    """Writes a line about something that someone must look at."""
    _write("ERROR", message)


def _write(level: str, message: str) -> None:
    if _host is None:
        print(f"{level} {message}", file=sys.stderr)
    else:
        # What is no Unicode cannot be handed on.
        text = str(message).encode("utf-8", "replace").decode()
        _host.write(_host.Level[level], text)
