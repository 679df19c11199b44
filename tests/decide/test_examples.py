"""The example profiles are read without a problem and decided on the shipped catalogue."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bakeoff.catalog.load import load
from bakeoff.decide.engine import decide
from bakeoff.decide.model import Verdict
from bakeoff.decide.profile import parse
from tests.decide.world import TODAY, rules

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


def test_there_are_several_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_decided_with_reasons_whose_claims_exist(path: Path) -> None:
    catalog = load()
    profile = parse(tomllib.loads(path.read_text(encoding="utf-8")), rules(), catalog, where=path.name)
    decision = decide(profile, catalog, rules(), today=TODAY, draws=2_500)
    assert decision.verdict is not Verdict.IMPOSSIBLE
    assert decision.reasons
    known = {claim.id for system in catalog.systems.values() for claim in system.claims}
    cited = {claim for reason in decision.reasons for claim in reason.claims if not claim.startswith("rule:")}
    assert cited <= known
