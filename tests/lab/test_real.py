"""Real workers on the interpreter that runs the tests: the whole path once, and a host killed in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Builder, Env
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.sources import Sources
from bakeoff.lab import adapters as adapter_files
from bakeoff.lab import peaks, results
from bakeoff.lab.campaign import Lab, run
from bakeoff.lab.raw import Cell, Peaks, Request
from bakeoff.lab.store import Store
from tests.lab.simulated import write_workloads

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are stopped and limited by Linux means")

ADAPTER_TOML = """
system = "{system}"
version = 1
python = ">=3.11"
requires = ["numpy"]
imports = []
[settings.only]
track = "default"
why = "a test"
"""

TOY = """
import numpy as np

def build(spec, weights, inputs, setting):
    b = weights["b"]
    slots = [one["a"] for one in inputs]
    spin = np.ones((64, 64), np.float32)

    def step(slot):
        for _ in range({work}):
            np.matmul(spin, spin)
        return {{"c": {result}}}

    return step, lambda: None, dict
"""


def foreign(root: Path) -> None:
    """Two systems that do the same, one with more work around it, and one that is wrong."""
    write_workloads(root / "workloads")
    own = (adapter_files.ROOT / "numpy" / "adapter.py").read_text()
    for system, work, result in (
        ("numpy", 60, "slots[slot] @ b"),
        ("fast", 15, "slots[slot] @ b"),
        ("wrong", 1, "slots[0] @ b"),
    ):
        folder = root / "adapters" / system
        folder.mkdir(parents=True)
        (folder / "adapter.toml").write_text(ADAPTER_TOML.format(system=system))
        (folder / "adapter.py").write_text(own)
        (folder / "toy.py").write_text(TOY.format(work=work, result=result))


def real_lab(tmp_path: Path, store: Store) -> Lab:
    return Lab(
        environments=Builder(tmp_path / "envs", Sources()),
        store=store,
        home=tmp_path / "home",
        adapters=tmp_path / "foreign" / "adapters",
        workloads=tmp_path / "foreign" / "workloads",
        probe_s=0.05,
    )


REQUEST = Request(
    "toy",
    cells=(Cell("fast"), Cell("wrong")),
    threads=1,
    budget_s=0.1,
    launches=1,
    finalists=1,
    extras=False,
    pythons=dict.fromkeys(("numpy", "fast", "wrong"), sys.executable),
)

REQUEST_FOREVER = replace(REQUEST, budget_s=600.0, finalists=9, cells=(Cell("fast"),))


def test_real_workers_are_checked_timed_and_ranked(tmp_path: Path) -> None:
    foreign(tmp_path / "foreign")
    with Store(tmp_path / "results.sqlite") as store:
        campaign = run(REQUEST, real_lab(tmp_path, store))
        runs = {one.arm.key: one for one in campaign.runs}
        assert runs["wrong/only"].outcome is Outcome.WRONG
        fast, reference = runs["fast/only"], runs["numpy/only"]
        assert fast.outcome.measured, fast.detail
        assert fast.step_s is not None
        assert reference.step_s is not None
        assert fast.step_s.mid < reference.step_s.mid
        assert campaign.rounds >= 12
        raw = store.raw(campaign.id)
        assert any(block.digest_ratio is not None for block in raw.blocks)
        assert all(block.samples.ns for block in raw.blocks)
        assert fast.phases.peak_bytes is not None
        assert fast.phases.import_cpu_s is not None
        measuring_s = sum(one.host_cpu_s for one in raw.rounds)
        timed_s = sum(block.wall_ns for block in raw.blocks) * 1e-9
        assert measuring_s < 0.25 * timed_s, "the host sleeps while a worker is timed"
        assert results.verify(store, campaign.id).exact


def test_the_peaks_of_the_machine_are_measured_in_a_worker(tmp_path: Path) -> None:
    env = Builder(tmp_path / "envs", Sources()).adopt(Path(sys.executable))
    assert isinstance(env, Env)
    launch = Launch(threads=1, log=tmp_path / "log")
    found = peaks.measure(Session.open, env, launch, footprint_bytes=1e5, flags=(), scratch=tmp_path)
    assert found is not None
    assert found.flops_per_s > 1e8
    assert found.bytes_per_s > 1e7
    assert found.ceiling_flops_per_s == found.flops_per_s
    better = peaks.larger(found, Peaks(found.flops_per_s / 2, found.flops_per_s * 2, found.bytes_per_s * 2))
    assert better == Peaks(found.flops_per_s, found.flops_per_s * 2, found.bytes_per_s * 2)
    assert peaks.larger(None, found) == found
    absent = Env("gone", tmp_path, tmp_path / "no-python", {}, 0, 0.0)
    assert peaks.measure(Session.open, absent, launch, footprint_bytes=1e5, flags=(), scratch=tmp_path) is None


HOST = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
import tempfile
tempfile.tempdir = {tmp!r}
from bakeoff.lab.campaign import run
from bakeoff.lab.store import Store
from tests.lab.test_real import REQUEST_FOREVER, real_lab
tmp = Path({tmp!r})
with Store(tmp / "results.sqlite") as store:
    run(REQUEST_FOREVER, real_lab(tmp, store), progress=lambda event: print(event.stage.value, event.done, flush=True))
"""


def test_kill_9_of_the_host_loses_at_most_one_round_and_leaves_no_process(tmp_path: Path) -> None:
    foreign(tmp_path / "foreign")
    root = Path(__file__).parents[2]
    script = tmp_path / "host.py"
    script.write_text(textwrap.dedent(HOST).format(path=[str(root), str(root / "src")], tmp=str(tmp_path)))
    host = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    told = 0
    assert host.stdout is not None
    for line in host.stdout:
        stage, done = line.split()
        if stage == "round":
            told = int(done)
            if told == 3:
                break
    host.kill()
    host.wait()
    assert host.stderr is not None
    assert told == 3, host.stderr.read()
    host.stdout.close()
    host.stderr.close()
    with Store(tmp_path / "results.sqlite") as store:
        (listed,) = store.listed()
        raw = store.raw(listed.id)
        assert len(raw.rounds) >= told
        assert {block.round for block in raw.blocks} == {one.number for one in raw.rounds}
        assert _gone(str(tmp_path)), "a worker outlived its host"
        now = raw.header.started + timedelta(minutes=1)
        assert store.unfinished(raw.header.request_key, now=now) == listed.id, "the next run continues it"
    shutil.rmtree(tmp_path / "home", ignore_errors=True)


def _gone(marker: str) -> bool:
    """Whether no process whose command line names `marker` is left, within a few seconds."""
    for _ in range(50):
        left = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if marker.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                    left.append(int(path.parent.name))
            except OSError:
                continue
        if not left:
            return True
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return False
