"""Golden decisions: profiles whose answer the field agrees on. Whoever moves one by an edit must mean it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bakeoff.base.errors import InputError, Problem
from bakeoff.base.records import from_plain
from bakeoff.catalog.rulebook import DATA
from bakeoff.catalog.rules import Rules

FILE = "golden.toml"
"""Name of the file in the folder of the rules."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One profile with the answer the field gives."""

    id: str
    """Unique name."""
    profile: Mapping[str, Any]
    """Fields as in a profile's file."""
    rule: str
    """Heuristic or pitfall it holds."""
    first: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By layer, the systems of which one must be in the first stack."""
    avoid: Mapping[str, str] = field(default_factory=dict)
    """By layer, the system a pitfall tempts to, which must not be in it."""


def load_golden(folder: Path = DATA) -> tuple[Golden, ...]:
    """Reads the golden decisions.

    Raises:
        InputError: With every mistake of the file.
    """
    path, where = folder / FILE, f"rules/{FILE}"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError.one(where, "", f"cannot be read: {error}") from error
    found: list[Golden] = []
    problems = [Problem(where, key, "unknown table", "known: golden") for key in content if key != "golden"]
    for index, entry in enumerate(content.get("golden", [])):
        label = f"golden.{entry.get('id', index)}"
        try:
            found.append(from_plain(Golden, entry, label))
        except ValueError as error:
            problems.append(Problem(where, label, str(error)))
    names = [item.id for item in found]
    problems += [
        Problem(where, f"golden.{name}", "this id is used twice", "give each entry its own id")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    if problems:
        raise InputError(problems)
    return tuple(found)


def unknown_rules(golden: tuple[Golden, ...], rules: Rules) -> tuple[Golden, ...]:
    """Golden decisions that name a rule which does not exist."""
    known = {rule.id for rule in rules.heuristics} | {trap.id for trap in rules.pitfalls}
    return tuple(item for item in golden if item.rule not in known)
