"""Campaigns on a terminal. A cell that failed is a row, with its word and its advice."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bakeoff.api.answers import Tour, Versus
from bakeoff.base.quantity import show_seconds
from bakeoff.cli.screen import Cell, heading, line, table
from bakeoff.lab.cells import Campaign, Trust
from bakeoff.lab.results import Compared, Verification
from bakeoff.lab.store import Listed
from bakeoff.report import views, wording

_TRUST = {Trust.OK: "green", Trust.CONTENDED: "yellow", Trust.INVALID: "bold red"}


def campaigns(record: Sequence[Campaign], out: Console) -> None:
    """What was just measured."""
    if not record:
        line(out, "Nothing was measured: the plan names no measurement worth running here.")
    for one in record:
        speeds(one, out)


def versus(record: Versus, out: Console) -> None:
    """Two systems or versions: which takes how much of the other's time."""
    speeds(record.campaign, out)
    out.print()
    for one in record.ratios:
        ratio = one.ratio
        within = ratio.low <= 1 <= ratio.high or abs(ratio.mid - 1) <= record.campaign.tie_zone
        said = "no difference that this campaign can tell" if within else "slower" if ratio.mid > 1 else "faster"
        took = f"takes {wording.times(ratio.mid)} ({wording.times(ratio.low)}–{wording.times(ratio.high)}) the time of"
        line(out, f"{one.names[0]} {took} {one.names[1]}: {said}", style="bold")
    if not record.ratios:
        line(out, "Nothing to compare: one of the two has no speed; its row says why.", style="yellow")


def listed(record: Sequence[Listed], out: Console) -> None:
    """Stored campaigns, newest first."""
    for one in record:
        state = "" if one.finished else ", interrupted"
        where = f", from {one.origin}" if one.origin else ""
        about = f"  {one.started:%Y-%m-%d %H:%M} UTC  {one.workload} {one.size}{state}{where}"
        out.print(Text.assemble((one.id, "bold"), about), soft_wrap=True)
        line(out, ", ".join(dict.fromkeys(one.arms)), style="dim")
    if not record:
        line(out, "No campaign is stored; `bakeoff measure WORKLOAD` makes one.")


def taken_in(record: Sequence[Campaign], out: Console) -> None:
    """Campaigns that were imported."""
    for one in record:
        out.print(Text(f"took in campaign {one.id}: every number was made again from its samples"), soft_wrap=True)
        speeds(one, out)


def merged(record: Sequence[Campaign], out: Console) -> None:
    """Campaigns that were added."""
    out.print(Text(f"added {len(record)} campaign{'' if len(record) == 1 else 's'}; those here already are left alone"))
    for one in record:
        line(out, f"{one.id}  {one.workload} {one.size}")


def compared(record: Compared, out: Console) -> None:
    """Two runs."""
    ratio = record.ratio
    faster = wording.speed_of(ratio)
    one, other = record.names
    out.print(Text(f"{one} takes {wording.times(ratio.mid)} the time of {other}", style="bold"))
    line(out, f"run {record.run} against run {record.against}", style="dim")
    line(
        out,
        f"interval {wording.times(ratio.low)}–{wording.times(ratio.high)}; its speed is {wording.times(faster.mid)}",
    )
    line(out, f"compared {'in the ' if record.basis.startswith('same') else ''}{record.basis}", style="dim")
    for text in record.cautions:
        line(out, f"caution: {text}", style="yellow")


def verified(record: Sequence[Verification], out: Console) -> None:
    """What making the published numbers again gave."""
    for one in record:
        state = ("agrees" if one.exact else "agrees to the last bits") if one.ok else "differs"
        out.print(
            Text.assemble((f"{state:<24}", "green" if one.ok else "bold red"), f"{one.campaign}: {one.numbers} numbers")
        )
        for text in one.differences:
            line(out, text)
    if not record:
        line(out, "No campaign is stored.")


def tour(record: Tour, out: Console) -> None:
    """The answer of the tour in five lines, and where its report is."""
    for one in record.campaigns:
        speeds(one, out)
    heading(out, "The answer")
    for text in record.answer:
        line(out, text)
    line(out, f"Report: {record.report}", style="bold")


def speeds(one: Campaign, out: Console) -> None:
    """A campaign's arms, fastest first; those without a speed below, each with its word."""
    out.print()
    out.print(Text(f"{one.workload}, {one.size}: {one.rounds} rounds on {one.machine.cpu}", style="bold"))
    line(out, f"campaign {one.id}", style="dim")
    floor = "unknown" if one.noise_floor is None else f"{100 * one.noise_floor:.1f} %"
    line(out, f"noise floor {floor}, tie zone {100 * one.tie_zone:.1f} %", style="dim")
    if one.trust is not Trust.OK:
        line(out, f"{one.trust.value}: {'; '.join(one.trust_why)}", style=_TRUST[one.trust])
    rows: list[list[Cell]] = []
    failed = []
    for row in views.arm_rows(one):
        run = row.run
        if row.speed is None or run.step_s is None:
            failed.append((run.arm.key, f"{run.outcome.value.replace('_', ' ')}: {run.detail or run.outcome.advice}"))
            continue
        verdict = row.against_leader.verdict.value if row.against_leader else ""
        width = "" if row.speed.half_width == 0 else f"{wording.times(row.speed.low)}–{wording.times(row.speed.high)}"
        place = "fastest" if row.role == "leader" else verdict
        reference = " (reference)" if row.role == "reference" else ""
        name = Text.assemble((run.arm.key, "bold" if row.role == "leader" else ""), (reference, "dim"))
        rows.append([name, wording.times(row.speed.mid), width, show_seconds(run.step_s.mid), place])
    table(
        out,
        ["arm", "speed", "interval", "step", "against the fastest"],
        rows,
        right="speed interval step",
        whole=["against the fastest"],
    )
    for arm, why in failed:
        line(out, f"{arm} {why}", style="yellow")
