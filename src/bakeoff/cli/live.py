"""Progress of long work on standard error: a frame on a terminal, plain lines elsewhere.

Nothing is drawn in between events. The lab tells one only while every worker is stopped, so that drawing never takes a
processor from what is being timed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live as Frame
from rich.table import Table
from rich.text import Text

from bakeoff.base.quantity import Interval, show_seconds
from bakeoff.cli.screen import bar, errors, said
from bakeoff.lab.events import Event, Stage, Standing
from bakeoff.report.wording import speed_of, times

WIDTH = 36
"""Characters of a strip of intervals."""
LEAST = 8
"""Characters a strip has at least."""
VERDICT = 9
"""Characters of the longest verdict."""
PLAIN_EVERY_S = 20.0
"""How often rounds are mentioned where no frame can be drawn."""


class Live:
    """Shows events as they come; use as a context manager, call with each event."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or errors()
        self._started = time.monotonic()
        self._said = -math.inf
        self._frame: Frame | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._frame = Frame(console=self._console, auto_refresh=False, transient=True)
            self._frame.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._frame is not None:
            self._frame.stop()

    def __call__(self, event: object) -> None:
        """Shows one event: a sentence, or one of the lab's."""
        if not isinstance(event, Event):
            self._print(said(event))
        elif event.stage is Stage.ROUND:
            self._round(event)
        elif event.stage is Stage.LAUNCH and self._frame is not None:
            # Dozens of them: on a terminal the newest is enough.
            self._frame.update(Text(f"{event.arm}: {event.text}", style="dim"), refresh=True)
        else:
            self._print(f"{event.arm}: {event.text}" if event.arm else event.text)
            if event.total and self._frame is not None:
                self._frame.update(_counted(event), refresh=True)

    def _round(self, event: Event) -> None:
        now = time.monotonic()
        if self._frame is not None:
            self._frame.update(Group(*_frame(event, self._console.width)), refresh=True)
        elif now - self._said >= PLAIN_EVERY_S:
            leading = event.standings[0].arm if event.standings else ""
            self._said = now
            self._print(f"round {event.done}: {leading} leads, {sum(one.live for one in event.standings)} in the race")

    def _print(self, text: str) -> None:
        elapsed = show_seconds(max(0.1, time.monotonic() - self._started))
        # In a log a line stays a line, however long.
        whole = not self._console.is_terminal
        self._console.print(Text.assemble((f"{elapsed:>12}  ", "dim"), text), soft_wrap=whole)


def strip(speed: Interval, low: float, high: float, *, width: int = WIDTH) -> str:
    """An interval on a logarithmic line of characters: a dot, its interval as a rule.

    >>> strip(Interval(1, 2, 4), 0.5, 8, width=9)
    '··──●──··'
    """

    def place(value: float) -> int:
        share = math.log(value / low) / math.log(high / low)
        return min(width - 1, max(0, round(share * (width - 1))))

    first, middle, last = place(speed.low), place(speed.mid), place(speed.high)
    cells = ["─" if first <= index <= last else "·" for index in range(width)]
    cells[middle] = "●"
    return "".join(cells)


def _counted(event: Event) -> Text:
    share = event.done / event.total if event.total else 0.0
    return Text.assemble(bar(share, width=WIDTH), f"  {event.stage.value} {event.done} of {event.total}")


def _frame(event: Event, width: int) -> list[Text | Table]:
    speeds = [(one, speed_of(one.ratio)) for one in event.standings if one.ratio is not None]
    low = min((speed.low for _, speed in speeds), default=0.5) / 1.05
    high = max([1.05, *(speed.high for _, speed in speeds)]) * 1.05
    # The strip takes what names, figures and verdicts leave of a line.
    names = max((cell_len(one.arm) for one in event.standings), default=0)
    figures = max((len(_figures(speed)) for _, speed in speeds), default=0)
    room = min(WIDTH, max(LEAST, width - names - figures - VERDICT - 6))
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        drawn.add_column(no_wrap=True)
    for one in event.standings:
        drawn.add_row(*_row(one, low, high, room))
    share = min(1.0, event.spent_s / event.budget_s) if event.budget_s else 0.0
    budget = f"  round {event.done}, {show_seconds(max(0.1, event.spent_s))}"
    limit = f" of {show_seconds(event.budget_s)}" if event.budget_s else ""
    return [Text.assemble(bar(share, width=WIDTH), budget, limit), drawn]


def _row(one: Standing, low: float, high: float, room: int) -> Sequence[Text]:
    style = "" if one.live else "dim"
    if one.ratio is None:
        return [Text(one.arm, style=style), Text("waits for launches"[:room], style="dim"), Text(), Text()]
    speed = speed_of(one.ratio)
    verdict = one.verdict.value if one.verdict else "leads"
    return [
        Text(one.arm, style=style),
        Text(strip(speed, low, high, width=room), style=style),
        Text(_figures(speed)),
        Text(verdict, style=style),
    ]


def _figures(speed: Interval) -> str:
    return f"{times(speed.mid)} ({times(speed.low)}–{times(speed.high)})"
