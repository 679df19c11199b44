"""Campaigns on a terminal. A cell that failed is a row, with its word and its advice."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bakeoff.api.answers import Tour
from bakeoff.base.quantity import show_bytes, show_seconds
from bakeoff.cli.screen import Cell, heading, line, pairs, records, table
from bakeoff.lab.cells import Campaign, Phases, Trust
from bakeoff.report import views, wording

_TRUST = {Trust.OK: "green", Trust.CONTENDED: "yellow", Trust.INVALID: "bold red"}


def campaigns(record: Sequence[Campaign], out: Console) -> None:
    """What was just measured."""
    if not record:
        line(out, "Nothing was measured: the plan names no measurement worth running here.")
    for one in record:
        _speeds(one, out)


def campaign(record: Campaign, out: Console) -> None:
    """One campaign in full: verdicts, costs, flags, agreement, versions."""
    _speeds(record, out)
    heading(out, "What each costs besides its steady state")
    table(
        out,
        ["arm", "environment", "import", "build", "first call", "again", "peak memory", "threads used"],
        [[run.arm.key, *_costs(run.phases)] for run in record.runs if run.outcome.measured],
    )
    heading(out, "Agreement with the oracle")
    rows = [
        [
            run.arm.key,
            "agrees" if run.agreement.passed else "disagrees",
            f"{run.agreement.error_ratio:.2g}",
            "yes" if run.agreement.deterministic else "no",
            run.agreement.detail,
        ]
        for run in record.runs
        if run.agreement
    ]
    table(out, ["arm", "", "error ratio", "repeatable", "worst"], rows)
    flagged = [[run.arm.key, "; ".join(run.flags)] for run in record.runs if run.flags]
    if flagged:
        heading(out, "Guards that spoke")
        table(out, ["arm", "what they saw"], flagged)
    heading(out, "Versions")
    pairs(out, {run.arm.key: _versions(run.versions) for run in record.runs if run.versions})


def listed(record: Sequence[Campaign], out: Console) -> None:
    """Stored campaigns, newest first."""
    rows = [
        [
            one.id,
            f"{one.started:%Y-%m-%d %H:%M}",
            f"{one.workload} {one.size}",
            str(sum(run.outcome.measured for run in one.runs)) + f" of {len(one.runs)}",
            one.trust.value if one.finished else "interrupted",
            one.machine.cpu,
        ]
        for one in record
    ]
    table(out, ["campaign", "started (UTC)", "workload", "measured", "trust", "machine"], rows)
    if not rows:
        line(out, "No campaign is stored; `bakeoff measure WORKLOAD` makes one.")


def compared(record: object, out: Console) -> None:
    """Two campaigns of one workload, arm by arm."""
    records(out, [record])


def verified(record: object, out: Console) -> None:
    """What recomputing the published numbers gave."""
    records(out, [record])


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


def _versions(found: object) -> str:
    return (
        ", ".join(f"{name} {version}" for name, version in sorted(dict(found).items()))
        if isinstance(found, dict)
        else ""
    )
