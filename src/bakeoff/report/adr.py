"""A decision as a record in MADR form (Markdown Any Decision Records), and its front matter read back.

The front matter is YAML whose every value is written as JSON, one key to a line, so that it is read here without a YAML
library and by everybody else with one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from bakeoff.base.errors import InputError, Problem
from bakeoff.base.records import Plain, dumps, from_plain, to_plain
from bakeoff.catalog.model import Catalog
from bakeoff.decide import check
from bakeoff.decide.model import Decision, Profile, Verdict
from bakeoff.report import markdown, wording

KEPT = ("profile", "components", "seed")
"""Keys of the front matter that make the record together with `revisit_when`; the others are for readers."""
_FENCE = "---"
_NUMBERED = re.compile(r"(\d{4})-.*\.md")


def record(decision: Decision, catalog: Catalog, number: int) -> str:
    """The whole record as Markdown.

    Args:
        decision: What was decided.
        catalog: The catalogue it was taken on, measured claims included.
        number: Number of the record in its folder.
    """
    return "\n".join([*_front(decision, catalog), "", *_body(decision, catalog, number)]) + "\n"


def file_name(decision: Decision, number: int) -> str:
    """Name of the record's file: `0007-serve-a-small-encoder.md`."""
    words = re.sub(r"[^a-z0-9]+", "-", decision.profile.name.lower()).strip("-")[:60].strip("-")
    return f"{number:04d}-{words or 'decision'}.md"


def next_number(folder: Path) -> int:
    """The number after the highest in a folder; 1 where there is none, or no folder."""
    names = (path.name for path in folder.glob("*.md")) if folder.is_dir() else ()
    return max((int(match[1]) for name in names if (match := _NUMBERED.fullmatch(name))), default=0) + 1


def read_folder(folder: Path) -> tuple[tuple[Path, check.Record], ...]:
    """Every accepted record of a folder that bakeoff wrote, with its file; other Markdown files are left alone.

    Raises:
        InputError: If the folder cannot be read, or the front matter of a record of ours is damaged; all at once.
    """
    if not folder.is_dir():
        raise InputError.one(str(folder), "", "is not a folder of decision records", "write one with `--adr DIR`")
    found: list[tuple[Path, check.Record]] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.md")):
        try:
            one = read(path)
        except InputError as error:
            problems.extend(error.problems)
            continue
        if one is not None:
            found.append((path, one))
    if problems:
        raise InputError(problems)
    return tuple(found)


def read(path: Path) -> check.Record | None:
    """What one record keeps for checking it; None where it keeps nothing or is no longer accepted.

    Raises:
        InputError: If it says it is ours (it has `revisit_when`) and cannot be understood; all problems at once.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != _FENCE or _FENCE not in lines[1:]:
        return None
    front = lines[1 : lines.index(_FENCE, 1)]
    if "revisit_when:" not in front:
        return None
    values, problems = _values(front, str(path))
    if problems:
        raise InputError(problems)
    if values.get("status") != "accepted":
        return None
    try:
        kept = {key: values[key] for key in (*KEPT, "revisit_when") if key in values}
        return from_plain(check.Record, kept, str(path))
    except ValueError as error:
        raise InputError.one(str(path), "", str(error), "write the record again with `--adr DIR`") from error


def _values(front: list[str], where: str) -> tuple[dict[str, Plain], list[Problem]]:
    values: dict[str, Plain] = {}
    listed: list[Plain] = []
    problems: list[Problem] = []
    for number, line in enumerate(front, start=2):
        key, _, text = line.partition(": ") if not line.startswith("  - ") else ("", "", line[4:])
        if line == "revisit_when:":
            continue
        try:
            value = json.loads(text)
        except ValueError as error:
            problems.append(Problem(where, key or "revisit_when", f"is not JSON: {error}", line=number))
            continue
        if key:
            values[key] = value
        else:
            listed.append(value)
    return {**values, "revisit_when": listed}, problems


def _front(decision: Decision, catalog: Catalog) -> list[str]:
    about: dict[str, object] = {
        "status": "accepted" if decision.stacks else "rejected",
        "decided": decision.today,
        "catalog": decision.catalog,
    }
    if not decision.stacks:
        return [_FENCE, *(_line(key, value) for key, value in about.items()), _FENCE]
    kept = check.record(decision, catalog)
    about |= {"answer": decision.stacks[0].key, "profile": _stated(kept.profile)}
    about |= {"components": kept.components, "seed": kept.seed}
    conditions = [f"  - {dumps(condition)}" for condition in kept.revisit_when]
    return [_FENCE, *(_line(key, value) for key, value in about.items()), "revisit_when:", *conditions, _FENCE]


def _line(key: str, value: object) -> str:
    return f"{key}: {dumps(value)}"


def _stated(profile: Profile) -> dict[str, Plain]:
    """The fields of a profile that say something."""
    return {name: value for name in profile.__struct_fields__ if (value := to_plain(getattr(profile, name)))}


def _body(decision: Decision, catalog: Catalog, number: int) -> list[str]:
    context = [f"- {name.replace('_', ' ')}: {_said(value)}" for name, value in _stated(decision.profile).items()]
    return [
        f"# {number:04d}: {decision.profile.name}",
        "",
        "## Context and problem",
        "",
        *context,
        "",
        "## Considered options",
        "",
        *_options(decision, catalog),
        "",
        "## Decision outcome",
        "",
        *_outcome(decision, catalog),
        "",
        "## When to decide again",
        "",
        *_again(decision),
        "",
        "`bakeoff decide --check` on this folder exits 1 when a condition of the front matter has come true.",
    ]


def _said(value: Plain) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(one)}" for name, one in value.items())
    return str(value)


def _options(decision: Decision, catalog: Catalog) -> list[str]:
    shown = [
        f"{place}. {markdown.stack_line(stack, catalog)}: first in {wording.percent(stack.first_share)} of the draws,"
        f" value {wording.points(stack.value.mid)} ({wording.between(stack.value)})"
        for place, stack in enumerate(decision.stacks[: markdown.SHOWN], start=1)
    ]
    reasons = dict.fromkeys(one.requirement for one in decision.exclusions)
    ruled = [
        f"- ruled out by {name}: {', '.join(one.system for one in decision.exclusions if one.requirement == name)}"
        for name in reasons
    ]
    return [*shown, *([""] if shown and ruled else []), *ruled] or ["None: nothing is feasible."]


def _outcome(decision: Decision, catalog: Catalog) -> list[str]:
    if decision.verdict is Verdict.IMPOSSIBLE:
        return [f"No stack meets every requirement. {one.text}" for one in decision.conflicts[:1]] or ["No stack."]
    first = decision.stacks[0]
    return [
        f"**{markdown.stack_line(first, catalog)}** ({wording.VERDICTS[decision.verdict].lower()}).",
        "",
        "### Why",
        "",
        *(f"- {markdown.reason_line(reason)}" for reason in decision.reasons if reason.points >= 0),
        "",
        "### What it costs",
        "",
        *(
            [f"- {markdown.reason_line(reason)}" for reason in decision.reasons if reason.points < 0]
            or ["- nothing found"]
        ),
        *(f"- pitfall: {one.text}" for one in decision.pitfalls if one.entered),
    ]


def _again(decision: Decision) -> list[str]:
    flips = [f"- {flip.kind} `{flip.what}` becomes {flip.to}: then {flip.winner}" for flip in decision.flips]
    return flips or ["- when deciding the same profile gives another first stack"]
