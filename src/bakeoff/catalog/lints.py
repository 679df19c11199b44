"""What a lint is, and what lints read. The lints themselves stand in `lint_*.py`, one table per group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bakeoff.catalog import build, lines, scope
from bakeoff.catalog.load import Sources
from bakeoff.catalog.model import Claim, Scope, System


class Level(StrEnum):
    """How bad it is. An error fails `bakeoff catalog lint`; a warning is a hint about where to look next."""

    ERROR = "error"
    WARNING = "warning"


class Group(StrEnum):
    """What a lint is about."""

    STRUCTURE = "structure"
    PROVENANCE = "provenance"
    LOGIC = "scope and logic"
    FRESHNESS = "freshness"
    DECISION = "decision"


class On(StrEnum):
    """What one finding points at; exceptions name the same thing."""

    CLAIM = "claim"
    SYSTEM = "system"
    PROPERTY = "property"
    CATALOG = "catalog"


@dataclass(frozen=True, slots=True)
class Broken:
    """One place that breaks a lint."""

    at: str
    """Id of the claim, system or property; what an exception would name."""
    detail: str
    """What is wrong there; completes the lint's message."""
    where: str = ""
    """File, relative to the data folder."""
    line: int | None = None
    """Line of the file, where known."""
    remove: tuple[lines.Path, ...] = ()
    """Keys whose removal repairs it, for lints that can be fixed."""


@dataclass(frozen=True, slots=True)
class Lint:
    """One rule about the catalogue."""

    id: str
    """Name, as in exceptions and on the command line."""
    group: Group
    """What it is about."""
    scope: On
    """What its findings point at."""
    level: Level
    """How bad it is."""
    message: str
    """What is wrong, in one line."""
    tip: str
    """What to do about it."""
    check: Callable[[Ground], Iterator[Broken]]
    """Yields every place that breaks it."""
    fixes: bool = False
    """Whether `--fix` can repair what it finds."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What lints read, with look-ups they share."""

    sources: Sources
    """The catalogue and its files."""
    today: date
    """Day that decides what lies in the future and what is stale."""
    tree: scope.Tree
    """Devices and variants."""
    places: Mapping[str, tuple[build.SourceFile, int]] = field(default_factory=dict)
    """Claim id to its file and its position there; inherited and registry claims have none."""

    @property
    def systems(self) -> Mapping[str, System]:
        """Every system, by id."""
        return self.sources.catalog.systems

    def claims(self) -> Iterator[Claim]:
        """Claims people wrote: neither inherited nor derived from a registry."""
        for system in self.systems.values():
            for claim in system.claims:
                if claim.inherited_from is None and not claim.source_file.startswith("registry/"):
                    yield claim

    def at_claim(self, claim: Claim, detail: str, *, remove: bool = False) -> Broken:
        """A finding about a claim, with its line."""
        place = self.places.get(claim.id)
        if place is None:
            return Broken(claim.id, detail, claim.source_file)
        file, index = place
        path: lines.Path = ("claim", index)
        # One entry with several objects holds several claims; removing it would take the others along.
        alone = len(file.file.claim[index].objects) + bool(file.file.claim[index].object) <= 1
        line = lines.line_of(file.lines, path)
        return Broken(claim.id, detail, file.where, line, (path,) if remove and alone else ())

    def at_system(self, name: str, detail: str, key: lines.Path = (), *, remove: bool = False) -> Broken:
        """A finding about a system's file, at `key` of it."""
        file = next((file for file in self.sources.files if file.file.system.id == name), None)
        if file is None:
            return Broken(name, detail)
        return Broken(name, detail, file.where, lines.line_of(file.lines, key), (key,) if remove else ())


def ground(sources: Sources, today: date) -> Ground:
    """Prepares what the lints read."""
    aliases = sources.catalog.aliases
    places: dict[str, tuple[build.SourceFile, int]] = {}
    for file in sources.files:
        for index, entry in enumerate(file.file.claim):
            for name in (*((entry.object,) if entry.object else ()), *entry.objects) or (None,):
                claim = _bare(file.file.system.id, index, file, aliases.get(name, name) if name else None)
                places[build.claim_id(claim)] = (file, index)
    return Ground(sources, today, scope.Tree(sources.catalog.systems), places)


def _bare(subject: str, index: int, file: build.SourceFile, name: str | None) -> Claim:
    """A claim with just what its id is made of."""
    entry = file.file.claim[index]
    written = entry.scope
    where = Scope(
        written.versions,
        written.device,
        written.os,
        written.python,
        written.domain,
        written.activity,
        written.precision,
        written.language,
    )
    return Claim("", subject, entry.property, "", name, entry.via, where)
