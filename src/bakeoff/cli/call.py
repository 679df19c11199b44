"""From parsed arguments to a call on `Bakeoff`: which method, with what, shown by whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bakeoff.base.errors import InputError, Problem
from bakeoff.cli.doors import Argument, Door, Swap
from bakeoff.cli.values import Raw, convert, given


class Call(NamedTuple):
    """What one command line asks for."""

    method: str
    """Path on `Bakeoff`."""
    renderer: str
    """`module:function` of this package."""
    ok: str
    """`module:function` judging the record; empty for always."""
    positional: tuple[object, ...]
    """Values passed by position."""
    named: Mapping[str, object]
    """Values passed by name."""
    then: tuple[tuple[Swap, object], ...]
    """What is called afterwards with the record and a value."""


def read(door: Door, typed: Mapping[str, Raw]) -> Call:
    """Turns what was typed into a call, as the door's table row says.

    Raises:
        InputError: With every problem of every argument.
    """
    values: dict[Argument, object] = {}
    problems: list[Problem] = []
    for argument in door.arguments:
        raw = typed.get(argument.key)
        if not given(raw):
            raw = argument.default
        if raw is not None:
            try:
                values[argument] = convert(argument.kind, raw, argument.option or argument.name)
            except InputError as error:
                problems.extend(error.problems)
    swapped = [argument for argument in door.arguments if argument.instead and argument in values]
    if len(swapped) > 1:
        flags = " and ".join(argument.option for argument in swapped)
        problems.append(Problem(f"bakeoff {door.name}", "", f"{flags} exclude each other", "give one of them"))
    if problems:
        raise InputError(problems)
    return _assembled(door, values, swapped[0] if swapped else None)


def method_of(product: object, path: str) -> Callable[..., Any]:
    """The bound method behind `part.method`."""
    part, name = path.split(".")
    method: Callable[..., Any] = getattr(getattr(product, part), name)
    return method


def _assembled(door: Door, values: Mapping[Argument, object], swapped: Argument | None) -> Call:
    plain = [one for one in door.arguments if not (one.instead or one.then)]
    named: dict[str, object] = {one.name: values[one] for one in plain if _by_name(one) and one in values}
    for group in dict.fromkeys(one.into for one in plain if one.into):
        named[group] = {one.name: values[one] for one in plain if one.into == group and one in values}
    positional = [values.get(one) for one in plain if one.positional]
    while positional and positional[-1] is None:
        positional.pop()
    then = tuple((one.then, values[one]) for one in door.arguments if one.then and one in values)
    if swapped is None or swapped.instead is None:
        return Call(door.method, door.renderer, door.ok, tuple(positional), named, then)
    swap, value = swapped.instead, values[swapped]
    if swap.alone:
        return Call(swap.method, swap.renderer, swap.ok, (value,), {}, ())
    return Call(swap.method, swap.renderer, swap.ok, (value, *positional), named, ())


def _by_name(argument: Argument) -> bool:
    return not argument.positional and not argument.into
