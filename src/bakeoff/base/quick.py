"""Frozen records that are made by the ten thousand: built three times as fast, frozen all the same."""

from __future__ import annotations

import functools
from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def quick(kind: type[T]) -> type[T]:
    """Gives a frozen, slotted dataclass a faster `__init__` that does the same.

    The one of the standard library stores every field through `object.__setattr__`, a call each. Here the fresh object
    is for a moment of a class with the same slots that is not frozen, and fields are stored as in any other class.

        @quick
        @dataclass(frozen=True, slots=True)
        class Claim: ...

    Raises:
        TypeError: If the class has a base, or fields that are no plain parameters.
    """
    listed = fields(kind)  # type: ignore[arg-type] # ugly, because no type says "a dataclass"
    if kind.__bases__ != (object,) or any(not one.init or one.kw_only for one in listed):
        raise TypeError(f"{kind.__name__} is no flat record")
    open_kind = type(kind.__name__, (), {"__slots__": vars(kind)["__slots__"]})
    names: dict[str, Any] = {"open_kind": open_kind, "frozen": kind, "store": object.__setattr__, "missing": MISSING}
    parameters, lines = ["self"], [" store(self, '__class__', open_kind)"]
    for one in listed:
        name = one.name
        if one.default_factory is not MISSING:
            names[f"make_{name}"] = one.default_factory
            parameters.append(f"{name}=missing")
            lines.append(f" self.{name} = make_{name}() if {name} is missing else {name}")
            continue
        if one.default is not MISSING:
            names[f"default_{name}"] = one.default
        parameters.append(name if one.default is MISSING else f"{name}=default_{name}")
        lines.append(f" self.{name} = {name}")
    lines.append(" self.__class__ = frozen")
    if "__post_init__" in vars(kind):
        lines.append(" self.__post_init__()")
    exec("\n".join([f"def __init__({', '.join(parameters)}):", *lines]), names)  # noqa: S102 - as `dataclass` does
    kind.__init__ = functools.wraps(kind.__init__)(names["__init__"])  # type: ignore[method-assign]
    return kind
