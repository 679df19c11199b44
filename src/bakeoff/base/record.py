"""Frozen records that are cheap: cheap to define, since every command defines a hundred, and cheap to make.

    from bakeoff.base.record import dataclass

    @dataclass(frozen=True, slots=True)
    class Claim: ...

is a dataclass as the standard library makes it, to the type checker too. That one compiles six methods for every class,
each apart, and stores every field through a call of `object.__setattr__`. Here only `__init__` is compiled, and a fresh
object is for a moment of a class with the same slots that is not frozen, so that its fields are stored as in any other.
"""

from __future__ import annotations

import dataclasses
import operator
import reprlib
from collections.abc import Callable, Sequence
from dataclasses import MISSING, FrozenInstanceError
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - the very name, for who imports it from here
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Makes a class a frozen dataclass with slots: `dataclasses.dataclass(frozen=True, slots=True)`."""
        if not (frozen and slots):
            raise TypeError("records are frozen and have slots")
        return _record


def _record(kind: type) -> type:
    stated = [one for one in vars(kind).values() if isinstance(one, dataclasses.Field)]
    usual = all(one.init and one.kw_only is MISSING and one.compare and one.repr for one in stated)
    if not usual or kind.__bases__ != (object,) or _OWN & set(vars(kind)):
        return dataclasses.dataclass(frozen=True, slots=True)(kind)
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(kind)
    listed = dataclasses.fields(made)
    made.__dataclass_params__.frozen = made.__dataclass_params__.eq = True
    names = tuple(one.name for one in listed)
    made.__init__ = _init(made, listed)
    made.__eq__, made.__hash__ = _compared(names)
    made.__repr__, made.__setattr__, made.__delattr__ = _repr, _set, _delete
    made.__getstate__, made.__setstate__ = _state, _restore
    return made  # type: ignore[no-any-return]


_OWN = {"__eq__", "__hash__", "__repr__", "__init__", "__setattr__", "__getstate__"}


def _init(kind: Any, listed: Sequence[dataclasses.Field[Any]]) -> Callable[..., None]:
    open_kind = type(kind.__name__, (), {"__slots__": kind.__slots__})
    space: dict[str, Any] = {"open_kind": open_kind, "frozen": kind, "store": object.__setattr__, "missing": MISSING}
    parameters, lines = ["self"], [" store(self, '__class__', open_kind)"]
    for one in listed:
        name = one.name
        if one.default_factory is not MISSING:
            space[f"make_{name}"] = one.default_factory
            parameters.append(f"{name}=missing")
            lines.append(f" self.{name} = make_{name}() if {name} is missing else {name}")
            continue
        if one.default is not MISSING:
            space[f"default_{name}"] = one.default
        parameters.append(name if one.default is MISSING else f"{name}=default_{name}")
        lines.append(f" self.{name} = {name}")
    lines.append(" self.__class__ = frozen")
    if "__post_init__" in vars(kind):
        lines.append(" self.__post_init__()")
    exec("\n".join([f"def __init__({', '.join(parameters)}):", *lines]), space)  # noqa: S102 - as `dataclasses` does
    made: Any = space["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    made.__annotations__ = {**{one.name: one.type for one in listed}, "return": None}
    return made  # type: ignore[no-any-return]


def _compared(names: tuple[str, ...]) -> tuple[Callable[..., bool], Callable[..., int]]:
    """Equality and hash over all fields."""
    # With its class before them there are two fields at least, and so always a tuple.
    values = operator.attrgetter("__class__", *names) if names else _state

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - becomes a method
        return bool(values(self) == values(other)) if self.__class__ is other.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - becomes a method
        return hash(values(self))

    return __eq__, __hash__


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__}({shown})"


def _set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001 - the contract of a method
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> NoReturn:  # noqa: ARG001 - the contract of a method
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, name) for name in self.__match_args__]


def _restore(self: Any, state: Sequence[object]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)
