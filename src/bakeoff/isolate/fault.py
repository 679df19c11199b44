"""Why something could not be run: the value every door of this room returns instead of raising."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff.base.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Fault:
    """What became of an environment or a worker that gave no result."""

    outcome: Outcome
    """The word for it; never `ok`."""
    detail: str
    """What happened, in the failing program's own words where it had any, and what to do."""
    log: str = ""
    """The end of what it printed, at most a few thousand characters; empty when it printed nothing."""
