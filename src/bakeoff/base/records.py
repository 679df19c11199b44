"""Frozen records to and from plain JSON values, by their own type annotations.

One encoding for the whole product: enums by value, dates in ISO form, tuples as lists, nested records as objects.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What JSON can hold."""

T = TypeVar("T")


def to_plain(value: object) -> Plain:
    """The JSON value of a record, enum, date, or container of these.

    Raises:
        TypeError: If the value holds something with no JSON form.
        ValueError: If it holds NaN or an infinity.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return to_plain(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
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


def from_plain(kind: type[T], value: object, where: str = "") -> T:
    """Builds a record of type `kind` from what `to_plain` gave.

    Raises:
        ValueError: If a key is unknown or absent, or a value does not fit its annotation; names the place.
    """
    return typing.cast(T, _build(kind, value, where or kind.__name__))


def trusted(kind: type[T], value: object) -> T:
    """Builds a record from what `to_plain` gave of one, several times as fast as `from_plain`, and checks nothing.

    For what this program wrote itself a moment, or a release, ago.
    """
    reader = _reader(typing.cast(Any, kind))
    return typing.cast(T, reader(value) if reader else value)


@functools.cache
def _reader(kind: Any) -> Callable[[Any], Any] | None:
    """How a JSON value becomes one of a kind; None where it is one already."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _record_reader(kind)
    if origin in (typing.Union, types.UnionType):
        readers = {one: _reader(one) for one in arguments if one is not type(None)}
        if not any(readers.values()):
            return None
        if len(readers) == 1:
            (reader,) = readers.values()
            return lambda value: None if value is None else typing.cast(Any, reader)(value)
    elif origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])
        return tuple if item is None else lambda value: tuple(map(item, value))
    elif origin in (dict, Mapping):
        one = _reader(arguments[1])
        return None if one is None else lambda value: {name: one(item) for name, item in value.items()}
    elif isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    elif kind is date:
        return date.fromisoformat
    elif kind in (str, int, float, bool, Any, object):
        return None
    return lambda value: _build(kind, value, "")


def _record_reader(kind: Any) -> Callable[[Any], Any]:
    readers = {name: reader for name, hint in _shape(kind).hints.items() if (reader := _reader(hint)) is not None}

    def build(value: dict[str, Any]) -> Any:
        return kind(**{name: readers[name](item) if name in readers else item for name, item in value.items()})

    return build


def dumps(value: object, *, indent: int | None = None) -> str:
    """Canonical JSON text of a record: sorted keys, no NaN, UTF-8 kept."""
    return json.dumps(to_plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent)


def digest(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:16]


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
    if dataclasses.is_dataclass(kind):
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
    fields = [field for field in dataclasses.fields(kind) if field.init]
    required = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return _Shape({field.name: hints[field.name] for field in fields}, frozenset(required))


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
