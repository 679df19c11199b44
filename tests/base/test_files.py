"""State is written whole or not at all, and locks die with their holder."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.base import files
from bakeoff.base.errors import MachineError


def test_home_is_bakeoff_home_then_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("BAKEOFF_HOME", raising=False)
    assert files.home() == tmp_path / "data" / "bakeoff"
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "own"))
    assert files.home() == tmp_path / "own"


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    files.write_atomic(path, "old and long")
    files.write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_content_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    files.write_atomic(path, "old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="no space left") as raised:
        files.write_atomic(path, "new")
    assert "bakeoff env prune" in str(raised.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


HOLD = """
import sys, time
from pathlib import Path
from bakeoff.base.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(MachineError, match=f"held by process {holder.pid}"), files.locked(path, wait=False):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with files.locked(path, wait=False):
        assert path.read_text() == f"process {os.getpid()}"


def test_what_is_written_is_for_those_the_mask_lets_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write_atomic(tmp_path / "shared", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o640


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot write"), files.locked(tmp_path / "file" / "lock"):
        pytest.fail("the lock was held")
