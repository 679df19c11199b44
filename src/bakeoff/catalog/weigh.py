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
    level: int
    """Level after downgrades; 0 when rejected."""
    reasons: tuple[str, ...]
    """Each downgrade or the rejection, in words."""
    mid: float | None
    """Points it states, for measures."""
    half: float
    """Half width in points, for measures; 0 otherwise."""

    @property
    def evidence(self) -> Evidence:
        """The evidence itself."""
        return self.claim.evidence[self.index]


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
    ended = system.lifecycle.status in (Lifecycle.ARCHIVED, Lifecycle.HISTORIC)
    return Ground(catalog.properties[about], catalog.constants, today, latest, ended)


def weigh(claim: Claim, meeting: Meeting, ground: Ground) -> tuple[Weight, ...]:
    """Weighs all evidence of one claim, given how its scope meets the context."""
    torn = len(claim.evidence) > 1 and _torn(claim, ground.constants)
    found = []
    for index, item in enumerate(claim.evidence):
        why = meeting.rejected or ("superseded" if item.superseded else "")
        if not why and item.observed > ground.today:
            why = f"observed on {item.observed.isoformat()}, after the day asked about"
        if why:
            found.append(Weight(claim, index, 0, (why,), None, 0.0))
            continue
        reasons = _downgrades(claim, item, meeting, ground)
        if torn and item.value is not None:
            reasons.append("inconsistent: the sources of this claim contradict each other")
        level = max(LOWEST, start_level(item, ground.about, ground.constants) - len(reasons))
        mid = points(claim, item)
        half = _half(item, meeting, ground) if mid is not None else 0.0
        found.append(Weight(claim, index, level, tuple(reasons), mid, half))
    return tuple(found)


def start_level(item: Evidence, about: Property, constants: Mapping[str, float]) -> int:
    """The level evidence of this kind starts from."""
    name = f"level_{item.kind.value.replace('-', '_')}"
    if item.kind is EvidenceKind.MEASURED_ELSEWHERE and not item.method:
        name = "level_measured_without_method"
    if item.kind is EvidenceKind.DOCUMENTED and about.speed:
        name = "level_documented_speed"
    return int(constants[name])


def age_days(item: Evidence, today: date) -> int:
    """Days since it was true; for a registry, which keeps its past, since it was read."""
    since = item.read if item.kind is EvidenceKind.REGISTRY else item.observed
    return max(0, (today - since).days)


def stale(claim: Claim, item: Evidence, ground: Ground) -> str:
    """Why evidence is stale, the worse of calendar and version; empty when it is fresh."""
    if ground.ended and ground.about.kind is not PropertyKind.MEASURE:
        return ""
    versions = claim.scope.versions
    if versions and ground.latest and not scope.contains(versions, ground.latest):
        return f"stale: about versions {versions}, the newest is {ground.latest}"
    if ground.about.kind is PropertyKind.MEASURE:
        limit = ground.constants["stale_half_lives"] * ground.about.half_life_days
    else:
        limit = ground.constants["stale_capability_days"]
    age = age_days(item, ground.today)
    return f"stale: {age} days old, fresh for {limit:g}" if age > limit else ""


def _downgrades(claim: Claim, item: Evidence, meeting: Meeting, ground: Ground) -> list[str]:
    """One reason per level lost."""
    reasons = []
    if meeting.aside:
        reasons.append(f"indirect: {'; '.join(text for _, text in meeting.aside)}")
    old = stale(claim, item, ground)
    if old:
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


def _half(item: Evidence, meeting: Meeting, ground: Ground) -> float:
    """Half width: that of the kind, or the measured interval; doubled per half-life; plus what the transfer costs."""
    constants = ground.constants
    half = own_half(item, constants) * 2 ** (age_days(item, ground.today) / ground.about.half_life_days)
    # An interval from the lab holds its workload's own transfer width already.
    if item.kind in MEASURED and ground.about.speed and item.interval is None:
        half += constants["transfer_base"]
    half += sum(constants[_TRANSFERS[kind]] for kind, _ in meeting.aside)
    return min(half, constants["width_most"])


def own_half(item: Evidence, constants: Mapping[str, float]) -> float:
    """Half width in points of what a source states, before age and transfer."""
    if item.interval is not None:
        return item.interval.half_width
    if item.kind in MEASURED:
        return constants["width_measured"]
    return constants[f"width_{item.kind.value}"]


def _torn(claim: Claim, constants: Mapping[str, float]) -> bool:
    """Whether two sources of a claim, of any kind, state values whose widths do not meet."""
    stated = [
        (points(claim, item), own_half(item, constants))
        for item in claim.evidence
        if not item.superseded and (item.value is not None or item.interval is not None)
    ]
    known = [(mid, half) for mid, half in stated if mid is not None]
    return any(abs(a - b) > ha + hb for i, (a, ha) in enumerate(known) for b, hb in known[i + 1 :])
