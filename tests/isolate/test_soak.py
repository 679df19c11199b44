"""Hundreds of random faults: each ends in its word, nothing is left. Run by `nox -s env`; needs no index."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Limits
from bakeoff.isolate.session import Launch, Session

from .conftest import FAKES, Ring
from .test_supervision import HOST, tree, vanished

pytestmark = [pytest.mark.env, pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")]

EXPECTED = tomllib.loads((FAKES / "expected.toml").read_text(encoding="utf-8"))
LIMITS = Limits(memory_bytes=300_000_000, tasks=60, start_s=60.0, call_s=5.0, log_bytes=100_000)
ENDS = {Outcome.CRASHED, Outcome.FAILED}


def supervisors() -> set[int]:
    """Children of this process that supervise a worker."""
    return {pid for pid in tree(os.getpid())[1:] if b"supervisor.py" in _command(pid)}


@pytest.mark.parametrize("seed", range(10))
def test_thirty_random_faults(seed: int, env: Env, ring: Ring, tmp_path: Path) -> None:
    draw = random.Random(seed)  # noqa: S311
    for number in range(30):
        name = draw.choice(sorted(EXPECTED))
        killed = draw.random() < 0.5
        launch = Launch(1, tmp_path / f"{number}.log", LIMITS)
        session = Session.open(env, FAKES / name, launch)
        assert isinstance(session, Session), session
        pids = tree(os.getpid())[1:]
        killer = threading.Timer(draw.uniform(0, 0.4), _kill, [session.pid])
        if killed:
            killer.start()
        fault = _use(session, ring, name, draw)
        killer.cancel()
        session.close()
        if fault is not None:
            own = EXPECTED[name].get("outcome") if EXPECTED[name]["by"] == "isolate" else None
            assert fault.outcome in ({Outcome(own)} if own else set()) | (ENDS if killed else set()), (name, fault)
        assert vanished(pids)
        assert supervisors() == set()
    assert not list(tmp_path.glob("scratch-*"))


@pytest.mark.parametrize("seed", range(50))
def test_killing_the_host_at_a_random_moment(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)  # noqa: S311
    command = [sys.executable, "-c", HOST, str(FAKES), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        if draw.random() < 0.5:
            json.loads(host.stdout.readline())
        else:
            time.sleep(draw.uniform(0, 1.0))
        pids = tree(host.pid)
        os.kill(host.pid, signal.SIGKILL)
        host.wait()
    assert vanished(pids)


def _use(session: Session, ring: Ring, name: str, draw: random.Random) -> Fault | None:
    """A random use of a worker, until it faults."""
    answers: list[Callable[[], object]] = [
        session.hello,
        lambda: session.prepare(ring.work(name)),
        lambda: session.outputs([0, 3]),
    ]
    more: list[Callable[[], object]] = [
        session.pause,
        session.resume,
        session.reset,
        lambda: session.run([0, 1, 2, 3] * 20),
    ]
    answers += draw.choices(more, k=draw.randint(0, 3))
    for answer in answers:
        found = answer()
        if isinstance(found, Fault):
            return found
    return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
