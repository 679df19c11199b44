"""No orphan, ever: the host is killed, the supervisor is killed, both are, with workers running and stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bakeoff.base.outcome import Outcome
from bakeoff.isolate import supervisor
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.process import explain_end
from bakeoff.isolate.protocol import Limits

from .conftest import FAKES, Starter, sound

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux")

HOST = """
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from bakeoff.isolate.env import Builder
from bakeoff.isolate.session import Launch, Session
from bakeoff.isolate.sources import Sources

fakes, folder = Path(sys.argv[1]), Path(sys.argv[2])
env = Builder(folder / "envs", Sources()).adopt(Path(sys.executable))
names = ("daemon", "spins", "spins")
sessions = [Session.open(env, fakes / name, Launch(1, folder / f"{n}.log")) for n, name in enumerate(names)]

def begin(n):
    sessions[n].hello()
    if n < 2:
        sessions[n].pause()

with ThreadPoolExecutor() as pool:
    list(pool.map(begin, range(len(names))))
print(json.dumps([session.pid for session in sessions]), flush=True)
time.sleep(600)
"""


def tree(pid: int) -> list[int]:
    """A process and everything below it."""
    return [pid, *supervisor.descendants(pid)]


def vanished(pids: list[int]) -> bool:
    """Whether all are gone, waiting up to 15 s. A zombie nobody has waited for yet is gone."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if all(_state(pid) in ("", "Z", "X") for pid in pids):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("also_supervisors", [False, True])
def test_killing_the_host_leaves_no_process(tmp_path: Path, *, also_supervisors: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(FAKES), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        workers = json.loads(host.stdout.readline())
        pids = tree(host.pid)
        assert set(workers) < set(pids)
        assert [_state(pid) for pid in workers[:2]] == ["T", "T"]
        supervisors = [_parent(pid) for pid in workers]
        os.kill(host.pid, signal.SIGKILL)
        if also_supervisors:
            for pid in supervisors:
                os.kill(pid, signal.SIGKILL)
            # The daemon left for a session of its own. Stopped, and with its supervisor killed at the same moment, it
            # is in nobody's hands: the one case that is not promised.
            daemons = [pid for pid in pids if _state(pid) == "T" and pid not in workers]
            pids = [pid for pid in pids if pid not in daemons]
        host.wait()
        assert vanished(pids)
        if also_supervisors:
            for pid in daemons:
                os.kill(pid, signal.SIGKILL)


def test_a_killed_supervisor_takes_its_worker_along(start: Starter) -> None:
    session = start("honest")
    sound(session.hello())
    pid = session.pid
    os.kill(_parent(pid), signal.SIGKILL)
    assert vanished([pid])
    fault = session.reset()
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.CRASHED
    assert "supervisor" in fault.detail


def test_a_killed_worker_is_named_by_its_signal(start: Starter) -> None:
    session = start("honest")
    sound(session.hello())
    os.kill(session.pid, signal.SIGTERM)
    fault = session.reset()
    assert isinstance(fault, Fault)
    assert (fault.outcome, "SIGTERM" in fault.detail) == (Outcome.CRASHED, True)


def test_a_worker_killed_while_paused_is_noticed(start: Starter) -> None:
    session = start("honest")
    sound(session.hello())
    assert session.pause() is None
    os.kill(session.pid, signal.SIGKILL)
    fault = session.run([0])
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.CRASHED


def test_the_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    log = supervisor.Log(str(tmp_path / "log"), 1000)
    for index in range(100_000):
        log.write(b"%06d\n" % index)
    log.close()
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert text.startswith("000000\n000001\n")
    assert text.endswith("099999\n")
    assert "left out" in text
    assert len(text) < 1000 + supervisor.TAIL_BYTES + 100


def test_a_short_log_is_whole(tmp_path: Path) -> None:
    log = supervisor.Log(str(tmp_path / "log"), 10)
    log.write(b"0123456")
    log.write(b"789abc")
    log.close()
    assert (tmp_path / "log").read_bytes() == b"0123456789abc"


def test_a_full_disk_loses_output_and_nothing_else() -> None:
    log = supervisor.Log("/dev/full", 1000)
    log.write(b"x" * 5000)
    log.write(b"y" * 100_000)
    log.close()


def test_a_control_group_is_used_only_where_it_is_one(tmp_path: Path) -> None:
    # An ordinary folder, as /sys/fs/cgroup is where groups are of version 1: no file appears by itself.
    assert not supervisor.Group._make(str(tmp_path / "plain"), 10**9, 100)
    assert list(tmp_path.iterdir()) == []


def test_descendants_are_found_with_and_without_the_kernels_list() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            assert child.pid in supervisor.descendants(os.getpid())
            assert child.pid in supervisor._descendants_by_parent(os.getpid())
        finally:
            child.kill()


@pytest.mark.parametrize(
    ("ended", "outcome", "says"),
    [
        ({"why": "memory", "signal": 9, "code": None, "peak_bytes": 2_000_000_000}, Outcome.OUT_OF_MEMORY, "2.00 GB"),
        ({"why": "tasks", "signal": 9, "code": None, "peak_bytes": 0}, Outcome.CRASHED, "more than 7"),
        ({"why": "", "signal": 11, "code": None, "peak_bytes": 0}, Outcome.CRASHED, "SIGSEGV"),
        ({"why": "", "signal": 0, "code": 3, "peak_bytes": 0}, Outcome.CRASHED, "exit code 3"),
    ],
)
def test_every_end_has_a_word(ended: dict[str, object], outcome: Outcome, says: str) -> None:
    found, detail = explain_end(ended, Limits(memory_bytes=10**9, tasks=7))
    assert found is outcome
    assert says in detail


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _state(pid: int) -> str:
    return (_stat(pid) or [""])[0]


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])
