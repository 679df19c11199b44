"""Every way to misbehave ends in its word, or hands over the evidence for it."""

from __future__ import annotations

import ast
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Block, Limits, Memory, Outputs
from bakeoff.isolate.session import Launch, Session

from .conftest import FAKES, Ring, sound

EXPECTED: Mapping[str, Mapping[str, str]] = tomllib.loads((FAKES / "expected.toml").read_text(encoding="utf-8"))
# Small, so that the hungry and the hanging are found soon; large enough for NumPy and a slow machine.
LIMITS = Limits(memory_bytes=200_000_000, tasks=60, start_s=60.0, call_s=60.0, log_bytes=100_000)
HANGS = Limits(call_s=0.3)
BURST = [slot % 8 for slot in range(60)]


def by(room: str) -> list[str]:
    return sorted(name for name, row in EXPECTED.items() if row["by"] == room)


def open_fake(env: Env, name: str, folder: Path) -> Session | Fault:
    settings = tomllib.loads((FAKES / name / "adapter.toml").read_text(encoding="utf-8"))["settings"]["default"]
    cpus = (0,) if name == "escapes" else None
    limits = HANGS if name == "hang" else LIMITS
    launch = Launch(1, folder / "log", limits, cpus=cpus, needs=tuple(settings.get("needs", ())))
    return Session.open(env, FAKES / name, launch)


def test_every_fake_is_expected_and_every_outcome_of_a_worker_has_a_fake() -> None:
    folders = {path.parent.name for path in FAKES.glob("*/adapter.toml")}
    assert folders == set(EXPECTED)
    found = {Outcome(row["outcome"]) for row in EXPECTED.values() if "outcome" in row}
    # Refused is the builder's word, noisy and skipped are the campaign's: none is an adapter's doing.
    assert found == set(Outcome) - {Outcome.REFUSED, Outcome.NOISY, Outcome.SKIPPED}


@pytest.mark.parametrize("name", by("isolate"))
def test_a_misbehaving_worker_ends_in_its_word(name: str, env: Env, ring: Ring, tmp_path: Path) -> None:
    session = open_fake(env, name, tmp_path)
    fault: object = session
    if isinstance(session, Session):
        with session:
            pid = session.pid
            answer = session.hello()
            prepared = answer if isinstance(answer, Fault) else session.prepare(ring.work(name))
            fault = prepared if isinstance(prepared, Fault) else session.outputs([3])
            assert not session.alive
        assert not Path(f"/proc/{pid}").exists()
    assert isinstance(fault, Fault)
    assert (fault.outcome, fault.detail) == (Outcome(EXPECTED[name]["outcome"]), fault.detail)
    assert EXPECTED[name]["says"] in fault.detail
    assert not list(tmp_path.glob("scratch-*"))


def _nan(outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    return bool(np.isnan(outputs.steps[0]["y"]).sum() == 1) and block.digests[0].arrays["y"].nonfinite == 1


def _wrong(outputs: Outputs, _block: Block, true: np.ndarray) -> bool:
    return float(np.abs(outputs.steps[0]["y"] - true).max()) > 1.0


def _half(outputs: Outputs, _block: Block, true: np.ndarray) -> bool:
    error = float(np.abs(outputs.steps[0]["y"] - true).max())
    return outputs.dtypes["0/y"] == "float32" and 1e-5 < error < 1e-1


def _widened(outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    return outputs.dtypes["0/y"] == block.digests[0].arrays["y"].dtype == "float64"


def _replays(_outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    return (
        len({digest.slot for digest in block.digests}) > 1 == len({digest.arrays["y"].sums for digest in block.digests})
    )


def _unsynced(_outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    return block.readback_ns > 0.5 * (block.wall_ns - block.outside_ns)


def _two_threads(_outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    inside = block.wall_ns - block.outside_ns - block.readback_ns
    # Either it shows, or the block says that others kept its threads from running.
    waited = sum(sample.delay_ns or 0 for sample in block.samples)
    return block.cpu_ns - block.outside_cpu_ns > 1.3 * inside or waited > 0.2 * inside


def _escapes(_outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    return bool(block.escaped)


def _chatty(_outputs: Outputs, block: Block, _true: np.ndarray) -> bool:
    return sum(sample.iterations for sample in block.samples) == len(BURST) - 5


SIGNS: Mapping[str, Callable[[Outputs, Block, np.ndarray], bool]] = {
    "nan": _nan,
    "wrong": _wrong,
    "half": _half,
    "widened": _widened,
    "replays": _replays,
    "unsynced": _unsynced,
    "two_threads": _two_threads,
    "spins": _two_threads,
    "escapes": _escapes,
    "chatty": _chatty,
}


def shares_adapter(name: str) -> bool:
    """Whether only its workload's file makes a fake dishonest: one worker can then play several of them."""
    own, honest = (ast.parse((FAKES / one / "adapter.py").read_text(encoding="utf-8")) for one in (name, "honest"))
    return [ast.dump(node) for node in own.body[1:]] == [ast.dump(node) for node in honest.body[1:]]


@pytest.fixture(scope="module")
def honest(env: Env, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One worker for all fakes that only their workload's file makes dishonest: starting it is most of their time."""
    session = open_fake(env, "honest", tmp_path_factory.mktemp("honest"))
    assert isinstance(session, Session), session
    with session:
        sound(session.hello())
        yield session


def evidence(session: Session, name: str, ring: Ring) -> tuple[Outputs, Block]:
    """What a fake hands over."""
    sound(session.prepare(ring.work(name)))
    outputs = session.outputs([3])
    assert isinstance(outputs, Outputs), outputs
    block = session.run(BURST, digest_at=[10, 20, 35], min_sample_s=1e-4)
    assert isinstance(block, Block), block
    return outputs, block


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_the_evidence_against_a_dishonest_worker_is_handed_over(
    name: str, env: Env, ring: Ring, honest: Session, tmp_path: Path
) -> None:
    if shares_adapter(name) and name != "chatty":  # whose log is looked at
        outputs, block = evidence(honest, name, ring)
    else:
        session = open_fake(env, name, tmp_path)
        assert isinstance(session, Session), session
        with session:
            sound(session.hello())
            outputs, block = evidence(session, name, ring)
    true = ring.inputs[3]["x"].astype(np.float64) @ ring.weights["w"] + ring.weights["b"]
    assert SIGNS[name](outputs, block, true)
    error = float(np.abs(outputs.steps[0]["y"] - true).max())
    assert name in ("nan", "wrong", "half", "replays") or error < 1e-5
    if name == "chatty":
        # 200 kB a step were printed; 100 kB of the beginning, the end and one line between them were kept.
        assert LIMITS.log_bytes < (tmp_path / "log").stat().st_size < LIMITS.log_bytes + 65_000
        assert b"bytes of output left out" in (tmp_path / "log").read_bytes()


def test_a_daemon_dies_with_its_worker(env: Env, tmp_path: Path) -> None:
    session = open_fake(env, "daemon", tmp_path)
    assert isinstance(session, Session), session
    with session:
        sound(session.hello())
        deadline = time.monotonic() + 10
        # The daemon answers to its own name only once it has started: a moment after its parent went on.
        while not (daemons := [pid for pid in _naps() if _session_of(pid) == pid]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert session.pause() is None
        assert {_state(pid) for pid in daemons} == {"T"}
    deadline = time.monotonic() + 10
    while any(pid in _naps() for pid in daemons):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_memory_of_an_honest_worker_is_within_its_limit(ring: Ring, honest: Session) -> None:
    sound(honest.prepare(ring.work("honest")))
    memory = honest.memory([0, 1])
    assert isinstance(memory, Memory), memory
    assert 0 < memory.peak_bytes < (LIMITS.memory_bytes or 0)


def _naps() -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if b"time.sleep(3600)" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _session_of(pid: int) -> int:
    return int(_stat(pid)[3])


def _state(pid: int) -> str:
    return _stat(pid)[0]
