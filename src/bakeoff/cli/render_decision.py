"""Decisions, plans and what follows from them, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bakeoff.base.quantity import show_seconds
from bakeoff.cli.screen import BAR, Cell, bar, heading, line, pairs, table
from bakeoff.decide.model import Decision, Plan, Reason, Verdict
from bakeoff.report import ranking, wording

if TYPE_CHECKING:
    from bakeoff.api.answers import CheckedRecord, Written
    from bakeoff.decide.backtest import Count, Report
    from bakeoff.decide.since import Moved
    from bakeoff.decide.verify import Verification

STACKS = 5
"""Ranked stacks shown; `--json` and `--html` have them all."""
REASONS = 8
DIFFERENCES = 20
_GRADES = ("exact", "acceptable", "miss", "silent", "violation")
_GROUPS = {"layer": "By layer", "category": "By category", "difficulty": "Easy and hard", "traps": "Traps"}
FLIPS = 6
_STYLES = {
    Verdict.DECIDED: "bold green",
    Verdict.LEANING: "bold yellow",
    Verdict.TOSS_UP: "bold yellow",
    Verdict.IMPOSSIBLE: "bold red",
}


def decision(record: Decision, out: Console) -> None:
    """A decision: answer, ranking, reasons, flips, and what was ruled out."""
    if not record.stacks:
        _impossible(record, out)
        return
    first = record.stacks[0]
    head = Text(wording.VERDICTS[record.verdict], style=_STYLES[record.verdict])
    out.print(Text.assemble(head, "  ", (first.line, "bold")))
    line(
        out,
        f"First in {wording.percent(first.first_share)} of {wording.count(record.draws)} draws among "
        f"{wording.count(record.feasible)} feasible stacks; {wording.percent(record.impression_share)} of its lead "
        "rests on impressions.",
    )
    _ranking(record, out)
    heading(out, "Why")
    table(
        out,
        ["points", "reason", "known by"],
        [_reason(one) for one in record.reasons[:REASONS]],
        right="points",
    )
    if record.flips:
        heading(out, "What would flip it")
        for flip in record.flips[:FLIPS]:
            line(out, f"{flip.kind} {flip.what}: {flip.to}")
            line(out, f"  → {wording.systems(flip.winner)}", style="dim")
    if record.conditional:
        heading(out, "Could win if …")
        rows = [[one.line, ", ".join(one.conditions)] for one in record.conditional[:3]]
        table(out, ["stack", "these unknowns hold"], rows)
    _aside(record, out)


def plan(record: Plan, out: Console) -> None:
    """A plan: what to measure, its worth, its cost and its command."""
    if record.measurements:
        out.print(Text("Measurements that could change the answer", style="bold"))
        rows = [
            [
                f"{one.evppi:.2f}",
                show_seconds(one.offer.cost_s),
                one.offer.title,
                ", ".join(one.narrows),
                one.offer.command,
            ]
            for one in record.measurements
        ]
        table(out, ["worth", "takes", "measurement", "narrows", "command"], rows, right="worth takes")
    else:
        out.print(Text("Nothing measured here could change the answer.", style="bold"))
        line(out, record.note)
    line(out, f"Knowing everything would be worth {record.evpi:.2f} points.", style="dim")
    if record.elsewhere:
        heading(out, "Elsewhere")
        table(
            out,
            ["worth", "measurement"],
            [[f"{one.evppi:.2f}", one.offer.title] for one in record.elsewhere],
            right="worth",
        )


def reasons(record: Sequence[Reason], out: Console) -> None:
    """An explanation, one reason to a line, with the claims behind it."""
    rows = [[*_reason(one), " ".join(one.claims)] for one in record]
    table(out, ["points", "reason", "known by", "claims"], rows, right="points")


def moved(record: Moved, out: Console) -> None:
    """What moved since an earlier decision."""
    out.print(Text(record.text, style="bold"))
    rows = [[one.layer, one.id, wording.percent(one.before), wording.percent(one.after)] for one in record.shifts]
    table(out, ["layer", "system", "was", "is"], rows, right="was is")
    for one in record.narrowed:
        line(out, f"{one.axis}: ±{one.before:.1f} points became ±{one.after:.1f}, centre moved {one.moved:+.1f}")
    for refuted in record.refuted:
        line(out, f"refuted: {refuted.claim}: {refuted.said}; found {refuted.found}")
    if record.asked:
        line(out, f"asked differently: {', '.join(record.asked)}")


def lapses(record: Sequence[CheckedRecord], out: Console) -> None:
    """Which decision records no longer hold, and what would be chosen today."""
    if not record:
        line(out, "No decision record of bakeoff is in this folder; `--adr DIR` writes one.")
    for one in record:
        if one.checked.holds:
            out.print(Text.assemble(("holds   ", "green"), one.file))
            continue
        out.print(Text.assemble(("lapsed  ", "bold red"), one.file))
        for lapse in one.checked.lapses:
            line(out, lapse.text)
        line(out, f"today: {one.checked.today or 'nothing is feasible'}", style="bold")


def verified(record: Verification, out: Console) -> None:
    """Whether a stored decision was reproduced."""
    if record.same:
        out.print(Text("Reproduced: every word and figure agrees.", style="bold green"))
        return
    out.print(Text(f"Not reproduced: {len(record.differences)} places differ", style="bold red"))
    if record.catalog_changed:
        line(out, "The catalogue, or what was measured here, has changed since: differences are to be expected.")
    for text in record.differences[:DIFFERENCES]:
        line(out, text)


def backtest(record: Report, out: Console) -> None:
    """How the engine does on known cases, beside the baselines; then what each rule or kind of evidence adds."""
    out.print(Text(f"{record.cases} cases, {record.clean} without a violation", style="bold"))
    rows = [["all layers", *_counts(record.layers)], ["framework", *_counts(record.framework)]]
    rows += [[f"baseline: {one.name} ({one.clean} clean)", *_counts(one.layers)] for one in record.baselines]
    _graded(out, rows)
    low, mid, high = (wording.percent(one) for one in (record.good.low, record.good.mid, record.good.high))
    pairs(
        out,
        {
            "exact or acceptable": f"{mid} ({low}–{high})",
            "among the first three": wording.percent(record.top3_share),
            "log score": f"{record.log_score:.3f}",
            "actual choice excluded": ", ".join(record.excluded_actual) or "never",
        },
    )
    for group, title in _GROUPS.items():
        found = [[name.partition(":")[2] or name, *_counts(one)] for name, one in record.by.items() if _of(name, group)]
        if found:
            heading(out, title)
            _graded(out, found)
    _missed(record, out)
    if record.rules:
        heading(out, "What each rule adds")
        moving = [one for one in record.rules if one.cases]
        rows = [[one.rule, str(one.helps), str(one.hurts), ", ".join(one.cases)] for one in moving]
        table(out, ["rule", "helps", "hurts", "cases"], rows, right="helps hurts")
        line(out, f"{len(record.rules) - len(moving)} more rules change no grade here.", style="dim")
    if record.evidence:
        heading(out, "What each kind of evidence adds")
        rows = [
            [one.name, str(one.changed), wording.percent(one.good), wording.percent(one.impression_share)]
            for one in record.evidence
        ]
        table(out, ["evidence", "changed", "good", "rests on impressions"], rows, right="changed good")


def _of(name: str, group: str) -> bool:
    """Whether a line of the breakdown belongs to a group; a case without a word for it has an empty name."""
    return name == group or (name.startswith(f"{group}:") and not name.endswith(":"))


def _missed(record: Report, out: Console) -> None:
    rows = [
        [case.id, one.layer, one.picked or "–", one.actual, one.grade.value, str(one.rank_good or "–")]
        for case in record.per_case
        for one in case.layers
        if one.grade.value not in _GRADES[:2]
    ]
    rows += [
        [case.id, *name.split("=", 1), "", "violation", ""] for case in record.per_case for name in case.violations
    ]
    if rows:
        heading(out, "Not what was chosen")
        table(out, ["case", "layer", "picked", "chosen", "grade", "best place"], rows, right="place")


def _graded(out: Console, rows: list[list[str]]) -> None:
    table(out, ["", "judged", *_GRADES, "good"], rows, right=" ".join(["judged", *_GRADES, "good"]))


def written(record: Written, out: Console) -> None:
    """Where something was written."""
    out.print(Text(f"wrote the {record.what}: {record.path}"))


def _ranking(record: Decision, out: Console) -> None:
    rows = ranking.stack_rows(record)[:STACKS]
    layers = ranking.layers_shown(record.stacks[:STACKS])
    shown: list[list[Cell]] = []
    for row in rows:
        parts = [", ".join(cell.systems) or "–" for cell in row.cells if cell.layer in layers]
        styles = ["dim" if cell.same else "" for cell in row.cells if cell.layer in layers]
        cells = [Text(part, style=style) for part, style in zip(parts, styles, strict=True)]
        value = f"{wording.points(row.stack.value.mid)}  {wording.between(row.stack.value)}"
        place = f"{row.place}{' =' if row.tied else ''}"
        shown.append([place, *cells, wording.percent(row.stack.first_share), value])
    titles = ["", *layers, "share", "value"]
    columns = [[title, *(str(row[at]) for row in shown)] for at, title in enumerate(titles)]
    # The bars take what the words leave; where that is too little, the words break instead of being cut off.
    words = sum(max(map(cell_len, column)) for column in columns)
    gaps = [(gap, out.width - 4 - words - gap * len(columns)) for gap in (2, 1)]
    gap, room = next((one for one in gaps if one[1] >= len("first")), gaps[-1])
    width = max(len("first"), min(BAR, room))
    for drawn, row in zip(shown, rows, strict=True):
        drawn.insert(-2, bar(row.stack.first_share, width=width))
    titles.insert(-2, "first")
    out.print()
    table(out, titles, shown, right="share value", whole=["", *(layers if width <= room else ()), "first"], gap=gap)


def _counts(found: Count) -> list[str]:
    return [str(found.judged), *(str(getattr(found, grade)) for grade in _GRADES), wording.percent(found.good)]


def _reason(one: Reason) -> list[str]:
    known = wording.KINDS[one.kind] if one.kind else ""
    seen = f", {one.observed:%Y-%m}" if one.observed else ""
    return [f"{one.points:+.1f}" if one.points else "", one.text, f"{known}{seen}"]


def _impossible(record: Decision, out: Console) -> None:
    out.print(Text("Impossible: no stack meets every requirement", style=_STYLES[Verdict.IMPOSSIBLE]))
    for one in record.conflicts:
        line(out, f"{' + '.join(one.requirements)} ({'never' if one.never else 'not together'}): {one.text}")
    rows = [
        [" + ".join(one.drop), wording.count(one.leaves), wording.systems(one.example)] for one in record.relaxations
    ]
    if rows:
        heading(out, "What would be enough to drop")
        table(out, ["drop", "stacks", "for example"], rows, right="stacks")


def _aside(record: Decision, out: Console) -> None:
    groups = ranking.excluded_by(record)
    if groups:
        heading(out, "Ruled out")
        line(out, "; ".join(f"{len(found)} by {name}" for name, found in groups))
    entered = [one for one in record.pitfalls if one.entered]
    if entered:
        heading(out, "Pitfalls on this road")
        for pitfall in entered:
            line(out, pitfall.text)
    if record.refuted:
        heading(out, "Refuted by stronger evidence")
        for one in record.refuted[:FLIPS]:
            line(out, f"{one.claim}: {one.said}")
            line(out, f"  found: {one.found}", style="dim")
        if len(record.refuted) > FLIPS:
            line(out, f"and {len(record.refuted) - FLIPS} more: `bakeoff catalog refuted`", style="dim")
