"""Every door is the same door: what the command line prints as JSON is what Python returns; and it can be shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bakeoff.api import Bakeoff
from bakeoff.base.records import to_plain
from bakeoff.cli import main as program
from bakeoff.cli import render_lab, screen
from bakeoff.cli.call import method_of, read
from bakeoff.cli.commands import DOORS
from bakeoff.cli.doors import Door
from bakeoff.cli.values import Raw
from tests.report import samples

TOUR = str(Path(__file__).parents[2] / "src" / "bakeoff" / "new" / "tour" / "profile.toml")
ASKED: dict[str, dict[str, Raw]] = {
    "decide": {"profile": TOUR},
    "why-not": {"name": "tvm", "profile": TOUR},
    "profile check": {"profile": TOUR},
    "profile words": {},
    "env list": {},
    "env size": {},
    "env prune": {},
    "catalog list": {"layer": "tracker"},
    "catalog show": {"name": "onnx"},
    "catalog why": {"system": "onnx", "about": "api_quality"},
    "catalog refuted": {},
    "catalog audit": {"sample": 3},
    "catalog stale": {},
    "catalog unknowns": {"layer": "tracker"},
    "results list": {},
    "results verify": {},
}
"""Doors that need neither a network nor time, with what is typed."""
BY_NAME = {door.name: door for door in DOORS}


@pytest.fixture(scope="module")
def bakeoff(tmp_path_factory: pytest.TempPathFactory) -> Bakeoff:
    return Bakeoff(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def one_product(bakeoff: Bakeoff, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sides ask one product: reading the catalogue twice would only take time."""
    monkeypatch.setattr("bakeoff.cli.run.product", lambda: bakeoff)
    monkeypatch.setenv("COLUMNS", "120")


def words(door: Door, typed: dict[str, Raw]) -> list[str]:
    """The command line that says so."""
    found = door.name.split()
    for one in door.arguments:
        if one.key in typed:
            found += [str(typed[one.key])] if one.positional else [one.option, str(typed[one.key])]
    return found


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["bakeoff", *arguments])
    with pytest.raises(SystemExit) as left:
        program.main()
    return left.value.code


@pytest.mark.parametrize("name", ASKED)
def test_the_command_line_and_python_say_the_same(
    name: str, bakeoff: Bakeoff, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    door, typed = BY_NAME[name], ASKED[name]
    call = read(door, typed)
    record = method_of(bakeoff, call.method)(*call.positional, **call.named)
    assert run([*words(door, typed), "--json"], monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == to_plain(record)


@pytest.mark.parametrize("name", ASKED)
def test_it_can_be_shown(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words(BY_NAME[name], ASKED[name]), monkeypatch) == 0
    shown = capsys.readouterr()
    assert shown.out.strip()
    assert shown.err == ""


def test_a_decision_is_kept_verified_recorded_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, records = tmp_path / "decision.json", tmp_path / "adr"
    assert run(["decide", TOUR, "--adr", str(records), "--json"], monkeypatch) == 0
    kept.write_text(capsys.readouterr().out)
    assert [path.name for path in records.iterdir()] == ["0001-serve-a-small-encoder-on-this-cpu.md"]
    assert run(["decide", "--verify", str(kept)], monkeypatch) == 0
    assert run(["decide", "--check", str(records)], monkeypatch) == 0
    assert run(["decide", TOUR, "--since", str(kept)], monkeypatch) == 0
    out = capsys.readouterr().out
    for text in ("Reproduced", "holds", "confirmed"):
        assert text in out


def test_a_campaign_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:

    render_lab.campaigns([samples.campaign()], screen.console())
    out = capsys.readouterr().out
    for text in ("kiln/default", "7.45×", "contended", "crashed: signal 11", "noise floor 0.4 %"):
        assert text in out
