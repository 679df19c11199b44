"""Lints of scope and logic: claims that contradict, repeat or outrun each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bakeoff.catalog import scope
from bakeoff.catalog.lints import Broken, Ground, Group, Level, Lint, On
from bakeoff.catalog.model import Answer, Claim, Lifecycle, PropertyKind, Relation

_DEAD = (Lifecycle.ARCHIVED, Lifecycle.HISTORIC)


def _open_range(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        if claim.scope.versions and not claim.because and not scope.bounds(claim.scope.versions)[1]:
            yield ground.at_claim(claim, f"{claim.scope.versions} has no upper end and no `because`")


def _empty_range(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for versions in (claim.scope.versions, claim.scope.python):
            items = list(SpecifierSet(versions))
            lows = [Version(item.version) for item in items if item.operator in (">=", ">")]
            highs = [Version(item.version) for item in items if item.operator in ("<=", "<")]
            if lows and highs and max(lows) > min(highs):
                yield ground.at_claim(claim, f"{versions} contains no version")


def _by_question(ground: Ground) -> dict[tuple[str, str, str | None, str | None], list[Claim]]:
    found: dict[tuple[str, str, str | None, str | None], list[Claim]] = {}
    for claim in ground.claims():
        found.setdefault((claim.subject, claim.property, claim.object, claim.via), []).append(claim)
    return found


def _overlap(ground: Ground) -> Iterator[Broken]:
    """A narrower claim may differ from a wider one: it is the exception. Two that merely overlap may not."""
    for (_, about, _, _), claims in _by_question(ground).items():
        measure = ground.sources.catalog.properties[about].kind is PropertyKind.MEASURE
        for one, other in combinations(claims, 2):
            if one.value == other.value or not scope.overlap(ground.tree, one.scope, other.scope):
                continue
            standoffs = scope.standoffs(ground.tree, one.scope, other.scope)
            # Measures about different facets (a domain here, an activity there) are combined, not in conflict.
            if all(len(narrower) == 1 or (measure and narrower) for narrower in standoffs):
                continue
            yield ground.at_claim(one, f"overlaps {other.id}, which says {_shown(other)} instead of {_shown(one)}")


def _same_scope(ground: Ground) -> Iterator[Broken]:
    for claims in _by_question(ground).values():
        for one, other in combinations(claims, 2):
            both = scope.nested(ground.tree, one.scope, other.scope), scope.nested(ground.tree, other.scope, one.scope)
            if all(both):
                yield ground.at_claim(one, f"covers the same ground as {other.id}")


def _repeats_wider(ground: Ground) -> Iterator[Broken]:
    """A claim that a wider one of the same value and no weaker evidence already makes."""
    for claims in _by_question(ground).values():
        for one, other in combinations(claims, 2):
            for inner, outer in ((one, other), (other, one)):
                wider = scope.nested(ground.tree, inner.scope, outer.scope)
                wider = wider and not scope.nested(ground.tree, outer.scope, inner.scope)
                if wider and inner.value == outer.value and _kinds(inner) <= _kinds(outer) and not inner.note:
                    yield ground.at_claim(inner, f"{outer.id} says so already", remove=True)


def _repeats_inherited(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        system = ground.systems[claim.subject]
        for mirror in system.inherits:
            source = ground.systems.get(mirror.system)
            if source is None or claim.property not in mirror.properties:
                continue
            for given in source.claims:
                same = (given.property, given.object, given.via) == (claim.property, claim.object, claim.via)
                if same and given.value == claim.value and given.scope == claim.scope and not claim.note:
                    yield ground.at_claim(claim, f"{given.id} gives it by inheritance", remove=True)


def _inherits_nothing(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        for index, mirror in enumerate(system.inherits):
            source = ground.systems.get(mirror.system)
            held = {claim.property for claim in source.claims} if source else set()
            for name in mirror.properties:
                if source and name not in held:
                    detail = f"{mirror.system} claims nothing about {name}"
                    yield ground.at_system(system.id, detail, ("inherits", index))


def _closed_without_list(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        for name in system.closed:
            if not any(claim.property == name for claim in system.claims):
                yield ground.at_system(system.id, f"{name} is closed and empty", ("system", "closed"))


def _contradiction(ground: Ground) -> Iterator[Broken]:
    """`works_with` and `conflicts_with` speak of both sides: they must not differ between them."""
    said: dict[tuple[str, str], Claim] = {}
    for claim in ground.claims():
        if claim.object and claim.property in (Relation.WORKS_WITH, Relation.CONFLICTS_WITH):
            if claim.value is Answer.UNKNOWN or claim.scope != scope.EVERYWHERE:
                continue
            good = (claim.property == Relation.WORKS_WITH) == (claim.value is not Answer.NO)
            rival = said.get((claim.object, claim.subject)) or said.get((claim.subject, claim.object))
            if rival is not None:
                rival_good = (rival.property == Relation.WORKS_WITH) == (rival.value is not Answer.NO)
                if rival_good != good:
                    yield ground.at_claim(claim, f"{rival.id} says the opposite")
            said[claim.subject, claim.object] = claim


def _requires_dead(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        needed = ground.systems.get(claim.object or "")
        if claim.property == Relation.REQUIRES and claim.value is Answer.YES and needed is not None:
            active = ground.systems[claim.subject].lifecycle.status is Lifecycle.ACTIVE
            if active and needed.lifecycle.status in _DEAD:
                yield ground.at_claim(claim, f"{needed.id} is {needed.lifecycle.status.value}")


def _succeeded_but_active(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        succeeded = claim.property == Relation.SUCCEEDED_BY and claim.value is Answer.YES
        active = ground.systems[claim.subject].lifecycle.status is Lifecycle.ACTIVE
        if succeeded and active and claim.scope == scope.EVERYWHERE:
            yield ground.at_claim(claim, "and its lifecycle says active")


def _scope_lists_all(ground: Ground) -> Iterator[Broken]:
    closed = ground.sources.vocabulary.scopes
    for claim in ground.claims():
        for name in ("os", "domain", "activity", "language"):
            held = getattr(claim.scope, name)
            if held and set(held) == set(getattr(closed, name)):
                yield ground.at_claim(claim, f"{name} lists everything there is")


def _repeated_scope(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for name in ("device", "precision"):
            held = getattr(claim.scope, name)
            for item in held:
                others = [other for other in held if other != item]
                if ground.tree.any_within(item, others) or len(set(held)) < len(held):
                    yield ground.at_claim(claim, f"{item} is covered by another entry of its {name}s")
                    break


def _kinds(claim: Claim) -> set[str]:
    return {item.kind.value for item in claim.evidence}


def _field_reference(ground: Ground) -> Iterator[Broken]:
    """Tables of the field lead to claims and systems that exist."""
    field, catalog = ground.sources.field, ground.sources.catalog
    claims = {claim.id for system in ground.systems.values() for claim in system.claims}
    for file, kind, name in field.references() if field else ():
        known = name in claims if kind == "claim" else catalog.find(name) is not None
        if not known:
            yield Broken(name, f"no such {kind}", f"field/{file}")


def _field_unknown(ground: Ground) -> Iterator[Broken]:
    """A cell of the hardware matrix that says unknown while a claim answers it."""
    field, catalog = ground.sources.field, ground.sources.catalog
    for row in field.hardware.rows if field else ():
        for column, cell in row.cells.items():
            system = catalog.find(column)
            for claim in system.claims if system and cell.unknown else ():
                about = claim.property in (Relation.TRAINS_ON, Relation.SERVES_ON)
                known = claim.object is not None and ground.tree.within(row.id, claim.object)
                if about and known and claim.value is not Answer.UNKNOWN:
                    yield Broken(claim.id, f"answers the cell {row.id} of {column}", "field/hardware.toml")


def _shown(claim: Claim) -> str:
    return claim.value.value if isinstance(claim.value, Answer) else str(claim.value)


_G, _E, _W = Group.LOGIC, Level.ERROR, Level.WARNING
LINTS = (
    Lint(
        "open-range",
        _G,
        On.CLAIM,
        _E,
        "version range without an end",
        "close it at the newest version you know of, or say `because`",
        _open_range,
    ),
    Lint("empty-range", _G, On.CLAIM, _E, "range that holds nothing", "swap or correct its ends", _empty_range),
    Lint(
        "overlapping-scopes",
        _G,
        On.CLAIM,
        _E,
        "scopes overlap and disagree",
        "split them so that each situation has one answer",
        _overlap,
    ),
    Lint(
        "same-scope",
        _G,
        On.CLAIM,
        _E,
        "two claims for one situation",
        "join their evidence under one claim",
        _same_scope,
    ),
    Lint(
        "repeats-wider",
        _G,
        On.CLAIM,
        _W,
        "a wider claim says so already",
        "remove it, or add what it knows better",
        _repeats_wider,
        fixes=True,
    ),
    Lint(
        "repeats-inherited",
        _G,
        On.CLAIM,
        _E,
        "equals what inheritance gives",
        "remove it",
        _repeats_inherited,
        fixes=True,
    ),
    Lint(
        "inherits-nothing",
        _G,
        On.SYSTEM,
        _W,
        "inherits what is not there",
        "drop the property, or claim it on the other side",
        _inherits_nothing,
    ),
    Lint(
        "closed-without-list",
        _G,
        On.SYSTEM,
        _E,
        "an empty list is called complete",
        "list what it relates to, or do not close it",
        _closed_without_list,
    ),
    Lint(
        "contradiction",
        _G,
        On.CLAIM,
        _E,
        "two sides of a relation disagree",
        "find out which is true and keep it on the side that adapts",
        _contradiction,
    ),
    Lint(
        "requires-dead", _G, On.CLAIM, _W, "an active system needs a dead one", "check both lifecycles", _requires_dead
    ),
    Lint(
        "succeeded-but-active",
        _G,
        On.CLAIM,
        _W,
        "succeeded and active",
        "set its lifecycle, or narrow the succession by scope",
        _succeeded_but_active,
    ),
    Lint("scope-lists-all", _G, On.CLAIM, _W, "scope restricts nothing", "leave the key out", _scope_lists_all),
    Lint("repeated-scope", _G, On.CLAIM, _W, "scope entry within another", "keep the wider one", _repeated_scope),
    Lint(
        "field-reference",
        _G,
        On.CLAIM,
        _E,
        "a table of the field leads to nothing",
        "correct the id, or make the cell an explicit unknown",
        _field_reference,
    ),
    Lint(
        "field-unknown",
        _G,
        On.CLAIM,
        _W,
        "a cell says unknown and a claim knows",
        "put the claim into the cell",
        _field_unknown,
    ),
)
"""Lints of scope and logic."""
