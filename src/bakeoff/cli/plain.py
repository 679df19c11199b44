"""Reading a command line that is plain: every word known, every option followed by its value. Standard library only.

It understands what is nearly always typed, and says None to all the rest: help, mistakes, abbreviated values, anything
that could be read in two ways. The parser then reads the same words, and its messages are the only ones there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.cli.commands import DOORS
from bakeoff.cli.doors import Argument, Door, Kind
from bakeoff.cli.values import Raw

_MANY = (Kind.PATHS, Kind.PINS, Kind.TEXTS, Kind.WEIGHTS)
"""Kinds whose option may be repeated."""
_NUMBERS = {Kind.INTEGER: (re.compile(r"[0-9]{1,15}"), int), Kind.NUMBER: (re.compile(r"[0-9]+(\.[0-9]+)?"), float)}
_JSON = "--json"


class Plain(NamedTuple):
    """A command line understood."""

    door: Door
    """The command."""
    typed: Mapping[str, Raw]
    """What was typed, by the argument's key."""
    as_json: bool
    """Whether the record is wanted as JSON."""


def read(words: Sequence[str]) -> Plain | None:
    """The command that plain words ask for; None where the parser must look."""
    found = _door(words)
    if found is None:
        return None
    door, rest = found
    typed: dict[str, Raw] = {}
    positional: list[str] = []
    options = {one.option: one for one in door.arguments if not one.positional}
    left = iter(rest)
    as_json = False
    for word in left:
        if word == _JSON and not as_json:
            as_json = True
        elif not word.startswith("-"):
            positional.append(word)
        elif not _take(options, word, left, typed):
            return None
    return Plain(door, typed, as_json) if _placed(door, positional, typed) else None


def _door(words: Sequence[str]) -> tuple[Door, Sequence[str]] | None:
    for size in (2, 1):
        name = " ".join(words[:size])
        for door in DOORS:
            if door.name == name and len(words) >= size:
                return door, words[size:]
    return None


def _take(options: Mapping[str, Argument], word: str, left: Iterator[str], typed: dict[str, Raw]) -> bool:
    """Reads one option with its value; False where it is not plain."""
    name, equals, value = word.partition("=")
    argument = options.get(name)
    if argument is None:
        return False
    if argument.kind is Kind.FLAG:
        typed[argument.key] = True
        return not equals
    if not equals:
        value = next(left, "-")
    if value.startswith("-") or not value:
        return False
    if argument.kind in _MANY:
        before = typed.get(argument.key, [])
        typed[argument.key] = [*(before if isinstance(before, list) else []), value]
        return True
    return _once(argument, value, typed)


def _once(argument: Argument, value: str, typed: dict[str, Raw]) -> bool:
    if argument.key in typed:
        return False
    if argument.kind in _NUMBERS:
        wanted, number = _NUMBERS[argument.kind]
        if not wanted.fullmatch(value):
            return False
        typed[argument.key] = number(value)
    else:
        typed[argument.key] = value
    return True


def _placed(door: Door, positional: Sequence[str], typed: dict[str, Raw]) -> bool:
    """Gives positional words to their arguments; False where too many, too few, or one is more than a word."""
    places = [one for one in door.arguments if one.positional]
    needed = [one for one in door.arguments if one.required]
    if len(positional) > len(places) or any(one.kind in (*_MANY, *_NUMBERS) for one in places):
        return False
    typed.update({argument.key: word for argument, word in zip(places, positional, strict=False)})
    return all(one.key in typed for one in needed) and all(positional)
