"""Decisions that last, as one at a shell meets them: stored, verified, as of a day, compared, checked in builds."""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

from bakeoff.api import Bakeoff
from bakeoff.catalog.load import as_of, load
from bakeoff.catalog.model import Claim
from bakeoff.cli import main as program

ROOT = Path(__file__).parents[2]
PROFILE = str(ROOT / "examples" / "scientific-ode.toml")
LATER = date(2028, 2, 1)
CASES = """
- id: one
  category: science
  difficulty: hard
  trap: some-trap
  profile: {domain: scientific-ml, activity: research, hardware: [nvidia-single], constraints: [ode-solver]}
  actual: {framework: jax, library: keras}
  unacceptable: {framework: [tensorflow]}
- id: two
  profile: {domain: vision, activity: research, hardware: [nvidia-single], languages: [python]}
  actual: {framework: pytorch}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


class Shell:
    """Types commands on one machine, on a day."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.monkeypatch, self.capsys = home, monkeypatch, capsys
        self.on(date(2026, 11, 22))

    def on(self, day: date) -> None:
        made = Bakeoff(self.home, today=day)
        self.monkeypatch.setattr("bakeoff.cli.run.product", lambda: made)

    def __call__(self, *words: str) -> tuple[int, str]:
        self.monkeypatch.setattr(sys, "argv", ["bakeoff", *words])
        self.monkeypatch.setenv("COLUMNS", "120")
        with pytest.raises(SystemExit) as left:
            program.main()
        shown = self.capsys.readouterr()
        return int(left.value.code or 0), shown.out + shown.err


@pytest.fixture
def shell(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, monkeypatch, capsys)


def stored(shell: Shell, file: Path, *more: str) -> dict[str, object]:
    _, text = shell("decide", PROFILE, "--json", *more)
    file.write_text(text, encoding="utf-8")
    found: dict[str, object] = json.loads(text)
    return found


def claims_of(names: object) -> list[Claim]:
    assert isinstance(names, list)
    return [claim for item in load().systems.values() for claim in item.claims if claim.id in names]


def test_a_stored_decision_is_reproduced_even_later_and_a_changed_one_is_not(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "decision.json"
    decision = stored(shell, file)
    shell.on(LATER)
    code, text = shell("decide", "--verify", str(file))
    assert (code, "Reproduced" in text) == (0, True)
    decision["stacks"][0]["value"]["mid"] += 0.01  # type: ignore[index]
    file.write_text(json.dumps(decision), encoding="utf-8")
    code, text = shell("decide", "--verify", str(file))
    assert (code, "stacks[0].value.mid" in text) == (1, True)


def test_a_decision_as_of_a_day_knows_nothing_later_and_is_reproduced_as_of_it(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "past.json"
    past = stored(shell, file, "--as-of", "2026-06-01")
    now = stored(shell, tmp_path / "now.json")
    assert past["today"] == "2026-06-01"
    assert past["catalog"] != now["catalog"]
    assert {claim.id for claim in claims_of(past["read"])} <= {
        claim.id for item in as_of(load(), date(2026, 6, 1)).systems.values() for claim in item.claims
    }
    assert shell("decide", "--verify", str(file))[0] == 0
    code, text = shell("decide", "--since", str(file), "--json")
    moved = json.loads(text)
    assert code == 0
    assert moved["shifts"] or moved["narrowed"] or moved["same_winner"]


def test_a_record_holds_today_and_fails_the_build_once_its_day_is_over(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "adr"
    assert shell("decide", PROFILE, "--adr", str(folder))[0] == 0
    (record,) = folder.glob("*.md")
    assert shell("decide", "--check", str(folder))[0] == 0
    shell.on(LATER)
    code, text = shell("decide", "--check", str(folder))
    assert code == 1
    assert record.name in text
    assert "was to be looked at again by" in text
    assert re.search(r"today: .*jax", text)


def test_a_record_whose_claim_has_changed_fails_the_build_with_the_claim(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "adr"
    shell("decide", PROFILE, "--adr", str(folder))
    (record,) = folder.glob("*.md")
    text = record.read_text(encoding="utf-8")
    was = re.search(r'"kind": ?"claim", ?"subject": ?"([^"]+)", ?"was": ?"yes"', text)
    assert was
    record.write_text(text.replace(was[0], was[0].replace('"yes"', '"partial"')), encoding="utf-8")
    code, text = shell("decide", "--check", str(folder))
    assert code == 1
    assert f"{was[1]} was partial and is yes" in " ".join(text.split())


def test_the_action_and_the_hook_run_what_the_guide_says() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    runs = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert any('bakeoff decide --check "$FOLDER"' in run for run in runs)
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    hook = hooks["bakeoff-decisions"]
    assert (hook["entry"], hook["args"]) == ("bakeoff decide --check", ["docs/adr"])
    guide = (ROOT / "docs" / "guide" / "lasting-decisions.md").read_text(encoding="utf-8")
    assert "id: bakeoff-decisions" in guide
    assert set(re.findall(r"^ +(\w+): docs/", guide, re.MULTILINE)) <= set(action["inputs"])


def test_a_backtest_is_broken_down_and_its_json_has_the_promised_keys(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    code, text = shell("backtest", str(file), "--ablate", "rules")
    assert code == 0
    for shown in (
        "2 cases",
        "framework",
        "always the most",
        "science",
        "hard",
        "Traps",
        "What each rule adds",
        "keras",
    ):
        assert shown in text
    _, text = shell("backtest", str(file), "--json")
    report = json.loads(text)
    grades = {"judged", "exact", "acceptable", "miss", "silent", "violation"}
    assert set(report["layers"]) == set(report["framework"]) == grades
    assert {"cases", "clean", "top3_share", "excluded_actual", "per_case"} <= set(report)
    assert shell("backtest", str(file), "--ablate", "ruels")[0] == 2


def test_evidence_is_ablated_kind_by_kind(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    code, text = shell("backtest", str(file), "--ablate", "evidence")
    assert code == 0
    assert "+ documented" in text
    assert "What each rule adds" not in text


def test_why_not_of_a_misspelt_system_is_an_error_with_near_names(shell: Shell) -> None:
    code, text = shell("why-not", "pytorh", PROFILE)
    assert (code, "did you mean pytorch" in text) == (2, True)
