"""Functions over temperatures."""

from tidemill import aggregate, config, scalar


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


@aggregate
class Mean:
    """The arithmetic mean."""

    sum: float = 0.0
    count: int = 0

    def update(self, value: float) -> None:
        self.sum += value
        self.count += 1

    def merge(self, other: "Mean") -> None:
        self.sum += other.sum
        self.count += other.count

    def finish(self) -> float | None:
        return self.sum / self.count if self.count else None
