"""Numbers with a unit and a doubt, and how they are shown."""

from __future__ import annotations

import math

from bakeoff.base.record import Struct


class Interval(Struct, frozen=True, array_like=True):
    """A value with the interval its data gives it.

    Raises:
        ValueError: If the bounds are not finite or not in order (low <= mid <= high).
    """

    low: float
    """Lower bound."""
    mid: float
    """Point estimate."""
    high: float
    """Upper bound."""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.low, self.mid, self.high))):
            raise ValueError(f"interval bounds must be finite: {self.low}, {self.mid}, {self.high}")
        if not self.low <= self.mid <= self.high:
            raise ValueError(f"interval out of order: {self.low} <= {self.mid} <= {self.high} does not hold")

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds."""
        return (self.high - self.low) / 2

    def overlaps(self, other: Interval) -> bool:
        """Whether the two intervals share a point.

        >>> Interval(1, 2, 3).overlaps(Interval(3, 4, 5))
        True
        """
        return self.low <= other.high and other.low <= self.high

    def scaled(self, factor: float) -> Interval:
        """The interval of `factor` times the value, for a positive factor."""
        return Interval(self.low * factor, self.mid * factor, self.high * factor)


_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def show_seconds(value_s: float) -> str:
    """A duration with three significant digits and a fitting unit.

    >>> show_seconds(0.00123), show_seconds(75), show_seconds(7200)
    ('1.23 ms', '1 min 15 s', '2 h 0 min')
    """
    if value_s >= 3600:
        return f"{int(value_s // 3600)} h {int(value_s % 3600 // 60)} min"
    if value_s >= 60:
        return f"{int(value_s // 60)} min {int(value_s % 60)} s"
    return _scaled(value_s, _SECONDS)


def show_bytes(value_bytes: float) -> str:
    """A size in decimal units with three significant digits.

    >>> show_bytes(220_000_000)
    '220 MB'
    """
    return _scaled(value_bytes, _BYTES)


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    for scale, unit in units:
        if abs(value) >= scale:
            return f"{_digits(value / scale)} {unit}"
    scale, unit = units[-1]
    return f"{_digits(value / scale)} {unit}"


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"
