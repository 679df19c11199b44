"""Betting tests: error rates hold however often one looks; the class of a series is found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.numerics.change import Warmup, classify
from bakeoff.numerics.sequential import log_capital, sign_evidence, threshold
from tests.numerics import simulate


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(simulate.normal(1.0), id="normal"),
        pytest.param(simulate.heavy(1.0), id="t3"),
        pytest.param(lambda rng, count: rng.choice([-0.3, 0.0, 0.3], count) + rng.normal(0, 0.02, count), id="modes"),
    ],
)
def test_looking_after_every_round_keeps_the_error_rate(noise: simulate.Noise) -> None:
    rng = np.random.default_rng(0)
    limit = threshold(0.05, 1)
    false = sum(float(log_capital(noise(rng, 200)).max()) >= limit for _ in range(400))
    assert false / 400 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=12), st.floats(0.001, 10))
def test_the_capital_is_a_martingale_under_a_fair_coin(distances: list[float], last: float) -> None:
    now = math.exp(float(log_capital(np.array(distances))[-1]))
    after = [math.exp(float(log_capital(np.array([*distances, side * last]))[-1])) for side in (1, -1)]
    assert sum(after) / 2 == pytest.approx(now, rel=1e-9)


def test_noise_about_a_centre_on_the_wrong_side_wins_nothing() -> None:
    rng = np.random.default_rng(7)
    gains = [math.exp(float(log_capital(rng.choice([-0.3, 0.3], 30) - 0.1)[-1])) for _ in range(800)]
    assert np.mean(gains) <= 1.0


def test_far_rounds_count_for_more_than_near_ones() -> None:
    near, far = [0.1] * 5 + [-0.01] * 3, [0.01] * 5 + [-0.1] * 3
    assert log_capital(np.array(near * 4))[-1] > log_capital(np.array(far * 4))[-1] + 1


def test_a_clear_difference_is_seen_within_fifteen_rounds() -> None:
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(200):
        ratios = rng.normal(math.log(0.9), 0.02, 15)
        seen += sign_evidence(ratios, 0.03).below >= threshold(0.05, 10)
    assert seen / 200 >= 0.9


def test_no_difference_is_found_to_be_inside_the_zone() -> None:
    rng = np.random.default_rng(2)
    evidence = sign_evidence(rng.normal(0.0, 0.02, 60), 0.03)
    assert evidence.inside >= threshold(0.05, 10)
    assert evidence.below == evidence.above == 0.0


def test_a_difference_at_the_edge_is_rarely_called() -> None:
    rng = np.random.default_rng(3)
    called = 0
    for _ in range(400):
        evidence = sign_evidence(rng.normal(-0.03, 0.02, 200), 0.03)
        called += evidence.below >= threshold(0.05, 1) or evidence.inside >= threshold(0.05, 1)
    assert called / 400 <= 0.12  # two tests of 5 % each, both true at the very edge, with two standard errors


def test_sides_are_symmetric() -> None:
    ratios = np.random.default_rng(4).normal(0.05, 0.05, 40)
    left, right = sign_evidence(ratios, 0.03), sign_evidence(-ratios, 0.03)
    assert left.below == right.above
    assert left.over_floor == right.under_ceiling


def test_no_rounds_are_no_evidence() -> None:
    assert sign_evidence(np.empty(0), 0.03).inside == 0.0


def series(*levels: tuple[float, int], sd: float = 0.01) -> list[float]:
    rng = np.random.default_rng(5)
    return [float(level * math.exp(rng.normal(0, sd))) for level, count in levels for _ in range(count)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (series((1.0, 30)), Warmup.FLAT),
        (series((1.0, 30), sd=0.2), Warmup.FLAT),
        (series((2.0, 10), (1.0, 20)), Warmup.WARMUP),
        (series((4.0, 8), (2.0, 8), (1.0, 14)), Warmup.WARMUP),
        (series((1.0, 15), (1.3, 15)), Warmup.SLOWDOWN),
        (series((1.0, 10), (1.4, 10), (1.2, 10)), Warmup.UNSTEADY),
        (series((1.0, 10), (1.01, 10)), Warmup.FLAT),
        (series((1.0, 5)), Warmup.FLAT),
    ],
)
def test_the_shape_of_a_series_is_named(values: list[float], kind: Warmup) -> None:
    assert classify(values) is kind


def test_flat_noise_is_rarely_called_a_change() -> None:
    rng = np.random.default_rng(6)
    calls = [classify(np.exp(rng.normal(0, 0.1, 20)).tolist()) for _ in range(300)]
    assert sum(call is not Warmup.FLAT for call in calls) / 300 <= 0.03
