"""Profiles and the words they may use, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from bakeoff.api.answers import Words
from bakeoff.cli.screen import heading, line, pairs, said, table
from bakeoff.decide.model import Profile
from bakeoff.new.survey import Survey


def profile(record: Profile, out: Console) -> None:
    """The fields of a profile that say something."""
    found = {name.replace("_", " "): said(getattr(record, name)) for name in record.__struct_fields__}
    pairs(out, {name: value for name, value in found.items() if value and value != "0"})


def words(record: Sequence[Words], out: Console) -> None:
    """The vocabulary, field by field."""
    for one in record:
        heading(out, one.field.replace("_", " "))
        rows = [[word.id, word.text, ", ".join(word.aliases)] for word in one.words]
        table(out, ["word", "meaning", "also written"], rows)


def found(record: Survey, out: Console) -> None:
    """What a project says about itself, and what only a person can answer."""
    pairs(out, {name.replace("_", " "): said(value) for name, value in record.profile.items()})
    if record.findings:
        heading(out, "Because")
        table(out, ["field", "value", "says so"], [[one.field, one.value, one.because] for one in record.findings])
    if record.questions:
        heading(out, "Still to answer")
        for one in record.questions:
            line(out, f"{one.field.replace('_', ' ')}: {one.ask}")
            line(out, f"  {', '.join(one.options)}", style="dim")
    for problem in record.problems:
        line(out, str(problem), style="yellow")
