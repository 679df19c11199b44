"""What a benchmark prints: one finding a line, ours beside the peer's, with its bar and whether it was met."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bakeoff.isolate import machine
from bakeoff.numerics.distributions import binomial_cdf

if TYPE_CHECKING:
    from tests.benchmarks.setup import Setup

OURS = "bakeoff"
ENOUGH = 100
"""Trials from which a rate counts as proof."""


@dataclass(frozen=True)
class Finding:
    """One figure of one contestant."""

    figure: str
    """What was measured."""
    who: str
    """`bakeoff`, or the peer with its version."""
    value: str
    """The figure, with its interval or its counts."""
    how: str = ""
    """Whose code gave it: own code, or its rule re-coded and why."""
    bar: str = ""
    """What was promised; only beside our own figures."""
    met: bool | None = None
    """Whether the promise was kept; None where there is none, or too few trials to say so and nothing against it."""


@dataclass(frozen=True)
class Row:
    """One row of the proof: a name on the command line and what it prints."""

    name: str
    """Word on the command line."""
    title: str
    """What it shows."""
    run: Callable[[Setup], Iterator[Finding]]
    """Measures, and gives each finding as it is known."""


def share(hits: int, of: int) -> str:
    """A rate with its 95 % interval (Clopper and Pearson 1934)."""
    low, high = bounds(hits, of)
    return f"{hits} of {of} = {hits / max(of, 1):.1%} [{low:.1%}, {high:.1%}]"


def kept(hits: int, of: int, *, most: float) -> bool | None:
    """Whether a rate is at most what was promised; None when it is, in too few trials to prove it.

    >>> [kept(0, 10, most=0.05), kept(1, 10, most=0.05), kept(4, 200, most=0.05)]
    [None, False, True]
    """
    if hits > most * of:
        return False
    return True if of >= ENOUGH else None


def bounds(hits: int, of: int) -> tuple[float, float]:
    """Exact 95 % bounds of a rate.

    >>> [round(bound, 3) for bound in bounds(0, 60)]
    [0.0, 0.06]
    """
    if of == 0:
        return 0.0, 1.0
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - binomial_cdf(hits - 1, of, p), 0.025)
    high = 1.0 if hits == of else _solve(lambda p: 1 - binomial_cdf(hits, of, p), 0.975)
    return low, high


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def spread(values: Sequence[float], *, unit: str = "", digits: int = 3) -> str:
    """A median with the order statistics that bound it at 95 %, or the range where there are fewer than six."""
    ordered = sorted(values)
    count = len(ordered)
    if not count:
        return "nothing measured"
    middle = ordered[count // 2] if count % 2 else (ordered[count // 2 - 1] + ordered[count // 2]) / 2
    skip = max((k for k in range(count // 2) if binomial_cdf(k, count, 0.5) <= 0.025), default=-1) + 1
    low, high = ordered[max(skip - 1, 0)], ordered[count - max(skip, 1)]
    return f"{middle:.{digits}g}{unit} [{low:.{digits}g}, {high:.{digits}g}] of {count}"


def percentile(values: Sequence[float], part: float) -> float:
    """The value that a share of the others does not exceed; no interpolation.

    >>> percentile([5.0, 1.0, 3.0], 0.95)
    5.0
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(part * len(ordered)) - 1))]


def heading(*, full: bool, count: int | None = None) -> str:
    """When and where, in one paragraph."""
    here = machine.fingerprint()
    now = datetime.now(UTC)
    mode = ("full counts" if full else "quick counts") + (f", {count} trials" if count else "")
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {mode}. {here.cpu}, {here.cores} processors, "
        f"{here.memory_bytes / 2**30:.0f} GiB, {here.os}, Python {platform.python_version()}."
    )


def lines(finding: Finding) -> str:
    """One finding as a line of a Markdown table."""
    verdict = {True: "met", False: "MISSED", None: "not refuted" if finding.bar else ""}[finding.met]
    cells = (finding.figure, finding.who, finding.value, finding.how, finding.bar, verdict)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def record(row: str, finding: Finding) -> str:
    """One finding as a line of JSON."""
    return json.dumps({"row": row, "at": datetime.now(UTC).isoformat(), **asdict(finding)})
