"""Cases of a back-test: decisions that were really taken, as a YAML or JSON file holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bakeoff.base.errors import InputError, Problem
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import Rules
from bakeoff.decide.model import Profile
from bakeoff.decide.profile import parse

_CASE_KEYS = ("profile", "actual", "also_used", "acceptable", "unacceptable")


@dataclass(frozen=True, slots=True)
class Case:
    """One decision that was really taken."""

    id: str
    """Unique name."""
    profile: Profile
    """What the engine sees."""
    actual: Mapping[str, str]
    """Component used, by layer."""
    fine: Mapping[str, tuple[str, ...]]
    """Components that count as exact, by layer: the one used and those also used."""
    acceptable: Mapping[str, tuple[str, ...]]
    """Components an expert would also accept."""
    unacceptable: Mapping[str, tuple[str, ...]]
    """Components that break a stated requirement."""
    category: str = ""
    """For the breakdown."""
    difficulty: str = ""
    """easy | hard."""
    trap: str = ""
    """Pitfall the case is about, empty for none."""


def read_cases(data: object, rules: Rules, catalog: Catalog, *, where: str = "cases") -> tuple[Case, ...]:
    """Cases from what a YAML or JSON file holds.

    Raises:
        InputError: With every problem of every case.
    """
    if not isinstance(data, list):
        raise InputError.one(where, "", f"expected a list of cases, found {type(data).__name__}")
    problems: list[Problem] = []
    cases = []
    for index, entry in enumerate(data):
        label = str(entry.get("id", index)) if isinstance(entry, dict) else str(index)
        try:
            cases.append(_case(entry, label, rules, catalog))
        except InputError as error:
            problems += [replace(problem, where=f"{where}: {label}") for problem in error.problems]
    if problems:
        raise InputError(problems)
    return tuple(cases)


def _case(entry: object, label: str, rules: Rules, catalog: Catalog) -> Case:
    if not isinstance(entry, dict) or any(not isinstance(entry.get(key, {}), dict) for key in _CASE_KEYS):
        raise InputError.one(label, "", "a case is a table with tables profile, actual, acceptable …")
    profile = parse({"name": label, **entry.get("profile", {})}, rules, catalog, where=label)
    actual = {layer: named(catalog, name) for layer, name in entry.get("actual", {}).items()}
    also = _lists(catalog, entry.get("also_used", {}))
    return Case(
        id=label,
        profile=profile,
        actual=actual,
        fine={layer: (name, *also.get(layer, ())) for layer, name in actual.items()},
        acceptable=_lists(catalog, entry.get("acceptable", {})),
        unacceptable=_lists(catalog, entry.get("unacceptable", {})),
        category=str(entry.get("category") or ""),
        difficulty=str(entry.get("difficulty") or ""),
        trap=str(entry.get("trap") or ""),
    )


def _lists(catalog: Catalog, table: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    return {
        layer: tuple(named(catalog, name) for name in ([names] if isinstance(names, str) else list(names)))  # type: ignore[call-overload]
        for layer, names in table.items()
    }


def named(catalog: Catalog, name: object) -> str:
    """The id of a component named in a case; the name itself where the catalogue does not know it."""
    system = catalog.find(str(name))
    return system.id if system else str(name)
