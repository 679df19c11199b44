"""The answer in a handful of sentences, for the end of a tour and the top of a report."""

from __future__ import annotations

from collections.abc import Sequence

from bakeoff.catalog.model import Catalog
from bakeoff.decide.model import Decision, Flip
from bakeoff.decide.since import Moved
from bakeoff.lab.cells import Campaign, Comparison, Run
from bakeoff.report import markdown, wording

SHIFTS = 3
"""Shares that moved, named one by one."""


def moved_lines(moved: Moved, catalog: Catalog) -> tuple[str, ...]:
    """What is different after measuring, one sentence each; the first says whether the answer stands."""
    lines = [moved.text]
    for shift in moved.shifts[:SHIFTS]:
        then, now = wording.percent(shift.before), wording.percent(shift.after)
        lines.append(
            f"{wording.name_of(shift.id, catalog)} ({shift.layer}) "
            f"was first in {then} of the draws and is now in {now}."
        )
    for narrowed in moved.narrowed:
        if narrowed.after < narrowed.before:
            width = f"±{narrowed.before:.1f} to ±{narrowed.after:.1f} points"
            lines.append(f"What is believed of its {narrowed.axis} narrowed from {width}.")
    lines += [f"Refuted: {item.said} Found: {item.found}" for item in moved.refuted]
    if not moved.refuted:
        lines.append("No impression was refuted.")
    return tuple(lines)


def answer_lines(decision: Decision, moved: Moved, campaigns: Sequence[Campaign], catalog: Catalog) -> tuple[str, ...]:
    """The result of the loop in five lines: the stack, its lead, what was measured, what moved, what would flip it."""
    if not decision.stacks:
        return ("No stack meets every requirement.", *(conflict.text for conflict in decision.conflicts))
    first = decision.stacks[0]
    sure = f"{wording.VERDICTS[decision.verdict]}: first in {wording.percent(first.first_share)} of "
    sure += f"{wording.count(decision.draws)} draws among {wording.count(decision.feasible)} feasible stacks."
    nearest = min(decision.flips, key=lambda flip: flip.distance, default=None)
    return (
        f"Use {markdown.stack_line(first, catalog)}.",
        sure,
        _measured(campaigns, catalog),
        moved.text,
        _flip(nearest) if nearest else "Nothing that was tried would flip it.",
    )


def _measured(campaigns: Sequence[Campaign], catalog: Catalog) -> str:
    if not campaigns:
        return "Nothing was measured."
    campaign = campaigns[0]
    runs = {run.id: run for run in campaign.runs if not run.arm.placebo}
    beside = [item for item in campaign.comparisons if item.against == campaign.reference and item.run in runs]
    ranked = sorted((item for item in beside if item.run != campaign.reference), key=lambda item: item.ratio.mid)
    if not ranked:
        return "No competitor could be measured: each row of the report says why."
    parts = [_speed(item, runs[item.run], catalog) for item in ranked]
    reference = runs[campaign.reference].arm.key if campaign.reference in runs else "the reference arm"
    return f"Measured here, against {reference}: {'; '.join(parts)}."


def _speed(item: Comparison, run: Run, catalog: Catalog) -> str:
    speed = wording.speed_of(item.ratio)
    between = f"{wording.times(speed.low)} to {wording.times(speed.high)}"
    return (
        f"{wording.name_of(run.arm.system, catalog)} {run.arm.setting} {wording.times(speed.mid)} as fast ({between})"
    )


def _flip(flip: Flip) -> str:
    return f"Nearest flip: if {flip.kind} {flip.what} became {flip.to}, {wording.systems(flip.winner)} would be first."
