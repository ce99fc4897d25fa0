"""How a function refuses a row."""


class RowError(ValueError):
    """Refuses the row that the function was called with, for the reason that it is given.

    Any `ValueError` does, as those of `float(text)` or `json.loads(text)`; this one says that it is meant.
    """


def reason(error: ValueError) -> str:
    """What is told of an error."""
    return str(error) or type(error).__name__
