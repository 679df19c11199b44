"""The records of deciding: profile, stack, decision, plan. What `decision.json` holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, field


class Profile(Struct, frozen=True):
    """What a project needs. Tokens are those of the vocabulary (`bakeoff profile words`)."""

    name: str = "unnamed"
    """Shown in titles and file names."""
    domain: str = ""
    """What it is about."""
    activity: str = ""
    """What the project does with the stack."""
    train_on: tuple[str, ...] = ()
    """Hardware it trains on; several mean all of them."""
    serve_on: tuple[str, ...] = ()
    """Hardware it runs on; several mean all of them."""
    hardware: tuple[str, ...] = ()
    """Hardware without saying what for: split by the rules; covering all of it is valued, not required."""
    languages: tuple[str, ...] = ()
    """Languages its authors write."""
    scale: str = ""
    """Free text: parameters, devices, latency, data."""
    constraints: tuple[str, ...] = ()
    """Hard requirements, by token."""
    prefer: tuple[str, ...] = ()
    """Soft wishes, by token: favoured, never required."""
    could: tuple[str, ...] = ()
    """What would be welcome, by token: favoured half as much as `prefer`."""
    pinned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Layer to the only systems allowed in it."""
    excluded: tuple[str, ...] = ()
    """Systems not wanted in any layer."""
    estate: tuple[str, ...] = ()
    """Systems already in use."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Weight by axis; absent axes keep the central weight of what is left."""
    order: tuple[str, ...] = ()
    """Axes from most to least important, where no weights are stated."""
    licences: tuple[str, ...] = ()
    """SPDX ids allowed; empty for any."""
    layers: tuple[str, ...] = ()
    """Layers to decide; empty for those the activity needs."""
    horizon_years: float = 0.0
    """How long the choice must last; above 0 excludes what is archived."""
    notes: str = ""
    """Free text, never read by a rule."""


class Verdict(StrEnum):
    """How sure the first place is."""

    DECIDED = "decided"
    LEANING = "leaning"
    TOSS_UP = "toss-up"
    IMPOSSIBLE = "impossible"


class Reason(Struct, frozen=True):
    """One line of an explanation with the claims it stands on."""

    text: str
    """What it says, in prose."""
    claims: tuple[str, ...]
    """Ids of the claims behind it; empty only for arithmetic."""
    kind: EvidenceKind | None
    """Kind of the strongest evidence used."""
    observed: date | None
    """When that evidence was true."""
    points: float = 0.0
    """What it adds to (or takes from) the stack's value; 0 for requirements."""
    superseded: bool = False
    """Shown struck out."""


class Component(Struct, frozen=True):
    """One system in one layer of a stack."""

    layer: str
    """Layer filled."""
    system: str
    """System id."""


class AxisValue(Struct, frozen=True):
    """A stack's value on one axis."""

    axis: str
    """Axis id."""
    weight: float
    """Share of the total, 0..1."""
    points: Interval
    """Belief on the 0..100 scale: 95 % width and centre."""
    claims: tuple[str, ...]
    """What it stands on."""
    impression_share: float
    """Share of the width that rests on impressions, 0..1."""


class RankedStack(Struct, frozen=True):
    """A complete, compatible stack with its place."""

    components: tuple[Component, ...]
    """One per layer."""
    value: Interval
    """Total on the 0..100 scale."""
    first_share: float
    """How often it ranks first over the draws (rank acceptability b¹), 0..1."""
    top3_share: float
    """How often it ranks in the first three."""
    confidence: float | None
    """How often it is first at its own central weights (SMAA confidence factor); None where it is first seldom."""
    axes: tuple[AxisValue, ...]
    """Value by axis."""
    joins: tuple[str, ...]
    """Claim ids that make the stack compatible."""
    conditions: tuple[str, ...] = ()
    """Claims that are unknown and must hold; empty when feasible outright."""

    @property
    def key(self) -> str:
        """`layer=system` joined by spaces: its key in flips and shares."""
        return " ".join(f"{one.layer}={one.system}" for one in self.components)

    @property
    def line(self) -> str:
        """Its systems in a line, for people."""
        return " · ".join(one.system for one in self.components)


class Exclusion(Struct, frozen=True):
    """A system that cannot be in any stack, and why."""

    system: str
    """System id."""
    layer: str
    """Layer it would have filled."""
    requirement: str
    """Token or field of the profile that excludes it."""
    reason: Reason
    """The explanation."""


class Flip(Struct, frozen=True):
    """One change that would give another winner."""

    kind: str
    """weight | value | requirement | date | unknown."""
    what: str
    """Axis, claim, token or date that changes."""
    to: str
    """What it must become, in words."""
    winner: str
    """The stack that would win, as `layer=system` joined by spaces."""
    distance: float
    """How far away: share of weight, points, or days."""


class Share(Struct, frozen=True):
    """How often one thing wins over the draws."""

    id: str
    """System id, or a stack's key."""
    layer: str
    """Its layer, or `stack`."""
    first: float
    """Share of draws in which the first stack contains it."""
    top3: float
    """Share of draws in which one of the first three contains it."""


class Pitfall(Struct, frozen=True):
    """A known trap and how this decision stands to it."""

    id: str
    """Rule id."""
    text: str
    """What it warns of."""
    entered: bool
    """The first stack walks into it."""
    claims: tuple[str, ...] = ()
    """Evidence."""


class Refuted(Struct, frozen=True):
    """A claim that a stronger piece of evidence contradicts."""

    claim: str
    """Claim id."""
    said: str
    """What the weaker evidence states."""
    found: str
    """What the stronger evidence shows."""
    by: str
    """Run id or source of the stronger evidence."""


class Conflict(Struct, frozen=True):
    """A minimal set of requirements that nothing satisfies together."""

    requirements: tuple[str, ...]
    """Tokens or fields of the profile."""
    never: bool
    """A single requirement that nothing known satisfies at all."""
    text: str
    """In words."""
    claims: tuple[str, ...] = ()
    """Claims that make it so."""


class Relaxation(Struct, frozen=True):
    """A minimal set of requirements to drop, and what is then left."""

    drop: tuple[str, ...]
    """Tokens or fields."""
    leaves: int
    """Stacks that become feasible."""
    example: str
    """One of them, as `layer=system` joined by spaces."""


class Decision(Struct, frozen=True):
    """The answer: reproducible from its inputs and seed."""

    profile: Profile
    """What was asked."""
    verdict: Verdict
    """How sure."""
    stacks: tuple[RankedStack, ...]
    """Ranked, at most the number asked for."""
    near_ties: tuple[int, ...]
    """Positions in `stacks` that are not told apart from the first."""
    feasible: int
    """How many stacks were feasible in all."""
    conditional: tuple[RankedStack, ...]
    """Stacks that could win if named unknowns hold."""
    shares: tuple[Share, ...]
    """Acceptability by component and framework."""
    reasons: tuple[Reason, ...]
    """Why the first stack, strongest first; pros that cover the cons, then the cons."""
    exclusions: tuple[Exclusion, ...]
    """What was ruled out and by what."""
    flips: tuple[Flip, ...]
    """What would change the answer, nearest first."""
    pitfalls: tuple[Pitfall, ...]
    """Traps avoided and entered."""
    refuted: tuple[Refuted, ...]
    """Weaker evidence that stronger evidence contradicts, among what was read."""
    impression_share: float
    """Share of the winner's margin that rests on impressions, 0..1."""
    conflicts: tuple[Conflict, ...]
    """Filled when nothing is feasible."""
    relaxations: tuple[Relaxation, ...]
    """Filled when nothing is feasible."""
    read: tuple[str, ...]
    """Ids of every claim that feasibility, joins or value looked at."""
    draws: int
    """Number of draws taken."""
    error: float
    """Monte-Carlo standard error of the shares."""
    seed: int
    """Seed of the draws."""
    today: date
    """Day the decision was taken for."""
    catalog: str
    """Digest of the catalogue."""
    snapshot: date
    """Date of the registry facts used."""
    schema: int = 1
    """Version of this record."""


class Offer(Struct, frozen=True):
    """A measurement the lab could run, as `api` offers it to `plan`."""

    id: str
    """Stable id, e.g. `encoder-infer@cpu`."""
    title: str
    """What it is, for people."""
    settles: tuple[tuple[str, str], ...]
    """(system, property) pairs whose belief it narrows."""
    expected_width: float
    """Half width in points the belief would have afterwards."""
    cost_s: float
    """Expected wall time here, environments included."""
    command: str
    """What the user would type."""
    here: bool = True
    """Whether this machine can run it; if not, `title` says where."""
    workload: str = ""
    """Id of the workload it runs."""


class PlannedMeasurement(Struct, frozen=True):
    """An offer with what it is worth to this decision."""

    offer: Offer
    """What would be run."""
    evppi: float
    """Expected gain in points from knowing exactly what it settles, after its expected width."""
    narrows: tuple[str, ...]
    """Beliefs that matter, as `system.property`."""
    flips_to: tuple[str, ...]
    """Stacks that could become first."""


class Plan(Struct, frozen=True):
    """Measurements worth running for a decision, best value first."""

    measurements: tuple[PlannedMeasurement, ...]
    """Those with a value above the Monte-Carlo error."""
    evpi: float
    """Expected value of knowing everything, in points: the most any plan could gain."""
    elsewhere: tuple[PlannedMeasurement, ...]
    """Worth running, but not on this machine."""
    note: str
    """Why the list is empty, when it is."""
    seed: int
    """Seed of the draws."""
