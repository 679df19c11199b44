"""What is typed becomes a value: one converter for each kind of argument. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from bakeoff.base.errors import InputError, Problem
from bakeoff.cli.doors import Kind

Raw = str | int | float | bool | Sequence[str] | None
"""What the parser hands over: one word, several, a number, a flag, or nothing."""

_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_MEASURED = re.compile(r"(\d+(?:\.\d+)?) ?([a-zA-Z]*)")


def convert(kind: Kind, raw: Raw, option: str) -> object:
    """The value of one argument, as the table of doors describes kinds.

    Args:
        kind: What it should become.
        raw: What was typed; never None.
        option: The flag or name it was typed under, for messages.

    Raises:
        InputError: If the text does not fit; holds every problem of this argument.
    """
    if kind in (Kind.FLAG, Kind.INTEGER, Kind.NUMBER, Kind.TEXT):
        return raw
    if kind in _MANY:
        words = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, Sequence) else [str(raw)]
        return _MANY[kind](words, option)
    return _ONE[kind](str(raw), option)


def given(raw: Raw) -> bool:
    """Whether an argument was typed at all."""
    return not (raw is None or raw is False or (isinstance(raw, (list, tuple)) and not raw))


def duration_s(text: str, option: str) -> float:
    """Seconds written as 90, 90s, 3m or 1h.

    >>> duration_s("3m", "--budget"), duration_s("1.5h", "--budget")
    (180.0, 5400.0)
    """
    return float(_scaled(text, option, _SECONDS, "a duration such as 90s, 3m or 1h"))


def size_bytes(text: str, option: str) -> int:
    """Bytes written as 800MB, 4GB, 2GiB or a plain number.

    >>> size_bytes("4GB", "--memory"), size_bytes("2GiB", "--memory")
    (4000000000, 2147483648)
    """
    return int(_scaled(text, option, _BYTES, "a size such as 800MB or 4GB"))


def _scaled(text: str, option: str, units: dict[str, float] | dict[str, int], wanted: str) -> float:
    match = _MEASURED.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        raise InputError.one(option, "", f"{text!r} is not understood", f"write {wanted}")
    return float(match[1]) * units[match[2].lower()]


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError.one(option, "", f"{text!r} is not a day", "write it as 2026-11-22") from error


def _path(text: str, option: str) -> Path:
    if "\0" in text or not text:
        raise InputError.one(option, "", f"{text!r} is not a path")
    return Path(text).expanduser()


def _texts(words: Sequence[str], _option: str) -> tuple[str, ...]:
    return tuple(part.strip() for word in words for part in word.split(",") if part.strip())


def _pairs(words: Sequence[str], option: str, wanted: str) -> list[tuple[str, str]]:
    parts = [part for word in words for part in word.split(",") if part.strip()]
    pairs = [tuple(side.strip() for side in part.split("=", 1)) for part in parts]
    bad = [part for part, pair in zip(parts, pairs, strict=True) if len(pair) != 2 or not all(pair)]
    if bad:
        raise InputError([Problem(option, "", f"{part!r} is not a pair", f"write it as {wanted}") for part in bad])
    return [(pair[0], pair[1]) for pair in pairs]


def _weights(words: Sequence[str], option: str) -> dict[str, float]:
    weights, problems = {}, []
    for axis, number in _pairs(words, option, "axis=number"):
        try:
            weights[axis] = float(number)
        except ValueError:
            problems.append(Problem(option, axis, f"{number!r} is not a number", "write it as axis=3"))
    if problems:
        raise InputError(problems)
    return weights


def _pins(words: Sequence[str], option: str) -> dict[str, tuple[str, ...]]:
    pins: dict[str, tuple[str, ...]] = {}
    for layer, system in _pairs(words, option, "layer=id"):
        pins[layer] = (*pins.get(layer, ()), system)
    return pins


def _paths(words: Sequence[str], option: str) -> dict[str, Path]:
    return {system: _path(path, option) for system, path in _pairs(words, option, "system=path")}


_ONE: dict[Kind, Callable[[str, str], object]] = {
    Kind.DAY: _day,
    Kind.DURATION: duration_s,
    Kind.PATH: _path,
    Kind.SIZE: size_bytes,
}
_MANY: dict[Kind, Callable[[Sequence[str], str], object]] = {
    Kind.PATHS: _paths,
    Kind.PINS: _pins,
    Kind.TEXTS: _texts,
    Kind.WEIGHTS: _weights,
}
