"""One run on a terminal, as a sceptic asks: what ran, where, how it was checked, what was flagged, every sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bakeoff.base.quantity import show_bytes, show_seconds
from bakeoff.cli.render_lab import speeds
from bakeoff.cli.screen import Cell, heading, line, pairs, table
from bakeoff.lab.cells import Campaign, Phases
from bakeoff.lab.results import Point, Shown
from bakeoff.report import run_page

COLUMNS, ROWS = 56, 7
"""Size of the plot of raw samples, in characters."""
_DENSITY = " ·•●"
"""No sample, one, a few, many: what share of a column's samples a character holds."""


def shown(record: Shown, out: Console) -> None:
    """A run and its campaign: verdicts, costs, agreement, guards, raw samples, and the command that repeats it."""
    run = record.run
    speeds(record.campaign, out)
    _costs(record.campaign, out)
    _checked(record.campaign, out)
    heading(out, f"{run.arm.key}, run {run.id}")
    if run.step_s is None:
        line(out, f"{run.outcome.value.replace('_', ' ')}: {run.detail or run.outcome.advice}", style="yellow")
    pairs(out, run_page.ran(record))
    if run.agreement:
        heading(out, "How it was checked")
        line(out, f"{run.agreement.checks} outputs against the float64 oracle; worst: {run.agreement.detail}")
    heading(out, "What the guards saw of it")
    for text in run.flags or ("nothing",):
        line(out, text)
    if record.points:
        heading(out, "Every sample, round by round")
        for text in plot(record.points):
            line(out, text)
    heading(out, "Where")
    pairs(out, run_page.place(record.campaign))
    heading(out, "The command that repeats it")
    line(out, record.command, style="bold")
    if record.origin:
        line(out, f"measured elsewhere: {record.origin}", style="dim")


def plot(points: Sequence[Point]) -> list[str]:
    """Samples by round as characters: time upwards on a logarithmic scale, denser marks for more samples.

    The slowest fiftieth lies in the top row, whatever it took; its label says from where on. Rounds in which too few
    samples were undisturbed are marked below.
    """
    times = sorted(value for one in points for value in one.samples_s)
    if not times:
        return []
    low, top = times[0], times[min(len(times) - 1, int(0.98 * len(times)))]
    rounds = sorted({one.round for one in points})
    width = min(COLUMNS, len(rounds))
    column_of = {number: place * width // len(rounds) for place, number in enumerate(rounds)}
    counts = [[0] * width for _ in range(ROWS)]
    dirty = [" "] * width
    for one in points:
        column = column_of[one.round]
        if not one.clean:
            dirty[column] = "×"
        for value in one.samples_s:
            counts[_row(value, low, top)][column] += 1
    whole = [max(1, sum(row[column] for row in counts)) for column in range(width)]
    drawn = ["".join(_mark(count, all_) for count, all_ in zip(row, whole, strict=True)) for row in counts]
    labels = [""] * ROWS
    labels[0], labels[-1] = f"≥ {show_seconds(top)}", show_seconds(low)
    lines = [f"{label:>11} │{text}" for label, text in zip(labels, drawn, strict=True)]
    lines.append(f"{'':>11} └{'─' * width}")
    lines.append(f"{'':>12} round {rounds[0]} to {rounds[-1]}, {len(times)} samples")
    if "×" in dirty:
        lines.insert(-1, f"{'':>11}  {''.join(dirty)}  × disturbed")
    return lines


def _row(value: float, low: float, top: float) -> int:
    share = math.log(value / low) / math.log(top / low) if top > low else 0.0
    return ROWS - 1 - min(ROWS - 1, max(0, int(share * ROWS)))


def _mark(count: int, whole: int) -> str:
    share = count / whole
    return _DENSITY[0 if count == 0 else 1 if share < 0.1 else 2 if share < 0.35 else 3]


def _costs(one: Campaign, out: Console) -> None:
    heading(out, "What each costs besides its steady state")
    columns = ["arm", "disk", "import", "build", "first", "again", "memory", "threads"]
    rows = [[run.arm.key, *_cost(run.phases)] for run in one.runs if run.outcome.measured and not run.arm.placebo]
    table(out, columns, rows, right=" ".join(columns[1:]), gap=1)


def _cost(phases: Phases) -> list[str]:
    def seconds(value: float | None) -> str:
        return "" if value is None else show_seconds(value)

    def size(value: int | None) -> str:
        return "" if value is None else show_bytes(value)

    return [
        size(phases.environment_bytes),
        seconds(phases.import_cpu_s),
        seconds(phases.build_s),
        seconds(phases.first_call_cold_s),
        seconds(phases.first_call_warm_s),
        size(phases.peak_bytes),
        "" if phases.threads_used is None else f"{phases.threads_used:.2f}",
    ]


def _checked(one: Campaign, out: Console) -> None:
    heading(out, "Against the oracle, and what the guards saw")
    rows: list[list[Cell]] = []
    for run in one.runs:
        if run.agreement is None or run.arm.placebo:
            continue
        found = run.agreement
        word = Text("agrees") if found.passed else Text("disagrees", style="bold red")
        flags = "; ".join(run.flags) or ("" if found.passed else found.detail)
        rows.append([run.arm.key, word, f"{found.error_ratio:.2g}", "yes" if found.deterministic else "no", flags])
    table(out, ["arm", "", "error", "same bits", "flags"], rows, right="error", whole=["arm", "same bits"])
