"""Lints of provenance: every claim says how we know, precisely enough for somebody else to check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.catalog import lines, registry
from bakeoff.catalog.authoring import names
from bakeoff.catalog.lints import Broken, Ground, Group, Level, Lint, On
from bakeoff.catalog.model import Answer, Claim, Relation
from bakeoff.catalog.shapes import ClaimEntry, LifecycleEntry
from bakeoff.catalog.weigh import MEASURED

_PLACE = re.compile(r"section|§|chapter|page|table|release|changelog|readme|model card|docs?\b|\d|#|/|:", re.IGNORECASE)
_OWN_WORD = re.compile(
    r"\b(maintainers?'?|common|general|own|expert) (knowledge|judge?ment|experience|opinion)", re.IGNORECASE
)
_STATED = (EvidenceKind.DOCUMENTED, EvidenceKind.REPORTED, EvidenceKind.MEASURED_ELSEWHERE)


def _live(claim: Claim) -> list[Evidence]:
    """Evidence that is not superseded."""
    return [item for item in claim.evidence if not item.superseded]


def _no_evidence(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        if not claim.evidence and claim.value is not Answer.UNKNOWN:
            yield ground.at_claim(claim, "has no evidence")


def _unsettled(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        if claim.value is Answer.UNKNOWN and not claim.settled_by:
            yield ground.at_claim(claim, "does not say what would settle it")


def _partial_without_note(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        if claim.value is Answer.PARTIAL and not claim.note:
            yield ground.at_claim(claim, "is partial and does not say in what")


def _vendor_alone(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        live = _live(claim)
        if ground.sources.catalog.properties[claim.property].speed and live and all(item.by_vendor for item in live):
            yield ground.at_claim(claim, "rests on the vendor's word alone")


def _no_method(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in _live(claim):
            if item.kind is EvidenceKind.MEASURED_ELSEWHERE and not item.method:
                yield ground.at_claim(claim, f"does not say how {item.source} measured")


def _says_nothing(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in claim.evidence:
            if item.kind in _STATED and not item.says.strip():
                yield ground.at_claim(claim, f"{item.kind.value} evidence from {item.source!r} says nothing")


def _no_successor(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        old = [item for item in claim.evidence if item.superseded]
        if old and not _live(claim):
            yield ground.at_claim(claim, "everything that supports it is superseded")


def _lab_evidence(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in claim.evidence:
            if item.kind is EvidenceKind.MEASURED_HERE or item.run:
                yield ground.at_claim(claim, "holds a measurement of one machine")


def _registry_by_hand(ground: Ground) -> Iterator[Broken]:
    """What people wrote about a registry fact may add superseded evidence to it, not another value."""
    for file in ground.sources.files:
        subject = file.file.system.id
        proven = {claim.property: claim for claim in ground.systems[subject].claims if _from_registry(claim)}
        for index, entry in enumerate(file.file.claim):
            fact = proven.get(entry.property)
            if fact is not None and str(entry.value) != str(fact.value):
                detail = f"{entry.value} here, {fact.value} in the registry"
                line = lines.line_of(file.lines, ("claim", index))
                yield Broken(fact.id, detail, file.where, line)


def _from_registry(claim: Claim) -> bool:
    return claim.property in registry.PROPERTIES and claim.source_file.startswith("registry/")


def _registry_pointer(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in claim.evidence:
            if item.kind is EvidenceKind.REGISTRY and not re.match(r"^pkg:[a-z]+/\S+@\S+", item.source):
                yield ground.at_claim(claim, f"{item.source!r} is no purl with a version")


def _vague(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in claim.evidence:
            if item.kind in _STATED and not _PLACE.search(item.source):
                yield ground.at_claim(claim, f"{item.source!r} names no passage")


def _own_word(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in claim.evidence:
            if _OWN_WORD.search(item.source):
                yield ground.at_claim(claim, f"{item.source!r} can be read by nobody")


def _points_without_grade(ground: Ground) -> Iterator[Broken]:
    """An index may grade by points; whoever reads a document finds words, which a grade's condition is held against."""
    for claim in ground.claims():
        about = ground.sources.catalog.properties[claim.property]
        bare = about.grades and isinstance(claim.value, float) and not claim.grade
        stronger = [item for item in _live(claim) if item.kind is not EvidenceKind.IMPRESSION]
        if bare and stronger and claim.inherited_from is None:
            yield ground.at_claim(claim, f"{claim.value:g} points, which {stronger[0].source!r} cannot state")


def _unused_source(ground: Ground) -> Iterator[Broken]:
    for file in ground.sources.files:
        state = file.file.system.lifecycle
        entries: list[ClaimEntry | LifecycleEntry] = [*file.file.claim, *([state] if state else [])]
        cited = {name for entry in entries for name in names(entry.from_)}
        cited |= {item.from_ for entry in entries for item in entry.evidence}
        for index, source in enumerate(file.file.source):
            if source.id not in cited:
                detail = f"source {source.id!r} is cited by nothing"
                yield ground.at_system(file.file.system.id, detail, ("source", index), remove=True)


def _number_without_measure(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for item in claim.evidence:
            if item.interval is not None and item.kind not in MEASURED:
                yield ground.at_claim(claim, f"{item.kind.value} evidence carries a measured interval")


def _one_run(ground: Ground) -> Iterator[Broken]:
    """A run takes place on one machine: what it shows of a processor says nothing of an accelerator."""
    for system in ground.systems.values():
        ran: dict[tuple[str, str], set[str]] = {}
        for claim in system.claims:
            on = claim.object if claim.property in (Relation.TRAINS_ON, Relation.SERVES_ON) else None
            if on is None or claim.inherited_from is not None or claim.value not in (Answer.YES, Answer.PARTIAL):
                continue
            for item in _live(claim):
                if item.kind in MEASURED:
                    ran.setdefault((item.source, item.method), set()).add(ground.tree.line(on)[-1])
        for (source, _), roots in ran.items():
            if len(roots) > 1:
                yield ground.at_system(system.id, f"{source} for {', '.join(sorted(roots))}", ("source",))


_G, _E, _W = Group.PROVENANCE, Level.ERROR, Level.WARNING
LINTS = (
    Lint(
        "no-evidence",
        _G,
        On.CLAIM,
        _E,
        "claim without a source",
        'cite a [[source]] of the file with `from`, or write value = "unknown" with settled_by',
        _no_evidence,
    ),
    Lint(
        "unsettled-unknown",
        _G,
        On.CLAIM,
        _E,
        "unknown leads nowhere",
        "fill settled_by: which test, which page",
        _unsettled,
    ),
    Lint(
        "partial-without-note",
        _G,
        On.CLAIM,
        _E,
        "partial support unexplained",
        "say what is missing in `note`",
        _partial_without_note,
    ),
    Lint(
        "vendor-speed-alone",
        _G,
        On.CLAIM,
        _E,
        "a vendor alone speaks of its own speed",
        "find somebody else, or say unknown",
        _vendor_alone,
    ),
    Lint(
        "no-method",
        _G,
        On.CLAIM,
        _E,
        "a measurement nobody can repeat",
        "state the method, or make it `reported`",
        _no_method,
    ),
    Lint(
        "one-run-two-machines",
        _G,
        On.SYSTEM,
        _W,
        "one measurement is cited for several kinds of hardware",
        "cite it for what it ran on; for the rest cite what says so, or make it an impression",
        _one_run,
    ),
    Lint(
        "says-nothing",
        _G,
        On.CLAIM,
        _E,
        "source without its statement",
        "say in your own words what it states",
        _says_nothing,
    ),
    Lint(
        "no-successor",
        _G,
        On.CLAIM,
        _E,
        "superseded without a successor",
        "add what superseded it, or remove the claim",
        _no_successor,
    ),
    Lint(
        "lab-evidence",
        _G,
        On.CLAIM,
        _E,
        "the catalogue is no lab book",
        "leave runs in the store; they reach a decision from there",
        _lab_evidence,
    ),
    Lint(
        "registry-by-hand",
        _G,
        On.CLAIM,
        _E,
        "a hand contradicts the registry",
        "write the registry's value, or remove the claim; `refresh` keeps it current",
        _registry_by_hand,
    ),
    Lint(
        "registry-pointer",
        _G,
        On.CLAIM,
        _E,
        "registry evidence without its release",
        "write pkg:type/name@version",
        _registry_pointer,
    ),
    Lint("vague-source", _G, On.CLAIM, _W, "nobody could find the passage", "add section, version or address", _vague),
    Lint(
        "own-word",
        _G,
        On.CLAIM,
        _E,
        "the catalogue's own word is no source",
        "name what anybody can read, or remove the claim: unknown is an answer too",
        _own_word,
    ),
    Lint(
        "points-without-grade",
        _G,
        On.CLAIM,
        _E,
        "points that no source states",
        "write the name of the grade whose condition the source meets; properties.toml says when each holds",
        _points_without_grade,
    ),
    Lint(
        "unused-source",
        _G,
        On.SYSTEM,
        _W,
        "source cited by nothing",
        "cite it or remove it",
        _unused_source,
        fixes=True,
    ),
    Lint(
        "interval-without-measure",
        _G,
        On.CLAIM,
        _E,
        "interval of something not measured",
        "only measurements have intervals; use value",
        _number_without_measure,
    ),
)
"""Lints of provenance."""
