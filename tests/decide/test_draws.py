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
    assert whole[0] == pytest.approx(0.8204032150819733, abs=1e-15)


def test_the_inverse_normal_undoes_the_distribution_function() -> None:
    points = np.array([-4.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.9599639845, 3.5])
    probability = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in points])
    assert np.allclose(draws.inverse_normal(probability), points, atol=1e-8)


def test_normals_follow_their_uniforms_as_closely_as_65536_parts_allow() -> None:
    uniform, normal = draws.uniforms(("a",), N, 1), draws.normals(("a",), N, 1)
    assert np.array_equal(draws.normals(("a",), N - 8, 1, start=8), normal[8:])
    middle = (np.floor(uniform * 65_536) + 0.5) / 65_536
    assert np.allclose(normal, draws.inverse_normal(middle), rtol=0, atol=1e-12)
    every = draws.inverse_normal((np.arange(65_536) + 0.5) / 65_536)
    assert abs(every.var() - 1) < 3e-5
    assert abs(every).max() < 4.33


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
