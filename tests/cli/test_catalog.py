"""The doors of the catalogue that decide: coverage of what decisions read, worth, and what a change of it moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bakeoff.api import Bakeoff
from bakeoff.api.catalog import CatalogPart
from bakeoff.base.errors import InputError
from bakeoff.catalog import lint
from bakeoff.catalog.golden import load_golden
from bakeoff.decide.model import Profile

CASE = """
- id: one
  profile: {domain: nlp-llm, activity: pretraining-at-scale, hardware: [tpu-pod], constraints: [multi-node]}
  actual: {framework: jax}
  acceptable: {}
  unacceptable: {}
"""


@pytest.fixture(scope="module")
def bakeoff(tmp_path_factory: pytest.TempPathFactory) -> Bakeoff:
    return Bakeoff(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def everything(bakeoff: Bakeoff) -> list[str]:
    """Names of the shipped profiles."""
    return list(CatalogPart._shipped(bakeoff.catalog))


@pytest.fixture(autouse=True)
def one_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tour is enough to see whether the doors decide at all, and the lints have tests of their own."""
    whole = CatalogPart._shipped
    monkeypatch.setattr(CatalogPart, "_shipped", lambda part: {"tour": whole(part)["tour"]})
    report = lint.LintReport((), 0, 0, 1, 0)
    monkeypatch.setattr(CatalogPart, "lint", lambda _part: report)


def test_decisive_coverage_counts_what_decisions_read_and_cases_add_to_it(bakeoff: Bakeoff, tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASE)
    everything = bakeoff.catalog.coverage()
    shipped = bakeoff.catalog.coverage(decisive=True)
    more = bakeoff.catalog.coverage(cases=file)
    assert 0 < shipped.claims < more.claims < everything.claims
    assert (everything.decisive, shipped.decisive, more.decisive) == (False, True, True)
    assert sum(shipped.by_kind.values()) == shipped.claims
    above = shipped.claims - shipped.by_kind.get("impression", 0) - shipped.by_kind.get("none", 0)
    assert shipped.above_impression_share == above / shipped.claims
    assert shipped.lint_errors == 0


def test_by_value_puts_first_what_the_shipped_profiles_would_gain_most_by(
    bakeoff: Bakeoff, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Profile(domain="nlp-llm", activity="fine-tuning", train_on=("nvidia-single",), languages=("python",))
    monkeypatch.setattr(CatalogPart, "_shipped", lambda _part: {"one": asked})
    valued = bakeoff.catalog.unknowns(by_value=True)
    for found in (valued, bakeoff.catalog.stale(by_value=True)):
        worth = [item.worth for item in found]
        assert worth == sorted(worth, reverse=True)
    assert valued[0].worth > 0
    assert all(item.worth == 0 for item in bakeoff.catalog.unknowns())


def test_every_shipped_profile_is_understood(everything: list[str]) -> None:
    assert {"tour", *(item.id for item in load_golden()), "cpu-serving"} <= set(everything)


NEIGHBOURS = {"pytorch", "transformers", "onnx", "onnxruntime", "openvino", "openvino-ir"}


def test_a_diff_names_the_decisions_that_change(bakeoff: Bakeoff, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    bakeoff.catalog.export(before)
    plain = json.loads(before.read_text())
    # A few systems decide as well as all of them, and are read in a tenth of the time.
    plain["systems"] = [item for item in plain["systems"] if "device" in item["layers"] or item["id"] in NEIGHBOURS]
    held = {item["id"]: item for item in plain["systems"]}
    plain["aliases"] = {alias: name for alias, name in plain["aliases"].items() if name in held}
    before.write_text(json.dumps(plain))
    current = bakeoff.catalog.diff(before)
    assert len(current.systems_added) + len(held) == len(bakeoff.catalog.list())
    assert current.systems_removed == ()
    held["onnxruntime"]["claims"] = [item for item in held["onnxruntime"]["claims"] if item["property"] != "loads"]
    after.write_text(json.dumps(plain))
    same = bakeoff.catalog.diff(before, before)
    assert (same.changes, same.decisions) == ((), ())
    found = bakeoff.catalog.diff(before, after)
    assert {change.what for change in found.changes} == {"removed"}
    assert any(line.startswith("tour: ") and "serving onnxruntime -> " in line for line in found.decisions)


def test_the_schema_lists_the_closed_names(bakeoff: Bakeoff, tmp_path: Path) -> None:
    written = bakeoff.projects.schema(tmp_path / "system.schema.json")
    schema = json.loads(Path(written.path).read_text())
    assert "works_with" in schema["$defs"]["ClaimEntry"]["properties"]["property"]["enum"]
    assert "linux" in schema["$defs"]["ScopeEntry"]["properties"]["os"]["items"]["enum"]


def test_cases_with_unknown_words_are_bad_input(bakeoff: Bakeoff, tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(CASE.replace("nlp-llm", "nlp-lmm"))
    with pytest.raises(InputError, match="nlp-llm"):
        bakeoff.catalog.coverage(cases=file)
