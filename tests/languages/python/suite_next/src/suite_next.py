"""The conformance library's next version: the same functions with more in their states."""

from typing import Any

from tidemill import RowError, aggregate, process, state


@aggregate(version=2)
class Average:
    """The arithmetic mean, counted from the least value."""

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

    def finish(self) -> float | None:
        return self.sum / self.count - (self.least or 0.0) if self.count else None

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

    def shown(self) -> int:
        return self.balance * 1000 + self.rows


@process(result="balance")
def account(account: Account, amount: int) -> list[int]:
    """The balance after each amount, in thousandths, with how many there were."""
    before = account.shown()
    account.balance += amount
    account.rows += 1
    if account.balance < 0:
        raise RowError("overdrawn")
    if amount == 0:
        return []
    return [before, account.shown()] if amount >= 1000 else [account.shown()]
