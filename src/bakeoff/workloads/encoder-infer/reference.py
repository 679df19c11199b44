"""Oracle of `encoder-infer`: a pre-LN transformer encoder, written out by hand.

    h = token[ids] + position
    per layer:  h = h + attention(norm(h));  h = h + ffn(norm(h))
    hidden = norm(h)

Pre-LN is section 3 of Xiong et al. 2020 (arXiv 2002.04745); attention is Vaswani et al. 2017 (arXiv 1706.03762), not
masked; GELU is the exact form x * (1 + erf(x / sqrt 2)) / 2 of Hendrycks and Gimpel 2016 (arXiv 1606.08415); the norm
divides by sqrt(biased variance + eps) (Ba et al. 2016, arXiv 1607.06450).

Shapes: ids (batch, seq) int64; hidden (batch, seq, width). Dense weights are (in, out). Keys: token (vocab, width),
position (seq, width), final.norm.scale, final.norm.bias, and for layer i `i.norm1.*`, `i.query.*`, `i.key.*`,
`i.value.*`, `i.out.*`, `i.norm2.*`, `i.up.*`, `i.down.*` with `.weight`/`.bias` or `.scale`/`.bias`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Spec = Mapping[str, Any]


def weights(spec: Spec, seed: int) -> dict[str, Array]:
    """Fixed random weights that make every part of the network matter.

    Embeddings have the standard deviation 0.02 usual since BERT (arXiv 1810.04805), which makes the first norms
    sensitive to eps; norms and biases are far enough from 1 and 0 that dropping one shows; dense weights are
    scaled by 1/sqrt(in), queries and keys by a further sqrt 2 so that the softmax is not near uniform.

    Returns:
        float64 arrays whose values float32 can hold exactly: every arm starts from the same numbers.
    """
    rng = np.random.default_rng([seed, 1])
    width, ffn = spec["width"], spec["ffn"]
    made: dict[str, Array] = {
        "token": rng.standard_normal((spec["vocab"], width)) * 0.02,
        "position": rng.standard_normal((spec["seq"], width)) * 0.02,
    }

    def norm(name: str) -> None:
        made[f"{name}.scale"] = 1.0 + 0.1 * rng.standard_normal(width)
        made[f"{name}.bias"] = 0.1 * rng.standard_normal(width)

    def dense(name: str, shape: tuple[int, int], gain: float = 1.0) -> None:
        made[f"{name}.weight"] = rng.standard_normal(shape) * (gain / math.sqrt(shape[0]))
        made[f"{name}.bias"] = 0.1 * rng.standard_normal(shape[1])

    for layer in range(spec["layers"]):
        norm(f"{layer}.norm1")
        dense(f"{layer}.query", (width, width), math.sqrt(2.0))
        dense(f"{layer}.key", (width, width), math.sqrt(2.0))
        dense(f"{layer}.value", (width, width))
        dense(f"{layer}.out", (width, width))
        norm(f"{layer}.norm2")
        dense(f"{layer}.up", (width, ffn))
        dense(f"{layer}.down", (ffn, width))
    norm("final.norm")
    return {name: value.astype(np.float32).astype(np.float64) for name, value in made.items()}


def inputs(spec: Spec, seed: int, count: int) -> list[dict[str, Array]]:
    """Token ids drawn uniformly; slot i depends on the seed and i alone, not on `count`.

    Returns:
        For each slot ids (batch, seq) int64 in [0, vocab).
    """
    return [
        {"ids": np.random.default_rng([seed, 2, slot]).integers(0, spec["vocab"], (spec["batch"], spec["seq"]))}
        for slot in range(count)
    ]


def run(
    spec: Spec,
    weights: Mapping[str, Array],
    inputs: Sequence[Mapping[str, Array]],
    order: Sequence[int],
    dtype: npt.DTypeLike,
) -> tuple[list[dict[str, Array]], dict[str, Array]]:
    """Encode the slots of `order`.

    Args:
        spec: One size of `workload.toml`.
        weights: As `weights` returns them; not modified.
        inputs: As `inputs` returns them.
        order: Slot of each step.
        dtype: All arithmetic is done in it; float64 is the oracle, float32 is NumPy's own error.

    Returns:
        {"hidden": (batch, seq, width)} of each step, and no state.
    """
    cast = {name: np.asarray(value, dtype) for name, value in weights.items()}
    return [{"hidden": encode(spec, cast, inputs[slot]["ids"])} for slot in order], {}


def encode(spec: Spec, weights: Mapping[str, Array], ids: Array) -> Array:
    """Hidden states (batch, seq, width) after the final norm, in the dtype of the weights."""
    hidden = weights["token"][ids] + weights["position"]
    for layer in range(spec["layers"]):
        normed = layer_norm(spec, weights, f"{layer}.norm1", hidden)
        hidden = hidden + attention(spec, weights, layer, normed)
        normed = layer_norm(spec, weights, f"{layer}.norm2", hidden)
        hidden = hidden + dense(weights, f"{layer}.down", gelu(dense(weights, f"{layer}.up", normed)))
    return layer_norm(spec, weights, "final.norm", hidden)


def attention(spec: Spec, weights: Mapping[str, Array], layer: int, x: Array) -> Array:
    """Multi-head self-attention over all positions; heads are consecutive slices of the width."""
    batch, seq, width = x.shape
    head_width = width // spec["heads"]

    def heads(name: str) -> Array:
        return dense(weights, f"{layer}.{name}", x).reshape(batch, seq, spec["heads"], head_width).swapaxes(1, 2)

    scores = heads("query") @ heads("key").swapaxes(2, 3) / x.dtype.type(math.sqrt(head_width))
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ heads("value")
    return dense(weights, f"{layer}.out", mixed.swapaxes(1, 2).reshape(batch, seq, width))


def dense(weights: Mapping[str, Array], name: str, x: Array) -> Array:
    """Affine map of the last axis."""
    return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]


def layer_norm(spec: Spec, weights: Mapping[str, Array], name: str, x: Array) -> Array:
    """Normalise the last axis by its mean and biased variance, then scale and shift."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    normed = centred / np.sqrt(variance + x.dtype.type(spec["eps"]))
    return normed * weights[f"{name}.scale"] + weights[f"{name}.bias"]


def gelu(x: Array) -> Array:
    """X times the standard normal distribution function of x."""
    kind = x.dtype.type
    return x * (kind(0.5) * (kind(1.0) + erf(x * kind(math.sqrt(0.5)))))


def erf(x: Array) -> Array:
    """The error function to the last bit or two of the dtype: the C library's double erf, element by element.

    NumPy has no erf; `math.erf` is slow in a loop but exact, and this code is never timed.
    """
    flat = np.fromiter(map(math.erf, x.ravel().tolist()), np.float64, x.size)
    return flat.reshape(x.shape).astype(x.dtype)


def cost(spec: Spec) -> dict[str, float]:
    """Work of one step: flops of the matrix products, bytes that must move at least, sequences.

    Bytes count every float32 weight read once (of the embeddings the rows used), the ids read and the result written.
    """
    batch, seq, width, ffn, layers = (spec[name] for name in ("batch", "seq", "width", "ffn", "layers"))
    tokens = batch * seq
    dense_weights = 4 * width * width + 2 * width * ffn
    vectors = 4 * width + ffn + width + 4 * width
    flops = layers * (2 * tokens * dense_weights + 4 * tokens * seq * width)
    moved = 4 * (layers * (dense_weights + vectors) + 2 * width + (tokens + seq) * width + tokens * width) + 8 * tokens
    return {"flops": float(flops), "bytes": float(moved), "units": float(batch)}
