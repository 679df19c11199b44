"""Progress of long work on standard error: one line, or one frame, for each event; nothing redraws in between.

The lab calls between rounds, while every worker is stopped, so that drawing never takes a processor from what is timed.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.live import Live as Frame
from rich.text import Text

from bakeoff.base.quantity import show_seconds
from bakeoff.cli.screen import errors, said


class Live:
    """Shows events as they come; use as a context manager, call with each event."""

    def __init__(self) -> None:
        self._console = errors()
        self._started = time.monotonic()
        self._frame = Frame(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._frame.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._frame.stop()

    def __call__(self, event: object) -> None:
        """Shows one event: a sentence, or a record of the lab."""
        elapsed = show_seconds(max(0.1, time.monotonic() - self._started))
        self._console.print(Text.assemble((f"{elapsed:>12}  ", "dim"), said(event)))
