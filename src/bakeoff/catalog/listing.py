"""Lists over the whole catalogue: systems by filter, what is stale, unknown, refuted, and a sample to audit."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from bakeoff.base.errors import InputError, Problem, unknown_name
from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.catalog import scope, weigh
from bakeoff.catalog.model import Answer, Catalog, Claim, Layer, Lifecycle, PropertyKind, System

Worth = Callable[[str, str], float]
"""What knowing (system, property) exactly would be worth, in points; from whoever can decide."""
_TEXT_FIELDS = ("licence", "governance", "vendor", "lifecycle")


@dataclass(frozen=True, slots=True)
class Stale:
    """A claim all of whose evidence has aged."""

    claim: str
    """Claim id."""
    why: str
    """How it aged: calendar or version."""
    observed: date
    """When its newest evidence was true."""
    worth: float = 0.0
    """What knowing it would be worth, in points; 0 where nobody asked."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something the catalogue does not know."""

    system: str
    """System id."""
    property: str
    """Property id."""
    object: str | None
    """Other system, for relations."""
    stated: bool
    """Written down as unknown, instead of merely absent."""
    settled_by: str
    """What would settle it, where that is written."""
    worth: float = 0.0
    """What knowing it would be worth, in points; 0 where nobody asked."""


@dataclass(frozen=True, slots=True)
class Refutation:
    """Something that was stated and turned out otherwise."""

    claim: str
    """Claim it was stated under."""
    said: str
    """What was stated."""
    said_by: str
    """Where."""
    said_on: date
    """When."""
    kind: EvidenceKind
    """How it was known then."""
    found: str
    """What is known now."""
    found_by: str
    """Where that comes from."""
    found_on: date
    """When."""


def where(catalog: Catalog, *, layer: str = "", conditions: tuple[str, ...] = ()) -> tuple[System, ...]:
    """Systems of a layer that meet every condition.

    Args:
        catalog: The catalogue.
        layer: Name of a layer; any when empty.
        conditions: Each `property=value`, `relation=object`, `relation.object=value`, or a field of the system:
            `licence=MIT`, `lifecycle=active`, `vendor=…`, `governance=…` (the last two match a part).

    Raises:
        InputError: If a layer, property or form is unknown.
    """
    if layer and layer not in list(Layer):
        raise InputError([unknown_name("option", "layer", layer, [item.value for item in Layer], what="layer")])
    tests = [_test(catalog, condition) for condition in conditions]
    systems = catalog.layer(Layer(layer)) if layer else tuple(catalog.systems.values())
    return tuple(system for system in systems if all(test(system) for test in tests))


def stale(catalog: Catalog, *, today: date, worth: Worth | None = None) -> tuple[Stale, ...]:
    """Claims all of whose live evidence is stale: oldest first, or the most valuable first when `worth` is given."""
    found = []
    for system in catalog.systems.values():
        latest = next((str(claim.value) for claim in system.claims if claim.property == "latest_version"), "")
        for claim in system.claims:
            live = [item for item in claim.evidence if not item.superseded]
            ground = weigh.ground_of(catalog, system, claim.property, today=today, latest=latest)
            reasons = [weigh.stale(claim, item, ground) for item in live]
            if reasons and all(reasons) and claim.inherited_from is None and claim.value is not Answer.UNKNOWN:
                value = worth(system.id, claim.property) if worth else 0.0
                found.append(Stale(claim.id, reasons[0], max(item.observed for item in live), value))
    return tuple(sorted(found, key=lambda item: (-item.worth, item.observed, item.claim)))


def unknowns(catalog: Catalog, *, layer: str = "", worth: Worth | None = None) -> tuple[Unknown, ...]:
    """What is not known: explicit unknowns, and measures and capabilities of a system's home layer nobody spoke of.

    The most valuable first when `worth` is given, else what is written down as unknown first.
    """
    found = []
    for system in where(catalog, layer=layer):
        if system.lifecycle.status is Lifecycle.HISTORIC:
            continue
        asked = [item for item in system.claims if item.value is Answer.UNKNOWN and item.inherited_from is None]
        found += [_unknown(system, claim.property, claim, worth) for claim in asked]
        spoken = {claim.property for claim in system.claims}
        for about in catalog.properties.values():
            answerable = about.kind in (PropertyKind.MEASURE, PropertyKind.CAPABILITY) and about.layers
            if answerable and system.layers[0] in about.layers and about.id not in spoken:
                found.append(_unknown(system, about.id, None, worth))
    return tuple(sorted(found, key=lambda item: (-item.worth, not item.stated, item.system, item.property)))


def refuted(catalog: Catalog) -> tuple[Refutation, ...]:
    """What was stated and is contradicted: superseded evidence, and what a stronger source or a measurement denies."""
    found = []
    tree = scope.Tree(catalog.systems)
    for system in catalog.systems.values():
        for claim in system.claims:
            if claim.inherited_from is None:
                found += list(_superseded(claim))
                found += list(_outmeasured(catalog, claim))
        found += list(_contradicted(catalog, tree, system))
        state = system.lifecycle
        label = Claim(f"{system.id}.lifecycle", system.id, "lifecycle", state.status.value, evidence=state.evidence)
        found += list(_superseded(label))
    return tuple(sorted(found, key=lambda item: (item.claim, item.said_on)))


def audit(catalog: Catalog, count: int, seed: int) -> tuple[Claim, ...]:
    """Claims drawn at random, for somebody to check against their sources; the same for the same seed and content."""
    claims = sorted(
        (claim.id, claim)
        for system in catalog.systems.values()
        for claim in system.claims
        if claim.evidence and claim.inherited_from is None
    )
    drawn = random.Random(seed).sample(claims, min(count, len(claims)))  # noqa: S311 - a draw to check, not a secret
    return tuple(claim for _, claim in drawn)


def _unknown(system: System, about: str, claim: Claim | None, worth: Worth | None) -> Unknown:
    value = worth(system.id, about) if worth else 0.0
    if claim is None:
        return Unknown(system.id, about, None, stated=False, settled_by="", worth=value)
    return Unknown(system.id, about, claim.object, stated=True, settled_by=claim.settled_by, worth=value)


def _superseded(claim: Claim) -> Iterator[Refutation]:
    live = [item for item in claim.evidence if not item.superseded]
    newest = max(live, key=lambda item: item.observed, default=None)
    for item in claim.evidence:
        if item.superseded and newest is not None:
            value = claim.value.value if isinstance(claim.value, Answer) else str(claim.value)
            yield _refutation(claim, item, newest, f"{value}: {newest.says}" if newest.says else value)


def _outmeasured(catalog: Catalog, claim: Claim) -> Iterator[Refutation]:
    """Sources of one measure that lie outside each other's widths, the stronger kind refuting the weaker."""
    ground = weigh.ground_of(catalog, catalog.systems[claim.subject], claim.property, today=date.max, latest="")
    stated = [item for item in claim.evidence if item.value is not None and not item.superseded]
    for weak in stated:
        for strong in stated:
            lower = weigh.start_level(weak, ground.about, ground.constants)
            higher = weigh.start_level(strong, ground.about, ground.constants)
            apart = abs((weak.value or 0) - (strong.value or 0))
            reach = weigh.own_half(weak, ground.constants) + weigh.own_half(strong, ground.constants)
            if higher > lower and apart > reach:
                yield _refutation(claim, weak, strong, f"{strong.value:g} points: {strong.says}")


def _contradicted(catalog: Catalog, tree: scope.Tree, system: System) -> Iterator[Refutation]:
    """Statements that a measurement of a case they cover contradicts."""
    for measured in system.claims:
        strong = next((item for item in measured.evidence if item.kind in weigh.MEASURED and not item.superseded), None)
        if strong is None or measured.inherited_from is not None:
            continue
        for stated in _covering(tree, system, measured):
            spoken = [item for item in stated.evidence if item.kind not in weigh.HARD and not item.superseded]
            for weak in spoken:
                if _apart(catalog, (stated, weak), (measured, strong)):
                    yield _refutation(stated, weak, strong, _found(measured, strong))


def _covering(tree: scope.Tree, system: System, claim: Claim) -> Iterator[Claim]:
    """Other claims of a system on the same question whose scope takes in that of `claim`."""
    for other in system.claims:
        same = (other.property, other.object, other.via) == (claim.property, claim.object, claim.via)
        if same and other is not claim and scope.nested(tree, claim.scope, other.scope):
            yield other


def _apart(catalog: Catalog, weak: tuple[Claim, Evidence], strong: tuple[Claim, Evidence]) -> bool:
    """Whether two claims say different things: answers that differ, or points whose widths do not meet."""
    mids = [weigh.points(claim, item) for claim, item in (weak, strong)]
    if mids[0] is None or mids[1] is None:
        values = {weak[0].value, strong[0].value}
        return Answer.NO in values and bool(values & {Answer.YES, Answer.PARTIAL})
    reach = sum(weigh.own_half(item, catalog.constants) for _, item in (weak, strong))
    return abs(mids[0] - mids[1]) > reach


def _found(claim: Claim, item: Evidence) -> str:
    mid = weigh.points(claim, item)
    value = f"{mid:g} points" if mid is not None else str(claim.value)
    return f"{value}: {item.says}" if item.says else value


def _refutation(claim: Claim, weak: Evidence, strong: Evidence, found: str) -> Refutation:
    mid = weigh.points(claim, weak)
    said = weak.says or (f"{mid:g} points" if mid is not None else str(claim.value))
    return Refutation(
        claim=claim.id,
        said=said,
        said_by=weak.source,
        said_on=weak.observed,
        kind=weak.kind,
        found=found,
        found_by=strong.source,
        found_on=strong.observed,
    )


def _test(catalog: Catalog, condition: str) -> Callable[[System], bool]:
    name, equals, value = condition.partition("=")
    if not equals:
        advice = "write property=value, relation=object or licence=SPDX"
        raise InputError.one("option", "where", f"{condition!r} has no =", advice)
    if name == "lifecycle":
        return lambda system: system.lifecycle.status.value == value
    if name == "licence":
        return lambda system: system.licence == value
    if name in ("vendor", "governance"):
        return lambda system: value.casefold() in getattr(system, name).casefold()
    about, _, other = name.partition(".")
    if about not in catalog.properties:
        known = [*catalog.properties, *_TEXT_FIELDS]
        problem: Problem = unknown_name("option", "where", about, known, what="property")
        raise InputError([problem])
    if catalog.properties[about].kind is PropertyKind.RELATION and not other:
        named = catalog.aliases.get(value, value)
        return lambda system: any(
            (claim.property, claim.object) == (about, named) and claim.value in (Answer.YES, Answer.PARTIAL)
            for claim in system.claims
        )
    return lambda system: any(
        claim.property == about and (not other or claim.object == other) and str(claim.value) == value
        for claim in system.claims
    )
