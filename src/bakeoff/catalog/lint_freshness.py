"""Lints of freshness: dates in order, claims that aged, registries that tell another story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bakeoff.base.evidence import Evidence
from bakeoff.catalog import weigh
from bakeoff.catalog.lints import Broken, Ground, Group, Level, Lint, On
from bakeoff.catalog.model import Answer, Claim, Lifecycle

_REGISTRY_DAYS = 90
_SILENT_DAYS = 1095
_LIVELY_DAYS = 180
_PURLS = ("pkg:pypi/", "pkg:npm/", "pkg:cargo/")


def _dated(ground: Ground) -> Iterator[tuple[Broken, Evidence]]:
    for claim in ground.claims():
        for item in claim.evidence:
            yield ground.at_claim(claim, ""), item
    for system in ground.systems.values():
        for item in system.lifecycle.evidence:
            yield ground.at_system(system.id, "", ("system", "lifecycle")), item


def _date_order(ground: Ground) -> Iterator[Broken]:
    for place, item in _dated(ground):
        if item.observed > item.read:
            detail = f"observed {item.observed.isoformat()} after it was read ({item.read.isoformat()})"
            yield Broken(place.at, detail, place.where, place.line)


def _future(ground: Ground) -> Iterator[Broken]:
    for place, item in _dated(ground):
        if item.read > ground.today:
            yield Broken(place.at, f"read on {item.read.isoformat()}, still to come", place.where, place.line)


def _since_order(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        state = system.lifecycle
        if state.since and (state.since > ground.today or any(item.read < state.since for item in state.evidence)):
            detail = f"{state.status.value} since {state.since.isoformat()}, later than its evidence or today"
            yield ground.at_system(system.id, detail, ("system", "lifecycle"))


def _stale(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        live = [item for item in claim.evidence if not item.superseded]
        reasons = [weigh.stale(claim, item, _ground(ground, claim)) for item in live]
        if reasons and all(reasons) and claim.value is not Answer.UNKNOWN:
            yield ground.at_claim(claim, reasons[0])


def _ground(ground: Ground, claim: Claim) -> weigh.Ground:
    latest = _fact(ground, claim.subject, "latest_version")
    system = ground.systems[claim.subject]
    return weigh.ground_of(ground.sources.catalog, system, claim.property, today=ground.today, latest=latest)


def _fact(ground: Ground, subject: str, name: str) -> str:
    held = (claim for claim in ground.systems[subject].claims if claim.property == name)
    claim = next(held, None)
    return str(claim.value) if claim else ""


def _old_registry(ground: Ground) -> Iterator[Broken]:
    for file in ground.sources.registry:
        age = (ground.today - file.read).days
        if age > _REGISTRY_DAYS:
            yield Broken(file.system, f"read {age} days ago", f"registry/{file.system}.json")


def _orphan_registry(ground: Ground) -> Iterator[Broken]:
    for file in ground.sources.registry:
        where = f"registry/{file.system}.json"
        system = ground.systems.get(file.system)
        if system is None:
            yield Broken(file.system, "no such system", where)
            continue
        for facts in file.packages:
            if facts.purl not in system.packages:
                yield Broken(file.system, f"{facts.purl} is no package of it any more", where)


def _not_refreshed(ground: Ground) -> Iterator[Broken]:
    held = {facts.purl for file in ground.sources.registry for facts in file.packages}
    for system in ground.systems.values():
        for purl in system.packages:
            if purl.startswith(_PURLS) and purl not in held:
                yield ground.at_system(system.id, f"{purl} was never read", ("system", "packages"))


def _silent_but_active(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        newest = _fact(ground, system.id, "newest_release")
        silent = bool(newest) and ground.today - date.fromisoformat(newest) > timedelta(days=_SILENT_DAYS)
        if silent and system.lifecycle.status is Lifecycle.ACTIVE:
            yield ground.at_system(system.id, f"called active, last release {newest}", ("system", "lifecycle"))


def _lively_but_dead(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        newest = _fact(ground, system.id, "newest_release")
        lively = bool(newest) and ground.today - date.fromisoformat(newest) < timedelta(days=_LIVELY_DAYS)
        if lively and system.lifecycle.status in (Lifecycle.ARCHIVED, Lifecycle.HISTORIC):
            detail = f"called {system.lifecycle.status.value}, released on {newest}"
            yield ground.at_system(system.id, detail, ("system", "lifecycle"))


def _lifecycle_without_evidence(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        state = system.lifecycle
        if state.status is not Lifecycle.UNKNOWN and not any(not item.superseded for item in state.evidence):
            yield ground.at_system(system.id, f"{state.status.value} without evidence", ("system", "lifecycle"))


_G, _E, _W = Group.FRESHNESS, Level.ERROR, Level.WARNING
LINTS = (
    Lint(
        "date-order",
        _G,
        On.CLAIM,
        _E,
        "read before it was true",
        "observed is when it was true, read when we saw it",
        _date_order,
    ),
    Lint("future-date", _G, On.CLAIM, _E, "date still to come", "correct the date", _future),
    Lint(
        "since-order",
        _G,
        On.SYSTEM,
        _E,
        "stage begins after its evidence",
        "correct since, or cite what announced it",
        _since_order,
    ),
    Lint("stale-claim", _G, On.CLAIM, _W, "all its evidence is stale", "look again and add what you find", _stale),
    Lint("old-registry", _G, On.SYSTEM, _W, "registry facts are old", "run `bakeoff catalog refresh`", _old_registry),
    Lint(
        "orphan-registry",
        _G,
        On.SYSTEM,
        _E,
        "registry facts belong to nothing",
        "run `bakeoff catalog refresh`, which removes them",
        _orphan_registry,
    ),
    Lint(
        "not-refreshed",
        _G,
        On.SYSTEM,
        _W,
        "package was never looked up",
        "run `bakeoff catalog refresh`",
        _not_refreshed,
    ),
    Lint("silent-but-active", _G, On.SYSTEM, _W, "active without releases", "check its lifecycle", _silent_but_active),
    Lint("lively-but-dead", _G, On.SYSTEM, _W, "dead with releases", "check its lifecycle", _lively_but_dead),
    Lint(
        "lifecycle-without-evidence",
        _G,
        On.SYSTEM,
        _E,
        "life stage without a source",
        "cite a release or an announcement, or say unknown",
        _lifecycle_without_evidence,
    ),
)
"""Lints of freshness."""
