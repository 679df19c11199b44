"""The oracles against independent, naive implementations: loops, finite differences, published values."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bakeoff.lab.workload import Workload
from bakeoff.numerics.compare import Rule, compare_steps
from tests.contract.foreign import ADAPTERS, WORKLOADS, load

Array = npt.NDArray[Any]

TINY: dict[str, dict[str, Any]] = {
    "mlp-train": {"batch": 5, "features": 4, "hidden": 6, "classes": 3, "lr": 0.3, "units_per_step": 5},
    "encoder-infer": {"batch": 2, "seq": 3, "vocab": 7, "layers": 2, "width": 6, "heads": 2, "ffn": 5, "eps": 1e-5},
    "decoder-train": (
        {
            "micro": 2,
            "batch": 2,
            "seq": 4,
            "vocab": 5,
            "layers": 2,
            "width": 8,
            "heads": 2,
            "ffn": 6,
            "units_per_step": 4,
        }
        | {"norm_eps": 1e-5, "rope_base": 50.0, "lr": 0.01, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "decay": 0.1}
    ),
    "gemm": {"m": 3, "k": 5, "n": 2},
    "fused-chain": {"rows": 3, "columns": 5, "eps": 1e-6},
}


def close(found: npt.ArrayLike, expected: npt.ArrayLike) -> None:
    """Equal up to the rounding of float64."""
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-12, atol=1e-13)


def made(
    name: str, seed: int = 3, count: int = 3
) -> tuple[Any, dict[str, Any], dict[str, Array], list[dict[str, Array]]]:
    """Oracle, tiny spec, weights and inputs of a workload."""
    oracle: Any = WORKLOADS[name].oracle
    spec = TINY[name]
    return oracle, spec, oracle.weights(spec, seed), oracle.inputs(spec, seed, count)


# --- all workloads


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_arm_can_hold_the_same_numbers(name: str) -> None:
    _, _, weights, inputs = made(name)
    for value in (*weights.values(), *(one for slot in inputs for one in slot.values())):
        assert value.dtype == (np.int64 if value.dtype.kind == "i" else np.float64)
        if value.dtype.kind == "f":
            np.testing.assert_array_equal(value, value.astype(np.float32))


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_slot_is_the_same_however_many_are_asked_for(name: str) -> None:
    oracle, spec, _, inputs = made(name, count=4)
    for few, many in zip(oracle.inputs(spec, 3, 2), inputs, strict=False):
        assert {key: value.tolist() for key, value in few.items()} == {
            key: value.tolist() for key, value in many.items()
        }
    others = oracle.inputs(spec, 4, 1)[0]
    assert any(not np.array_equal(value, inputs[0][key]) for key, value in others.items())
    assert any(not np.array_equal(value, inputs[1][key]) for key, value in inputs[0].items())


@pytest.mark.parametrize("name", WORKLOADS)
def test_it_computes_in_the_type_asked_for_and_changes_nothing_it_was_given(name: str) -> None:
    oracle, spec, weights, inputs = made(name)
    before = {key: value.copy() for key, value in weights.items()}
    truths, _ = oracle.run(spec, weights, inputs, [0, 1], np.float64)
    shorts, _ = oracle.run(spec, weights, inputs, [0, 1], np.float32)
    for truth, short in zip(truths, shorts, strict=True):
        for key, value in truth.items():
            assert value.dtype == np.float64
            assert short[key].dtype == np.float32
            assert not np.array_equal(value, short[key]), "float32 arithmetic should show"
            np.testing.assert_allclose(short[key], value, rtol=1e-4, atol=1e-5)
    for key, value in before.items():
        np.testing.assert_array_equal(weights[key], value)


@pytest.mark.parametrize("name", [name for name, one in WORKLOADS.items() if not one.training])
def test_inference_answers_by_slot_whatever_came_before(name: str) -> None:
    oracle, spec, weights, inputs = made(name)
    outputs, state = oracle.run(spec, weights, inputs, [2, 0, 2], np.float64)
    alone, _ = oracle.run(spec, weights, inputs, [2], np.float64)
    assert state == {}
    for key, value in alone[0].items():
        np.testing.assert_array_equal(outputs[0][key], value)
        np.testing.assert_array_equal(outputs[2][key], value)


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=lambda one: one.id)
def test_units_are_those_the_sizes_declare(workload: Workload) -> None:
    for spec in workload.sizes.values():
        assert workload.oracle.cost(spec)["units"] == spec["units_per_step"]


# --- mlp-train


def naive_loss(state: Mapping[str, Array], x: Array, y: Array) -> float:
    """Mean cross-entropy of the perceptron, one number at a time."""
    losses = []
    for row, label in zip(x.tolist(), y.tolist(), strict=True):
        hidden = [
            max(0.0, math.fsum(row[i] * state["w1"][i, j] for i in range(len(row))) + state["b1"][j])
            for j in range(len(state["b1"]))
        ]
        logits = [
            math.fsum(hidden[j] * state["w2"][j, k] for j in range(len(hidden))) + state["b2"][k]
            for k in range(len(state["b2"]))
        ]
        losses.append(math.log(math.fsum(map(math.exp, logits))) - logits[label])
    return math.fsum(losses) / len(losses)


def test_the_gradient_is_that_of_finite_differences() -> None:
    oracle, _, weights, inputs = made("mlp-train")
    x, y = inputs[0]["x"], inputs[0]["y"]
    loss, gradients = oracle.loss_and_gradients(weights, x, y)
    assert float(loss) == pytest.approx(naive_loss(weights, x, y), rel=1e-13)
    h = 1e-5
    for name, value in weights.items():
        for place in np.ndindex(value.shape):
            moved = [{**weights, name: value.copy()} for _ in range(2)]
            moved[0][name][place] += h
            moved[1][name][place] -= h
            slope = (naive_loss(moved[0], x, y) - naive_loss(moved[1], x, y)) / (2 * h)
            assert gradients[name][place] == pytest.approx(slope, rel=1e-6, abs=1e-9), (name, place)


def test_a_step_of_sgd_takes_the_learning_rate_times_the_gradient_and_reports_the_loss_before_it() -> None:
    oracle, spec, weights, inputs = made("mlp-train")
    outputs, state = oracle.run(spec, weights, inputs, [1, 2], np.float64)
    first, gradients = oracle.loss_and_gradients(weights, inputs[1]["x"], inputs[1]["y"])
    moved = {name: value - spec["lr"] * gradients[name] for name, value in weights.items()}
    second, gradients = oracle.loss_and_gradients(moved, inputs[2]["x"], inputs[2]["y"])
    assert [float(one["loss"]) for one in outputs] == pytest.approx([float(first), float(second)], rel=1e-14)
    for name, value in moved.items():
        close(state[name], value - spec["lr"] * gradients[name])


@pytest.mark.parametrize(("name", "share"), [("mlp-train", 0.5), ("decoder-train", 0.85)])
def test_it_learns(name: str, share: float) -> None:
    workload = WORKLOADS[name]
    spec = workload.sizes["small"]
    order = [step % workload.ring for step in range(workload.episode)]
    inputs = workload.oracle.inputs(spec, 5, workload.ring)
    outputs, _ = workload.oracle.run(spec, workload.oracle.weights(spec, 5), inputs, order, np.float64)
    losses = [float(one["loss"].item()) for one in outputs]
    assert max(losses[-4:]) < share * min(losses[:8])


# --- encoder-infer


def naive_norm(row: list[float], scale: Array, bias: Array, eps: float) -> list[float]:
    """Layer norm of one vector."""
    mean = math.fsum(row) / len(row)
    variance = math.fsum((one - mean) ** 2 for one in row) / len(row)
    return [(one - mean) / math.sqrt(variance + eps) * scale[i] + bias[i] for i, one in enumerate(row)]


def naive_dense(row: list[float], weight: Array, bias: Array) -> list[float]:
    """One vector times a matrix, plus a bias."""
    return [math.fsum(row[i] * weight[i, j] for i in range(len(row))) + bias[j] for j in range(len(bias))]


def naive_attention(rows: list[list[float]], weights: Mapping[str, Array], layer: int, heads: int) -> list[list[float]]:
    """Multi-head attention of one sequence, one score at a time."""
    parts = {
        part: [naive_dense(row, weights[f"{layer}.{part}.weight"], weights[f"{layer}.{part}.bias"]) for row in rows]
        for part in ("query", "key", "value")
    }
    size = len(rows[0]) // heads
    mixed = []
    for query in parts["query"]:
        row: list[float] = []
        for head in range(heads):
            cut = range(head * size, (head + 1) * size)
            scores = [math.fsum(query[i] * key[i] for i in cut) / math.sqrt(size) for key in parts["key"]]
            total = math.fsum(map(math.exp, scores))
            row += [
                math.fsum(
                    math.exp(score) / total * value[i] for score, value in zip(scores, parts["value"], strict=True)
                )
                for i in cut
            ]
        mixed.append(naive_dense(row, weights[f"{layer}.out.weight"], weights[f"{layer}.out.bias"]))
    return mixed


def naive_encoder(spec: Mapping[str, Any], weights: Mapping[str, Array], ids: list[int]) -> list[list[float]]:
    """The whole encoder for one sequence; the normal distribution function by the C library's complementary erf."""

    def norm(name: str, row: list[float]) -> list[float]:
        return naive_norm(row, weights[f"{name}.scale"], weights[f"{name}.bias"], spec["eps"])

    rows = [(weights["token"][token] + weights["position"][place]).tolist() for place, token in enumerate(ids)]
    for layer in range(spec["layers"]):
        mixed = naive_attention([norm(f"{layer}.norm1", row) for row in rows], weights, layer, spec["heads"])
        rows = [[a + b for a, b in zip(row, more, strict=True)] for row, more in zip(rows, mixed, strict=True)]
        for row in rows:
            up = naive_dense(norm(f"{layer}.norm2", row), weights[f"{layer}.up.weight"], weights[f"{layer}.up.bias"])
            up = [one * 0.5 * math.erfc(-one / math.sqrt(2)) for one in up]
            down = naive_dense(up, weights[f"{layer}.down.weight"], weights[f"{layer}.down.bias"])
            row[:] = [a + b for a, b in zip(row, down, strict=True)]
    return [norm("final.norm", row) for row in rows]


def test_the_encoder_is_that_of_the_loops() -> None:
    oracle, spec, weights, inputs = made("encoder-infer")
    outputs, _ = oracle.run(spec, weights, inputs, [0, 1], np.float64)
    for slot, output in enumerate(outputs):
        expected = [naive_encoder(spec, weights, ids) for ids in inputs[slot]["ids"].tolist()]
        close(output["hidden"], expected)


def test_erf_and_gelu_have_their_published_values() -> None:
    oracle, *_ = made("encoder-infer")
    # Abramowitz and Stegun 1964, table 7.1 (erf) and table 26.1 (normal distribution function at 1 and 2).
    np.testing.assert_allclose(
        oracle.erf(np.array([0.5, 1.0, 2.0])), [0.5204998778, 0.8427007929, 0.9953222650], atol=5e-11
    )
    expected = [0.841344746068543, 2 * 0.977249868051821, -1 + 0.841344746068543]
    np.testing.assert_allclose(oracle.gelu(np.array([1.0, 2.0, -1.0])), expected, rtol=1e-14)


def test_sequences_of_a_batch_do_not_touch_each_other() -> None:
    oracle, spec, weights, inputs = made("encoder-infer")
    ids = inputs[0]["ids"]
    both = oracle.encode(spec, weights, ids)
    for row in range(len(ids)):
        close(oracle.encode(spec, weights, ids[row : row + 1])[0], both[row])


SIXTEEN: dict[str, Any] = dict(WORKLOADS["encoder-infer"].sizes["small"], seq=16)


@functools.cache
def sixteen_tokens() -> tuple[dict[str, Array], list[dict[str, Array]], list[dict[str, Array]], list[dict[str, Array]]]:
    """Weights, inputs, float64 truth and NumPy's own float32 answer for two short sequences."""
    oracle: Any = WORKLOADS["encoder-infer"].oracle
    weights, inputs = oracle.weights(SIXTEEN, 1), oracle.inputs(SIXTEEN, 1, 2)
    truth, _ = oracle.run(SIXTEEN, weights, inputs, [0, 1], np.float64)
    own, _ = oracle.run(SIXTEEN, weights, inputs, [0, 1], np.float32)
    return weights, inputs, truth, own


FAULTS = ("eps", "tanh", "unbiased", "transposed", "unscaled", "position", "bias", "last layer")


@pytest.mark.parametrize("fault", FAULTS)
def test_the_usual_mistakes_are_far_outside_the_tolerance(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = WORKLOADS["encoder-infer"]
    oracle: Any = workload.oracle
    weights, inputs, truth, own = sixteen_tokens()
    rule = Rule(dtype="float32", factor=workload.factor)
    assert compare_steps(own, truth, own, rule, where="").passed

    wrong, changed = dict(SIXTEEN), dict(weights)
    ratio = math.sqrt(1 - 1 / 256)
    if fault == "eps":
        wrong["eps"] = 1e-6
    elif fault == "tanh":
        monkeypatch.setattr(
            oracle, "gelu", lambda x: x * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        )
    elif fault == "unbiased":
        changed |= {name: value * ratio for name, value in weights.items() if name.endswith(".scale")}
    elif fault == "transposed":
        changed["3.out.weight"] = weights["3.out.weight"].T
    elif fault == "unscaled":
        changed |= {f"3.query.{kind}": weights[f"3.query.{kind}"] * 0.5 for kind in ("weight", "bias")}
    elif fault == "position":
        changed["position"] = np.roll(weights["position"], 1, axis=0)
    elif fault == "bias":
        changed["2.key.bias"], changed["2.value.bias"] = np.zeros(256), np.zeros(256)
    else:
        wrong["layers"] = 3
    found, _ = oracle.run(wrong, changed, inputs, [0, 1], np.float64)
    match = compare_steps([{"hidden": one["hidden"].astype(np.float32)} for one in found], truth, own, rule, where="")
    assert not match.passed
    assert match.ratio > 5 * workload.factor


# --- gemm and fused-chain


def test_the_product_is_that_of_the_loops() -> None:
    oracle, spec, weights, inputs = made("gemm")
    (found,), _ = oracle.run(spec, weights, inputs, [1], np.float64)
    a, b = inputs[1]["a"], weights["b"]
    expected = [[math.fsum(a[i, p] * b[p, j] for p in range(5)) for j in range(2)] for i in range(3)]
    close(found["c"], expected)


def test_the_chain_is_that_of_the_loops() -> None:
    oracle, spec, weights, inputs = made("fused-chain")
    (found,), _ = oracle.run(spec, weights, inputs, [2], np.float64)
    expected = []
    for row in inputs[2]["x"].tolist():
        squares = []
        for column, x in enumerate(row):
            u = x * weights["scale"][column] + weights["shift"][column]
            squares.append((u * (1 / (1 + math.exp(-u))) * weights["gate"][column] + x) ** 2)
        expected.append(math.sqrt(math.fsum(squares) / len(squares) + spec["eps"]))
    close(found["rms"], expected)


# --- the reference arm, which needs nothing but NumPy and so is checked here too


@pytest.mark.parametrize("file", ["encoder_infer.py", "decoder_train.py"])
def test_the_error_function_of_the_reference_arm_is_good_to_float32(file: str) -> None:
    module = load(ADAPTERS["numpy"].folder / file)
    x = np.linspace(-6, 6, 100_001, dtype=np.float32)
    error = module.erf(x) - np.array([math.erf(one) for one in x.tolist()])
    assert np.abs(error).max() < 5e-7
    assert math.sqrt(float(np.mean(error**2))) < 1e-7


SMALL = {
    "mlp-train": [*WORKLOADS["mlp-train"].edges, WORKLOADS["mlp-train"].sizes["small"]],
    "encoder-infer": [*WORKLOADS["encoder-infer"].edges, SIXTEEN],
    "decoder-train": [
        *WORKLOADS["decoder-train"].edges,
        dict(WORKLOADS["decoder-train"].sizes["small"], batch=2, seq=8),
    ],
    "gemm": list(WORKLOADS["gemm"].edges),
    "fused-chain": [*WORKLOADS["fused-chain"].edges, WORKLOADS["fused-chain"].sizes["cached"]],
}


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_reference_arm_agrees_with_the_oracle(name: str) -> None:
    workload, adapter = WORKLOADS[name], load(ADAPTERS["numpy"].folder / "adapter.py")
    module = load(ADAPTERS["numpy"].folder / workload.module)
    oracle: Any = workload.oracle
    order = [0, 2, 1, 1] * (3 if workload.training else 1)
    for spec in SMALL[name]:
        weights, inputs = oracle.weights(spec, 2), oracle.inputs(spec, 2, 3)
        truth, truth_state = oracle.run(spec, weights, inputs, order, np.float64)
        own, own_state = oracle.run(spec, weights, inputs, order, np.float32)
        step, reset, read = module.build(spec, short(weights), [short(slot) for slot in inputs], "blas")
        for _ in range(2):
            reset()
            found = [adapter.to_numpy(step(slot)) for slot in order]
            found = [{key: value.copy() for key, value in one.items()} for one in found]
        rule = Rule(dtype="float32", factor=workload.factor)
        match = compare_steps(found, truth, own, rule, where=name)
        assert match.passed, match.detail
        assert read().keys() == truth_state.keys()
        if truth_state:
            match = compare_steps([read()], [truth_state], [own_state], rule, where="state")
            assert match.passed, match.detail


def short(named: Mapping[str, Array]) -> dict[str, Array]:
    """As a worker gets them: floats in float32."""
    return {
        name: np.ascontiguousarray(value, np.float32 if value.dtype.kind == "f" else np.int64)
        for name, value in named.items()
    }
