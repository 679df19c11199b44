"""Frozen records to and from plain JSON values, by their own type annotations.

One encoding for the whole product: enums by value, dates in ISO form, tuples as lists, nested records as objects.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeGuard, TypeVar

import msgspec

from bakeoff.base.sha256 import sha256

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What JSON can hold."""

T = TypeVar("T")
_PLAIN = frozenset({str, bool, int, type(None)})
"""What is its own JSON value; looked at first, since most values are."""


def to_plain(value: object) -> Plain:
    """The JSON value of a record, enum, date, or container of these.

    Raises:
        TypeError: If the value holds something with no JSON form.
        ValueError: If it holds NaN or an infinity.
    """
    kind: Any = type(value)
    if kind in _PLAIN or (isinstance(value, (int, str)) and not isinstance(value, Enum)):
        return typing.cast(Plain, value)
    if is_record(kind):
        return {name: to_plain(getattr(value, name)) for name in names(kind)}
    if isinstance(value, Enum):
        return to_plain(value.value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no JSON form")
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((to_plain(item) for item in value), key=repr)
    if isinstance(value, Sequence):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


@functools.cache
def names(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of record, in order."""
    return kind.__struct_fields__ if _is_struct(kind) else tuple(field.name for field in dataclasses.fields(kind))


def is_record(kind: object) -> bool:
    """Whether something is a kind of record: a struct, or a dataclass."""
    return _is_struct(kind) or (isinstance(kind, type) and dataclasses.is_dataclass(kind))


def from_plain(kind: type[T], value: object, where: str = "") -> T:
    """Builds a record of type `kind` from what `to_plain` gave.

    Raises:
        ValueError: If a key is unknown or absent, or a value does not fit its annotation; names the place.
    """
    return typing.cast(T, _build(kind, value, where or kind.__name__))


def decoded(kind: type[T], text: str | bytes) -> T:
    """A record from the JSON text of what `to_plain` gave of one, a hundred times as fast as `from_plain`.

    For what this program wrote itself a moment, or a release, ago: keys it does not know are passed over.
    """
    return msgspec.json.decode(text, type=kind)


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """What reads many JSON texts of one kind, as `decoded` reads one."""
    return msgspec.json.Decoder(kind).decode


def encoded(value: object) -> str:
    """The JSON text `decoded` reads: keys in the order of the record, rows for records that are rows in our files."""
    return msgspec.json.encode(value).decode()


def dumps(value: object, *, indent: int | None = None) -> str:
    """Canonical JSON text of a record: sorted keys, no NaN, UTF-8 kept."""
    text = json.dumps(to_plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False)
    # Indented here: the standard library does that outside its compiled part.
    return text if indent is None else msgspec.json.format(text, indent=indent)


def digest(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    return sha256(dumps(value).encode()).hex()[:16]


def _build(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if kind is Any or kind is object:
        return value
    if origin in (typing.Union, types.UnionType):
        return _build_union(kind, value, where)
    if origin is tuple:
        return _build_tuple(kind, value, where)
    if origin in (frozenset, set):
        (item,) = typing.get_args(kind)
        return origin(_build(item, entry, f"{where}[]") for entry in _expect(value, list, where))
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        key, item = typing.get_args(kind)
        pairs = _expect(value, dict, where).items()
        return {_build(key, name, where): _build(item, entry, f"{where}.{name}") for name, entry in pairs}
    if is_record(kind):
        return _build_record(kind, value, where)
    return _build_scalar(kind, value, where)


def _build_union(kind: Any, value: Any, where: str) -> Any:
    reasons = []
    options = typing.get_args(kind)
    if value is None and type(None) in options:
        return None
    for option in options:
        if option is not type(None):
            try:
                return _build(option, value, where)
            except (ValueError, TypeError) as error:
                reasons.append(str(error))
    raise ValueError("; ".join(reasons))


def _build_tuple(kind: Any, value: Any, where: str) -> tuple[Any, ...]:
    items = _expect(value, list, where)
    arguments = typing.get_args(kind)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_build(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(items))
    if len(arguments) != len(items):
        raise ValueError(f"{where}: expected {len(arguments)} items, found {len(items)}")
    pairs = zip(arguments, items, strict=True)
    return tuple(_build(argument, item, f"{where}[{index}]") for index, (argument, item) in enumerate(pairs))


def _build_record(kind: Any, value: Any, where: str) -> Any:
    data = _expect(value, dict, where)
    shape = _shape(kind)
    if not data.keys() <= shape.hints.keys():
        unknown = sorted(set(data) - set(shape.hints))
        raise ValueError(f"{where}: unknown keys {', '.join(unknown)}; known: {', '.join(shape.hints)}")
    if not shape.required <= data.keys():
        raise ValueError(f"{where}: missing keys {', '.join(sorted(shape.required - set(data)))}")
    return kind(**{name: _build(shape.hints[name], item, f"{where}.{name}") for name, item in data.items()})


@dataclasses.dataclass(frozen=True, slots=True)
class _Shape:
    """What a record's keys are."""

    hints: dict[str, Any]
    """Annotation by field that can be given, in the record's order."""
    required: frozenset[str]
    """Fields without a default."""


@functools.cache
def _shape(kind: Any) -> _Shape:
    # Reading the annotations of a record takes longer than building it: once per kind, not once per record.
    hints = typing.get_type_hints(kind)
    if _is_struct(kind):
        required = [field.name for field in msgspec.structs.fields(kind) if field.required]
        return _Shape({name: hints[name] for name in kind.__struct_fields__}, frozenset(required))
    fields = [field for field in dataclasses.fields(kind) if field.init]
    required = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return _Shape({field.name: hints[field.name] for field in fields}, frozenset(required))


def _is_struct(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _build_scalar(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is datetime:
        return datetime.fromisoformat(_expect(value, str, where))
    if kind is date:
        return date.fromisoformat(_expect(value, str, where))
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{where}: expected a number, found {value!r}")
        return float(value)
    if kind is int and isinstance(value, bool):
        raise ValueError(f"{where}: expected an integer, found {value!r}")
    return _expect(value, kind, where)


def _expect(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{where}: expected {kind.__name__}, found {value!r}")
    return value
