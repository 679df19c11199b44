"""What is counted over draws: first places, shares of groups, and how sure an entry is at its own weights."""

from __future__ import annotations

import numpy as np

from bakeoff.decide.engine import entries_of
from bakeoff.decide.entries import BLOCK
from bakeoff.decide.smaa import Sampler, Tally, best_three, shares_by
from tests.decide.world import model as small_model


def _tally() -> tuple[Sampler, Tally]:
    model = small_model()
    entries = entries_of(model)
    sampler = Sampler(model.values, entries, 3)
    return sampler, sampler.run(2 * BLOCK, [(str(index),) for index in range(len(entries))], range(len(entries)))


def test_the_first_three_are_those_of_a_stable_sort() -> None:
    # Few values, so that equals are common.
    totals = np.random.default_rng(0).integers(0, 5, (9, 1_234)).astype(np.float64)
    for count in (1, 3, 4, 9):
        expected = np.argsort(-totals[:count], axis=0, kind="stable")[:3]
        assert np.array_equal(best_three(totals[:count]), expected)


def test_shares_of_groups_count_a_draw_once_however_many_of_a_group_lead_it() -> None:
    _, tally = _tally()
    groups = [position % 2 for position in range(len(tally.firsts))]
    for group, (first, top3) in enumerate(shares_by(tally, groups)):
        inside = np.array(groups)[tally.leaders] == group
        assert first == inside[0].mean()
        assert top3 == inside.any(axis=0).mean()


def test_a_tally_is_what_its_draws_add_up_to() -> None:
    sampler, tally = _tally()
    count = len(sampler.entries)
    assert count > 2
    blocks = sampler.blocks()
    drawn = [blocks.next().totals(sampler.weights(BLOCK, start)) for start in range(0, tally.draws, BLOCK)]
    totals = np.concatenate(drawn, axis=1)
    order = np.argsort(-totals, axis=0, kind="stable")
    assert tally.firsts.tolist() == [(order[0] == position).sum() for position in range(count)]
    assert tally.top3.tolist() == [(order[:3] == position).sum() for position in range(count)]
    assert tally.beaten == {position: (totals[position] > totals[0]).sum() for position in range(count)}
    assert tally.share == (order[0] == 0).mean()


def test_confidence_is_how_often_an_entry_is_first_at_the_mean_of_the_weights_that_make_it_first() -> None:
    sampler, tally = _tally()
    weights = np.concatenate([sampler.weights(BLOCK, start) for start in range(0, tally.draws, BLOCK)], axis=1)
    assert set(tally.confidence) == set(np.flatnonzero(tally.firsts >= tally.draws / 10).tolist())
    assert len(tally.confidence) > 1
    for position, found in tally.confidence.items():
        won = tally.leaders[0] == position
        own = weights[:, won].mean(axis=1)
        totals = sampler.blocks().next().totals(own[:, None])
        assert found == (totals.argmax(axis=0) == position).mean()
