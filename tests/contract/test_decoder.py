"""The oracle of `decoder-train` against loops, finite differences and published properties."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.contract.foreign import WORKLOADS
from tests.contract.test_oracle import TINY, close, naive_dense

Array = npt.NDArray[Any]
Rows = list[list[float]]

SPEC = TINY["decoder-train"]
ORACLE: Any = WORKLOADS["decoder-train"].oracle
WEIGHTS: dict[str, Array] = ORACLE.weights(SPEC, 3)
TOKENS: list[Array] = [slot["tokens"] for slot in ORACLE.inputs(SPEC, 3, 3)]


def naive_norm(row: list[float], scale: Array) -> list[float]:
    """RMS norm of one vector."""
    size = math.sqrt(math.fsum(one * one for one in row) / len(row) + SPEC["norm_eps"])
    return [one / size * float(factor) for one, factor in zip(row, scale, strict=True)]


def turned(row: list[float], position: int) -> list[float]:
    """One head's vector turned: the pairs (i, i + half) as complex numbers times e^(i angle)."""
    half = len(row) // 2
    pairs = [
        complex(row[i], row[i + half])
        * complex(
            math.cos(position * SPEC["rope_base"] ** (-i / half)), math.sin(position * SPEC["rope_base"] ** (-i / half))
        )
        for i in range(half)
    ]
    return [one.real for one in pairs] + [one.imag for one in pairs]


def naive_attention(state: Mapping[str, Array], layer: int, rows: Rows) -> Rows:
    """Causal attention of one sequence, one score at a time."""
    size = SPEC["width"] // SPEC["heads"]
    nothing = np.zeros(SPEC["width"])
    parts = {
        part: [naive_dense(row, state[f"{layer}.{part}.weight"], nothing) for row in rows]
        for part in ("query", "key", "value")
    }
    mixed = [[0.0] * SPEC["width"] for _ in rows]
    for head in range(SPEC["heads"]):
        own = slice(head * size, (head + 1) * size)
        for here in range(len(rows)):
            query = turned(parts["query"][here][own], here)
            scores = [
                math.fsum(a * b for a, b in zip(query, turned(parts["key"][there][own], there), strict=True))
                / math.sqrt(size)
                for there in range(here + 1)
            ]
            total = math.fsum(map(math.exp, scores))
            for column in range(size):
                mixed[here][head * size + column] = math.fsum(
                    math.exp(score) / total * parts["value"][there][own][column] for there, score in enumerate(scores)
                )
    return [naive_dense(row, state[f"{layer}.out.weight"], nothing) for row in mixed]


def naive_loss(state: Mapping[str, Array], micro: Array) -> float:
    """Mean cross-entropy of the next token over one micro-batch, one number at a time."""
    losses = []
    for sequence in micro.tolist():
        rows: Rows = [state["token"][token].tolist() for token in sequence[:-1]]
        for layer in range(SPEC["layers"]):
            normed = [naive_norm(row, state[f"{layer}.norm1.scale"]) for row in rows]
            rows = [
                [a + b for a, b in zip(*both, strict=True)]
                for both in zip(rows, naive_attention(state, layer, normed), strict=True)
            ]
            for place, row in enumerate(rows):
                up = naive_dense(
                    naive_norm(row, state[f"{layer}.norm2.scale"]), state[f"{layer}.up.weight"], np.zeros(SPEC["ffn"])
                )
                active = [one * 0.5 * (1 + math.erf(one / math.sqrt(2))) for one in up]
                down = naive_dense(active, state[f"{layer}.down.weight"], np.zeros(SPEC["width"]))
                rows[place] = [a + b for a, b in zip(row, down, strict=True)]
        for row, target in zip(rows, sequence[1:], strict=True):
            final = naive_norm(row, state["final.norm.scale"])
            logits = naive_dense(final, state["token"].T, np.zeros(SPEC["vocab"]))
            losses.append(math.log(math.fsum(map(math.exp, logits))) - logits[target])
    return math.fsum(losses) / len(losses)


def test_the_loss_is_that_of_the_loops() -> None:
    for micro in TOKENS[0]:
        loss, _ = ORACLE.loss_and_gradients(SPEC, WEIGHTS, micro)
        assert float(loss) == pytest.approx(naive_loss(WEIGHTS, micro), rel=1e-13)


def test_every_gradient_is_that_of_finite_differences() -> None:
    def loss(state: Mapping[str, Array]) -> float:
        return float(ORACLE.loss_and_gradients(SPEC, state, TOKENS[0][0])[0])

    _, gradients = ORACLE.loss_and_gradients(SPEC, WEIGHTS, TOKENS[0][0])
    assert gradients.keys() == WEIGHTS.keys()
    h = 1e-5
    rng = np.random.default_rng(0)
    for name, value in WEIGHTS.items():
        # Each element would repeat the same formula: some single ones, and a direction that touches all.
        places = [np.unravel_index(one, value.shape) for one in rng.choice(value.size, 6, replace=False)]
        moves = [rng.standard_normal(value.shape), *(np.zeros(value.shape) for _ in places)]
        for move, place in zip(moves[1:], places, strict=True):
            move[place] = 1.0
        for move in moves:
            slope = (loss(WEIGHTS | {name: value + h * move}) - loss(WEIGHTS | {name: value - h * move})) / (2 * h)
            assert float((gradients[name] * move).sum()) == pytest.approx(slope, rel=1e-6, abs=1e-9), name


def test_a_step_is_adamw_of_the_mean_over_micro_batches() -> None:
    outputs, found = ORACLE.run(SPEC, WEIGHTS, [{"tokens": one} for one in TOKENS], [1, 2, 0], np.float64)
    state = {name: value.copy() for name, value in WEIGHTS.items()}
    first = {name: np.zeros_like(value) for name, value in state.items()}
    second = {name: np.zeros_like(value) for name, value in state.items()}
    for number, slot in enumerate([1, 2, 0], start=1):
        losses, gradients = zip(*(ORACLE.loss_and_gradients(SPEC, state, micro) for micro in TOKENS[slot]), strict=True)
        assert float(outputs[number - 1]["loss"]) == pytest.approx(sum(map(float, losses)) / 2, rel=1e-13)
        for name, value in state.items():
            g = (gradients[0][name] + gradients[1][name]) / 2
            first[name] = SPEC["beta1"] * first[name] + (1 - SPEC["beta1"]) * g
            second[name] = SPEC["beta2"] * second[name] + (1 - SPEC["beta2"]) * g**2
            # Loshchilov and Hutter 2019, algorithm 2 with its schedule at the learning rate.
            mean = first[name] / (1 - SPEC["beta1"] ** number)
            square = second[name] / (1 - SPEC["beta2"] ** number)
            change = SPEC["lr"] * (mean / (np.sqrt(square) + SPEC["eps"]) + SPEC["decay"] * value)
            state[name] = value - change
    for name, value in state.items():
        close(found[name], value)


def test_how_a_step_is_split_into_micro_batches_does_not_matter() -> None:
    loss, gradients = ORACLE.accumulated(SPEC, WEIGHTS, TOKENS[0])
    whole_loss, whole = ORACLE.accumulated(SPEC, WEIGHTS, TOKENS[0].reshape(1, 4, -1))
    close(loss, whole_loss)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, whole[name], rtol=1e-10, atol=1e-14)


def test_scores_depend_on_the_distance_of_two_positions_alone() -> None:
    cos, sin = ORACLE.turns(SPEC, 9, np.float64)
    query, key = np.random.default_rng(1).standard_normal((2, SPEC["width"] // SPEC["heads"]))
    scores = ORACLE.rotate(np.tile(query, (9, 1)), cos, sin) @ ORACLE.rotate(np.tile(key, (9, 1)), cos, sin).T
    for distance in range(-8, 9):
        along = np.diagonal(scores, distance)
        close(along, np.full(len(along), along[0]))
    assert scores[0, 0] == pytest.approx(float(query @ key))
    assert not np.isclose(scores[0, 1], scores[1, 0])


def test_no_position_sees_a_later_one() -> None:
    x = np.random.default_rng(2).standard_normal((1, SPEC["seq"], SPEC["width"]))
    for place in range(SPEC["seq"]):
        changed = x.copy()
        changed[:, place] += 1.0
        before, after = (ORACLE.attention(SPEC, WEIGHTS, 0, one, {})[0][0] for one in (x, changed))
        np.testing.assert_array_equal(before[:place], after[:place])
        assert (np.abs(before[place:] - after[place:]).max(axis=-1) > 1e-6).all()


def test_erf_and_gelu_have_their_values_and_slopes() -> None:
    x = np.linspace(-7, 7, 20_001)
    exact = np.array([math.erf(one) for one in x.tolist()])
    assert np.abs(ORACLE.erf(x) - exact).max() < 4e-16
    _, slope = ORACLE.gelu(x)
    h = 1e-5
    np.testing.assert_allclose(slope, (ORACLE.gelu(x + h)[0] - ORACLE.gelu(x - h)[0]) / (2 * h), atol=1e-9)
