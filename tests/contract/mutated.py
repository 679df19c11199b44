"""A fault laid over any adapter's program: foreign code, given to a worker in place of the adapter's own file.

The spec carries two more entries: `file`, the adapter's file, and `fault`, one entry of workloads/mutators.toml.
Standard library and NumPy only, Python >= 3.10.
"""

from __future__ import annotations

import fnmatch
import linecache
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


def build(spec: dict[str, Any], weights: dict[str, Any], inputs: list[dict[str, Any]], setting: str) -> Any:
    """As the adapter's `build`, with the fault laid over it."""
    fault = spec["fault"]
    parameters = {name: value for name, value in spec.items() if name not in ("file", "fault")}
    parameters.update(fault.get("spec", {}))
    weights, inputs = dict(weights), [dict(one) for one in inputs]
    for change in fault.get("weights", ()):
        _apply(change, weights)
    for change in fault.get("inputs", ()):
        for one in inputs:
            _apply(change, one)
    if "drop" in fault:
        weights = {name: value for name, value in weights.items() if not fnmatch.fnmatch(name, fault["drop"])}
    file = Path(spec["file"])
    edits = fault["edit"][file.parent.name] if "edit" in fault else ()
    honest = _load(file, edits)["build"](parameters, weights, inputs, setting)
    return _STEPS[fault.get("step", "honest")](len(inputs), *honest)


def _load(file: Path, edits: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The names of an adapter's file, with some pieces of its text replaced."""
    text = edited(file.read_text(encoding="utf-8"), edits)
    module = ModuleType(f"bakeoff_mutated_{file.stem}")
    module.__file__ = str(file)
    if edits:
        # A name of its own, known to linecache: tracers read a function's source, and must not find the honest one.
        module.__file__ = f"{file} edited {zlib.crc32(text.encode())}"
        linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    sys.modules[module.__name__] = module
    exec(compile(text, module.__file__, "exec"), vars(module))  # noqa: S102  # an adapter of ours
    return vars(module)


def edited(text: str, edits: Sequence[tuple[str, str]]) -> str:
    """A text with pieces replaced, in order.

    Raises:
        ValueError: If a piece does not occur exactly once: the adapter was rewritten, the fault was not.
    """
    for piece, instead in edits:
        if text.count(piece) != 1:
            raise ValueError(f"{piece!r} occurs {text.count(piece)} times, not once")
        text = text.replace(piece, instead)
    return text


# --- changes of arrays


def _apply(change: dict[str, Any], named: dict[str, Any]) -> None:
    found = fnmatch.filter(named, change["names"])
    if not found:
        raise KeyError(f"no array is called {change['names']}")
    for name in found:
        if change["op"] == "swap":
            named[name], named[change["with"]] = named[change["with"]], named[name]
        elif change["op"] not in ("round", "quantise") or named[name].dtype.kind == "f":
            named[name] = np.ascontiguousarray(_ARRAYS[change["op"]](named[name], change), named[name].dtype)


def _round(value: Any, change: dict[str, Any]) -> Any:
    """To the nearest number with that many bits of significand."""
    fraction, exponent = np.frexp(value.astype(np.float64))
    return np.ldexp(np.round(np.ldexp(fraction, change["bits"])), exponent - change["bits"])


def _quantise(value: Any, change: dict[str, Any]) -> Any:
    scale = np.abs(value).max(axis=0, keepdims=True) / change["levels"]
    return np.round(value / scale) * scale


def _interleave(value: Any, change: dict[str, Any]) -> Any:
    split = value.reshape(*value.shape[:-1], change["parts"], -1)
    return split.swapaxes(-1, -2).reshape(value.shape)


def _repeat_head(value: Any, change: dict[str, Any]) -> Any:
    return np.concatenate([value[: -change["count"]], value[: change["count"]]])


def _repeat_before_last(value: Any, change: dict[str, Any]) -> Any:
    last = [*range(value.shape[change["axis"]] - 1), value.shape[change["axis"]] - 2]
    return np.take(value, last, axis=change["axis"])


def _zero_last(value: Any, change: dict[str, Any]) -> Any:
    kept = np.ones(value.shape[change["axis"]])
    kept[-1] = 0
    return value * np.moveaxis(np.broadcast_to(kept, value.shape), -1, change["axis"])


_ARRAYS = {
    "multiply": lambda value, change: value * change["by"],
    "fill": lambda value, change: np.full_like(value, change["by"]),
    "transpose": lambda value, _: value.T,
    "roll": lambda value, change: np.roll(value, change["by"], axis=0),
    "reverse": lambda value, change: np.flip(value, change["axis"]),
    "round": _round,
    "quantise": _quantise,
    "interleave": _interleave,
    "repeat_head": _repeat_head,
    "repeat_before_last": _repeat_before_last,
    "zero_last": _zero_last,
}


# --- changes of what a step does: (slots, step, reset, read) to (step, reset, read)


def _stale(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    kept: list[Any] = []

    def late(slot: int) -> Any:
        kept.append(step(slot))
        return kept.pop(0) if len(kept) > 1 else kept[0]

    return late, reset, read


def _cached(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    kept: list[Any] = []

    def once(slot: int) -> Any:
        if not kept:
            kept.append(step(slot))
        return kept[0]

    return once, reset, read


def _unsynced(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    """Whoever reads now finds what the step before left; the first reader is lucky."""
    asked: list[int] = []

    def early(slot: int) -> Any:
        asked.append(slot)
        if len(asked) > 1:
            return step(asked.pop(0))
        lucky = step(slot)
        reset()
        return lucky

    def restart() -> None:
        asked.clear()
        reset()

    return early, restart, read


def _twice(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    def both(slot: int) -> Any:
        first = step(slot)
        step(slot)
        return first

    return both, reset, read


def _skip(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    kept: list[Any] = []

    def every_other(slot: int) -> Any:
        if kept:
            return kept.pop()
        kept.append(step(slot))
        return kept[0]

    def restart() -> None:
        kept.clear()
        reset()

    return every_other, restart, read


def _frozen(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    def forgotten(slot: int) -> Any:
        out = step(slot)
        reset()
        return out

    return forgotten, reset, read


def _unread(_slots: int, step: Any, reset: Any, read: Any) -> Any:
    first = read()
    return step, reset, lambda: first


_STEPS = {
    "honest": lambda _slots, step, reset, read: (step, reset, read),
    "stale": _stale,
    "cached": _cached,
    "replay": lambda _slots, step, reset, read: (lambda _slot: step(0), reset, read),
    "next": lambda slots, step, reset, read: (lambda slot: step((slot + 1) % slots), reset, read),
    "twice": _twice,
    "skip": _skip,
    "frozen": _frozen,
    "forgetful": lambda _slots, step, _reset, read: (step, lambda: None, read),
    "unread": _unread,
    "unsynced": _unsynced,
}
