"""What moved between two decisions, and why."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff.decide.model import Decision, Refuted, Verdict


@dataclass(frozen=True, slots=True)
class Shift:
    """One share that moved by more than the draws' error."""

    id: str
    """System id."""
    layer: str
    """Its layer."""
    before: float
    """Share of first places then."""
    after: float
    """Share of first places now."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """One axis of the first stack whose belief changed."""

    axis: str
    """Axis id."""
    before: float
    """Half width then, in points."""
    after: float
    """Half width now."""
    moved: float
    """Points the centre moved."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is different in the later decision."""

    same_winner: bool
    """The first stack has the same components."""
    before: str
    """First stack then, as `layer=system` joined by spaces."""
    after: str
    """First stack now."""
    verdicts: tuple[Verdict, Verdict]
    """How sure, then and now."""
    shifts: tuple[Shift, ...]
    """Shares that moved by more than the error of the draws, largest first."""
    narrowed: tuple[Narrowed, ...]
    """Axes of the stack first now, where both decisions list it."""
    cites: tuple[str, ...]
    """Claims read now that were not read then."""
    dropped: tuple[str, ...]
    """Claims read then that are not read now."""
    refuted: tuple[Refuted, ...]
    """Refutations that are new."""
    asked: tuple[str, ...]
    """Fields of the profile that differ; empty when the same was asked."""
    text: str
    """In one sentence; says `confirmed` when nothing moved by more than the error."""


def compare(before: Decision, after: Decision) -> Moved:
    """What moved from one decision to another: meant for the same profile before and after measuring."""
    shifts = _shifts(before, after)
    first, now = _shown(before), _shown(after)
    known = {item.claim + item.by for item in before.refuted}
    return Moved(
        same_winner=first == now,
        before=first,
        after=now,
        verdicts=(before.verdict, after.verdict),
        shifts=shifts,
        narrowed=_narrowed(before, after),
        cites=tuple(claim for claim in after.read if claim not in set(before.read)),
        dropped=tuple(claim for claim in before.read if claim not in set(after.read)),
        refuted=tuple(item for item in after.refuted if item.claim + item.by not in known),
        asked=_asked(before, after),
        text=_text(before, after, shifts),
    )


def _shifts(before: Decision, after: Decision) -> tuple[Shift, ...]:
    then = {(share.layer, share.id): share.first for share in before.shares}
    now = {(share.layer, share.id): share.first for share in after.shares}
    # Three standard errors of a difference, and never less than one place in a thousand.
    error = max(0.001, 3 * (before.error**2 + after.error**2) ** 0.5)
    found = [
        Shift(name, layer, then.get((layer, name), 0.0), now.get((layer, name), 0.0))
        for layer, name in dict.fromkeys([*then, *now])
    ]
    moved = [shift for shift in found if abs(shift.after - shift.before) > error]
    return tuple(sorted(moved, key=lambda shift: (-abs(shift.after - shift.before), shift.layer, shift.id)))


def _narrowed(before: Decision, after: Decision) -> tuple[Narrowed, ...]:
    if not after.stacks:
        return ()
    now = after.stacks[0]
    then = next((stack for stack in before.stacks if stack.components == now.components), None)
    if then is None:
        return ()
    old = {axis.axis: axis.points for axis in then.axes}
    return tuple(
        Narrowed(
            axis.axis,
            round(old[axis.axis].half_width, 4),
            round(axis.points.half_width, 4),
            round(axis.points.mid - old[axis.axis].mid, 4),
        )
        for axis in now.axes
        if axis.axis in old and old[axis.axis] != axis.points
    )


def _asked(before: Decision, after: Decision) -> tuple[str, ...]:
    fields = before.profile.__struct_fields__
    return tuple(name for name in fields if getattr(before.profile, name) != getattr(after.profile, name))


def _text(before: Decision, after: Decision, shifts: tuple[Shift, ...]) -> str:
    if not after.stacks or not before.stacks:
        return f"the verdict went from {before.verdict} to {after.verdict}"
    if _shown(before) != _shown(after):
        return f"the first place changed from {before.stacks[0].line} to {after.stacks[0].line}"
    if not shifts:
        return f"confirmed: no share moved by more than the error of the draws ({before.verdict}, now {after.verdict})"
    top = shifts[0]
    return (
        f"the first place stays; {top.layer} {top.id} is first in {top.after:.0%} of the draws, was {top.before:.0%} "
        f"({before.verdict}, now {after.verdict})"
    )


def _shown(decision: Decision) -> str:
    return decision.stacks[0].key if decision.stacks else ""
