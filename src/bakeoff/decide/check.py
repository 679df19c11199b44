"""Whether a recorded decision still holds: conditions that a build can check, and what they say today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bakeoff.catalog.model import Answer, Catalog, Claim, Lifecycle
from bakeoff.catalog.rules import Rules
from bakeoff.decide.engine import decide
from bakeoff.decide.facts import merged
from bakeoff.decide.model import Component, Decision, Profile

_GONE = (Lifecycle.ARCHIVED, Lifecycle.HISTORIC)
_DEFAULT_DAYS = 365


@dataclass(frozen=True, slots=True)
class RevisitWhen:
    """One condition under which a decision must be looked at again; plain values, fit for front matter."""

    kind: str
    """date | claim | lifecycle | winner."""
    subject: str
    """ISO date, claim id, system id, or the layers compared, joined by `+`."""
    was: str
    """What it was when decided; the condition is met when it is something else (or the date is reached)."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a decision record holds for checking it."""

    profile: Profile
    """What was asked."""
    components: tuple[Component, ...]
    """What was chosen."""
    revisit_when: tuple[RevisitWhen, ...]
    """Conditions."""
    seed: int = 0
    """Seed of the draws."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """One condition that is met: why the decision has lapsed."""

    condition: RevisitWhen
    """The condition."""
    now: str
    """What it is today."""
    text: str
    """In one sentence."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a record gave."""

    lapses: tuple[Lapse, ...]
    """Empty while it holds."""
    today: str
    """The first stack of a decision taken today."""
    decision: Decision | None = field(default=None)
    """That decision, for whoever wants its reasons."""

    @property
    def holds(self) -> bool:
        """Whether nothing has lapsed."""
        return not self.lapses


def record(decision: Decision, catalog: Catalog, measured: Sequence[Claim] = ()) -> Record:
    """The record of a decision with its conditions.

    They are: every capability or relation that makes the chosen stack possible keeps its value; no component's life
    ends; the same side wins; and a date, that of the nearest flip by age or a year.

    Raises:
        ValueError: If the decision has no stack.
    """
    if not decision.stacks:
        raise ValueError("a decision without a stack has nothing to keep")
    chosen = decision.stacks[0]
    known = merged(catalog, measured)
    claims = {claim.id: claim for part in chosen.components for claim in known.systems[part.system].claims}
    conditions = [RevisitWhen("date", _day(decision).isoformat(), "not reached")]
    wanted = dict.fromkeys([*chosen.joins, *_hard(decision, claims)])
    conditions += [RevisitWhen("claim", name, _said(known, name)) for name in wanted]
    conditions += [
        RevisitWhen("lifecycle", part.system, known.systems[part.system].lifecycle.status.value)
        for part in chosen.components
    ]
    conditions.append(RevisitWhen("winner", "framework+serving", chosen.key))
    return Record(decision.profile, chosen.components, tuple(conditions), decision.seed)


def check(kept: Record, catalog: Catalog, rules: Rules, measured: Sequence[Claim] = (), *, today: date) -> Checked:
    """Whether a recorded decision holds today, and what would be chosen instead."""
    known = merged(catalog, measured)
    now = decide(kept.profile, catalog, rules, measured, today=today, seed=kept.seed)
    chosen = now.stacks[0] if now.stacks else None
    shown = chosen.key if chosen else ""
    lapses = [
        lapse
        for condition in kept.revisit_when
        if (lapse := _lapsed(condition, known, chosen.components if chosen else (), kept, today=today)) is not None
    ]
    return Checked(tuple(lapses), shown, now)


def _lapsed(
    condition: RevisitWhen, catalog: Catalog, chosen: tuple[Component, ...], kept: Record, *, today: date
) -> Lapse | None:
    if condition.kind == "date":
        reached = today >= date.fromisoformat(condition.subject)
        return (
            Lapse(condition, today.isoformat(), f"it was to be looked at again by {condition.subject}")
            if reached
            else None
        )
    if condition.kind == "claim":
        said = _said(catalog, condition.subject)
        text = f"{condition.subject} was {condition.was} and is {said}"
        return Lapse(condition, said, text) if said != condition.was else None
    if condition.kind == "lifecycle":
        system = catalog.find(condition.subject)
        status = system.lifecycle.status if system else Lifecycle.UNKNOWN
        worse = status in _GONE and status.value != condition.was
        return Lapse(condition, status.value, f"{condition.subject} is {status} now") if worse else None
    layers = condition.subject.split("+")
    was = {part.layer: part.system for part in kept.components if part.layer in layers}
    now = {part.layer: part.system for part in chosen if part.layer in layers}
    text = (
        "nothing is feasible any more"
        if not chosen
        else f"today {_pairs(now)} would be chosen instead of {_pairs(was)}"
    )
    return Lapse(condition, _pairs(now), text) if was != now else None


def _pairs(parts: dict[str, str]) -> str:
    return " ".join(f"{layer}={system}" for layer, system in parts.items())


def _day(decision: Decision) -> date:
    flips = [date.fromisoformat(flip.what) for flip in decision.flips if flip.kind == "date"]
    return min([*flips, decision.today + timedelta(days=_DEFAULT_DAYS)])


def _hard(decision: Decision, claims: dict[str, Claim]) -> list[str]:
    """Capabilities of the chosen components that were read: what the requirements stood on."""
    return [
        name
        for name in decision.read
        if name in claims and isinstance(claims[name].value, Answer) and not claims[name].object
    ]


def _said(catalog: Catalog, name: str) -> str:
    subject = name
    while subject and subject not in catalog.systems:
        subject = subject.rpartition(".")[0]
    if not subject:
        return "absent"
    found = next((claim for claim in catalog.systems[subject].claims if claim.id == name), None)
    return "absent" if found is None else str(found.value)
