"""The files of the rules: read strictly, every problem of every file at once, and checked against the catalogue.

Five files under `data/rules/`: `vocabulary`, `layers`, `requirements`, `heuristics`, `pitfalls`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bakeoff.base.errors import InputError, Problem, near
from bakeoff.base.records import from_plain
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import (
    Activity,
    Domain,
    Favour,
    Hardware,
    Heuristic,
    Language,
    LayerRule,
    PitfallRule,
    Requirement,
    Rules,
    When,
)

DATA = Path(__file__).parent / "data" / "rules"
"""Folder of the rules shipped with bakeoff."""


class _Named(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str:
        """Unique name."""


T = TypeVar("T")
Named = TypeVar("Named", bound=_Named)


def load_rules(folder: Path = DATA) -> Rules:
    """Reads the five files of the rules.

    Raises:
        InputError: With every unknown or missing key, wrong type and doubled id of all files.
    """
    reader = _Reader(folder)
    words = reader.table("vocabulary.toml", {"domain", "activity", "hardware", "language"})
    layers = reader.table("layers.toml", {"layer", "axis_weights", "property_weights", "constants"})
    demands = reader.table("requirements.toml", {"requirement"})
    sense = reader.table("heuristics.toml", {"heuristic"})
    traps = reader.table("pitfalls.toml", {"pitfall"})
    hardware = reader.entries("vocabulary.toml", words, "hardware", Hardware)
    languages = reader.entries("vocabulary.toml", words, "language", Language)
    requirements = reader.entries("requirements.toml", demands, "requirement", Requirement)
    rules = Rules(
        domains=_by_id(reader.entries("vocabulary.toml", words, "domain", Domain)),
        activities=_by_id(reader.entries("vocabulary.toml", words, "activity", Activity)),
        hardware=_by_id(hardware),
        languages=_by_id(languages),
        requirements=_by_id(requirements),
        layers=_by_id(reader.entries("layers.toml", layers, "layer", LayerRule)),
        axis_weights=reader.numbers("layers.toml", layers, "axis_weights"),
        property_weights=reader.numbers("layers.toml", layers, "property_weights"),
        constants=reader.numbers("layers.toml", layers, "constants"),
        heuristics=reader.entries("heuristics.toml", sense, "heuristic", Heuristic),
        pitfalls=reader.entries("pitfalls.toml", traps, "pitfall", PitfallRule),
        aliases={
            **{alias: word.id for word in hardware for alias in word.aliases},
            **{alias: word.id for word in languages for alias in word.aliases},
            **{alias: word.id for word in requirements for alias in word.aliases},
        },
    )
    if reader.problems:
        raise InputError(reader.problems)
    return rules


def check_rules(rules: Rules, catalog: Catalog) -> tuple[Problem, ...]:
    """Every name in the rules that the catalogue, or the rules' own vocabulary, does not know."""
    problems: list[Problem] = []
    words = {*rules.domains, *rules.activities, *rules.hardware, *rules.languages, *rules.requirements}
    axes = {axis.id for axis in catalog.axes}

    def expect(where: str, key: str, names: Iterable[str], known: Iterable[str], what: str) -> None:
        options = list(known)
        problems.extend(
            Problem(f"rules/{where}", key, f"unknown {what} {name!r}", near(name, options))
            for name in names
            if name not in options
        )

    systems = [*catalog.systems, *catalog.aliases]
    expect("layers.toml", "axis_weights", rules.axis_weights, axes, "axis")
    expect(
        "layers.toml", "property_weights", rules.property_weights, [*catalog.properties, "target_coverage"], "property"
    )
    for token in rules.hardware.values():
        expect("vocabulary.toml", token.id, token.devices, systems, "device")
    weighed = [(name, word.weights) for name, word in rules.domains.items()]
    weighed += [(name, word.weights) for name, word in rules.activities.items()]
    weighed += [(name, word.weights) for name, word in rules.requirements.items()]
    for name, weights in weighed:
        expect("vocabulary.toml", f"{name}.weights", weights, axes, "axis")
    for domain in rules.domains.values():
        expect("vocabulary.toml", f"{domain.id}.like", domain.like, rules.domains, "domain")
    for activity in rules.activities.values():
        likes = (*activity.train_like, *activity.serve_like)
        expect("vocabulary.toml", f"{activity.id}.like", likes, rules.activities, "activity")
        expect("vocabulary.toml", f"{activity.id}.usual", activity.usual, rules.hardware, "hardware")
    for requirement in rules.requirements.values():
        place = ("requirements.toml", requirement.id)
        expect(*place, [need.property for need in requirement.needs if need.property], catalog.properties, "property")
        _check_favours(place, requirement.favours, catalog, systems, expect)
        expect(*place, requirement.estate, systems, "system")
    for heuristic in rules.heuristics:
        _check_favours(("heuristics.toml", heuristic.id), heuristic.favours, catalog, systems, expect)
        expect("heuristics.toml", heuristic.id, _words(heuristic.when), words, "word")
    for pitfall in rules.pitfalls:
        named = [name for pick in pitfall.picks for name in pick.systems]
        expect("pitfalls.toml", pitfall.id, named, systems, "system")
        expect("pitfalls.toml", pitfall.id, _words(pitfall.when), words, "word")
    return tuple(problems)


def _check_favours(
    place: tuple[str, str], favours: tuple[Favour, ...], catalog: Catalog, systems: list[str], expect: Any
) -> None:
    for favour in favours:
        expect(*place, favour.systems, systems, "system")
        expect(*place, [favour.property] if favour.property else [], catalog.properties, "property")


def _words(when: When) -> list[str]:
    return [
        *when.domain, *when.activity, *when.hardware, *when.only_hardware,
        *when.language, *when.constraint, *when.all_constraints, *when.unless,
    ]  # fmt: skip


def _by_id(entries: tuple[Named, ...]) -> dict[str, Named]:
    return {entry.id: entry for entry in entries}


class _Reader:
    """Collects the problems of all files while reading them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def table(self, name: str, known: set[str]) -> dict[str, Any]:
        try:
            content = tomllib.loads((self.folder / name).read_text(encoding="utf-8"))
        except OSError as error:
            self._add(name, "", f"cannot be read: {error.strerror}")
            return {}
        except tomllib.TOMLDecodeError as error:
            self._add(name, "", f"is not TOML: {error}")
            return {}
        for key in sorted(set(content) - known):
            self._add(name, key, "unknown table", near(key, known) or f"known: {', '.join(sorted(known))}")
        return content

    def entries(self, name: str, content: Mapping[str, Any], key: str, kind: type[T]) -> tuple[T, ...]:
        found: list[T] = []
        seen: set[object] = set()
        for index, entry in enumerate(content.get(key, [])):
            label = entry.get("id", index) if isinstance(entry, dict) else index
            try:
                found.append(from_plain(kind, _plain(entry), f"{key}.{label}"))
            except ValueError as error:
                self._add(name, f"{key}.{label}", str(error))
            if label in seen:
                self._add(name, f"{key}.{label}", "this id is used twice", "give each entry its own id")
            seen.add(label)
        return tuple(found)

    def numbers(self, name: str, content: Mapping[str, Any], key: str) -> dict[str, float]:
        try:
            return from_plain(dict[str, float], _plain(content.get(key, {})), key)
        except ValueError as error:
            self._add(name, key, str(error))
            return {}

    def _add(self, name: str, key: str, message: str, advice: str = "") -> None:
        self.problems.append(Problem(f"rules/{name}", key, message, advice))


def _plain(value: Any) -> Any:
    """TOML's own dates as the ISO text that `from_plain` reads."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
