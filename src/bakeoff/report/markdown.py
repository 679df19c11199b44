"""A decision as a page of Markdown: for a pull request, a chat, a terminal."""

from __future__ import annotations

from bakeoff.catalog.model import Catalog
from bakeoff.decide.model import Decision, RankedStack, Reason
from bakeoff.report import ranking, wording

SHOWN = 5
"""Stacks and reasons listed."""


def summary(decision: Decision, catalog: Catalog) -> str:
    """The answer, the ranking, the reasons and what would flip it, in about forty lines.

    Claim ids stand in code spans beside what they support, so that every figure can be looked up with
    `bakeoff catalog why`.
    """
    parts = [f"# {decision.profile.name}", ""]
    parts += _answer(decision, catalog) if decision.stacks else _impossible(decision)
    parts += ["", f"Catalogue `{decision.catalog}`, {decision.today}, seed {decision.seed}."]
    return "\n".join(parts) + "\n"


def stack_line(stack: RankedStack, catalog: Catalog) -> str:
    """A stack as names with their layers: `Slate (framework), Arc (format)`."""
    return ", ".join(f"{wording.name_of(one.system, catalog)} ({one.layer})" for one in stack.components)


def reason_line(reason: Reason) -> str:
    """A reason with its points, how it is known, when, and its claims."""
    worth = f" ({reason.points:+.1f} points)" if reason.points else ""
    known = f", {wording.KINDS[reason.kind]}" if reason.kind else ""
    seen = f" {reason.observed}" if reason.observed else ""
    cited = "".join(f" `{claim}`" for claim in reason.claims)
    return f"{reason.text}{worth}{known}{seen}{cited}"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def _answer(decision: Decision, catalog: Catalog) -> list[str]:
    first = decision.stacks[0]
    layers = ranking.layers_shown(decision.stacks[:SHOWN])
    ranked = [
        [
            str(place),
            *(", ".join(one.system for one in stack.components if one.layer == layer) or "–" for layer in layers),
            wording.percent(stack.first_share),
            f"{wording.points(stack.value.mid)} ({wording.between(stack.value)})",
        ]
        for place, stack in enumerate(decision.stacks[:SHOWN], start=1)
    ]
    lines = [
        f"**{wording.VERDICTS[decision.verdict]}**: {stack_line(first, catalog)}.",
        "",
        f"First in {wording.percent(first.first_share)} of {wording.count(decision.draws)} draws;",
        f"{wording.percent(decision.impression_share)} of its lead rests on impressions.",
        "",
        *table(["", *layers, "first", "value"], ranked),
        "",
        "## Why",
        "",
        *(f"- {reason_line(reason)}" for reason in decision.reasons[:SHOWN]),
    ]
    if decision.flips:
        lines += ["", "## What would flip it", ""]
        lines += [f"- {flip.kind} `{flip.what}` to {flip.to}: then {flip.winner}" for flip in decision.flips[:SHOWN]]
    if decision.refuted:
        lines += ["", "## Refuted", ""]
        lines += [f"- `{one.claim}`: ~~{one.said}~~ {one.found} ({one.by})" for one in decision.refuted]
    return lines


def _impossible(decision: Decision) -> list[str]:
    lines = ["**Impossible**: no stack meets every requirement.", ""]
    for one in decision.conflicts:
        kind = "nothing known does this" if one.never else "not together"
        lines.append(f"- {' + '.join(one.requirements)} ({kind}): {one.text}")
    if decision.relaxations:
        rows = [[" + ".join(one.drop), str(one.leaves), one.example] for one in decision.relaxations]
        lines += ["", *table(["drop", "stacks then", "for example"], rows)]
    return lines
