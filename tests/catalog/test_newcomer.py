"""Somebody new adds a system with nothing but CONTRIBUTING: each round of lints says what to do next."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.catalog import lint
from bakeoff.catalog.load import DATA, read_sources
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rulebook import load_rules
from bakeoff.decide.build import build
from bakeoff.decide.lints import lints
from bakeoff.decide.model import Profile
from tests.catalog.small import TODAY

FIRST_TRY = """
[system]
id = "acme-serve"
name = "Acme Serve"
layer = "serving"
summary = "Acme's own runtime."
licence = "Apache"

[[claim]]
property = "loads"
object = "onx"
value = "yes"

[[claim]]
property = "speed"
value = 90
"""
SHAPED = FIRST_TRY.replace('layer = "serving"', 'layers = ["serving"]').replace('"speed"', '"speed_infer"')
SOURCED = (
    SHAPED.replace('"Apache"', '"Apache-2.0"')
    .replace('object = "onx"\nvalue = "yes"\n', 'object = "onnx"\nvalue = "yes"\nfrom = "docs"\nsays = "Loads ONNX."\n')
    .replace('[[claim]]\nproperty = "speed_infer"\nvalue = 90\n', "")
    + """
[system.lifecycle]
status = "active"
from = "docs"
says = "Released every month."

[[source]]
id = "docs"
kind = "documented"
source = "Acme handbook, section Formats, version 3.2"
observed = 2026-10-01
read = 2026-11-22
by_vendor = true
"""
)
UNJOINED = SOURCED[: SOURCED.index("[[claim]]")] + SOURCED[SOURCED.index("[system.lifecycle]") :]


@dataclass(frozen=True, slots=True)
class Told:
    """What the newcomer is told."""

    text: str
    """Every problem or finding about the file, one a line, with what to do."""
    catalog: Catalog | None
    """The catalogue, once the file can be read."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped catalogue with just the neighbours the newcomer names: reading all of it proves no more."""
    folder = tmp_path_factory.mktemp("data")
    kept = [*DATA.glob("*.toml"), *(DATA / "systems" / "device").glob("*.toml")]
    kept += [DATA / "systems" / name for name in ("framework/pytorch.toml", "format/onnx.toml", "serving/vllm.toml")]
    for file in kept:
        copy = folder / file.relative_to(DATA)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    return folder


def told(data: Path, folder: Path, text: str, *, decisions: bool = False) -> Told:
    """What `bakeoff catalog lint` says of a file in a folder of one's own."""
    file = folder / "serving" / "acme-serve.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    try:
        sources = read_sources(data, extra=folder)
    except InputError as error:
        return Told("\n".join(str(problem) for problem in error.problems), None)
    more = [rule for rule in lints(load_rules()) if decisions and rule.id == "decision-dead-option"]
    report = lint.lint(sources, today=TODAY, more=more)
    mine = [f"{item.where}:{item.line} {item.message}; {item.tip}" for item in report.findings if "acme" in item.where]
    return Told("\n".join(mine), sources.catalog)


def test_the_first_try_is_told_every_mistake_with_line_and_remedy(data: Path, tmp_path: Path) -> None:
    found = told(data, tmp_path, FIRST_TRY)
    assert found.catalog is None
    for line in (
        "serving/acme-serve.toml:5: system.layer: unknown key 'layer'",
        "did you mean layers?",
        "serving/acme-serve.toml:15: claim[1].property: unknown property 'speed'",
        "did you mean speed_train or speed_infer?",
    ):
        assert line in found.text


def test_the_second_try_is_led_to_sources_and_names(data: Path, tmp_path: Path) -> None:
    found = told(data, tmp_path, SHAPED)
    for line in (
        "'Apache' is no SPDX expression; write an SPDX expression such as Apache-2.0",
        "'onx' is not catalogued, did you mean onnx",
        "claim without a source: has no evidence; cite a [[source]] of the file with `from`",
    ):
        assert line in found.text


def test_what_nothing_joins_is_refused_and_says_how_to_join_it(data: Path, tmp_path: Path) -> None:
    found = told(data, tmp_path, UNJOINED, decisions=True)
    assert "no profile can ever choose it: acme-serve is in no stack" in found.text
    assert "state what it works with, loads or exports" in found.text


def test_the_last_try_is_clean_and_the_system_can_be_chosen(data: Path, tmp_path: Path) -> None:
    found = told(data, tmp_path, SOURCED, decisions=True)
    assert found.text == ""
    assert found.catalog is not None
    model = build(Profile(layers=("framework", "format", "serving")), found.catalog, load_rules(), today=TODAY)
    column = model.space.layers.index("serving")
    assert "acme-serve" in {model.space.systems[column][place] for place in model.space.rows[:, column]}


def test_a_company_never_hides_a_shipped_system(data: Path, tmp_path: Path) -> None:
    found = told(data, tmp_path, SOURCED.replace('"acme-serve"', '"vllm"'))
    assert "'vllm' is catalogued already" in found.text
