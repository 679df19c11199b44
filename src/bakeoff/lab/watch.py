"""Watching the machine between rounds: who else used the processors, and whether anything slowed them down."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
_GROUP = Path("/sys/fs/cgroup/cpu.stat")
_CPUS = Path("/sys/devices/system/cpu")
_IDLE = (3, 4)
_STEAL = 7
_COUNTED = 8


@dataclass(frozen=True, slots=True)
class Glance:
    """Counters of the machine at one moment."""

    at_s: float
    """Wall clock, monotonic."""
    busy_s: float | None
    """CPU time used on our processors by anybody since boot; None where unknown."""
    throttled: int | None
    """Times the processors or the control group were slowed down since boot; None where unknown."""
    own_s: float
    """CPU time of this process."""


def glance(cpus: Sequence[int]) -> Glance:
    """Reads the counters of the given processors."""
    return Glance(time.monotonic(), _busy(frozenset(cpus)), _throttled(), time.process_time())


def foreign_share(before: Glance, after: Glance, *, workers_s: float, cpus: int) -> float | None:
    """Share of the processors that neither we nor our workers used, although somebody did.

    Args:
        before: At the start of a round.
        after: At its end.
        workers_s: CPU time our workers used in between.
        cpus: Number of processors watched.
    """
    if before.busy_s is None or after.busy_s is None or cpus < 1:
        return None
    wall = after.at_s - before.at_s
    ours = workers_s + after.own_s - before.own_s
    return min(1.0, max(0.0, (after.busy_s - before.busy_s - ours) / (wall * cpus))) if wall > 0 else None


def spread_out(cpus: Sequence[int], count: int) -> tuple[int, ...]:
    """The first `count` processors, one of every core before the second thread of any.

    Two threads of one core share its arithmetic, so giving a contestant "two threads" there would not mean two cores.
    """
    seen: dict[str, int] = {}
    rank = {}
    for cpu in sorted(cpus):
        siblings = _read(_CPUS / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu)
        rank[cpu] = seen.get(siblings, 0)
        seen[siblings] = rank[cpu] + 1
    return tuple(sorted(sorted(cpus, key=lambda cpu: (rank[cpu], cpu))[:count]))


def _busy(cpus: frozenset[int]) -> float | None:
    text = _read(_STAT)
    if not text:
        return None
    ticks = 0
    for line in text.splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit() and int(name[3:]) in cpus:
            ticks += sum(int(value) for place, value in enumerate(fields[:_COUNTED]) if place not in (*_IDLE, _STEAL))
    return ticks / os.sysconf("SC_CLK_TCK")


def _throttled() -> int | None:
    total: int | None = None
    for line in _read(_GROUP).splitlines():
        name, _, value = line.partition(" ")
        if name == "nr_throttled":
            total = (total or 0) + int(value)
    for path in _CPUS.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"):
        text = _read(path)
        if text.isdigit():
            total = (total or 0) + int(text)
    return total


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
