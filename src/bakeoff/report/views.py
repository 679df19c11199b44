"""What the page shows, worked out from the records: rows of tables, groups, scales. No markup."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.catalog.model import Catalog, Claim
from bakeoff.decide.model import AxisValue, Decision, Offer, RankedStack, Share
from bakeoff.lab.cells import Campaign, Comparison, Run
from bakeoff.report.ledger import Ledger
from bakeoff.report.strips import Dot
from bakeoff.report.wording import KINDS, speed_of, stack_claims


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One axis, for the stacks that are compared."""

    axis: str
    """Axis id."""
    name: str
    """Name on screen."""
    question: str
    """What it asks."""
    values: tuple[AxisValue | None, ...]
    """Value of each compared stack."""


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm of a campaign: its speed over the reference arm, or why it has none."""

    run: Run
    """The run."""
    speed: Interval | None
    """Speed over the reference arm's; None without one."""
    against_leader: Comparison | None
    """Its verdict against the fastest arm."""
    role: str
    """reference | leader | placebo | empty."""


@dataclass(frozen=True, slots=True)
class Age:
    """Claims of one kind and day of evidence."""

    observed: date
    """Day."""
    claims: tuple[str, ...]
    """Claim ids."""


@dataclass(frozen=True, slots=True)
class KindRow:
    """What rests on one kind of evidence."""

    kind: EvidenceKind
    """Kind."""
    claims: tuple[str, ...]
    """Ids of claims whose strongest evidence is of this kind."""
    ages: tuple[Age, ...]
    """By day, oldest first."""


def axis_rows(stacks: Sequence[RankedStack], catalog: Catalog) -> tuple[AxisRow, ...]:
    """The axes in the catalogue's order, heaviest weights kept beside each other by the reader, not by us."""
    tables = [{value.axis: value for value in stack.axes} for stack in stacks]
    rows = [
        AxisRow(axis.id, axis.name, axis.question, tuple(table.get(axis.id) for table in tables))
        for axis in catalog.axes
    ]
    return tuple(row for row in rows if any(row.values))


def arm_rows(campaign: Campaign) -> tuple[ArmRow, ...]:
    """Every arm: those with a speed, fastest first, then the rest by name. Nothing vanishes."""
    against = {(one.run, one.against): one for one in campaign.comparisons}
    timed = [run for run in campaign.runs if run.step_s is not None]
    leader = min((run for run in timed if not run.arm.placebo), key=_time, default=None)
    rows = []
    for run in campaign.runs:
        compared = against.get((run.id, campaign.reference))
        speed = speed_of(compared.ratio) if compared else None
        if run.id == campaign.reference and run.step_s is not None:
            speed = Interval(1.0, 1.0, 1.0)
        beside = against.get((run.id, leader.id)) if leader else None
        rows.append(ArmRow(run, speed, beside, _role(run, campaign, leader)))
    return tuple(sorted(rows, key=_fastest_first))


def kind_rows(ledger: Ledger, claims: Iterable[str]) -> tuple[KindRow, ...]:
    """Claims by the strongest kind of evidence they have, with the days it was true."""
    by_kind: dict[EvidenceKind, list[tuple[date, str]]] = defaultdict(list)
    for one in claims:
        basis = basis_of(ledger.known[one]) if one in ledger.known else None
        if basis:
            by_kind[basis[0]].append((basis[1], one))
    rows = []
    for kind in EvidenceKind:
        found = sorted(by_kind.get(kind, ()))
        days = Counter(day for day, _ in found)
        ages = tuple(Age(day, tuple(one for at, one in found if at == day)) for day in sorted(days))
        if found:
            rows.append(KindRow(kind, tuple(one for _, one in found), ages))
    return tuple(rows)


def basis_of(claim: Claim) -> tuple[EvidenceKind, date] | None:
    """The strongest kind of evidence a claim has and the newest day of that kind; None where it has none."""
    usable = [one for one in claim.evidence if not one.superseded]
    for kind in EvidenceKind:
        days = [one.observed for one in usable if one.kind is kind]
        if days:
            return kind, max(days)
    return None


def spread(speeds: Iterable[Interval]) -> tuple[float, float]:
    """Lowest and highest bound of some speeds; 1 and 1 without any."""
    found = list(speeds)
    return min((one.low for one in found), default=1.0), max((one.high for one in found), default=1.0)


def age_position(observed: date, today: date, oldest: date) -> float:
    """0 for today, 1 for the oldest: by square root, since recent months matter more than distant years."""
    total = max(1, (today - oldest).days)
    return math.sqrt(max(0, (today - observed).days) / total)


def age_dots(row: KindRow, ledger: Ledger, today: date, oldest: date) -> list[Dot]:
    """The days of one kind of evidence, as dots that lead to their claims."""
    return [
        Dot(
            age_position(one.observed, today, oldest),
            len(one.claims),
            ledger.href(one.claims, f"claims {KINDS[row.kind]}, true on {one.observed}"),
            f"{one.observed}: {len(one.claims)}",
        )
        for one in row.ages
    ]


def settled(ledger: Ledger, offer: Offer) -> tuple[str, ...]:
    """Claims about what a measurement would settle; where nothing is stated, the id such a claim would have."""
    found = []
    for system, described in offer.settles:
        stated = [one.id for one in ledger.known.values() if (one.subject, one.property) == (system, described)]
        found.extend(stated or [f"{system}.{described}"])
    return tuple(found)


def component_rows(decision: Decision, *, most: int = 12) -> tuple[tuple[Share, tuple[str, ...]], ...]:
    """How often each component is in the first stack, with the claims of the shown stacks that have it."""
    rows = []
    for share in sorted(decision.shares, key=lambda one: (-one.first, one.layer, one.id)):
        holding = [stack for stack in decision.stacks if share.id in {one.system for one in stack.components}]
        if share.layer != "stack" and holding and share.first >= 0.005:
            rows.append((share, tuple(dict.fromkeys(claim for stack in holding for claim in stack_claims(stack)))))
    return tuple(rows[:most])


def _role(run: Run, campaign: Campaign, leader: Run | None) -> str:
    if run.arm.placebo:
        return "placebo"
    if run.id == campaign.reference:
        return "reference"
    return "leader" if leader is not None and run.id == leader.id else ""


def _time(run: Run) -> float:
    return run.step_s.mid if run.step_s else math.inf


def _fastest_first(row: ArmRow) -> tuple[bool, float, str]:
    return row.run.step_s is None, _time(row.run), row.run.arm.key
