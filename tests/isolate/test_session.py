"""A session with a well-behaved worker: what it answers, what it measures, how it stops between turns."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Block, Hello, Limits, Memory, Outputs, Prepared
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.worker import arrays

from .conftest import FAKES, SLOTS, Ring, Starter, sound

LINUX_ONLY = pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs Linux")


def cpu_ns(pid: int) -> int:
    """CPU time of every thread of a process."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


@pytest.fixture(scope="module")
def honest(env: Env, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One worker for the tests that leave it as they found it: starting it takes longer than they do."""
    session = Session.open(env, FAKES / "honest", Launch(1, tmp_path_factory.mktemp("honest") / "log"))
    assert not isinstance(session, Fault), session
    with session:
        sound(session.hello())
        yield session


def test_a_worker_says_what_it_is(start: Starter) -> None:
    session = start("honest", threads=2)
    hello = session.hello()
    assert isinstance(hello, Hello), hello
    assert hello.pid == session.pid
    assert hello.versions == {"numpy": np.__version__}
    assert hello.devices == ("cpu",)
    assert hello.import_cpu_s > 0
    assert hello.environ["OMP_NUM_THREADS"] == "2"
    assert hello.limits in ("cgroup", "advisory")
    assert session.alive


def test_outputs_are_those_of_the_workload(honest: Session, ring: Ring) -> None:
    session = honest
    prepared = session.prepare(ring.work("honest"))
    assert isinstance(prepared, Prepared), prepared
    assert min(prepared.build_s, prepared.first_call_s, prepared.second_call_s) > 0
    outputs = session.outputs([5, 0, 5])
    assert isinstance(outputs, Outputs), outputs
    for slot, step in zip([5, 0, 5], outputs.steps, strict=True):
        np.testing.assert_allclose(step["y"], ring.inputs[slot]["x"] @ ring.weights["w"] + ring.weights["b"], rtol=1e-5)
    assert outputs.state == {}
    assert outputs.dtypes == {"0/y": "float32", "1/y": "float32", "2/y": "float32"}


def test_training_starts_from_fresh_weights_each_time(honest: Session, ring: Ring) -> None:
    session = honest
    sound(session.prepare(ring.work("honest", workload="descent", episode=10)))
    order = [index % SLOTS for index in range(10)]
    first, again = session.outputs(order), session.outputs(order)
    assert isinstance(first, Outputs), first
    assert isinstance(again, Outputs), again
    losses = [float(step["loss"]) for step in first.steps]
    assert losses == [float(step["loss"]) for step in again.steps]
    assert losses[8] < losses[0]
    assert np.array_equal(first.state["w"], again.state["w"])
    assert not np.array_equal(first.state["w"], ring.weights["w"])

    block = session.run(order * 5, digest_at=[3, 17, 49])
    assert isinstance(block, Block), block
    assert [(digest.at, digest.step, digest.first) for digest in block.digests] == [
        (3, 4, 0),
        (17, 8, 10),
        (49, 10, 40),
    ]
    # Every episode plays the same order here, so a digest in any of them is that of the same step above.
    for digest in block.digests:
        expected = arrays.digest(first.steps[digest.step - 1]["loss"], 7, "loss")
        assert list(digest.arrays["loss"].sums or ()) == expected["sums"]


def test_a_block_accounts_for_its_time(honest: Session, ring: Ring) -> None:
    session = honest
    sound(session.prepare(ring.work("honest")))
    order = [index % SLOTS for index in range(4000)]
    block = session.run(order, min_sample_s=2e-4, digest_at=[9, 2000])
    assert isinstance(block, Block), block
    inside = sum(block.first_ns) + sum(sample.ns for sample in block.samples)
    assert len(block.first_ns) == 5
    assert inside + block.outside_ns + block.readback_ns == block.wall_ns
    assert sum(sample.iterations for sample in block.samples) == len(order) - 5
    assert all(sample.ns >= 200_000 for sample in block.samples)
    assert block.readback_ns < 0.05 * inside
    for digest in block.digests:
        value = ring.inputs[order[digest.at]]["x"] @ ring.weights["w"] + ring.weights["b"]
        assert digest.arrays["y"].shape == value.shape
        np.testing.assert_allclose(digest.arrays["y"].sums or (), arrays.digest(value, 7, "y")["sums"], atol=1e-3)


@LINUX_ONLY
def test_a_block_sees_the_processor(start: Starter, ring: Ring) -> None:
    cpus = (min(os.sched_getaffinity(0)),)
    session = start("honest", cpus=cpus)
    hello = session.hello()
    assert isinstance(hello, Hello), hello
    assert hello.cpus == cpus
    sound(session.prepare(ring.work("honest")))
    block = session.run([0] * 3000)
    assert isinstance(block, Block), block
    assert block.escaped == 0
    assert block.threads >= 1
    assert all(sample.delay_ns is not None and sample.delay_ns >= 0 for sample in block.samples)
    assert 0 < block.cpu_ns <= 1.1 * block.wall_ns  # one processor


@LINUX_ONLY
def test_peak_memory_sees_a_transient_of_100_mib(start: Starter, ring: Ring) -> None:
    session = start("transient")
    sound(session.hello())
    sound(session.prepare(ring.work("transient")))
    quiet, busy = session.memory(), session.memory([0])
    assert isinstance(quiet, Memory), quiet
    assert isinstance(busy, Memory), busy
    if not busy.exact:
        pytest.skip("this kernel does not reset VmHWM")
    assert quiet.peak_bytes - quiet.before_bytes < 2**20
    assert abs(busy.peak_bytes - busy.before_bytes - 100 * 2**20) < 2**20  # 1 %


@LINUX_ONLY
def test_a_paused_worker_uses_no_processor_and_then_goes_on(start: Starter, ring: Ring) -> None:
    session = start("spins")
    sound(session.hello())
    sound(session.prepare(ring.work("spins")))
    assert session.pause() is None
    before = cpu_ns(session.pid)
    time.sleep(0.1)
    assert cpu_ns(session.pid) == before
    assert session.resume() is None
    deadline = time.monotonic() + 10
    while cpu_ns(session.pid) == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # Asking a paused worker wakes it.
    assert session.pause() is None
    assert isinstance(session.run([0] * 20), Block)


@LINUX_ONLY
def test_the_host_sleeps_while_a_worker_is_timed(honest: Session, ring: Ring) -> None:
    session = honest
    sound(session.prepare(ring.work("honest")))
    wall, own = time.monotonic(), time.process_time()
    for _ in range(3):
        block = session.run([index % SLOTS for index in range(8)] * 4000, drop=0, min_sample_s=5e-3)
        assert isinstance(block, Block), block
    wall, own = time.monotonic() - wall, time.process_time() - own
    # A spinning parent would use all of it (measured on a rival: 3.4 times the true time); the bulk of ours is JSON.
    assert own < 0.25 * wall


def test_after_close_nothing_is_left(start: Starter, ring: Ring, tmp_path: Path) -> None:
    session = start("honest")
    sound(session.hello())
    sound(session.prepare(ring.work("honest")))
    pid = session.pid
    session.close()
    session.close()
    assert not session.alive
    assert not Path(f"/proc/{pid}").exists()
    assert isinstance(session.run([0]), Fault)
    assert [path.name for path in tmp_path.iterdir()] == ["honest-0.log"]


def test_an_environment_deleted_meanwhile_is_missing(tmp_path: Path) -> None:
    gone = Env("k", tmp_path, tmp_path / "bin" / "python", {}, 0, 0.0, name="honest", python_version="3.11.0")
    fault = Session.open(gone, FAKES / "honest", Launch(1, tmp_path / "log"))
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.MISSING
    assert "rebuild" in fault.detail


def test_one_worker_has_one_set_of_settings(start: Starter, ring: Ring) -> None:
    session = start("honest", limits=Limits(memory_bytes=None, tasks=None))
    hello = session.hello()
    assert isinstance(hello, Hello), hello
    assert hello.limits == "none"
    work = ring.work("honest")
    sound(session.prepare(work))
    sound(session.prepare(work))
    other = session.prepare(type(work)(work.workload, work.spec, work.weights, work.inputs, "other"))
    assert isinstance(other, Fault)
    assert other.outcome is Outcome.FAILED
