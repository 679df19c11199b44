"""What is typed becomes a value, or an error that says how to write it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.cli.doors import Kind
from bakeoff.cli.values import Raw, convert, given


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (Kind.DURATION, "90", 90.0),
        (Kind.DURATION, "1.5 h", 5400.0),
        (Kind.DURATION, "3min", 180.0),
        (Kind.SIZE, "800MB", 800_000_000),
        (Kind.SIZE, "1 GiB", 2**30),
        (Kind.SIZE, "17", 17),
        (Kind.DAY, "2026-11-22", date(2026, 11, 22)),
        (Kind.PATH, "~/x", Path("~/x").expanduser()),
        (Kind.TEXTS, ["a,b", " c "], ("a", "b", "c")),
        (Kind.TEXTS, ["a,,b,"], ("a", "b")),
        (Kind.WEIGHTS, ["a=1", "b=.5,c=2"], {"a": 1.0, "b": 0.5, "c": 2.0}),
        (Kind.PINS, ["serving=a", "serving=b", "format=c"], {"serving": ("a", "b"), "format": ("c",)}),
        (Kind.PATHS, ["x=a=b"], {"x": Path("a=b")}),
    ],
)
def test_values(kind: Kind, raw: Raw, expected: object) -> None:
    assert convert(kind, raw, "--option") == expected


@pytest.mark.parametrize(
    ("kind", "raw", "advice"),
    [
        (Kind.DURATION, "3 days", "90s, 3m or 1h"),
        (Kind.DURATION, "-3m", "90s, 3m or 1h"),
        (Kind.SIZE, "lots", "800MB or 4GB"),
        (Kind.DAY, "22.11.2026", "2026-11-22"),
        (Kind.WEIGHTS, ["a"], "axis=number"),
        (Kind.WEIGHTS, ["a=b"], "axis=3"),
        (Kind.PINS, ["=a"], "layer=id"),
        (Kind.PATH, "", "not a path"),
    ],
)
def test_what_does_not_fit_names_the_option_and_says_how(kind: Kind, raw: Raw, advice: str) -> None:
    with pytest.raises(InputError) as caught:
        convert(kind, raw, "--option")
    assert str(caught.value).count("--option") == 1
    assert advice in str(caught.value)


def test_every_bad_pair_is_reported() -> None:
    with pytest.raises(InputError) as caught:
        convert(Kind.WEIGHTS, ["a", "b=", "c=1"], "--weight")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("raw", "expected"), [(None, False), (False, False), ([], False), (0, True), ("", True), (True, True)]
)
def test_given(raw: Raw, expected: object) -> None:
    assert given(raw) is expected
