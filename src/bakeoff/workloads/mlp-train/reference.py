"""Oracle of `mlp-train`: a two-layer perceptron, softmax cross-entropy and plain SGD, written out by hand.

Shapes: x (batch, features) float, y (batch,) int64; w1 (features, hidden), b1 (hidden,), w2 (hidden, classes),
b2 (classes,). The loss is the mean over the batch, so the step does not depend on how a batch is split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Spec = Mapping[str, Any]


def weights(spec: Spec, seed: int) -> dict[str, Array]:
    """Initial weights, scaled after He et al. 2015 (arXiv 1502.01852); biases not zero, so that a lost one shows.

    Returns:
        w1, b1, w2, b2 as float64 whose values float32 can hold exactly: every arm starts from the same numbers.
    """
    rng = np.random.default_rng([seed, 1])
    features, hidden, classes = spec["features"], spec["hidden"], spec["classes"]
    return {
        "w1": _representable(rng.standard_normal((features, hidden)) * np.sqrt(2.0 / features)),
        "b1": _representable(rng.standard_normal(hidden) * 0.1),
        "w2": _representable(rng.standard_normal((hidden, classes)) * np.sqrt(1.0 / hidden)),
        "b2": _representable(rng.standard_normal(classes) * 0.1),
    }


def inputs(spec: Spec, seed: int, count: int) -> list[dict[str, Array]]:
    """Batches labelled by a fixed random linear teacher, so that there is something to learn.

    Slot i depends on the seed and i alone, not on `count`.

    Returns:
        For each slot x (batch, features) float64, exactly representable in float32, and y (batch,) int64.
    """
    teacher = np.random.default_rng([seed, 2]).standard_normal((spec["features"], spec["classes"]))
    batches = []
    for slot in range(count):
        x = _representable(np.random.default_rng([seed, 3, slot]).standard_normal((spec["batch"], spec["features"])))
        batches.append({"x": x, "y": np.argmax(x @ teacher, axis=1).astype(np.int64)})
    return batches


def run(
    spec: Spec,
    weights: Mapping[str, Array],
    inputs: Sequence[Mapping[str, Array]],
    order: Sequence[int],
    dtype: npt.DTypeLike,
) -> tuple[list[dict[str, Array]], dict[str, Array]]:
    """Train on the slots of `order`, from fresh weights.

    Args:
        spec: One size of `workload.toml`.
        weights: As `weights` returns them; not modified.
        inputs: As `inputs` returns them.
        order: Slot of each step.
        dtype: All arithmetic is done in it; float64 is the oracle, float32 is NumPy's own error.

    Returns:
        The loss of each step, before its update, as {"loss": ()}, and the weights after the last step.
    """
    kind = np.dtype(dtype)
    state = {name: np.array(value, kind) for name, value in weights.items()}
    outputs = []
    for slot in order:
        x, y = np.asarray(inputs[slot]["x"], kind), inputs[slot]["y"]
        loss, gradients = loss_and_gradients(state, x, y)
        for name, gradient in gradients.items():
            state[name] = state[name] - kind.type(spec["lr"]) * gradient
        outputs.append({"loss": loss})
    return outputs, state


def loss_and_gradients(state: Mapping[str, Array], x: Array, y: Array) -> tuple[Array, dict[str, Array]]:
    """Mean cross-entropy, and its gradient with respect to every weight, in the dtype of `state`.

    Softmax minus one-hot is the gradient with respect to the logits (Goodfellow, Bengio and Courville, Deep
    Learning, 2016, section 6.2.2.3).
    """
    batch = np.arange(len(x))
    hidden = np.maximum(x @ state["w1"] + state["b1"], 0)
    logits = hidden @ state["w2"] + state["b2"]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probability[batch, y].mean()

    d_logits = np.exp(log_probability)
    d_logits[batch, y] -= 1
    d_logits /= len(x)
    d_hidden = (d_logits @ state["w2"].T) * (hidden > 0)
    gradients = {
        "w1": x.T @ d_hidden,
        "b1": d_hidden.sum(axis=0),
        "w2": hidden.T @ d_logits,
        "b2": d_logits.sum(axis=0),
    }
    return np.asarray(loss), gradients


def cost(spec: Spec) -> dict[str, float]:
    """Work of one step: flops of its five matrix products, bytes that must move at least, examples.

    Bytes count the float32 weights read once and written once, and the batch read once.
    """
    batch, features, hidden, classes = spec["batch"], spec["features"], spec["hidden"], spec["classes"]
    first, second = features * hidden, hidden * classes
    parameters = first + hidden + second + classes
    return {
        "flops": float(2 * batch * (2 * first + 3 * second)),
        "bytes": float(4 * (2 * parameters + batch * features) + 8 * batch),
        "units": float(batch),
    }


def _representable(values: Array) -> Array:
    """Round to what float32 holds, kept as float64."""
    return values.astype(np.float32).astype(np.float64)
