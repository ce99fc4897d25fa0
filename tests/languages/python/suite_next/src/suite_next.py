"""The conformance library's next version: the same functions with more in their states."""

from dataclasses import dataclass
from typing import Any

from tidemill import RowError, aggregate, process, state


@dataclass
class Averages:
    average: float | None
    least: float | None


@aggregate(version=2)
class Average:
    """The arithmetic mean, and the least value."""

    sum: float = 0.0
    count: int = 0
    least: float | None = None

    def update(self, value: float) -> None:
        if value < -273.15:
            raise RowError("below absolute zero")
        self.sum += value
        self.count += 1
        self._take(value)

    def merge(self, other: "Average") -> None:
        self.sum += other.sum
        self.count += other.count
        self._take(other.least)

    def _take(self, value: float | None) -> None:
        if self.least is None or (value is not None and value < self.least):
            self.least = value

    def finish(self) -> Averages:
        return Averages(self.sum / self.count if self.count else None, self.least)

    @staticmethod
    def from_version_1(old: Any) -> "Average":
        return Average(old.sum, old.count)


@state(version=2)
class Account:
    balance: int = 0
    rows: int = 0

    @staticmethod
    def from_version_1(old: Any) -> "Account":
        return Account(old.balance)


@dataclass
class Balance:
    balance: int
    rows: int


@process
def account(account: Account, amount: int) -> list[Balance]:
    """The balance after each amount, and how many there were."""
    before = Balance(account.balance, account.rows)
    account.balance += amount
    account.rows += 1
    if account.balance < 0:
        raise RowError("overdrawn")
    after = Balance(account.balance, account.rows)
    if amount == 0:
        return []
    return [before, after] if amount >= 1000 else [after]
