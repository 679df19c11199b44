"""From files to records: short forms written out, ids derived, aliases resolved, claims inherited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bakeoff.base.errors import Problem
from bakeoff.base.evidence import Evidence
from bakeoff.base.record import replace
from bakeoff.catalog import lines
from bakeoff.catalog.authoring import names
from bakeoff.catalog.model import (
    Answer,
    Claim,
    Inheritance,
    LifecycleState,
    Property,
    PropertyKind,
    Relation,
    Scope,
    System,
)
from bakeoff.catalog.shapes import ClaimEntry, EvidenceEntry, LifecycleEntry, SourceEntry, SystemFile


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a system as it was read, for lints that need the author's own words."""

    where: str
    """Path relative to the data folder."""
    file: SystemFile
    """What it says."""
    lines: Mapping[lines.Path, int]
    """Where each key stands."""
    path: Path
    """The file itself."""


def claim_id(claim: Claim) -> str:
    """The id of a claim: `subject.property[.via].object[@scope]`, stable while its evidence changes."""
    parts = [claim.subject, claim.property, claim.via, claim.object]
    scope = scope_text(claim.scope)
    return ".".join(part for part in parts if part) + (f"@{scope}" if scope else "")


def scope_text(scope: Scope) -> str:
    """A scope in one short line, empty for "everywhere".

    >>> scope_text(Scope(versions=">=2,<3", os=("linux", "macos")))
    'versions>=2,<3;os=linux+macos'
    """
    parts = [f"versions{scope.versions}"] if scope.versions else []
    for name in ("device", "os", "domain", "activity", "precision", "language"):
        values: tuple[str, ...] = getattr(scope, name)
        if values:
            parts.append(f"{name}={'+'.join(values)}")
    return ";".join([*parts, f"python{scope.python}"] if scope.python else parts)


def systems(
    files: Iterable[SourceFile], properties: Mapping[str, Property], registry: Mapping[str, tuple[Claim, ...]]
) -> tuple[dict[str, System], list[Problem]]:
    """Every system of the files with all its claims: own, from the registry, inherited.

    Args:
        files: The files, each already checked against shape and vocabulary.
        properties: The property table.
        registry: Claims by system id that programs derived from package indexes.

    Returns:
        Systems by id, in the order of the files; and duplicate ids as problems.
    """
    found: dict[str, System] = {}
    problems: list[Problem] = []
    for source in files:
        system, told = _system(source, properties)
        problems += told
        if system.id in found:
            message = f"{system.id!r} is catalogued already"
            problems.append(Problem(source.where, "system.id", message, "give it another id, or edit the other file"))
            continue
        found[system.id] = replace(system, claims=_proven(system.claims, registry.get(system.id, ())))
    aliases = alias_table(found.values())
    found = {name: _canonical(system, aliases) for name, system in found.items()}
    done: dict[str, System] = {}
    for name in found:
        _inherit(name, found, done, ())
    return {name: done[name] for name in found}, problems


def alias_table(systems: Iterable[System]) -> dict[str, str]:
    """Alias to id. An id is never an alias; of two systems that claim one alias the first keeps it (a lint tells)."""
    held = list(systems)
    ids = {system.id for system in held}
    table: dict[str, str] = {}
    for system in held:
        for alias in system.aliases:
            if alias not in ids:
                table.setdefault(alias, system.id)
    return table


def _system(source: SourceFile, properties: Mapping[str, Property]) -> tuple[System, list[Problem]]:
    entry = source.file.system
    shared = {item.id: item for item in source.file.source}
    claims: dict[str, Claim] = {}
    problems = []
    for index, written in enumerate(source.file.claim):
        for claim in _claims(entry.id, written, properties[written.property], shared=shared, where=source.where):
            if claim.id in claims:
                message = f"{claim.id} is claimed twice"
                line = lines.line_of(source.lines, ("claim", index))
                advice = "join the evidence under one claim, or tell the two apart by scope"
                problems.append(Problem(source.where, f"claim[{index}]", message, advice, line))
            claims.setdefault(claim.id, claim)
    system = System(
        id=entry.id,
        name=entry.name,
        layers=entry.layers,
        summary=entry.summary,
        licence=entry.licence,
        governance=entry.governance,
        vendor=entry.vendor,
        packages=entry.packages,
        aliases=entry.aliases,
        suffixes=entry.suffixes,
        lineage=entry.lineage,
        parent=entry.parent,
        lifecycle=_lifecycle(entry.lifecycle, shared),
        closed=entry.closed,
        inherits=tuple(Inheritance(item.system, item.properties, item.because) for item in source.file.inherits),
        claims=tuple(claims.values()),
        notes=entry.notes,
    )
    return system, problems


def _claims(
    subject: str, written: ClaimEntry, about: Property, *, shared: Mapping[str, SourceEntry], where: str
) -> Iterator[Claim]:
    """The claims of one entry: one, or one per object."""
    points = {grade.name: grade.points for grade in about.grades}
    value: Answer | float | str
    if about.kind in (PropertyKind.CAPABILITY, PropertyKind.RELATION) or written.value == Answer.UNKNOWN:
        value = Answer(str(written.value))
    elif about.kind is PropertyKind.MEASURE:
        value = points[written.value] if isinstance(written.value, str) else float(written.value)
    else:
        value = str(written.value)
    scope = written.scope
    objects = (*((written.object,) if written.object else ()), *written.objects)
    for name in objects or (None,):
        claim = Claim(
            id="",
            subject=subject,
            property=written.property,
            value=value,
            object=name,
            via=written.via,
            scope=Scope(
                versions=scope.versions,
                device=scope.device,
                os=scope.os,
                python=scope.python,
                domain=scope.domain,
                activity=scope.activity,
                precision=scope.precision,
                language=scope.language,
            ),
            note=written.note,
            because=written.because,
            evidence=_evidence(written, shared),
            settled_by=written.settled_by,
            source_file=where,
            grade=written.value if isinstance(written.value, str) and written.value in points else "",
        )
        yield replace(claim, id=claim_id(claim))


def _evidence(written: ClaimEntry | LifecycleEntry, shared: Mapping[str, SourceEntry]) -> tuple[Evidence, ...]:
    short = [_written_out(EvidenceEntry(from_=name, says=written.says), shared) for name in names(written.from_)]
    return (*short, *(_written_out(item, shared) for item in written.evidence))


def _written_out(item: EvidenceEntry, shared: Mapping[str, SourceEntry]) -> Evidence:
    base = shared.get(item.from_)
    kind = item.kind or (base.kind if base else None)
    observed = item.observed or (base.observed if base else None)
    read = item.read or (base.read if base else None)
    if kind is None or observed is None or read is None:
        raise ValueError("evidence was not checked before it was built")
    return Evidence(
        kind=kind,
        source=_pointer(item, base),
        observed=observed,
        read=read,
        says=item.says or (base.says if base else ""),
        value=item.value,
        interval=item.interval.interval() if item.interval else None,
        by_vendor=item.by_vendor or bool(base and base.by_vendor),
        method=item.method or (base.method if base else ""),
        superseded=item.superseded or bool(base and base.superseded),
        run=item.run,
    )


def _pointer(item: EvidenceEntry, base: SourceEntry | None) -> str:
    """The pointer: the entry's own replaces the shared one, except that a mere place inside it (`, section …`) adds."""
    if base is None or not item.source:
        return item.source or (base.source if base else "")
    return f"{base.source}{item.source}" if item.source.startswith((",", "#")) else item.source


def _lifecycle(entry: LifecycleEntry | None, shared: Mapping[str, SourceEntry]) -> LifecycleState:
    if entry is None:
        return LifecycleState()
    return LifecycleState(entry.status, entry.since, _evidence(entry, shared))


def _canonical(system: System, aliases: Mapping[str, str]) -> System:
    """The system with every alias it uses for another one replaced by the id."""

    def known(name: str) -> str:
        return aliases.get(name, name)

    claims = []
    for claim in system.claims:
        keep = claim.object is None or claim.property == Relation.SPEAKS
        named = replace(
            claim,
            object=claim.object if keep or claim.object is None else known(claim.object),
            via=known(claim.via) if claim.via else claim.via,
            scope=replace(
                claim.scope,
                device=tuple(map(known, claim.scope.device)),
                precision=tuple(map(known, claim.scope.precision)),
            ),
        )
        claims.append(replace(named, id=claim_id(named)))
    return replace(
        system,
        claims=tuple({claim.id: claim for claim in reversed(claims)}.values())[::-1],
        lineage=tuple(map(known, system.lineage)),
        parent=known(system.parent) if system.parent else None,
        inherits=tuple(replace(item, system=known(item.system)) for item in system.inherits),
    )


def _proven(own: tuple[Claim, ...], proven: Iterable[Claim]) -> tuple[Claim, ...]:
    """Own claims with those a registry proves; where both speak, the registry's value stands and all evidence stays."""
    facts = {claim.id: claim for claim in proven}
    joined = [
        replace(facts[claim.id], evidence=(*facts[claim.id].evidence, *claim.evidence), note=claim.note)
        if claim.id in facts
        else claim
        for claim in own
    ]
    return _merged(tuple(joined), facts.values())


def _merged(own: tuple[Claim, ...], more: Iterable[Claim]) -> tuple[Claim, ...]:
    held = {claim.id for claim in own}
    return (*own, *(claim for claim in more if claim.id not in held))


def _inherit(name: str, found: Mapping[str, System], done: dict[str, System], path: tuple[str, ...]) -> System:
    """Fills in what a system mirrors; a cycle is cut where it closes (a lint tells)."""
    if name in done:
        return done[name]
    system = found[name]
    claims = system.claims
    for mirror in system.inherits:
        if mirror.system in found and mirror.system not in (*path, name):
            source = _inherit(mirror.system, found, done, (*path, name))
            claims = _merged(claims, _mirrored(system.id, source, mirror))
    complete = replace(system, claims=claims)
    if not path or all(step in done for step in path):
        done[name] = complete
    return complete


def _mirrored(subject: str, source: System, mirror: Inheritance) -> Iterator[Claim]:
    """Claims of `source` about the mirrored properties as claims of `subject`."""
    for claim in source.claims:
        if claim.property in mirror.properties and claim.object != subject:
            # A version range counts the versions of the system it was written for, not of the one that mirrors it.
            copy = replace(claim, subject=subject, scope=replace(claim.scope, versions=""))
            yield replace(copy, id=claim_id(copy), inherited_from=claim.inherited_from or claim.id)
