"""The conformance library: the same functions as in every other language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tidemill import (
    Float32,
    Int32,
    RowError,
    Timestamp,
    aggregate,
    config,
    holistic,
    process,
    scalar,
    state,
    table,
)


@config
class Config:
    threshold: float = 30.0


@scalar
def is_hot(config: Config, temperature: float) -> bool:
    """Is this reading above the threshold?"""
    return temperature > config.threshold


@scalar(result="fahrenheit")
def to_fahrenheit(celsius: float) -> float:
    """Converts degrees Celsius to degrees Fahrenheit."""
    return celsius * 1.8 + 32.0


@dataclass
class Echo:
    b: bool | None
    i: Int32 | None
    l: int | None
    f: Float32 | None
    d: float | None
    t: Timestamp | None
    s: str | None
    y: bytes | None


@scalar
def echo(
    b: bool | None,
    i: Int32 | None,
    l: int | None,
    f: Float32 | None,
    d: float | None,
    t: Timestamp | None,
    s: str | None,
    y: bytes | None,
) -> Echo:
    """Returns what it got."""
    return Echo(b, i, l, f, d, t, s, y)


@scalar
def next(l: int) -> int:
    """The number that follows."""
    return l + 1


@scalar(result="quotient")
def divide(a: int, b: int) -> int:
    """Divides, and leaves out the fraction."""
    if b == 0:
        raise RowError("division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@scalar
def shout(text: str) -> str:
    """Adds an exclamation mark."""
    return text + "!"


@scalar(result="n")
def crash(n: int) -> int:
    """Breaks down at 13."""
    if n == 13:
        raise RuntimeError("thirteen")
    return n


@dataclass
class Word:
    word: str
    position: Int32


@table
def words(line: str) -> Iterator[Word]:
    """The words of a line."""
    if line == "?":
        raise RowError("no words")
    for position, word in enumerate(filter(None, line.split(" "))):
        yield Word(word, position)


@aggregate
class Average:
    """The arithmetic mean."""

    sum: float = 0.0
    count: int = 0

    def update(self, value: float) -> None:
        if value < -273.15:
            raise RowError("below absolute zero")
        self.sum += value
        self.count += 1

    def merge(self, other: "Average") -> None:
        self.sum += other.sum
        self.count += other.count

    def finish(self) -> float | None:
        return self.sum / self.count if self.count else None


@dataclass
class LongestText:
    longest: str | None
    nulls: int


@aggregate
class Longest:
    """The longest text in bytes, and how many are missing."""

    text: str | None = None
    nulls: int = 0

    def update(self, text: str | None) -> None:
        if text is None:
            self.nulls += 1
        else:
            self._take(text)

    def merge(self, other: "Longest") -> None:
        self.nulls += other.nulls
        if other.text is not None:
            self._take(other.text)

    def _take(self, text: str) -> None:
        if self.text is None or len(text.encode()) > len(self.text.encode()):
            self.text = text

    def finish(self) -> LongestText:
        return LongestText(self.text, self.nulls)


@holistic(result="median")
def median(value: Sequence[float]) -> float | None:
    """The value in the middle, of the two the lower."""
    if any(one < 0 for one in value):
        raise RowError("negative")
    return sorted(value)[(len(value) - 1) // 2] if value else None


@state
class Account:
    balance: int = 0


@process(result="balance")
def account(account: Account, amount: int) -> Iterator[int]:
    """The balance after each amount."""
    before = account.balance
    account.balance += amount
    if account.balance < 0:
        raise RowError("overdrawn")
    if amount >= 1000:
        yield before
    if amount != 0:
        yield account.balance
