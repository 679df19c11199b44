"""Oracle of `fused-chain`: an elementwise chain and one reduction, bound by memory and not by arithmetic.

    u = x * scale + shift
    s = u / (1 + exp(-u))            (SiLU, Elfwing et al. 2017, arXiv 1702.03118)
    h = s * gate + x
    rms = sqrt(mean(h * h over columns) + eps)      (the statistic of RMSNorm, arXiv 1910.07467)

x (rows, columns) changes from step to step; scale, shift and gate (columns,) are fixed; rms is (rows,). Fused, it reads
each element once; done one operation at a time it reads and writes the matrix about ten times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Spec = Mapping[str, Any]


def weights(spec: Spec, seed: int) -> dict[str, Array]:
    """The vectors scale, shift and gate (columns,), float64 whose values float32 can hold exactly."""
    rng = np.random.default_rng([seed, 1])
    made = {
        "scale": 1.0 + 0.2 * rng.standard_normal(spec["columns"]),
        "shift": 0.2 * rng.standard_normal(spec["columns"]),
        "gate": rng.standard_normal(spec["columns"]),
    }
    return {name: value.astype(np.float32).astype(np.float64) for name, value in made.items()}


def inputs(spec: Spec, seed: int, count: int) -> list[dict[str, Array]]:
    """One x (rows, columns) a slot, standard normal, exact in float32; slot i depends on the seed and i alone."""
    shape = (spec["rows"], spec["columns"])
    made = (np.random.default_rng([seed, 2, slot]).standard_normal(shape) for slot in range(count))
    return [{"x": x.astype(np.float32).astype(np.float64)} for x in made]


def run(
    spec: Spec,
    weights: Mapping[str, Array],
    inputs: Sequence[Mapping[str, Array]],
    order: Sequence[int],
    dtype: npt.DTypeLike,
) -> tuple[list[dict[str, Array]], dict[str, Array]]:
    """Run the chain on the slots of `order`, all arithmetic in `dtype`.

    Returns:
        {"rms": (rows,)} of each step, and no state.
    """
    kind = np.dtype(dtype).type
    scale, shift, gate = (np.asarray(weights[name], dtype) for name in ("scale", "shift", "gate"))
    outputs = []
    for slot in order:
        x = np.asarray(inputs[slot]["x"], dtype)
        u = x * scale + shift
        h = u / (kind(1) + np.exp(-u)) * gate + x
        outputs.append({"rms": np.sqrt((h * h).mean(axis=1) + kind(spec["eps"]))})
    return outputs, {}


def cost(spec: Spec) -> dict[str, float]:
    """Work of one step: ten flops an element (exp counted as one), x read once and rms written once, rows."""
    rows, columns = spec["rows"], spec["columns"]
    return {
        "flops": 10.0 * rows * columns,
        "bytes": 4.0 * (rows * columns + 3 * columns + rows),
        "units": float(rows),
    }
