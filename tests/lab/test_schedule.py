"""Draws come from the seed alone, turns are fair, and memory decides who lives."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bakeoff.lab import schedule


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.sets(st.integers(0, 30), min_size=1))
def test_a_round_is_a_permutation_drawn_from_the_seed(seed: int, number: int, arms: set[int]) -> None:
    order = schedule.permutation(seed, number, sorted(arms))
    assert sorted(order) == sorted(arms)
    assert order == schedule.permutation(seed, number, sorted(arms, reverse=True))


def test_every_place_falls_to_every_arm_alike() -> None:
    firsts = Counter(schedule.permutation(7, number, range(4))[0] for number in range(2000))
    assert all(430 <= firsts[arm] <= 570 for arm in range(4))  # expected 500, standard deviation 19


def test_launches_are_drawn_and_none_falls_behind() -> None:
    played = {1: 0, 2: 0, 3: 0}
    drawn = []
    for number in range(60):
        one = schedule.launch(3, number, 0, played)
        played[one] += 1
        drawn.append(one)
        assert max(played.values()) - min(played.values()) <= 2
    assert drawn != sorted(drawn)
    assert len(set(pairwise(drawn))) == 9


@given(st.floats(1e-8, 5.0))
def test_blocks_are_long_enough_and_not_too_long(step_s: float) -> None:
    size = schedule.block_size(step_s)
    if step_s < 0.01:
        assert size.iterations >= 10
        assert size.iterations * step_s >= 0.0499 or step_s < 1e-7
        assert size.iterations * step_s <= 0.11
    else:
        assert 1 <= size.iterations <= 3
    assert size.drop >= 1


@given(st.floats(1e-6, 0.4), st.floats(-1.0, 0.2))
def test_a_short_budget_shortens_blocks_but_not_below_some_samples(step_s: float, allowed_s: float) -> None:
    size, full = schedule.block_size(step_s, allowed_s=allowed_s), schedule.block_size(step_s)
    assert size.drop == full.drop
    assert size.iterations <= full.iterations
    least = min(full.iterations, 1 if step_s >= 0.01 else max(10, schedule.SHORTEST_S / step_s))
    assert size.iterations >= least
    if allowed_s >= 2 * schedule.BLOCK_S:
        assert size == full


def test_inference_uses_every_slot_alike_and_digests_a_few() -> None:
    turn = schedule.inference_turn((1, 2, 3), schedule.Size(795, 5), 8)
    counts = Counter(turn.order)
    assert set(counts.values()) == {100}
    assert 4 <= len(turn.digest_at) <= 35  # expected 16
    assert turn != schedule.inference_turn((1, 3, 3), schedule.Size(795, 5), 8)


def test_training_plays_known_episodes() -> None:
    episodes = [(0, 1, 2), (2, 1, 0)]
    turn = schedule.training_turn((1, 2, 3), schedule.Size(10, 1), episodes)
    assert len(turn.order) == 11
    expected = [slot for number in turn.episodes for slot in episodes[number]][:11]
    assert list(turn.order) == expected


def test_memory_decides_how_many_live() -> None:
    peaks = {0: 100, 1: 100, 2: 300, 9: 100}
    live = [0, 1, 2, 9]
    assert schedule.seats(live, [0, 9], peaks, 3000, 3, 0) == schedule.Seats((0, 1, 2, 9), 3)
    assert schedule.seats(live, [0, 9], peaks, 1300, 3, 0).alive == 2
    groups = [schedule.seats(live, [0, 9], peaks, 520, 3, turn) for turn in range(2)]
    assert {seats.arms for seats in groups} == {(0, 2, 9), (0, 1, 9)}
    assert all(seats.alive == 1 for seats in groups)


def test_steps_that_take_no_time_are_not_all_fingerprinted() -> None:
    turn = schedule.inference_turn((1, 2, 3), schedule.Size(500_000, 5), 8)
    assert 10 < len(turn.digest_at) < 60
