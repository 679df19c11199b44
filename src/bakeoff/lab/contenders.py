"""From a request to contestants: cells, their adapters, their environments; what cannot run has its word at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bakeoff.base.errors import InputError, Problem, unknown_name
from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import show_bytes
from bakeoff.isolate.env import Env, EnvSpec
from bakeoff.isolate.fault import Fault
from bakeoff.lab.adapters import REFERENCE, Adapter
from bakeoff.lab.cells import Arm
from bakeoff.lab.players import Player, Seat
from bakeoff.lab.raw import Cell, Header, LaunchFacts, Request, RunFacts
from bakeoff.lab.workload import Workload


class Environments(Protocol):
    """Where environments come from; `isolate.env.Builder` in the product."""

    def ensure(self, spec: EnvSpec, *, progress: Callable[[str], None] | None = None) -> Env | Fault:
        """The environment of a specification, built when it is not there."""

    def adopt(self, python: Path) -> Env | Fault:
        """The user's own interpreter."""

    def estimate(self, spec: EnvSpec) -> int | None:
        """Bytes to download; 0 when it is built, None when unknown."""


@dataclass(slots=True)
class Contender:
    """One arm of a running campaign."""

    index: int
    """Arm number, its position among the runs."""
    facts: RunFacts
    """What is stored of it."""
    seat: Seat | None
    """How to start it; None when it cannot run."""
    launched: int = 0
    """Timed launches started so far, those of an interrupted campaign included."""
    peak_bytes: int = 0
    """Memory one launch needs."""
    players: dict[int, Player] | None = None
    """Live launches by number; None until the rounds begin."""
    known: tuple[LaunchFacts, ...] = ()
    """Launches stored by an interrupted campaign."""

    @property
    def running(self) -> bool:
        """Whether it may still play."""
        return self.seat is not None and self.facts.outcome is Outcome.OK

    def fail(self, fault: Fault) -> None:
        """Ends its part in the campaign with a word."""
        self.facts = replace(self.facts, outcome=fault.outcome, detail=fault.detail, log=fault.log[-4000:])
        self.leave()

    def leave(self) -> None:
        """Ends its workers."""
        for player in (self.players or {}).values():
            player.worker.close()
        self.players = {}


def chosen(request: Request, adapters: Mapping[str, Adapter]) -> tuple[Cell, ...]:
    """The cells of a request, the reference arm first, settings and interpreters filled in.

    Raises:
        InputError: If a system has no adapter or an adapter no such setting; all of them at once.
    """
    problems: list[Problem] = []
    wanted = request.cells or tuple(
        Cell(system, setting) for system, adapter in adapters.items() for setting in adapter.settings
    )
    first = Cell(REFERENCE)
    cells: dict[Cell, None] = {}
    for cell in (first, *wanted):
        adapter = adapters.get(cell.system)
        if adapter is None:
            problems.append(unknown_name("request", "cells", cell.system, adapters, what="system with an adapter"))
            continue
        setting = cell.setting or next(iter(adapter.settings))
        if setting not in adapter.settings:
            problems.append(unknown_name("request", f"cells.{cell.system}", setting, adapter.settings, what="setting"))
            continue
        python = cell.python or request.pythons.get(cell.system, "")
        cells[replace(cell, setting=setting, python=python)] = None
    problems.extend(
        unknown_name("request", "pythons", system, adapters, what="system with an adapter")
        for system in request.pythons
        if system not in adapters
    )
    if problems:
        raise InputError(problems)
    return tuple(cells)


def contender(
    index: int, cell: Cell, *, header: Header, adapter: Adapter, workload: Workload, folder: Path
) -> Contender:
    """The arm of a cell before anything was started, failed already where the adapter declares a gap."""
    arm = Arm(
        workload=workload.id,
        workload_version=workload.version,
        size=header.request.size,
        system=cell.system,
        setting=cell.setting,
        adapter_version=adapter.version,
        dtype=workload.dtype,
        threads=header.threads,
        env="",
        variant=" ".join(cell.requires),
    )
    facts = RunFacts(id=f"{header.id}.{index}", arm=arm, outcome=Outcome.OK)
    gap = adapter.gap(workload.id, cell.setting)
    if gap is not None:
        whose = {"ours": "not written yet", "upstream": "it cannot", "never": "it is not made for this"}[gap.kind]
        detail = f"{whose}: {gap.why} ({gap.date.isoformat()})"
        return Contender(index, replace(facts, outcome=Outcome.UNSUPPORTED, detail=detail), None)
    if not (adapter.folder / workload.module).is_file():
        detail = f"{adapter.folder.name}/{workload.module} is missing and no [gaps] entry declares it"
        return Contender(index, replace(facts, outcome=Outcome.UNSUPPORTED, detail=detail), None)
    own = adapter.requiring(cell.requires) if cell.requires else adapter
    seat = Seat(
        adapter=own,
        setting=own.settings[cell.setting],
        env=Env(key="", path=Path(), python=Path(cell.python), versions={}, bytes=0, built_s=0.0),
        cache=folder / "cache" / str(index),
        logs=folder / "logs",
    )
    return Contender(index, facts, seat)


def settle_environment(
    one: Contender,
    environments: Environments,
    tell: Callable[[str], None],
    known: dict[tuple[str, EnvSpec], Env | Fault],
) -> None:
    """Builds or adopts the environment of an arm; a fault becomes its outcome. Settings of one system share one."""
    if one.seat is None:
        return
    python, spec = one.seat.env.python, one.seat.adapter.spec
    brought = str(python) not in ("", ".")
    key = (str(python), EnvSpec(name="", python="", requires=()) if brought else spec)
    if key not in known:
        known[key] = environments.adopt(python) if brought else environments.ensure(spec, progress=tell)
    found = known[key]
    if isinstance(found, Fault):
        one.fail(found)
        one.seat = None
        return
    one.seat = replace(one.seat, env=found)
    one.facts = replace(
        one.facts,
        arm=replace(one.facts.arm, env=found.key),
        packages=dict(found.versions),
        environment_s=found.built_s if found.fresh else None,
        environment_bytes=found.bytes or None,
    )


def placebo_of(original: Contender, index: int, *, campaign: str) -> Contender:
    """The duplicate of an arm: same environment, other processes; its agreement is its original's."""
    facts = replace(original.facts, id=f"{campaign}.{index}", arm=replace(original.facts.arm, placebo=True))
    return Contender(index, facts, original.seat, peak_bytes=original.peak_bytes)


def too_large(one: Contender, others: int, limit: int) -> Fault:
    """The fault of an arm that does not fit beside those every comparison needs."""
    detail = (
        f"one launch needs {show_bytes(one.peak_bytes)} beside the {show_bytes(others)} of reference arm and placebo; "
        f"all workers together may use {show_bytes(limit)}: raise --memory or choose a smaller size"
    )
    return Fault(Outcome.OUT_OF_MEMORY, detail)


def request_key(request: Request, workload: Workload, adapters: Mapping[str, Adapter], cells: tuple[Cell, ...]) -> str:
    """What makes two requests the same campaign: explicit versions and what was asked, never a hash of code."""
    versions = [f"{cell.system}={adapters[cell.system].version}" for cell in cells]
    text = "\n".join([repr(request), f"{workload.id}={workload.version}", *versions, *map(repr, cells)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
