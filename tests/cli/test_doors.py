"""The table of doors is whole: every method exists with those parameters, every renderer and judge exists."""

from __future__ import annotations

import inspect
from collections import Counter

import pytest

from bakeoff.api import Bakeoff
from bakeoff.cli.commands import DOORS, GROUPS
from bakeoff.cli.doors import Argument, Door, Kind, Swap
from bakeoff.cli.lazy import load

PARTS = ("catalog", "decisions", "lab", "projects")
MOST_METHODS = 12


def method(path: str) -> inspect.Signature:
    part, name = path.split(".")
    assert part in PARTS
    return inspect.signature(getattr(type(getattr(Bakeoff(), part)), name))


def swaps(door: Door) -> list[tuple[Argument, Swap]]:
    return [(one, swap) for one in door.arguments for swap in (one.then, one.instead) if swap]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_method_takes_what_the_door_passes(door: Door) -> None:
    passed = {one.into or one.name for one in door.arguments if not (one.then or one.instead)}
    passed |= {"progress"} if door.progress else set()
    passed |= {"ask"} if door.asks else set()
    assert passed <= set(method(door.method).parameters)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_positional_arguments_come_in_the_methods_order(door: Door) -> None:
    names = [one.name for one in door.arguments if one.positional]
    accepted = [one.name for one in method(door.method).parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert accepted[1 : 1 + len(names)] == names


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_everything_loaded_by_name_exists(door: Door) -> None:
    places = [door.renderer, door.ok, door.progress]
    for _, swap in swaps(door):
        places += [swap.renderer, swap.ok]
        method(swap.method)
    for place in filter(None, places):
        assert callable(load(place)), place


def test_every_part_stays_small() -> None:
    for part in PARTS:
        public = [name for name in dir(type(getattr(Bakeoff(), part))) if not name.startswith("_")]
        assert len(public) <= MOST_METHODS, f"{part}: {public}"


def test_names_are_unique_and_groups_are_explained() -> None:
    assert [name for name, count in Counter(door.name for door in DOORS).items() if count > 1] == []
    assert {door.name.split()[0] for door in DOORS if " " in door.name} == set(GROUPS)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_options_are_unique_and_explained(door: Door) -> None:
    options = [one.option for one in door.arguments if one.option] + ["--json", "--help"]
    assert len(options) == len(set(options))
    assert all(one.help.endswith((".", "…", ")")) or one.help for one in door.arguments)
    assert door.help.endswith(".")
    assert all(one.kind is Kind.FLAG or not (one.positional and one.flag) for one in door.arguments)
