"""Golden decisions on the shipped catalogue: the field's thirteen heuristics and seven pitfalls hold.

Source: ML Framework Comparison (family index, 2026-05-17), sections Selection heuristics and Common pitfalls. The
decisions themselves are data, `rules/golden.toml`, because `bakeoff catalog lint` holds them too.
"""

from __future__ import annotations

from functools import cache

import pytest

from bakeoff.catalog.golden import Golden, load_golden, unknown_rules
from bakeoff.catalog.load import load
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rulebook import check_rules
from bakeoff.decide.build import build
from bakeoff.decide.lints import broken
from bakeoff.decide.profile import parse
from tests.decide.world import TODAY, rules

GOLDEN = load_golden()


@cache
def shipped() -> Catalog:
    return load()


@pytest.mark.parametrize("golden", GOLDEN, ids=[item.id for item in GOLDEN])
def test_the_fields_general_sense_holds(golden: Golden) -> None:
    model = build(parse(golden.profile, rules(), shipped()), shipped(), rules(), today=TODAY)
    assert broken(golden, model) == ""
    for bait in golden.avoid.items():
        assert any(bonus.origin == f"rule:{golden.rule}" and bonus.points < 0 for bonus in model.values.bonuses(*bait))


def test_every_heuristic_of_the_field_and_every_pitfall_is_held() -> None:
    heuristics = {item.id.split("-")[0] for item in GOLDEN if item.first}
    assert heuristics == {str(number) for number in range(1, 14)}
    assert {item.rule for item in GOLDEN if not item.first} == {rule.id for rule in rules().pitfalls}
    assert len(rules().pitfalls) >= 7


def test_every_name_in_the_rules_is_known() -> None:
    assert [str(problem) for problem in check_rules(rules(), shipped())] == []
    assert unknown_rules(GOLDEN, rules()) == ()
