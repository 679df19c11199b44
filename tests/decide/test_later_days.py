"""What is said to last does: a component's value on a later day, worked out anew, is that of today."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from bakeoff.catalog.load import load
from bakeoff.catalog.rulebook import load_rules
from bakeoff.decide.build import build
from bakeoff.decide.facts import Facts
from bakeoff.decide.profile import parse
from bakeoff.decide.value import Values
from tests.decide.world import TODAY

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_lasts_is_the_same_on_any_later_day(path: Path) -> None:
    catalog, rules = load(), load_rules()
    model = build(parse(tomllib.loads(path.read_text()), rules, catalog), catalog, rules, today=TODAY)
    lasting, moving = 0, 0
    for days in (182, 730):
        facts = Facts(model.facts.catalog, model.situation, rules.constants, TODAY + timedelta(days=days))
        later = Values(facts, rules, model.judged)
        for layer, names in zip(model.space.layers, model.space.systems, strict=True):
            for name in names:
                for axis in model.values.axes:
                    if model.values.lasts(layer, name, axis):
                        lasting += 1
                        now = model.values.mid(layer, name, axis)
                        assert later.mid(layer, name, axis) == pytest.approx(now, abs=1e-9)
                    else:
                        moving += 1
    assert lasting > 5 * moving > 0
