"""Oracle of `mlp-infer`: dense layers with ReLU between them, none after the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def weights(spec: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Layers `<n>.weight` (width, width) of variance 2 / width, which keeps activations of one size; small biases."""
    width = spec["width"]
    made = {}
    for layer in range(spec["layers"]):
        draw = np.random.default_rng([seed, 1, layer])
        made[f"{layer}.weight"] = _exact(draw.standard_normal((width, width)) * np.sqrt(2 / width))
        made[f"{layer}.bias"] = _exact(draw.standard_normal(width) * 0.1)
    return made


def inputs(spec: Mapping[str, Any], seed: int, count: int) -> list[dict[str, Any]]:
    """Rows of standard normal numbers, (rows, width)."""
    shape = (spec["rows"], spec["width"])
    return [{"x": _exact(np.random.default_rng([seed, 2, slot]).standard_normal(shape))} for slot in range(count)]


def run(
    spec: Mapping[str, Any],
    weights: Mapping[str, Any],
    inputs: Sequence[Mapping[str, Any]],
    order: Sequence[int],
    dtype: Any,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The network on the slots of `order`, all arithmetic in `dtype`."""
    steps = []
    for slot in order:
        x = np.asarray(inputs[slot]["x"], dtype)
        for layer in range(spec["layers"]):
            x = x @ np.asarray(weights[f"{layer}.weight"], dtype) + np.asarray(weights[f"{layer}.bias"], dtype)
            if layer + 1 < spec["layers"]:
                x = np.maximum(x, 0)
        steps.append({"y": x})
    return steps, {}


def cost(spec: Mapping[str, Any]) -> dict[str, float]:
    """2 flops a weight and row; weights read once, rows read and written once."""
    layers, width, rows = spec["layers"], spec["width"], spec["rows"]
    return {
        "flops": 2.0 * layers * width**2 * rows,
        "bytes": 4.0 * (layers * width**2 + 2 * rows * width),
        "units": rows,
    }


def _exact(value: Any) -> Any:
    return value.astype(np.float32).astype(np.float64)
