"""Quick records: the same parameters, defaults and refusals as a frozen dataclass, made faster."""

from __future__ import annotations

import inspect
import time
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from bakeoff.base.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Point:
    """A point."""

    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x below 0")


@dataclass(frozen=True, slots=True)
class Plain:
    """The same without."""

    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)


def test_a_quick_record_is_made_as_any_other() -> None:
    assert (Point(1).y, Point(1, 2).y, Point(x=1, y=3).y, Point(1).tags) == (0.0, 2, 3, [])
    assert Point(1).tags is not Point(1).tags
    assert Point(1, 2) == Point(1, 2)
    assert type(Point(1)) is Point
    assert replace(Point(1), y=5) == Point(1, 5)
    assert repr(Point(1)) == "Point(x=1, y=0.0, tags=[])"
    assert inspect.signature(Point) == inspect.signature(Plain)


def test_it_is_frozen_and_looks_at_itself() -> None:
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(ValueError, match="below 0"):
        Point(-1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]


def test_a_record_with_a_base_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Deep(Plain):
        z: float = 0.0

    with pytest.raises(TypeError, match="no flat record"):
        quick(Deep)


def test_it_is_faster() -> None:
    @dataclass(frozen=True, slots=True)
    class Wide:
        a: int
        b: int
        c: int
        d: int
        e: int
        f: int

    def taken(kind: type[Wide]) -> float:
        start = time.perf_counter()
        for _ in range(2_000):
            kind(1, 2, 3, 4, 5, 6)
        return time.perf_counter() - start

    slow = min(taken(Wide) for _ in range(9))
    quick(Wide)
    assert min(taken(Wide) for _ in range(9)) < slow
