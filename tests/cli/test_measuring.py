"""Asking to measure, and about what was measured: every wrong word named, every campaign shown and carried on."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.api import Bakeoff
from bakeoff.api.asked import request
from bakeoff.api.bench import Bench
from bakeoff.api.workspace import Workspace
from bakeoff.base.errors import InputError
from bakeoff.cli import main as program
from bakeoff.cli import render_run
from bakeoff.isolate.env import Builder
from bakeoff.lab import adapters
from bakeoff.lab.campaign import run
from bakeoff.lab.cells import Campaign
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.results import Point
from tests.lab.simulated import Behaviour, lab

EXAMPLE = Path(__file__).parents[2] / "examples" / "cpu-serving.toml"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one simulated campaign: three systems, of which one cannot run, and two versions of one."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    made, _ = lab(folder, {"fast": Behaviour(1e-3, 0.003, 0.003), "slow": Behaviour(8e-3, 0.003, 0.003)})
    cells = (Cell("fast"), Cell("slow"), Cell("fast", requires=("fast==1.9",)))
    asked = Request("toy", cells=cells, threads=2, budget_s=0.3, launches=3, finalists=3, extras=False)
    run(asked, made)
    made.store.close()
    monkeypatch.undo()
    (stored,) = folder.rglob("results.sqlite")
    home = tmp_path_factory.mktemp("store")
    stored.rename(home / "results.sqlite")
    return home


@pytest.fixture
def bakeoff(home: Path) -> Bakeoff:
    return Bakeoff(home)


@pytest.fixture
def campaign(bakeoff: Bakeoff) -> Campaign:
    return bakeoff.lab.result().campaign


def typed(words: list[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    monkeypatch.setenv("BAKEOFF_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", ["bakeoff", *words])
    with pytest.raises(SystemExit) as left:
        program.main()
    return left.value.code


def test_a_run_is_shown_to_a_sceptic(
    home: Path, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = home / "run.html"
    assert typed(["results", "show", "--html", str(page)], home, monkeypatch) == 0
    out = capsys.readouterr().out
    for text in (
        campaign.id,
        "fast/only==1.9",
        "against the float64 oracle",
        "THREADS=2",
        "held to processors 0, 1",
        "Every sample, round by round",
        "bakeoff measure toy --size",
        "wrote the page",
    ):
        assert text in out
    assert all(len(line.rstrip()) <= 80 for line in out.splitlines() if not line.startswith("wrote"))
    written = page.read_text()
    for found in campaign.runs:
        assert f'data-run="{found.id}"' in written
    assert "<svg" in written
    assert "src=" not in written


def test_a_version_has_a_row_and_a_command_of_its_own(bakeoff: Bakeoff, campaign: Campaign) -> None:
    old = next(one for one in campaign.runs if one.arm.variant)
    assert old.arm.key == "fast/only==1.9"
    assert "--only fast/only==1.9" in bakeoff.lab.result(old.id).command


def test_a_campaign_travels(bakeoff: Bakeoff, campaign: Campaign, home: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "deep" / "campaign.bundle"
    bakeoff.lab.export(bundle)
    elsewhere = Bakeoff(tmp_path / "other")
    (taken,) = elsewhere.lab.take_in(bundle, origin="another team")
    assert taken == campaign
    assert [one.origin for one in elsewhere.lab.results()] == ["another team"]
    merged = Bakeoff(tmp_path / "third")
    assert [one.id for one in merged.lab.take_in(home)] == [campaign.id]
    assert merged.lab.take_in(home) == ()
    with pytest.raises(InputError, match="holds no results"):
        merged.lab.take_in(tmp_path)


def test_the_newest_is_the_newest_that_was_finished(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no campaign was finished yet"):
        Bakeoff(tmp_path).lab.result()


def test_every_wrong_word_of_a_measurement_is_named_at_once(bakeoff: Bakeoff) -> None:
    how = {
        "only": ("jaxx", "jax/jitt", "numpy==new"),
        "threads": -1,
        "launches": 0,
        "budget_s": 0.0,
        "size": "hueg",
        "python": {"jaks": Path("/no/such/python")},
    }
    with pytest.raises(InputError) as caught:
        bakeoff.lab.measure("gemm", how=how)
    said = str(caught.value)
    for text in ("did you mean jax?", "'jitt'", "'new' is not a version", "at least 0", "at least 1", "0 s is no time"):
        assert text in said
    assert {"size", "python", "python.jaks"} <= {problem.key for problem in caught.value.problems}
    with pytest.raises(InputError, match="too many"):
        bakeoff.lab.measure("gemm", how={"threads": 100_000})
    with pytest.raises(InputError, match="named twice"):
        bakeoff.lab.versus("jax", "jax", "gemm")


def test_a_version_is_of_the_package_whatever_the_system_is_called(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    found = request(Bench(workspace), workspace.catalog, "encoder-infer", {"only": ("onnxruntime==1.20",)})
    assert found.cells == (Cell("onnxruntime", "default", ("onnxruntime==1.20",)),)
    both = [
        request(Bench(workspace), workspace.catalog, "gemm", {"only": (text,)}).cells
        for text in ("torch/eager==2.12.0", "pytorch/eager==2.12.0")
    ]
    assert both[0] == both[1] == (Cell("pytorch", "eager", ("torch==2.12.0",)),)


def test_another_version_of_a_small_build_is_a_small_build_too() -> None:
    found = adapters.load(adapters.ROOT / "pytorch").requiring(("torch==2.12.0",)).spec
    assert found.requires == ("torch==2.12.0",)
    assert found.cpu_requires == ("torch==2.12.0+cpu",)


def test_nothing_is_removed_for_a_name_that_is_not_there(bakeoff: Bakeoff) -> None:
    with pytest.raises(InputError, match="unknown environment 'nosuch'"):
        bakeoff.lab.prune(("nosuch",))


def test_planning_resolves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        pytest.fail("a plan asked the package sources")

    monkeypatch.setattr(Builder, "estimate", never)
    workspace = Workspace(tmp_path)
    found = Bench(workspace).offers(workspace.profile(EXAMPLE, {}))
    assert {one.workload for one in found} >= {"encoder-infer"}
    assert all(one.cost_s > 60 for one in found)


def test_adapters_say_what_they_download() -> None:
    for name, adapter in adapters.load_all().items():
        known = adapter.download_bytes
        assert (known is None) == adapter.spec.large, name
        assert known is None or 10**7 < known < 10**9


def test_the_plot_holds_every_sample_and_marks_what_was_set_aside() -> None:
    points = [Point(number, 0, 1e-3, number != 3, (1e-3, 1e-3, 2e-3)) for number in range(8)]
    drawn = render_run.plot(points)
    assert "24 samples" in drawn[-1]
    assert drawn[-2].index("×") == drawn[0].index("│") + 1 + 3
    top, bottom = drawn[0].partition("│")[2], drawn[render_run.ROWS - 1].partition("│")[2]
    assert top == "•" * 8
    assert bottom == "●" * 8
    assert render_run.plot([replace(points[0], samples_s=())]) == []


def test_json_of_a_run_is_only_json(
    home: Path, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(["results", "show", "--json"], home, monkeypatch) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["campaign"]["id"] == campaign.id
    assert shown.err == ""
