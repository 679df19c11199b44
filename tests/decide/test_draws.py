"""Draws: keyed, shared, reproducible; SMAA against a published example; weights against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bakeoff.decide import draws
from bakeoff.decide.situation import ordered_weights

N = 20_000


def test_a_stream_depends_on_key_seed_and_position_only() -> None:
    whole = draws.uniforms(("a", "fit"), 40, 7)
    assert np.array_equal(whole[20:], draws.uniforms(("a", "fit"), 20, 7, start=20))
    assert not np.array_equal(whole, draws.uniforms(("b", "fit"), 40, 7))
    assert not np.array_equal(whole, draws.uniforms(("a", "fit"), 40, 8))
    # Pinned: the same on every platform, or every stored decision would change.
    assert whole[0] == pytest.approx(0.0008645895053231434, abs=1e-15)


def test_the_inverse_normal_undoes_the_distribution_function() -> None:
    points = np.array([-4.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.9599639845, 3.5])
    probability = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in points])
    assert np.allclose(draws.inverse_normal(probability), points, atol=1e-8)


def test_normals_are_the_middles_of_65536_equal_parts() -> None:
    every = draws.inverse_normal((np.arange(65_536) + 0.5) / 65_536)
    normal = draws.normals(("a",), N, 1)
    assert np.isclose(every[np.searchsorted(every, normal - 1e-9)], normal, rtol=0, atol=1e-12).all()
    assert np.array_equal(draws.normals(("a",), N - 8, 1, start=8), normal[8:])
    assert np.array_equal(draws.normals(("a",), 9, 1), normal[:9])
    assert abs(every.var() - 1) < 3e-5
    assert abs(every).max() < 4.33


def test_streams_drawn_together_are_those_drawn_alone() -> None:
    names = [("value", str(index), "fit") for index in range(5)]
    together = draws.normals_of(draws.stream_keys(names, 3), 50, 16)
    assert np.array_equal(together, np.stack([draws.normals(name, 50, 3, 16) for name in names]))


def test_the_words_are_those_of_the_published_generator() -> None:
    """First outputs of SplitMix64 seeded with 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64")."""
    words = draws._words(np.array([1234567], np.uint64), 0, 5)[0]
    published = [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip
    assert words.tolist() == published


def test_uniforms_are_spread_evenly_within_and_across_streams() -> None:
    """Chi-squared of 100 cells, over one stream and over the first numbers of many: each within its 99.9 % range."""
    across = np.array([draws.uniforms(("k", str(index)), 1, 5)[0] for index in range(N)])
    for drawn in (draws.uniforms(("a",), N, 5), across):
        counts = np.bincount((drawn * 100).astype(int), minlength=100)
        assert 60.0 < ((counts - N / 100) ** 2 / (N / 100)).sum() < 149.0
    one, other = draws.normals(("a",), N, 5), draws.normals(("b",), N, 5)
    assert abs((one * other).mean()) < 4 / math.sqrt(N)
    assert abs((one[1:] * one[:-1]).mean()) < 4 / math.sqrt(N)


def test_normals_have_mean_zero_and_variance_one() -> None:
    drawn = draws.normals(("a", "b"), N, 1)
    assert abs(drawn.mean()) < 4 / math.sqrt(N)
    assert drawn.var() == pytest.approx(1, abs=4 * math.sqrt(2 / N))


def test_acceptability_reproduces_a_published_example() -> None:
    """Heparin against enoxaparin on three outcomes, weights unknown.

    Source: van Valkenhoef, Tervonen, Zhao, de Brock, Hillege and Postmus, "Multicriteria benefit-risk assessment using
    network meta-analysis", Journal of Clinical Epidemiology 65 (2012); data and results as distributed with the R
    package smaa 0.3 (example `thrombo`, 10,000 draws). Means and standard deviations are those of its measurements.
    """
    mean = np.array([[0.41171559, 0.42486473, 0.92578459], [0.75139167, 0.60837097, 0.61514722]])
    spread = np.array([[0.12177531, 0.1564636, 0.07279005], [0.08379634, 0.1525058, 0.16553543]])
    drawn = np.stack([[draws.normals((str(i), str(j)), N, 3) for j in range(3)] for i in range(2)])
    values = mean[:, :, None] + spread[:, :, None] * drawn
    found = draws.acceptability(values, draws.weights_uniform(("proximal", "distal", "bleeding"), N, 3))
    assert found.ranks == pytest.approx(np.array([[0.3504, 0.6496], [0.6496, 0.3504]]), abs=0.015)
    published = np.array([[0.1865097, 0.2772205, 0.5362698], [0.4073100, 0.3641477, 0.2285423]])
    assert found.central == pytest.approx(published, abs=0.015)
    assert found.confidence == pytest.approx(np.array([0.6682, 0.8956]), abs=0.015)


def test_exact_values_give_the_share_of_the_weight_space() -> None:
    # Two criteria, weights uniform: A leads while its better criterion weighs more than 1/3.
    values = np.array([[[1.0], [0.0]], [[0.0], [0.5]]])
    found = draws.acceptability(values, draws.weights_uniform(("a", "b"), N, 5))
    assert found.ranks[0, 0] == pytest.approx(2 / 3, abs=4 * math.sqrt(2 / 9 / N))
    assert found.confidence.tolist() == [1.0, 1.0]


def test_ordered_weights_respect_the_order_and_centre_on_the_centroid() -> None:
    axes = ("a", "b", "c", "d")
    drawn = draws.weights_ordered(("c", "a"), axes, N, 2)
    assert np.allclose(drawn.sum(axis=0), 1)
    c, a, rest = drawn[2], drawn[0], drawn[[1, 3]]
    assert (c >= a).all()
    assert (a >= rest.max(axis=0)).all()
    centre = ordered_weights(("c", "a"), dict.fromkeys(axes, 1.0))
    assert drawn.mean(axis=1) == pytest.approx([centre[axis] for axis in axes], abs=0.01)


def test_weights_around_keep_zero_at_zero_and_sum_to_one() -> None:
    drawn = draws.weights_around({"a": 0.7, "b": 0.3, "c": 0.0}, N, 4, 0.35)
    assert np.allclose(drawn.sum(axis=0), 1)
    assert not drawn[2].any()
    assert drawn.mean(axis=1)[0] == pytest.approx(0.7, abs=0.02)
