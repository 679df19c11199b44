"""Blocks of draws: what shared halves and tables add up to is what adding up every stack by itself gives."""

from __future__ import annotations

import numpy as np
import pytest

from bakeoff.catalog.load import load
from bakeoff.catalog.rulebook import load_rules
from bakeoff.decide import draws
from bakeoff.decide.build import Model, build
from bakeoff.decide.engine import entries_of
from bakeoff.decide.entries import BLOCK, Entry
from bakeoff.decide.profile import parse
from bakeoff.decide.smaa import Sampler
from bakeoff.decide.value import Floats, combine
from tests.decide.world import TODAY
from tests.decide.world import model as small_model


def _model(**fields: object) -> Model:
    catalog, rules = load(), load_rules()
    return build(parse(fields, rules, catalog), catalog, rules, today=TODAY)


def _by_itself(model: Model, entry: Entry, weights: Floats, *, start: int) -> Floats:
    """One stack's total, measure by measure, straight from the definition."""
    total: Floats = np.full(BLOCK, entry.offset)
    for axis, weight in zip(model.values.axes, weights, strict=True):
        parts = model.values.parts(axis, [layer for layer, _ in entry.stack]) if model.values.weights[axis.id] else ()
        columns = []
        for column, _ in parts:
            value = np.zeros(BLOCK)
            for term in model.values.terms(*entry.stack[column], axis):
                normal = draws.normals(("value", term.system, term.property), BLOCK, 3, start)
                value = value + term.share * np.clip(term.mid + term.spread * normal, 0.0, 100.0)
            columns.append(value)
        if columns:
            total = total + weight * combine(axis.aggregator, columns, [share for _, share in parts])
    lost = np.zeros(BLOCK, np.bool_)
    for condition in entry.conditions:
        lost |= draws.uniforms(("holds", condition.claim), BLOCK, 3, start) >= condition.chance
    total -= model.rules.constants["failed_points"] * lost
    return total


@pytest.mark.parametrize(
    "fields",
    [
        {"domain": "embeddings", "activity": "serving", "serve_on": ["cpu-only"]},
        {"domain": "nlp-llm", "activity": "pretraining-at-scale", "train_on": ["tpu-pod"]},
        None,
    ],
)
def test_totals_of_a_block_are_those_of_every_stack_by_itself(fields: dict[str, object] | None) -> None:
    model = _model(**fields) if fields else small_model()
    entries = entries_of(model)
    assert any(entry.conditions for entry in entries) == (fields is None)
    sampler = Sampler(model.values, entries, 3)
    blocks = sampler.blocks()
    for start in (0, BLOCK):
        drawn, weights = blocks.next(), sampler.weights(BLOCK, start)
        totals = drawn.totals(weights)
        for position in range(0, len(entries), 9 if fields else 1):
            expected = _by_itself(model, entries[position], weights, start=start)
            assert np.allclose(totals[position], expected, rtol=0, atol=1e-9)
        first = drawn.on_axes(0)
        kept = entries[0].offset + sum(value * weight for value, weight in zip(first, weights, strict=True))
        if not entries[0].conditions:
            assert np.allclose(kept, totals[0], rtol=0, atol=1e-9)


def test_one_weight_for_all_draws_is_the_same_as_repeating_it() -> None:
    model = _model(domain="embeddings", activity="serving", serve_on=["cpu-only"])
    drawn = Sampler(model.values, entries_of(model), 0).blocks().next()
    weights = np.array([model.values.weights[axis.id] for axis in model.values.axes])[:, None]
    assert np.allclose(drawn.totals(weights), drawn.totals(np.repeat(weights, BLOCK, axis=1)), rtol=0, atol=1e-9)
