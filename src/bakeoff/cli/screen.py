"""The console and the few shapes every renderer uses: tables, headings, bars. Text is never read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import Enum

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bakeoff.base.records import to_plain

Cell = str | Text
"""What a table cell holds; strings are never read as markup."""

BAR = 10
"""Width of a full bar, in characters."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def console() -> Console:
    """The console results are shown on: standard output, plain where that is no terminal."""
    return Console(highlight=False, emoji=False, markup=False)


def errors() -> Console:
    """The console progress and questions are shown on: standard error."""
    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def heading(out: Console, text: str) -> None:
    """A heading after an empty line."""
    out.print()
    out.print(Text(text, style="bold"))


def table(
    out: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    right: str = "",
    whole: Sequence[str] = (),
    gap: int = 2,
) -> None:
    """A table without rules; nothing is shown without rows.

    Args:
        out: Where to.
        columns: Titles; those named in `right` (separated by spaces) hold figures and are set to the right.
        rows: Cells; plain strings are never read as markup.
        right: Titles of the columns with figures.
        whole: Titles of further columns that are never broken over lines.
        gap: Spaces between columns.
    """
    drawn = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for title in columns:
        figures = bool(title) and title in right.split()
        drawn.add_column(
            Text(title), justify="right" if figures else "left", no_wrap=figures or title in whole, overflow="fold"
        )
    for row in rows:
        drawn.add_row(*(Text(cell, overflow="fold") if isinstance(cell, str) else cell for cell in row))
    if drawn.row_count:
        out.print(Padding(drawn, (0, 0, 0, 2), expand=False))


def pairs(out: Console, found: Mapping[str, str]) -> None:
    """Names and values, one to a line."""
    drawn = Table(box=None, show_header=False, pad_edge=False)
    drawn.add_column(style="dim")
    drawn.add_column(overflow="fold")
    for name, value in found.items():
        drawn.add_row(Text(name), Text(value))
    if drawn.row_count:
        out.print(Padding(drawn, (0, 0, 0, 2), expand=False))


def line(out: Console, text: str, *, style: str = "") -> None:
    """One paragraph, indented like a table."""
    out.print(Padding(Text(text, style=style), (0, 0, 0, 2), expand=False))


def bar(share: float, *, width: int = BAR) -> Text:
    """A horizontal bar for a share between 0 and 1, to an eighth of a character."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest else "")
    return Text(drawn.ljust(width, "·"), style="cyan")


def said(value: object) -> str:
    """Any value in one short line."""
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (Enum, str, int, date)):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {said(one)}" for name, one in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(said(one) for one in value)
    plain = to_plain(value)
    return said(plain) if not isinstance(plain, dict) else ", ".join(said(one) for one in plain.values() if one)
