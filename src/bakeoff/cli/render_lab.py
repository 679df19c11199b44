"""Campaigns on a terminal. A cell that failed is a row, with its word and its advice."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bakeoff.api.answers import Tour
from bakeoff.base.quantity import show_bytes, show_seconds
from bakeoff.cli.screen import Cell, heading, line, pairs, table
from bakeoff.lab.cells import Agreement, Campaign, Phases, Trust
from bakeoff.lab.results import Compared, Point, Shown, Verification
from bakeoff.lab.store import Listed
from bakeoff.report import views, wording

_TRUST = {Trust.OK: "green", Trust.CONTENDED: "yellow", Trust.INVALID: "bold red"}


def campaigns(record: Sequence[Campaign], out: Console) -> None:
    """What was just measured."""
    if not record:
        line(out, "Nothing was measured: the plan names no measurement worth running here.")
    for one in record:
        _speeds(one, out)


def campaign(record: Shown, out: Console) -> None:
    """A run and its campaign: verdicts, costs, agreement, guards, raw samples, and the command that repeats it."""
    whole = record.campaign
    _speeds(whole, out)
    heading(out, "What each costs besides its steady state")
    table(
        out,
        ["arm", "environment", "import", "build", "first call", "again", "peak memory", "threads used"],
        [[run.arm.key, *_costs(run.phases)] for run in whole.runs if run.outcome.measured],
    )
    heading(out, "Agreement with the oracle")
    agreed = [(run, run.agreement) for run in whole.runs if run.agreement]
    table(
        out, ["arm", "", "error ratio", "repeatable", "worst"], [[run.arm.key, *_agreement(one)] for run, one in agreed]
    )
    flagged = [[run.arm.key, "; ".join(run.flags)] for run in whole.runs if run.flags]
    if flagged:
        heading(out, "Guards that spoke")
        table(out, ["arm", "what they saw"], flagged)
    _run(record, out)


def listed(record: Sequence[Listed], out: Console) -> None:
    """Stored campaigns, newest first."""
    rows = [
        [
            one.id,
            f"{one.started:%Y-%m-%d %H:%M}",
            f"{one.workload} {one.size}",
            "finished" if one.finished else "interrupted",
            one.origin or "here",
            ", ".join(one.arms),
        ]
        for one in record
    ]
    table(out, ["campaign", "started (UTC)", "workload", "", "from", "arms"], rows)
    if not rows:
        line(out, "No campaign is stored; `bakeoff measure WORKLOAD` makes one.")


def taken_in(record: Campaign, out: Console) -> None:
    """A campaign that was imported."""
    out.print(Text(f"took in campaign {record.id}: every number was made again from its samples"))
    _speeds(record, out)


def merged(record: Sequence[str], out: Console) -> None:
    """Campaigns that were added."""
    out.print(Text(f"added {len(record)} campaigns{': ' if record else ''}{', '.join(record)}"))


def compared(record: Compared, out: Console) -> None:
    """Two runs."""
    ratio = record.ratio
    faster = wording.speed_of(ratio)
    out.print(Text(f"{record.run} takes {wording.times(ratio.mid)} the time of {record.against}", style="bold"))
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
        _speeds(one, out)
    heading(out, "The answer")
    for text in record.answer:
        line(out, text)
    line(out, f"Report: {record.report}", style="bold")


def _speeds(one: Campaign, out: Console) -> None:
    out.print()
    out.print(Text(f"{one.workload}, {one.size}: {one.rounds} rounds on {one.machine.cpu}", style="bold"))
    floor = "unknown" if one.noise_floor is None else f"{100 * one.noise_floor:.1f} %"
    line(out, f"noise floor {floor}, tie zone {100 * one.tie_zone:.1f} %, campaign {one.id}", style="dim")
    if one.trust is not Trust.OK:
        line(out, f"{one.trust.value}: {'; '.join(one.trust_why)}", style=_TRUST[one.trust])
    rows: list[list[Cell]] = []
    for row in views.arm_rows(one):
        run = row.run
        name = Text(run.arm.key, style="bold" if row.role == "leader" else "")
        if row.speed is None or run.step_s is None:
            why = run.detail or run.outcome.advice
            rows.append([name, "", "", "", Text(f"{run.outcome.value.replace('_', ' ')}: {why}", style="yellow")])
            continue
        verdict = row.role if row.role in ("leader", "reference") else ""
        beside = row.against_leader.verdict.value if row.against_leader and row.role != "leader" else ""
        width = "" if row.speed.half_width == 0 else f"{wording.times(row.speed.low)}–{wording.times(row.speed.high)}"
        rows.append(
            [
                name,
                wording.times(row.speed.mid),
                width,
                show_seconds(run.step_s.mid),
                " ".join([verdict, beside]).strip(),
            ]
        )
    table(out, ["arm", "speed", "interval", "step", "against the fastest"], rows, right="speed interval step")


def _costs(phases: Phases) -> list[str]:
    def seconds(value: float | None) -> str:
        return "" if value is None else show_seconds(value)

    return [
        "" if phases.environment_bytes is None else show_bytes(phases.environment_bytes),
        seconds(phases.import_cpu_s),
        seconds(phases.build_s),
        seconds(phases.first_call_cold_s),
        seconds(phases.first_call_warm_s),
        "" if phases.peak_bytes is None else show_bytes(phases.peak_bytes),
        "" if phases.threads_used is None else f"{phases.threads_used:.2f}",
    ]


def _agreement(one: Agreement) -> list[str]:
    said = "agrees" if one.passed else "disagrees"
    return [said, f"{one.error_ratio:.2g}", "yes" if one.deterministic else "no", one.detail]


def _run(record: Shown, out: Console) -> None:
    run = record.run
    heading(out, f"{run.arm.key}: run {run.id}")
    about = {
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items())),
        "built as": run.build_flags,
        "launches": str(run.launches),
        "clean samples": f"{run.samples}, {wording.percent(run.dirty_share)} set aside",
        "blocks": _spark(record.points),
        "repeat": record.command,
        "from": record.origin or "this machine's store",
    }
    pairs(out, {name: value for name, value in about.items() if value})


def _spark(points: Sequence[Point]) -> str:
    """Block values in order, fastest lowest; a dot for a disturbed one. At most the last 60."""
    shown = points[-60:]
    clean = [one.step_s for one in shown if one.clean]
    if not clean:
        return ""
    low, high = min(clean), max(clean)
    levels = "▁▂▃▄▅▆▇█"
    steps = [levels[round((one.step_s - low) / (high - low or 1.0) * 7)] if one.clean else "·" for one in shown]
    return f"{''.join(steps)}  {show_seconds(low)}–{show_seconds(high)}"
