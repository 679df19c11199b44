"""`bakeoff measure` stopped at any moment, politely or not: the same command goes on and no process stays behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bakeoff.api import Bakeoff

pytestmark = pytest.mark.env

MEASURE = ["measure", "gemm", "--only", "numpy", "--only", "onnxruntime", "--budget", "8s", "--seed", "3"]
STOPS = 4
"""How often a campaign is stopped before it may end."""


def start(home: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "bakeoff.cli.main", *MEASURE]
    # A lock of its own: another campaign on this machine shall not stand in the way.
    (home.parent / "tmp").mkdir(exist_ok=True)
    environ = {**os.environ, "BAKEOFF_HOME": str(home), "TMPDIR": str(home.parent / "tmp")}
    return subprocess.Popen(words, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def staying(home: Path, *, within_s: float = 15.0) -> list[str]:
    """Command lines of processes that name the home, after giving them a while to end."""
    end = time.monotonic() + within_s
    while True:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(home) in words and folder.name != str(os.getpid()):
                found.append(words)
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.2)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_stopped_at_any_moment_it_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    rng = random.Random(int(how))  # noqa: S311 - moments, not secrets
    home = tmp_path / "home"
    for _ in range(STOPS):
        process = start(home)
        try:
            process.wait(rng.uniform(0.5, 14.0))
        except subprocess.TimeoutExpired:
            process.send_signal(how)
        said, _ = process.communicate(timeout=60)
        if process.returncode not in (0, 1):
            assert process.returncode == (130 if how is signal.SIGINT else -how), said
            assert "Traceback" not in said
        assert staying(home) == []
    process = start(home)
    said, _ = process.communicate(timeout=300)
    assert process.returncode in (0, 1), said
    bakeoff = Bakeoff(home)
    assert bakeoff.lab.results()
    assert all(one.ok for one in bakeoff.lab.verify())
    assert not [one for one in bakeoff.lab.results() if one.finished is None], (
        "every interrupted campaign was continued"
    )
    assert not list((home / "envs").glob("staging-*"))
