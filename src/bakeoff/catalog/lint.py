"""Running the lints: all findings, exceptions that police themselves, and repairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bakeoff.base import files
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.catalog import authoring, lint_freshness, lint_logic, lint_provenance, lint_structure, lints
from bakeoff.catalog.lints import Broken, Group, Level, Lint
from bakeoff.catalog.load import DATA, Sources
from bakeoff.catalog.shapes import ExceptionsFile

LINTS: tuple[Lint, ...] = (
    *lint_structure.LINTS,
    *lint_provenance.LINTS,
    *lint_logic.LINTS,
    *lint_freshness.LINTS,
)
"""Every lint the catalogue can judge by itself; those about decisions are passed in by who can decide."""
EXCEPTIONS = "lint_exceptions.toml"
"""File of the data folder that holds the exceptions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks one lint."""

    lint: str
    """Lint id."""
    group: Group
    """Its group."""
    level: Level
    """How bad."""
    at: str
    """Claim, system or property."""
    message: str
    """What is wrong there."""
    tip: str
    """What to do."""
    where: str
    """File, relative to the data folder."""
    line: int | None
    """Line of the file, where known."""
    fixable: bool
    """`--fix` repairs it."""


@dataclass(frozen=True, slots=True)
class LintReport:
    """What a run of the lints found."""

    findings: tuple[Finding, ...]
    """Errors first, then by file and line."""
    errors: int
    """How many of them are errors."""
    warnings: int
    """How many are warnings."""
    lints: int
    """How many lints ran."""
    excepted: int
    """How many findings an exception covers."""
    fixed: tuple[str, ...] = ()
    """Files that `--fix` changed."""

    @property
    def ok(self) -> bool:
        """Whether nothing is an error."""
        return self.errors == 0


@dataclass(frozen=True, slots=True)
class Exemption:
    """A finding that is known and meant."""

    lint: str
    """Lint id."""
    at: str
    """What the finding points at."""
    because: str
    """Why it is right."""


def lint(
    sources: Sources, *, today: date, more: Sequence[Lint] = (), exemptions: Sequence[Exemption] | None = None
) -> LintReport:
    """Runs every lint.

    Args:
        sources: The catalogue with its files.
        today: Day that decides what is stale.
        more: Lints about decisions.
        exemptions: Known findings; those of the shipped file by default.

    Raises:
        InputError: If the file of exceptions is wrong.
    """
    table = (*LINTS, *more)
    known = read_exemptions(table) if exemptions is None else tuple(exemptions)
    ground = lints.ground(sources, today)
    found = [(rule, broken) for rule in table for broken in rule.check(ground)]
    excepted = {(item.lint, item.at) for item in known}
    broken_places = {(rule.id, broken.at) for rule, broken in found}
    findings = [_finding(rule, broken) for rule, broken in found if (rule.id, broken.at) not in excepted]
    findings += [_idle(item) for item in known if (item.lint, item.at) not in broken_places]
    findings.sort(key=lambda item: (item.level is not Level.ERROR, item.where, item.line or 0, item.lint, item.at))
    errors = sum(item.level is Level.ERROR for item in findings)
    covered = sum((rule.id, broken.at) in excepted for rule, broken in found)
    return LintReport(tuple(findings), errors, len(findings) - errors, len(table), covered)


def fix(sources: Sources, *, today: date) -> tuple[str, ...]:
    """Repairs what can be repaired by removing it, and returns the files changed, as findings name them.

    Comments and order of the files stay as they are. What an exception covers is left alone.
    """
    # Only repairing needs an editor that keeps comments; every other command is spared its import.
    import tomlkit  # noqa: PLC0415

    excepted = {(item.lint, item.at) for item in read_exemptions(LINTS)}
    ground = lints.ground(sources, today)
    removals: dict[str, set[tuple[str | int, ...]]] = {}
    for rule in LINTS:
        for broken in rule.check(ground) if rule.fixes else ():
            if broken.remove and (rule.id, broken.at) not in excepted:
                removals.setdefault(broken.where, set()).update(broken.remove)
    held = {file.where: file.path for file in sources.files}
    for where, paths in removals.items():
        path = held[where]
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        for key in sorted(paths, key=lambda key: [(isinstance(part, int), str(part).zfill(6)) for part in key])[::-1]:
            _remove(document, key)
        files.write_atomic(path, tomlkit.dumps(document))
    return tuple(sorted(removals))


def read_exemptions(table: Iterable[Lint] = LINTS, data: Path = DATA) -> tuple[Exemption, ...]:
    """The exceptions people wrote down.

    Raises:
        InputError: If the file has mistakes, or names a lint that does not exist.
    """
    path = data / EXCEPTIONS
    if not path.exists():
        return ()
    file, problems = authoring.read(ExceptionsFile, path, EXCEPTIONS)
    known = {rule.id for rule in table}
    if file is not None:
        problems += [
            unknown_name(EXCEPTIONS, f"exception[{index}].lint", item.lint, known, what="lint")
            for index, item in enumerate(file.exception)
            # Lints about decisions are absent when only the catalogue is judged; their exceptions wait.
            if item.lint not in known and not item.lint.startswith("decision-")
        ]
    if problems:
        raise InputError(problems)
    return tuple(Exemption(item.lint, item.at, item.because) for item in file.exception if item.lint in known)


def _finding(rule: Lint, broken: Broken) -> Finding:
    message = f"{rule.message}: {broken.detail}"
    fixable = rule.fixes and bool(broken.remove)
    return Finding(rule.id, rule.group, rule.level, broken.at, message, rule.tip, broken.where, broken.line, fixable)


def _idle(item: Exemption) -> Finding:
    message = f"exception covers nothing: {item.lint} no longer fails here"
    return Finding(
        lint="idle-exception",
        group=Group.STRUCTURE,
        level=Level.ERROR,
        at=item.at,
        message=message,
        tip="remove it",
        where=EXCEPTIONS,
        line=None,
        fixable=False,
    )


def _remove(document: Any, path: tuple[str | int, ...]) -> None:
    """Removes one key, and the list it stood in when that is then empty."""
    parent = document
    for part in path[:-1]:
        parent = parent[part]
    del parent[path[-1]]
    if isinstance(path[-1], int) and len(parent) == 0:
        _remove(document, path[:-1])
