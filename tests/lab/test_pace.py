"""Turns are sized by the time work takes, not by the time it takes to ask for it."""

from __future__ import annotations

import pytest

from bakeoff.isolate.protocol import Block, Sample
from bakeoff.lab.players import _hidden_s


def block(*, step_ns: int, readback_ns: int, steps: int = 10) -> Block:
    return Block(
        first_ns=(),
        samples=tuple(Sample(start, 1, step_ns, 0) for start in range(steps)),
        wall_ns=steps * step_ns + readback_ns + 500,
        outside_ns=500,
        readback_ns=readback_ns,
        cpu_ns=0,
        outside_cpu_ns=0,
        steal_ns=0,
        threads=1,
        escaped=0,
        digests=(),
    )


def test_a_program_that_returns_early_is_sized_by_when_its_results_are_there() -> None:
    assert _hidden_s(block(step_ns=2_000, readback_ns=20_000_000)) == pytest.approx(2.002e-3)


def test_copying_a_result_out_is_no_hidden_work() -> None:
    assert _hidden_s(block(step_ns=1_000_000, readback_ns=900_000)) == 0.0
