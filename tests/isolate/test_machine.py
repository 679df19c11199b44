"""What is read from the machine."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.base.records import from_plain, to_plain
from bakeoff.isolate import machine
from bakeoff.isolate.machine import Fingerprint
from bakeoff.lab.cells import Machine

LINUX_ONLY = pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs Linux")
# Keeps one processor busy until it is killed, with a bash-free loop of its own.
BURN = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nprint(flush=True)\nwhile True: pass"


def test_the_fingerprint_is_stable_and_fits_the_labs_record() -> None:
    first, again = machine.fingerprint(), machine.fingerprint()
    assert first.id == again.id
    assert first.cpu
    assert 1 <= first.cores == len(machine.usable_cpus())
    assert first.memory_bytes > 2**28
    assert from_plain(Fingerprint, to_plain(first)) == first
    assert [field.name for field in dataclasses.fields(Fingerprint)] == [f.name for f in dataclasses.fields(Machine)]
    assert from_plain(Machine, to_plain(first)).id == first.id


def test_every_detail_says_something() -> None:
    details = machine.fingerprint().details
    assert {"governor", "smt", "quota", "cpuset"} <= set(details)
    assert all(details.values())


@LINUX_ONLY
def test_a_busy_neighbour_is_heard() -> None:
    quiet = machine.probe_delay(0.1, threads=1)
    assert quiet is not None
    with subprocess.Popen([sys.executable, "-c", BURN], stdout=subprocess.PIPE) as neighbour:
        try:
            assert neighbour.stdout is not None
            neighbour.stdout.readline()
            # Two of equal weight on one processor: each waits half of the time, longer slices blur a short probe.
            busy = machine.probe_delay(0.3, threads=1)
        finally:
            neighbour.kill()
    assert busy is not None
    assert 0.2 < busy <= 1.0


def test_the_clock_moves_in_steps_and_costs_something() -> None:
    assert machine.timer_resolution_ns() >= 1
    assert machine.null_cost_ns() > 0


def test_memory_available_is_within_the_machines() -> None:
    available = machine.memory_available_bytes()
    assert available is None or 0 < available <= machine.fingerprint().memory_bytes


@pytest.mark.parametrize(("numbers", "text"), [((0,), "0"), ((0, 1, 2), "0-2"), ((0, 2, 3, 7), "0,2-3,7"), ((), "")])
def test_processors_are_listed_in_ranges(numbers: tuple[int, ...], text: str) -> None:
    assert machine._ranges(numbers) == text
