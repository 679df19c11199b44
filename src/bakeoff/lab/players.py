"""Workers of a campaign: started, checked, warmed up, and played one block at a time while all others are stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Block, Hello, Limits, Memory, Outputs, Prepared, Work
from bakeoff.isolate.session import Launch
from bakeoff.lab import schedule
from bakeoff.lab.adapters import Adapter, Setting
from bakeoff.lab.cells import Agreement
from bakeoff.lab.correct import Truth, agrees
from bakeoff.lab.guards import CLEAN_DELAY
from bakeoff.lab.raw import BlockFacts, LaunchFacts, Samples
from bakeoff.lab.schedule import Turn

_WARMUP_S = 0.25
_WARMUP_BLOCKS = 20
_MOST_WARMUP = 4000
_FEWEST_WARMUP = 5
_SAME_S = 0.02


class Worker(Protocol):
    """A live worker process, as `isolate.session.Session` is one. After a Fault it is gone."""

    def hello(self) -> Hello | Fault:
        """Imports the adapter."""

    def prepare(self, work: Work) -> Prepared | Fault:
        """Builds a workload."""

    def outputs(self, order: Sequence[int]) -> Outputs | Fault:
        """Every output of an order."""

    def run(
        self, order: Sequence[int], *, min_sample_s: float = 1e-3, digest_at: Sequence[int] = (), drop: int = 5
    ) -> Block | Fault:
        """Plays one block."""

    def memory(self, order: Sequence[int] = ()) -> Memory | Fault:
        """Peak memory of an order."""

    def pause(self) -> Fault | None:
        """Stops it and everything it started."""

    def resume(self) -> Fault | None:
        """Lets it continue."""

    def close(self) -> None:
        """Ends it."""


Opener = Callable[[Env, Path, Launch], Worker | Fault]
"""Starts a worker; `isolate.session.Session.open` in the product."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Everything needed to start a launch of one arm."""

    adapter: Adapter
    """Its adapter."""
    setting: Setting
    """Its setting."""
    env: Env
    """Its environment."""
    cache: Path
    """Private folder for its compilation caches and temporary files; empty before the first launch."""
    logs: Path
    """Folder of its logs."""

    def launch(self, *, name: str, threads: int, cpus: tuple[int, ...] | None, limits: Limits) -> Launch:
        """How to start it, with private caches so that a first call is cold once and never warmed by others."""
        temporary = self.cache / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environ = {"XDG_CACHE_HOME": str(self.cache), "TMPDIR": str(temporary)}
        environ |= {key: value.replace("{cache}", str(self.cache)) for key, value in self.setting.env.items()}
        self.logs.mkdir(parents=True, exist_ok=True)
        return Launch(
            threads=threads,
            log=self.logs / f"{name}.log",
            limits=limits,
            environ=environ,
            cpus=cpus,
            needs=self.setting.needs,
        )

    def module(self, truth: Truth) -> Path:
        """The adapter's file for the workload."""
        return self.adapter.folder / truth.workload.module


@dataclass(frozen=True, slots=True)
class Checked:
    """What the launch that is checked and not timed showed."""

    hello: Hello
    """What the worker says of itself."""
    facts: LaunchFacts
    """Its phases, number 0."""
    agreement: Agreement
    """Whether it agrees with the oracle."""


@dataclass(slots=True)
class Player:
    """One live launch."""

    worker: Worker
    """The process, stopped unless it is its turn."""
    facts: LaunchFacts
    """What it showed before its first round."""
    played: int = 0
    """Rounds it has played."""


def check(worker: Worker, seat: Seat, truth: Truth, edges: Sequence[Truth], *, cold: bool) -> Checked | Fault:
    """Holds a fresh worker against the oracle; the caller closes it."""
    hello = worker.hello()
    if isinstance(hello, Fault):
        return hello
    prepared = worker.prepare(truth.work(seat.module(truth), seat.setting.name))
    if isinstance(prepared, Fault):
        return prepared
    memory = worker.memory(truth.played[0].order)
    if isinstance(memory, Fault):
        return memory
    agreement = agrees(worker, truth, seat.module(truth), seat.setting.name, edges=edges)
    if isinstance(agreement, Fault):
        return agreement
    facts = LaunchFacts(
        number=0,
        import_cpu_s=hello.import_cpu_s,
        build_s=prepared.build_s,
        first_call_s=prepared.first_call_s,
        cold=cold,
        peak_bytes=memory.peak_bytes,
    )
    return Checked(hello, facts, agreement)


def warm(worker: Worker, seat: Seat, truth: Truth, number: int, *, seed: int) -> Player | Fault:
    """Prepares a fresh worker for its rounds: warm-up, its own pace and threads, one input again; then stops it."""
    hello = worker.hello()
    if isinstance(hello, Fault):
        return hello
    prepared = worker.prepare(truth.work(seat.module(truth), seat.setting.name))
    if isinstance(prepared, Fault):
        return prepared
    blocks = _warm_up(worker, truth, (seed, -number), max(prepared.second_call_s, 1e-7))
    if isinstance(blocks, Fault):
        return blocks
    steps = np.asarray([sample.ns / sample.iterations for block in blocks for sample in block.samples]) * 1e-9
    if steps.size == 0:
        return Fault(Outcome.FAILED, "its worker returned no sample while warming up")
    step_s = max(float(np.median(steps[steps.size // 2 :])), _hidden_s(blocks[-1]), 1e-7)
    same = _same_input(worker, truth, step_s, seed)
    if isinstance(same, Fault):
        return same
    stopped = worker.pause()
    if stopped is not None:
        return stopped
    facts = LaunchFacts(
        number=number,
        import_cpu_s=hello.import_cpu_s,
        build_s=prepared.build_s,
        first_call_s=prepared.first_call_s,
        cold=False,
        step_s=step_s,
        threads_used=_threads(blocks),
        warmup_s=tuple(float(np.median(part)) for part in np.array_split(steps, min(_WARMUP_BLOCKS, steps.size))),
        same_input=same,
        escaped=blocks[-1].escaped,
    )
    return Player(worker, facts)


def _warm_up(worker: Worker, truth: Truth, key: tuple[int, int], step_s: float) -> list[Block] | Fault:
    """Steps from the first one on, in chunks.

    A quarter of a second where steps last as expected; twice that and a chunk more where they turn out to be slower.
    """
    left = int(min(_MOST_WARMUP, max(_FEWEST_WARMUP, _WARMUP_S / step_s)))
    chunk = max(_FEWEST_WARMUP, left // _WARMUP_BLOCKS)
    blocks: list[Block] = []
    spent_s = 0.0
    while left > 0 and spent_s < 2 * _WARMUP_S:
        order = turn(truth, (*key, len(blocks)), schedule.Size(min(chunk, left), 0)).order
        block = worker.run(order, min_sample_s=0.0, drop=0)
        if isinstance(block, Fault):
            return block
        blocks.append(block)
        left -= len(order)
        spent_s += block.wall_ns * 1e-9
    return blocks


def _hidden_s(block: Block) -> float:
    """Seconds a step takes of a program that returns before its work is done; 0 of one that waits.

    Nearly all of its time passes while results are read back. Sized by what it says of itself, its turns would last
    minutes, and end as `timeout` instead of `no sync`.
    """
    inside = block.wall_ns - block.outside_ns
    steps = sum(sample.iterations for sample in block.samples)
    hidden = 2 * sum(sample.ns for sample in block.samples) < inside
    return inside / steps * 1e-9 if hidden and steps > 1 else 0.0


def _threads(blocks: Sequence[Block]) -> float:
    """CPU time over wall time while stepping, with the time threads waited for a processor counted as used."""
    used = stepping = waited = timed = 0.0
    for block in blocks:
        used += block.cpu_ns - block.outside_cpu_ns
        stepping += block.wall_ns - block.outside_ns - block.readback_ns
        waited += sum(sample.delay_ns or 0 for sample in block.samples)
        timed += sum(sample.ns for sample in block.samples)
    return (used + waited * stepping / max(timed, 1.0)) / max(stepping, 1.0)


def turn(truth: Truth, key: tuple[int, int, int], size: schedule.Size) -> Turn:
    """What a block plays, drawn by the host."""
    if truth.workload.training:
        return schedule.training_turn(key, size, [played.order for played in truth.played])
    return schedule.inference_turn(key, size, truth.workload.ring)


def play(player: Player, truth: Truth, drawn: Turn, drop: int) -> Block | Fault:
    """One turn: continue, play, stop. The host only waits meanwhile."""
    fault = player.worker.resume()
    if fault is not None:
        return fault
    block = player.worker.run(drawn.order, digest_at=drawn.digest_at, drop=drop)
    if isinstance(block, Fault):
        return block
    fault = player.worker.pause()
    if fault is not None:
        return fault
    if not block.samples:
        return Fault(Outcome.FAILED, f"its worker returned no sample of {truth.workload.id}")
    player.played += 1
    return block


def facts_of(block: Block, drawn: Turn, truth: Truth, place: tuple[str, int, int, int]) -> BlockFacts:
    """What is stored of a block.

    Args:
        block: As the worker gave it.
        drawn: What it was asked to play.
        truth: What its digests should be.
        place: Run id, launch, round, position in the round.
    """
    run, launch, number, position = place
    ratios = [truth.digest_ratio(digest, drawn.episodes) for digest in block.digests]
    worst = max(ratios, key=lambda pair: pair[0], default=None)
    return BlockFacts(
        run=run,
        launch=launch,
        round=number,
        position=position,
        order=drawn.order,
        samples=Samples(
            start=tuple(sample.start for sample in block.samples),
            iterations=tuple(sample.iterations for sample in block.samples),
            ns=tuple(sample.ns for sample in block.samples),
            delay_ns=tuple(-1 if sample.delay_ns is None else sample.delay_ns for sample in block.samples),
        ),
        first_ns=block.first_ns,
        wall_ns=block.wall_ns,
        outside_ns=block.outside_ns,
        readback_ns=block.readback_ns,
        cpu_ns=block.cpu_ns,
        outside_cpu_ns=block.outside_cpu_ns,
        steal_ns=block.steal_ns,
        digest_ratio=None if worst is None else min(worst[0], 1e30),
        digest_detail="" if worst is None else worst[1],
    )


def _same_input(worker: Worker, truth: Truth, step_s: float, seed: int) -> float | Fault | None:
    """Time on one input over time on all of them, each in two short blocks in the order A B B A; None for training."""
    if truth.workload.training:
        return None
    count = int(min(400, max(4, _SAME_S / step_s)))
    mixed = schedule.inference_turn((seed, 0, 0), schedule.Size(count, 1), truth.workload.ring).order
    times: dict[bool, list[float]] = {True: [], False: []}
    for same in (False, True, True, False):
        order = (0,) * len(mixed) if same else mixed
        block = worker.run(order, min_sample_s=0.0, drop=1)
        if isinstance(block, Fault):
            return block
        clean = [one for one in block.samples if (one.delay_ns or 0) <= CLEAN_DELAY * one.ns]
        times[same].extend(one.ns / one.iterations for one in clean)
    enough = min(len(times[True]), len(times[False])) >= count / 2
    return float(np.median(times[True]) / np.median(times[False])) if enough else None
