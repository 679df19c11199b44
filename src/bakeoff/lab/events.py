"""What a running campaign tells whoever shows it, between rounds only: every worker is stopped meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bakeoff.base.quantity import Interval
from bakeoff.lab.cells import Verdict


class Stage(StrEnum):
    """Where a campaign is."""

    ENVIRONMENT = "environment"
    CHECK = "check"
    LAUNCH = "launch"
    ROUND = "round"
    EXTRAS = "extras"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Standing:
    """One arm in the display."""

    arm: str
    """Its key, `system/setting`."""
    ratio: Interval | None
    """Time over the leader's time, with the interval so far; None where launches cannot give one yet."""
    verdict: Verdict | None
    """Against the leader; None for the leader itself."""
    live: bool
    """Still in the race."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    stage: Stage
    """Where the campaign is."""
    text: str
    """What happened, in a few words."""
    arm: str = ""
    """The arm it is about; empty for all."""
    done: int = 0
    """Parts of this stage that are done."""
    total: int = 0
    """Parts of this stage; 0 where unknown."""
    spent_s: float = 0.0
    """Budget used so far."""
    budget_s: float = 0.0
    """Budget in all."""
    standings: tuple[Standing, ...] = ()
    """Every arm that has played, fastest first; filled in rounds."""


Progress = Callable[[Event], None]
"""Told each event; what it takes is not measured, and no worker runs meanwhile."""


def silent(_event: Event) -> None:
    """Shows nothing."""
