"""Looks at the machine before anything is built or measured: what is there, what is missing, what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bakeoff.base.quantity import show_bytes
from bakeoff.isolate import machine
from bakeoff.isolate.interpreters import Interpreter, find_interpreters
from bakeoff.isolate.sources import Sources

COMPILERS = ("gcc", "g++", "clang", "cargo")
"""Programs that some systems call when they compile at run time."""
ROOM_BYTES = 5_000_000_000
"""Free disk that the environments of a tour fit into, with room to spare."""
QUIET_SHARE = 0.02
"""Share of a second's run-queue delay up to which a machine counts as quiet (the sample filter's own limit)."""


class Health(StrEnum):
    """How one thing looks."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    """What."""
    health: Health
    """How it looks: `note` limits something, `bad` stops something."""
    found: str
    """What was found."""
    advice: str = ""
    """What to do, where something can be done."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """Everything looked at."""

    checks: tuple[Check, ...]
    """In the order shown."""


def examine(root: Path, sources: Sources, environ: Mapping[str, str]) -> Doctor:
    """Looks at the machine; takes about two seconds, most of them listening for noise.

    Args:
        root: Folder of bakeoff's state.
        sources: Where packages come from.
        environ: Environment variables to look for programs and interpreters with.
    """
    here = machine.fingerprint()
    return Doctor(
        (
            _system(here),
            _interpreters(find_interpreters(environ)),
            *(_compiler(name, environ) for name in COMPILERS),
            Check("package sources", Health.GOOD, sources.describe()),
            _disk(root),
            _memory(),
            *(Check(name, Health.GOOD, value) for name, value in sorted(here.details.items())),
            _accelerators(here),
            _noise(),
        )
    )


def _system(here: machine.Fingerprint) -> Check:
    found = f"{here.os}, {here.cores} × {here.cpu}, bakeoff runs on Python {platform.python_version()}"
    if sys.platform == "linux":
        return Check("system", Health.GOOD, found)
    advice = "guards that need Linux say `unknown`, and no verdict is finer than 5 %"
    return Check("system", Health.NOTE, found, advice)


def _interpreters(found: tuple[Interpreter, ...]) -> Check:
    if not found:
        return Check("interpreters", Health.BAD, "none", "install CPython 3.11 or newer, or pass --allow-download")
    listed = ", ".join(sorted({interpreter.version for interpreter in found}))
    return Check("interpreters", Health.GOOD, f"CPython {listed}")


def _compiler(name: str, environ: Mapping[str, str]) -> Check:
    if shutil.which(name, path=environ.get("PATH")):
        return Check(name, Health.GOOD, "found")
    return Check(name, Health.NOTE, "not found", "settings that compile with it are `missing`; all others are measured")


def _disk(root: Path) -> Check:
    place = root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free >= ROOM_BYTES:
        return Check("disk", Health.GOOD, f"{show_bytes(free)} free for {root}")
    advice = f"the tour wants about {show_bytes(ROOM_BYTES)}: `bakeoff env prune`, or set BAKEOFF_HOME elsewhere"
    return Check("disk", Health.BAD, f"{show_bytes(free)} free for {root}", advice)


def _memory() -> Check:
    free = machine.memory_available_bytes()
    return Check("memory", Health.GOOD, "unknown" if free is None else f"{show_bytes(free)} available")


def _accelerators(here: machine.Fingerprint) -> Check:
    if here.accelerators:
        return Check("accelerators", Health.GOOD, ", ".join(here.accelerators))
    advice = "what is measured here informs questions about processors only"
    return Check("accelerators", Health.NOTE, "none found", advice)


def _noise() -> Check:
    share = machine.probe_delay()
    if share is None:
        return Check("noise", Health.NOTE, "unknown", "this system does not report run-queue delay")
    found = f"threads waited {share:.1%} of a second for a processor"
    if share <= QUIET_SHARE:
        return Check("noise", Health.GOOD, found)
    return Check("noise", Health.NOTE, found, "something else is running: campaigns now will be marked contended")
