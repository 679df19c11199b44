"""Oracle of `gemm`: c = a b, with a (m, k) changing from step to step and b (k, n) fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Spec = Mapping[str, Any]


def weights(spec: Spec, seed: int) -> dict[str, Array]:
    """The right side b (k, n), standard normal over sqrt(k), float64 whose values float32 can hold exactly."""
    b = np.random.default_rng([seed, 1]).standard_normal((spec["k"], spec["n"])) / np.sqrt(spec["k"])
    return {"b": b.astype(np.float32).astype(np.float64)}


def inputs(spec: Spec, seed: int, count: int) -> list[dict[str, Array]]:
    """The left sides a (m, k), standard normal and exact in float32; slot i depends on the seed and i alone."""
    made = (np.random.default_rng([seed, 2, slot]).standard_normal((spec["m"], spec["k"])) for slot in range(count))
    return [{"a": a.astype(np.float32).astype(np.float64)} for a in made]


def run(
    spec: Spec,  # noqa: ARG001 - every reference has this signature
    weights: Mapping[str, Array],
    inputs: Sequence[Mapping[str, Array]],
    order: Sequence[int],
    dtype: npt.DTypeLike,
) -> tuple[list[dict[str, Array]], dict[str, Array]]:
    """Multiply the slots of `order`, all arithmetic in `dtype`.

    Returns:
        {"c": (m, n)} of each step, and no state.
    """
    b = np.asarray(weights["b"], dtype)
    return [{"c": np.asarray(inputs[slot]["a"], dtype) @ b} for slot in order], {}


def cost(spec: Spec) -> dict[str, float]:
    """Work of one step: 2 m k n flops; a, b read once and c written once, in float32; one product."""
    m, k, n = spec["m"], spec["k"], spec["n"]
    return {"flops": 2.0 * m * k * n, "bytes": 4.0 * (m * k + k * n + m * n), "units": 1.0}
