"""Every system in its own environment: each workload in each setting agrees with the oracle or is a declared gap.

Builds real environments (from the user's package sources) and starts real workers, hence the marker. A system that
cannot be had on this machine (no compiler, no CPU build in the sources) is skipped with the words of the outcome.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff.isolate.fault import Fault
from bakeoff.lab import correct
from bakeoff.lab.cells import Agreement
from tests.contract.bench import SEED, Bench, available
from tests.contract.foreign import ADAPTERS, CELLS, WORKLOADS, file_of

pytestmark = pytest.mark.env

THREADS = 2


@pytest.mark.parametrize(("system", "setting", "name"), CELLS)
def test_it_agrees_or_the_gap_is_declared(bench: Bench, system: str, setting: str, name: str) -> None:
    gap = ADAPTERS[system].gap(name, setting)
    checked, edges = bench.truths(name)
    module = file_of(system, name)
    with bench.open(system, setting, threads=THREADS) as session:
        prepared = session.prepare(checked.work(module, setting))
        found = (
            prepared if isinstance(prepared, Fault) else correct.agrees(session, checked, module, setting, edges=edges)
        )
    if gap is None:
        assert isinstance(found, Agreement), found
        assert found.passed, found.detail
        assert found.error_ratio <= WORKLOADS[name].factor
    else:
        works = isinstance(found, Agreement) and found.passed
        assert not works, f"the declared gap is none any more ({gap.why}); remove it from adapter.toml"


@pytest.mark.parametrize(("system", "setting"), sorted({cell[:2] for cell in CELLS}))
def test_one_thread_means_one(bench: Bench, system: str, setting: str, tmp_path: Path) -> None:
    workload = WORKLOADS["gemm"]
    spec = workload.sizes["large"]
    checked = correct.truth(workload, spec, seed=SEED, folder=tmp_path, edge=True)
    with bench.open(system, setting, threads=1) as session:
        available(session.prepare(checked.work(file_of(system, "gemm"), setting)))
        block = available(session.run([0, 1, 2], min_sample_s=1e-3, drop=0))
    used = (block.cpu_ns - block.outside_cpu_ns) / (block.wall_ns - block.outside_ns - block.readback_ns)
    assert used <= 1.15, f"asked for 1 thread, used {used:.2f}"
