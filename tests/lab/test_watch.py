"""Who else used the machine, and which processors contestants get."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bakeoff.lab import watch
from bakeoff.lab.watch import Glance, foreign_share, spread_out


def test_what_neither_host_nor_workers_used_is_foreign() -> None:
    before, after = Glance(0.0, 100.0, 0, 1.0), Glance(2.0, 103.0, 0, 1.5)
    assert foreign_share(before, after, workers_s=0.5, cpus=2) == pytest.approx(2.0 / 4)
    assert foreign_share(before, after, workers_s=9.0, cpus=2) == 0.0
    assert foreign_share(Glance(0.0, None, None, 0.0), after, workers_s=0.0, cpus=2) is None


def test_one_thread_of_every_core_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings)
    monkeypatch.setattr(watch, "_CPUS", tmp_path)
    assert spread_out((0, 1, 2, 3), 2) == (0, 1)
    assert spread_out((0, 2, 3), 2) == (0, 3)
    assert spread_out((2, 0), 2) == (0, 2)


def test_counters_are_read_and_throttling_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 1 1 1 1 1 1 1\ncpu0 100 0 100 700 50 0 0 900 0 0\ncpu1 300 0 0 0 0 0 0 0\nintr 1\n")
    group = tmp_path / "cpu.stat"
    group.write_text("usage_usec 5\nnr_throttled 4\nthrottled_usec 9\n")
    count = tmp_path / "cpu0" / "thermal_throttle"
    count.mkdir(parents=True)
    (count / "core_throttle_count").write_text("3\n")
    monkeypatch.setattr(watch, "_STAT", stat)
    monkeypatch.setattr(watch, "_GROUP", group)
    monkeypatch.setattr(watch, "_CPUS", tmp_path)
    seen = watch.glance((0,))
    assert seen.busy_s == pytest.approx(200 / os.sysconf("SC_CLK_TCK"))
    assert seen.throttled == 7
    monkeypatch.setattr(watch, "_STAT", tmp_path / "absent")
    monkeypatch.setattr(watch, "_GROUP", tmp_path / "absent")
    monkeypatch.setattr(watch, "_CPUS", tmp_path / "absent")
    blind = watch.glance((0,))
    assert blind.busy_s is None
    assert blind.throttled is None
