"""Cheap records: the same parameters, defaults and refusals as a frozen dataclass with slots."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import time
from dataclasses import FrozenInstanceError, field, replace

import pytest

from bakeoff.base.record import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A point."""

    x: float
    y: float = 0.0
    tags: tuple[str, ...] = ()
    more: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x below 0")


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """The same by the standard library."""

    x: float
    y: float = 0.0
    tags: tuple[str, ...] = ()
    more: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class One:
    """One field."""

    only: int


@dataclass(frozen=True, slots=True)
class Twin:
    """Another class with the same field."""

    only: int


@dataclass(frozen=True, slots=True)
class Cached:
    """A field that is no parameter: left to the standard library."""

    only: int
    cache: dict[str, int] = field(init=False, default_factory=dict, compare=False, repr=False)


def test_a_record_is_made_as_any_other() -> None:
    assert (Point(1).y, Point(1, 2).y, Point(x=1, y=3).y, Point(1).more) == (0.0, 2, 3, {})
    assert Point(1).more is not Point(1).more
    assert type(Point(1)) is Point
    assert replace(Point(1), y=5) == Point(1, 5)
    assert str(inspect.signature(Point)).partition("more")[0] == str(inspect.signature(Plain)).partition("more")[0]
    assert [one.name for one in dataclasses.fields(Point)] == [one.name for one in dataclasses.fields(Plain)]
    assert repr(Point(1)) == repr(Plain(1)).replace("Plain", "Point")
    assert not hasattr(Point(1), "__dict__")


def test_records_are_equal_by_class_and_fields() -> None:
    assert Point(1, 2) == Point(1, 2) != Point(1, 3)
    assert One(1) == One(1)
    others: list[object] = [Twin(1), 1, One(2)]
    assert One(1) not in others
    assert len({One(1), One(1), One(2)}) == 2


def test_they_are_copied_and_stored() -> None:
    point = Point(1, 2, ("a",), {"b": 3})
    assert copy.deepcopy(point) == point
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - what was written on the line before


def test_they_are_frozen_and_look_at_themselves() -> None:
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del Point(1).x
    with pytest.raises(ValueError, match="below 0"):
        Point(-1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]


def test_what_is_out_of_the_ordinary_is_left_to_the_standard_library() -> None:
    assert Cached(1) == Cached(1)
    assert repr(Cached(1)) == "Cached(only=1)"
    with pytest.raises(FrozenInstanceError):
        Cached(1).only = 2  # type: ignore[misc]


def test_defining_and_making_them_is_faster() -> None:
    def defined(how: type | object) -> type:
        space = {"__annotations__": dict.fromkeys("abcdef", int), "__doc__": "Six."}
        return how(frozen=True, slots=True)(type("Wide", (), space))  # type: ignore[operator, no-any-return]

    def taken(work: object, times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            work()  # type: ignore[operator]
        return time.perf_counter() - start

    ours, theirs = defined(dataclass), defined(dataclasses.dataclass)
    made = [min(taken(lambda kind=kind: kind(1, 2, 3, 4, 5, 6), 2_000) for _ in range(9)) for kind in (ours, theirs)]
    assert made[0] < made[1]
    ways = (dataclass, dataclasses.dataclass)
    built = [min(taken(lambda how=how: defined(how), 20) for _ in range(9)) for how in ways]
    assert built[0] < built[1]
