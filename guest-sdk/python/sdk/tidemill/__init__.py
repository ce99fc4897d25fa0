"""Functions for Tidemill, written in Python.

Decorated functions and classes are the functions of a library, in the order in which they are defined:

    from tidemill import scalar

    @scalar(result="fahrenheit")
    def to_fahrenheit(celsius: float) -> float:
        \"\"\"Converts degrees Celsius to degrees Fahrenheit.\"\"\"
        return celsius * 1.8 + 32.0

They stay what they were, so tests call them. Annotations say what columns they take and give; see `tidemill.types`
for those that Python has no type of its own for. What is raised with `RowError`, or any other `ValueError`, refuses
the row; any other exception is a mistake in the function, and ends the call in a trap.
"""

from . import log
from ._errors import RowError
from ._library import aggregate, config, holistic, process, scalar, state, table
from .types import Float32, Int32, Timestamp

__all__ = [
    "Float32",
    "Int32",
    "RowError",
    "Timestamp",
    "aggregate",
    "config",
    "holistic",
    "log",
    "process",
    "scalar",
    "state",
    "table",
]
