"""What one piece of evidence is worth in one situation: its level with every downgrade named, and its width."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.record import Struct
from bakeoff.catalog import scope
from bakeoff.catalog.model import Catalog, Claim, Lifecycle, Property, PropertyKind, System
from bakeoff.catalog.scope import Aside, Meeting

MEASURED = frozenset({EvidenceKind.MEASURED_HERE, EvidenceKind.MEASURED_ELSEWHERE})
"""Kinds that come from running it."""
HARD = MEASURED | {EvidenceKind.REGISTRY}
"""Kinds that no mere statement about a narrower case overrides."""
LOWEST = 1
"""Level of the weakest evidence that still counts; downgrades stop here."""
# Names of constants, and members by a name of their own: either takes longer to make or to reach than to use.
_LEVELS = {kind: f"level_{kind.value.replace('-', '_')}" for kind in EvidenceKind}
_WIDTHS = {kind: "width_measured" if kind in MEASURED else f"width_{kind.value}" for kind in EvidenceKind}
_ELSEWHERE, _DOCUMENTED, _REGISTRY = EvidenceKind.MEASURED_ELSEWHERE, EvidenceKind.DOCUMENTED, EvidenceKind.REGISTRY
_MEASURE = PropertyKind.MEASURE
_ENDED = (Lifecycle.ARCHIVED, Lifecycle.HISTORIC)
_TRANSFERS = {
    Aside.DEVICE: "transfer_device",
    Aside.TASK: "transfer_task",
    Aside.PRECISION: "transfer_precision",
    Aside.NARROWER: "transfer_base",
}


class Weight(Struct, frozen=True):
    """One piece of evidence, weighed."""

    claim: Claim
    """The claim it supports."""
    index: int
    """Position in the claim's evidence."""
    evidence: Evidence
    """The evidence itself."""
    level: int
    """Level after downgrades; 0 when rejected."""
    reasons: tuple[str, ...]
    """Each downgrade or the rejection, in words."""
    mid: float | None
    """Points it states, for measures."""
    half: float
    """Half width in points, for measures; 0 otherwise."""
    direct: bool = False
    """It speaks of the very situation asked about, though something stronger or narrower may outvote it."""


class Ground(Struct, frozen=True):
    """What evidence is weighed against."""

    about: Property
    """The property it speaks of."""
    constants: Mapping[str, float]
    """The belief model's numbers."""
    today: date
    """Day the belief is wanted for."""
    latest: str
    """Newest final release of the subject, empty when unknown."""
    ended: bool = False
    """The subject is archived or historic: it no longer changes, so what was true of it does not go stale."""


def ground_of(catalog: Catalog, system: System, about: str, *, today: date, latest: str) -> Ground:
    """The ground for evidence about one property of one system."""
    return Ground(catalog.properties[about], catalog.constants, today, latest, system.lifecycle.status in _ENDED)


def weigh(claim: Claim, meeting: Meeting, ground: Ground) -> tuple[Weight, ...]:
    """Weighs all evidence of one claim that its scope does not keep from speaking in the context."""
    torn = len(claim.evidence) > 1 and _torn(claim, ground.constants)
    found = []
    for index, item in enumerate(claim.evidence):
        if item.superseded or item.observed > ground.today:
            day = item.observed.isoformat()
            reason = "superseded" if item.superseded else f"observed on {day}, after the day asked about"
            found.append(Weight(claim, index, item, 0, (reason,), None, 0.0))
            continue
        age = age_days(item, ground.today)
        reasons = _downgrades(claim, item, meeting, ground, age=age)
        if torn and item.value is not None:
            reasons.append("inconsistent: the sources of this claim contradict each other")
        level = max(LOWEST, start_level(item, ground.about, ground.constants) - len(reasons))
        mid = points(claim, item)
        half = _half(item, meeting, ground, age) if mid is not None else 0.0
        found.append(Weight(claim, index, item, level, tuple(reasons), mid, half, not meeting.aside))
    return tuple(found)


def rejected(claim: Claim, meeting: Meeting) -> list[Weight]:
    """The evidence of a claim whose scope keeps it from speaking in the context."""
    why = (meeting.rejected,)
    return [Weight(claim, index, item, 0, why, None, 0.0) for index, item in enumerate(claim.evidence)]


def start_level(item: Evidence, about: Property, constants: Mapping[str, float]) -> int:
    """The level evidence of this kind starts from."""
    name = _LEVELS[item.kind]
    if item.kind is _ELSEWHERE and not item.method:
        name = "level_measured_without_method"
    if about.speed and item.kind is _DOCUMENTED:
        name = "level_documented_speed"
    return int(constants[name])


def age_days(item: Evidence, today: date) -> int:
    """Days since it was true; for a registry, which keeps its past, since it was read."""
    since = item.read if item.kind is _REGISTRY else item.observed
    return max(0, (today - since).days)


def stale(claim: Claim, item: Evidence, ground: Ground) -> str:
    """Why evidence is stale, the worse of calendar and version; empty when it is fresh."""
    return _stale(claim, ground, age_days(item, ground.today))


def _stale(claim: Claim, ground: Ground, age: int) -> str:
    measure = ground.about.kind is _MEASURE
    if ground.ended and not measure:
        return ""
    versions = claim.scope.versions
    if versions and ground.latest and not scope.contains(versions, ground.latest):
        return f"stale: about versions {versions}, the newest is {ground.latest}"
    if measure:
        limit = ground.constants["stale_half_lives"] * ground.about.half_life_days
    else:
        limit = ground.constants["stale_capability_days"]
    return f"stale: {age} days old, fresh for {limit:g}" if age > limit else ""


def _downgrades(claim: Claim, item: Evidence, meeting: Meeting, ground: Ground, *, age: int) -> list[str]:
    """One reason per level lost."""
    reasons = []
    if meeting.aside:
        reasons.append(f"indirect: {'; '.join([text for _, text in meeting.aside])}")
    if old := _stale(claim, ground, age):
        reasons.append(old)
    if item.by_vendor and ground.about.speed:
        reasons.append("vendor speaking of its own speed")
    if item.interval is not None and item.interval.half_width > ground.constants["imprecise_points"]:
        reasons.append(f"imprecise: ± {item.interval.half_width:.0f} points")
    return reasons


def points(claim: Claim, item: Evidence) -> float | None:
    """Points one source states: its interval's middle, its own value, else the claim's; None for what is no measure."""
    if item.interval is not None:
        return item.interval.mid
    if item.value is not None:
        return item.value
    return claim.value if isinstance(claim.value, float) else None


def _half(item: Evidence, meeting: Meeting, ground: Ground, age: int) -> float:
    """Half width: that of the kind, or the measured interval; doubled per half-life; plus what the transfer costs."""
    constants = ground.constants
    half = own_half(item, constants) * 2 ** (age / ground.about.half_life_days)
    # An interval from the lab holds its workload's own transfer width already.
    if ground.about.speed and item.interval is None and item.kind in MEASURED:
        half += constants["transfer_base"]
    if meeting.aside:
        half += sum([constants[_TRANSFERS[kind]] for kind, _ in meeting.aside])
    return min(half, constants["width_most"])


def own_half(item: Evidence, constants: Mapping[str, float]) -> float:
    """Half width in points of what a source states, before age and transfer."""
    return constants[_WIDTHS[item.kind]] if item.interval is None else item.interval.half_width


def _torn(claim: Claim, constants: Mapping[str, float]) -> bool:
    """Whether two sources of a claim, of any kind, state values whose widths do not meet."""
    stated = [
        (points(claim, item), own_half(item, constants))
        for item in claim.evidence
        if not item.superseded and (item.value is not None or item.interval is not None)
    ]
    known = [(mid, half) for mid, half in stated if mid is not None]
    return any(abs(a - b) > ha + hb for i, (a, ha) in enumerate(known) for b, hb in known[i + 1 :])
