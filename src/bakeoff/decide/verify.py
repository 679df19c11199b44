"""Whether a decision taken again is the decision that was stored: same words, figures equal to 1e-4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bakeoff.base.records import Plain, to_plain
from bakeoff.decide.model import Decision

TOLERANCE = 1e-4
"""Figures of a decision are rounded to this; a reproduction may differ by one such step."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing a stored decision gave."""

    same: bool
    """Everything agrees."""
    catalog_changed: bool
    """The catalogue, or what was measured here, is not what it was: differences are then to be expected."""
    differences: tuple[str, ...]
    """One line for each place that differs: `place: stored, now`."""


def verify(stored: Decision, again: Decision) -> Verification:
    """Compares a stored decision with one just taken from its inputs.

    Args:
        stored: As read from `decision.json`.
        again: Decided from the same profile, day and seed.
    """
    differences = tuple(_differences("", to_plain(stored), to_plain(again)))
    return Verification(not differences, stored.catalog != again.catalog, differences)


def _differences(place: str, one: Plain, other: Plain) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differences(f"{place}.{key}" if place else key, one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(f"{place}[{index}]", left, right)
    elif not _equal(one, other):
        yield f"{place}: {_short(one)}, now {_short(other)}"


def _equal(one: Plain, other: Plain) -> bool:
    if isinstance(one, float) and isinstance(other, (int, float)) and not isinstance(other, bool):
        return abs(one - other) <= TOLERANCE * 1.0000001
    return one == other


def _short(value: Plain) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
