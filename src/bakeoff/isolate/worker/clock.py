"""The one loop in which time is taken. Standard library only, Python >= 3.10; runs inside foreign environments.

What is inside a value: the steps, their synchronisation, and one pair of clock readings. Everything else (run-queue
delays, digests, resets) happens between two clock pairs and is accounted for apart, so that the sum of the samples
can be held against the wall time of the whole block: a missing synchronisation cannot hide.
"""

# ruff: noqa: PTH110, PTH123, PTH208
# pathlib is not imported: its cost would be part of a framework's import time.

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Step = Callable[[int], Any]
Sync = Callable[[Any], Any]

_LINUX = sys.platform == "linux"


def timed(step: Step, sync: Sync, slots: Sequence[int]) -> tuple[int, Any]:
    """Nanoseconds for one synchronised step per slot, and what the last step gave.

    Each step is synchronised on its own: of a system that computes lazily, the outputs nobody asks for would otherwise
    never be computed.
    """
    now = time.perf_counter_ns
    out = None
    begin = now()
    for slot in slots:
        out = step(slot)
        sync(out)
    return now() - begin, out


class Program(NamedTuple):
    """What is played: the adapter's callables for one workload."""

    step: Step
    """One unit of work on the input in a slot."""
    sync: Sync
    """Returns when every array given is computed."""
    restart: Callable[[], None]
    """Fresh weights, computed; does nothing for inference."""
    read_back: Callable[[Any], Any]
    """Copies outputs to the host."""
    digest: Callable[[Any], Any]
    """Fingerprint of outputs on the host, a JSON value."""
    episode: int
    """Training: steps between two resets; 0 for inference."""


class Plan(NamedTuple):
    """What one block is to play."""

    order: Sequence[int]
    """Slots, in order."""
    drop: int
    """Iterations before the first sample, timed one by one."""
    min_ns: int
    """Least duration of a sample."""
    digest_at: Sequence[int]
    """Positions whose outputs are digested."""


class Delays:
    """Time this process's threads have waited in run queues: the second field of each thread's `schedstat`.

    Files stay open and are read again from their start, which costs about 1 µs a thread.
    """

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self.known = _LINUX and os.path.exists("/proc/self/schedstat")

    def since_mark(self) -> int:
        """Nanoseconds waited since the last reading, all threads; moves the mark. Threads that ended count no more."""
        if not self.known:
            return 0
        waited = 0
        for thread in os.listdir("/proc/self/task"):
            total = self._read(thread)
            if total is not None:
                waited += total - self._seen.get(thread, 0)
                self._seen[thread] = total
        return waited

    def _read(self, thread: str) -> int | None:
        try:
            file = self._files.get(thread)
            if file is None:
                file = self._files[thread] = os.open(f"/proc/self/task/{thread}/schedstat", os.O_RDONLY)
            return int(os.pread(file, 128, 0).split()[1])
        except (OSError, IndexError, ValueError):
            self._forget(thread)
            return None

    def _forget(self, thread: str) -> None:
        self._seen.pop(thread, None)
        file = self._files.pop(thread, None)
        if file is not None:
            os.close(file)

    def close(self) -> None:
        """Closes the files."""
        for thread in list(self._files):
            self._forget(thread)


class Player:
    """One block being played."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self._program = program
        self._order = tuple(plan.order)
        self._plan = plan
        self._digest_at = sorted(set(plan.digest_at), reverse=True)
        self._delays = Delays()
        self._position = 0
        self._first = 0
        self._marked = False
        self._pending = 0
        self._out: Any = None
        self._inside_ns = 0
        self._outside_cpu_ns = 0
        self._readback_ns = 0
        self._digests: list[dict[str, Any]] = []

    def play(self) -> dict[str, Any]:
        """Plays the whole order from fresh weights; the reply's fields, times in ns."""
        self._program.restart()
        try:
            cpu = tree_cpu_ns()
            steal = steal_ns()
            begin = time.perf_counter_ns()
            first = self._dropped()
            samples = self._samples(first)
            self._read_back(self._out)
            wall = time.perf_counter_ns() - begin
            return {
                "first_ns": first,
                "samples": samples,
                "wall_ns": wall,
                "outside_ns": wall - self._inside_ns - self._readback_ns,
                "readback_ns": self._readback_ns,
                "cpu_ns": max(0, tree_cpu_ns() - cpu),
                "outside_cpu_ns": self._outside_cpu_ns,
                "steal_ns": _difference(steal_ns(), steal),
                "digests": self._digests,
            }
        finally:
            self._delays.close()

    def _dropped(self) -> list[int]:
        count = min(self._plan.drop, len(self._order))
        return [self._segment(1)[1] for _ in range(count)]

    def _samples(self, first: list[int]) -> list[list[int | None]]:
        samples: list[list[int | None]] = []
        per_iteration = float(min(first)) if first else 0.0
        while self._position < len(self._order):
            start = self._position
            iterations, ns, delay = self._sample(per_iteration)
            per_iteration = ns / iterations
            if ns < self._plan.min_ns and samples:
                _merge(samples[-1], iterations, ns, delay)  # the order ended inside it
            else:
                samples.append([start, iterations, ns, delay if self._delays.known else None])
        return samples

    def _sample(self, per_iteration: float) -> tuple[int, int, int]:
        min_ns = self._plan.min_ns
        want = _iterations(min_ns, per_iteration)
        iterations = ns = delay = 0
        while self._position < len(self._order) and (ns < min_ns or iterations == 0):
            if not self._marked:
                self._mark()
            done, spent = self._segment(want)
            iterations += done
            ns += spent
            # A digest or a reset just happened: the delay it met was read before it, and the mark is stale.
            if not self._marked:
                delay += self._pending
            want = want - done if want > done else _iterations(min_ns - ns, ns / iterations)
        if self._marked:
            delay += self._read_delays()
        return iterations, ns, delay

    def _segment(self, most: int) -> tuple[int, int]:
        """Runs up to `most` iterations, ending earlier where something must be done outside the clock."""
        start = self._position
        end = min(start + most, len(self._order))
        episode = self._program.episode
        if episode:
            end = min(end, self._first + episode)
        if self._digest_at:
            end = min(end, self._digest_at[-1] + 1)
        ns, self._out = timed(self._program.step, self._program.sync, self._order[start:end])
        self._inside_ns += ns
        self._position = end
        over = bool(episode) and end == self._first + episode
        due = bool(self._digest_at) and self._digest_at[-1] == end - 1
        if over or due:
            self._pending = self._read_delays() if self._marked else 0
            self._marked = False
            # Reading back before a reset makes unsynchronised work of this episode show in the block's wall.
            host = self._read_back(self._out)
            if due:
                self._digest_at.pop()
                self._digest(end - 1, host)
            if over:
                self._next_episode()
        return end - start, ns

    def _digest(self, at: int, host: Any) -> None:
        cpu = time.process_time_ns()
        first = self._first if self._program.episode else at
        self._digests.append(
            {
                "at": at,
                "slot": self._order[at],
                "step": at - first + 1,
                "first": first,
                "arrays": self._program.digest(host),
            }
        )
        self._outside_cpu_ns += time.process_time_ns() - cpu

    def _next_episode(self) -> None:
        cpu = time.process_time_ns()
        self._program.restart()
        self._first = self._position
        self._outside_cpu_ns += time.process_time_ns() - cpu

    def _read_back(self, out: Any) -> Any:
        begin, cpu = time.perf_counter_ns(), time.process_time_ns()
        host = self._program.read_back(out)
        self._readback_ns += time.perf_counter_ns() - begin
        self._outside_cpu_ns += time.process_time_ns() - cpu
        return host

    def _mark(self) -> None:
        self._read_delays()
        self._marked = True

    def _read_delays(self) -> int:
        cpu = time.process_time_ns()
        waited = self._delays.since_mark()
        self._outside_cpu_ns += time.process_time_ns() - cpu
        return waited


def tree_cpu_ns() -> int:
    """CPU time of this process, of the children it has waited for, and of its living descendants."""
    times = os.times()
    total = time.process_time_ns() + int((times.children_user + times.children_system) * 1e9)
    return total + sum(_cpu_ns(pid) for pid in descendants(os.getpid()))


def descendants(pid: int) -> list[int]:
    """Living descendants of a process, parents first; empty where the kernel does not list them."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            threads = os.listdir(f"/proc/{parent}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                with open(f"/proc/{parent}/task/{thread}/children", encoding="ascii") as stream:
                    children = [int(child) for child in stream.read().split()]
            except OSError:
                continue
            found += children
            waiting += children
    return found


def steal_ns() -> int | None:
    """Time the hypervisor has taken from this machine since boot, all processors, in 10 ms steps; None if unknown."""
    try:
        with open("/proc/stat", encoding="ascii") as stream:
            fields = stream.readline().split()
    except OSError:
        return None
    return int(fields[8]) * (1_000_000_000 // os.sysconf("SC_CLK_TCK")) if len(fields) > 8 else None


def _cpu_ns(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            fields = stream.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def _iterations(ns: float, per_iteration: float) -> int:
    return max(1, -int(-ns // per_iteration)) if per_iteration > 0 else 1


def _merge(sample: list[int | None], iterations: int, ns: int, delay: int) -> None:
    sample[1] = (sample[1] or 0) + iterations
    sample[2] = (sample[2] or 0) + ns
    if sample[3] is not None:
        sample[3] += delay


def _difference(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before
