"""Oracle of `decoder-train`: a causal transformer decoder and AdamW, forward and backward written out by hand.

    h = token[ids]
    per layer:  h = h + attention(norm1(h)) @ out;  h = h + gelu(norm2(h) @ up) @ down
    logits = final.norm(h) @ token^T                      the head is tied to the embedding
    loss = mean over micro-batches, sequences and positions of the cross-entropy of the next token

- Norm: x / sqrt(mean(x^2) + norm_eps) * scale (Zhang and Sennrich 2019, arXiv 1910.07467), before each branch.
- Position: rotary (Su et al. 2021, arXiv 2104.09864) on queries and keys, in the halves convention: for a head of width
  d, position p counted from 0 and i < d/2, the pair (x[i], x[i + d/2]) is turned by the angle p * rope_base^(-2i/d):
  x[i] cos - x[i + d/2] sin, and x[i + d/2] cos + x[i] sin. (The paper itself pairs 2i with 2i + 1.)
- Attention: scores / sqrt(d); position p sees the positions up to and including p. Heads are consecutive slices.
- GELU: x * (1 + erf(x / sqrt 2)) / 2 (Hendrycks and Gimpel 2016, arXiv 1606.08415).
- A step adds up the gradients of its micro-batches, each of a mean over its own tokens, and divides by their number.
- AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101), on every weight, with t counted from 1:
  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
  w = w - lr decay w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).

Shapes: tokens (micro, batch, seq + 1) int64, of which all but the last are read and all but the first predicted. Dense
weights are (in, out), without biases. Keys: token (vocab, width), final.norm.scale, and for layer i `i.norm1.scale`,
`i.query.weight`, `i.key.weight`, `i.value.weight`, `i.out.weight`, `i.norm2.scale`, `i.up.weight`, `i.down.weight`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Spec = Mapping[str, Any]
Back = Callable[[Array], Array]
"""From the gradient with respect to a result to that with respect to its input."""

FOLLOWED = 0.7
"""Share of tokens that are their predecessor's fixed successor; the others are drawn uniformly."""


def weights(spec: Spec, seed: int) -> dict[str, Array]:
    """Initial weights that make every part of the network matter.

    Dense weights have the standard deviation 1/sqrt(in), queries and keys a further sqrt 2, so that the softmax is not
    near uniform; embeddings 0.1, so that the first norm feels its eps; scales are spread around 1.

    Returns:
        float64 arrays whose values float32 can hold exactly: every arm starts from the same numbers.
    """
    rng = np.random.default_rng([seed, 1])
    width, ffn = spec["width"], spec["ffn"]
    shapes = {"query": (width, width), "key": (width, width), "value": (width, width), "out": (width, width)}
    shapes |= {"up": (width, ffn), "down": (ffn, width)}
    made: dict[str, Array] = {"token": 0.1 * rng.standard_normal((spec["vocab"], width))}
    for layer in range(spec["layers"]):
        for norm in ("norm1", "norm2"):
            made[f"{layer}.{norm}.scale"] = np.asarray(1.0 + 0.1 * rng.standard_normal(width))
        for name, shape in shapes.items():
            gain = math.sqrt(2.0) if name in ("query", "key") else 1.0
            made[f"{layer}.{name}.weight"] = rng.standard_normal(shape) * (gain / math.sqrt(shape[0]))
    made["final.norm.scale"] = np.asarray(1.0 + 0.1 * rng.standard_normal(width))
    return {name: value.astype(np.float32).astype(np.float64) for name, value in made.items()}


def inputs(spec: Spec, seed: int, count: int) -> list[dict[str, Array]]:
    """Sequences in which most tokens follow from the one before, so that there is something to learn.

    Slot i depends on the seed and i alone, not on `count`.

    Returns:
        For each slot tokens (micro, batch, seq + 1) int64 in [0, vocab).
    """
    vocab = spec["vocab"]
    successor = np.random.default_rng([seed, 2]).permutation(vocab)
    slots = []
    for slot in range(count):
        rng = np.random.default_rng([seed, 3, slot])
        tokens = rng.integers(0, vocab, (spec["micro"], spec["batch"], spec["seq"] + 1))
        follows = rng.random(tokens.shape) < FOLLOWED
        for place in range(1, spec["seq"] + 1):
            tokens[..., place] = np.where(follows[..., place], successor[tokens[..., place - 1]], tokens[..., place])
        slots.append({"tokens": tokens.astype(np.int64)})
    return slots


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
    moments = {name: (np.zeros_like(value), np.zeros_like(value)) for name, value in state.items()}
    outputs = []
    for number, slot in enumerate(order, start=1):
        loss, gradients = accumulated(spec, state, inputs[slot]["tokens"])
        for name, gradient in gradients.items():
            state[name], moments[name] = adamw(spec, state[name], gradient, moments[name], number)
        outputs.append({"loss": loss})
    return outputs, state


def accumulated(spec: Spec, state: Mapping[str, Array], tokens: Array) -> tuple[Array, dict[str, Array]]:
    """Loss and gradients of a step: the means over its micro-batches."""
    parts = [loss_and_gradients(spec, state, micro) for micro in tokens]
    count = state["token"].dtype.type(len(parts))
    loss = sum((part[0] for part in parts[1:]), parts[0][0]) / count
    gradients = {name: sum((part[1][name] for part in parts[1:]), parts[0][1][name]) / count for name in state}
    return np.asarray(loss), gradients


def adamw(
    spec: Spec, weight: Array, gradient: Array, moments: tuple[Array, Array], number: int
) -> tuple[Array, tuple[Array, Array]]:
    """One update, in the dtype of the weight: decoupled decay, bias correction, eps outside the root.

    Args:
        spec: lr, beta1, beta2, eps and decay.
        weight: Before the update; not modified.
        gradient: Of the mean loss.
        moments: Running means of the gradient and of its square.
        number: Of this step, from 1.
    """
    kind = weight.dtype.type
    lr, beta1, beta2 = kind(spec["lr"]), kind(spec["beta1"]), kind(spec["beta2"])
    first = beta1 * moments[0] + kind(1 - spec["beta1"]) * gradient
    second = beta2 * moments[1] + kind(1 - spec["beta2"]) * gradient * gradient
    mean = first / kind(1 - spec["beta1"] ** number)
    root = np.sqrt(second / kind(1 - spec["beta2"] ** number))
    return weight * kind(1 - spec["lr"] * spec["decay"]) - lr * mean / (root + kind(spec["eps"])), (first, second)


def loss_and_gradients(spec: Spec, state: Mapping[str, Array], tokens: Array) -> tuple[Array, dict[str, Array]]:
    """Mean cross-entropy of one micro-batch (batch, seq + 1), and its gradient with respect to every weight."""
    gradients: dict[str, Array] = {}
    ids, targets = tokens[:, :-1], tokens[:, 1:]
    hidden = state["token"][ids]
    backs = []
    for layer in range(spec["layers"]):
        for branch in (attention, feed_forward):
            change, back = branch(spec, state, layer, hidden, gradients)
            hidden = hidden + change
            backs.append(back)
    normed, back_norm = rms_norm(spec, state, "final.norm", hidden, gradients)

    flat = normed.reshape(-1, spec["width"])
    logits = flat @ state["token"].T
    rows, expected = np.arange(len(logits)), targets.ravel()
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probability[rows, expected].mean()

    d_logits = np.exp(log_probability)
    d_logits[rows, expected] -= 1
    d_logits /= len(logits)
    gradients["token"] = d_logits.T @ flat
    d_hidden = back_norm((d_logits @ state["token"]).reshape(hidden.shape))
    for back in reversed(backs):
        d_hidden = d_hidden + back(d_hidden)
    np.add.at(gradients["token"], ids, d_hidden)
    return np.asarray(loss), gradients


def attention(
    spec: Spec, state: Mapping[str, Array], layer: int, x: Array, gradients: dict[str, Array]
) -> tuple[Array, Back]:
    """The attention branch with its norm: x (batch, seq, width) to the same; `back` fills `gradients`."""
    seq = x.shape[1]
    scale = x.dtype.type(1 / math.sqrt(spec["width"] // spec["heads"]))
    normed, back_norm = rms_norm(spec, state, f"{layer}.norm1", x, gradients)
    made = {part: dense(state, f"{layer}.{part}.weight", normed, gradients) for part in ("query", "key", "value")}
    query, key, value = (split(made[part][0], spec["heads"]) for part in made)
    cos, sin = turns(spec, seq, x.dtype)
    query, key = rotate(query, cos, sin), rotate(key, cos, sin)
    scores = np.where(np.tri(seq, dtype=bool), query @ key.swapaxes(2, 3) * scale, -np.inf)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share = scores / scores.sum(axis=-1, keepdims=True)
    out, back_out = dense(state, f"{layer}.out.weight", merge(share @ value), gradients)

    def back(d_out: Array) -> Array:
        d_mixed = split(back_out(d_out), spec["heads"])
        d_share = d_mixed @ value.swapaxes(2, 3)
        d_scores = share * (d_share - (d_share * share).sum(axis=-1, keepdims=True)) * scale
        # A rotation's transpose is the rotation back.
        d_query = rotate(d_scores @ key, cos, -sin)
        d_key = rotate(d_scores.swapaxes(2, 3) @ query, cos, -sin)
        d_value = share.swapaxes(2, 3) @ d_mixed
        parts = {"query": d_query, "key": d_key, "value": d_value}
        d_normed = [made[part][1](merge(d_part)) for part, d_part in parts.items()]
        return back_norm(d_normed[0] + d_normed[1] + d_normed[2])

    return out, back


def feed_forward(
    spec: Spec, state: Mapping[str, Array], layer: int, x: Array, gradients: dict[str, Array]
) -> tuple[Array, Back]:
    """The feed-forward branch with its norm; `back` fills `gradients`."""
    normed, back_norm = rms_norm(spec, state, f"{layer}.norm2", x, gradients)
    up, back_up = dense(state, f"{layer}.up.weight", normed, gradients)
    active, slope = gelu(up)
    down, back_down = dense(state, f"{layer}.down.weight", active, gradients)
    return down, lambda d_down: back_norm(back_up(back_down(d_down) * slope))


def dense(state: Mapping[str, Array], name: str, x: Array, gradients: dict[str, Array]) -> tuple[Array, Back]:
    """Linear map of the last axis, without bias."""
    weight = state[name]

    def back(d_out: Array) -> Array:
        gradients[name] = x.reshape(-1, x.shape[-1]).T @ d_out.reshape(-1, d_out.shape[-1])
        return np.asarray(d_out @ weight.T)

    return x @ weight, back


def rms_norm(
    spec: Spec, state: Mapping[str, Array], name: str, x: Array, gradients: dict[str, Array]
) -> tuple[Array, Back]:
    """Divide the last axis by its root mean square, then scale."""
    scale = state[f"{name}.scale"]
    inverse = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + x.dtype.type(spec["norm_eps"]))
    normed = x * inverse

    def back(d_out: Array) -> Array:
        gradients[f"{name}.scale"] = (d_out * normed).sum(axis=(0, 1))
        d_normed = d_out * scale
        return np.asarray(inverse * (d_normed - normed * (d_normed * normed).mean(axis=-1, keepdims=True)))

    return normed * scale, back


def turns(spec: Spec, seq: int, dtype: npt.DTypeLike) -> tuple[Array, Array]:
    """Cosines and sines (seq, head width / 2) of the angles, computed in `dtype`."""
    size = spec["width"] // spec["heads"]
    frequency = np.array([spec["rope_base"] ** (-2 * i / size) for i in range(size // 2)], dtype)
    angle = np.arange(seq).astype(dtype)[:, None] * frequency
    return np.cos(angle), np.sin(angle)


def rotate(x: Array, cos: Array, sin: Array) -> Array:
    """Turn x (batch, heads, seq, head width): the first half of a head is paired with its second."""
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def split(x: Array, heads: int) -> Array:
    """(batch, seq, width) to (batch, heads, seq, head width)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def merge(x: Array) -> Array:
    """(batch, heads, seq, head width) to (batch, seq, width)."""
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def gelu(x: Array) -> tuple[Array, Array]:
    """X times the standard normal distribution function of x, and the derivative of that."""
    kind = x.dtype.type
    below = kind(0.5) * (kind(1.0) + erf(x * kind(math.sqrt(0.5))))
    density = np.exp(kind(-0.5) * x * x) * kind(1 / math.sqrt(2 * math.pi))
    return x * below, below + x * density


_CELL = 64
"""Points of the table of erf per unit."""


def _table() -> Array:
    """Taylor coefficients of erf around the multiples of 1/64 up to 6, degree 0 to 6; row by row.

    The derivatives are 2/sqrt(pi) e^(-x^2) times Hermite polynomials with alternating sign (Abramowitz and Stegun 1964,
    7.1.19). Within half a cell the first term left out is below 1e-16.
    """
    rows = []
    for place in range(6 * _CELL + 1):
        x = place / _CELL
        density = 2 / math.sqrt(math.pi) * math.exp(-x * x)
        hermite = [1.0, 2 * x]
        for degree in range(1, 6):
            hermite.append(2 * x * hermite[-1] - 2 * degree * hermite[-2])
        rows.append([math.erf(x), *((-1) ** n * hermite[n] * density / math.factorial(n + 1) for n in range(6))])
    return np.array(rows)


_ERF = _table()


def erf(x: Array) -> Array:
    """The error function to the last bits of float64, returned in the dtype of x; NumPy has none of its own."""
    wide = np.abs(np.asarray(x, np.float64))
    size = np.minimum(wide, 6.0)
    place = np.rint(size * _CELL).astype(np.intp)
    rest = size - place / _CELL
    value = _ERF[place, 6]
    for degree in range(5, -1, -1):
        value = value * rest + _ERF[place, degree]
    return np.asarray(np.copysign(value, x), x.dtype)


def cost(spec: Spec) -> dict[str, float]:
    """Work of one step: flops of the matrix products, bytes that must move at least, sequences.

    A backward pass does two products for each of the forward pass; attention counts the masked half as well. Bytes
    count each float32 weight and both moments read once and written once, and the tokens read.
    """
    width, ffn, seq, vocab, layers = (spec[name] for name in ("width", "ffn", "seq", "vocab", "layers"))
    sequences = spec["micro"] * spec["batch"]
    tokens = sequences * seq
    dense_weights = 4 * width * width + 2 * width * ffn
    parameters = layers * (dense_weights + 2 * width) + width + vocab * width
    forward = layers * (2 * tokens * dense_weights + 4 * tokens * seq * width) + 2 * tokens * vocab * width
    return {
        "flops": float(3 * forward),
        "bytes": float(4 * 6 * parameters + 8 * sequences * (seq + 1)),
        "units": float(sequences),
    }
