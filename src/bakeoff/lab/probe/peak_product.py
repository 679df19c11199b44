"""FOREIGN: a large float32 matrix product: the most arithmetic a BLAS gets out of this machine."""
# ruff: noqa: ARG001  # the functions have the signatures every adapter has

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[int], dict[str, Any]]


def build(spec: dict[str, Any], weights: object, inputs: object, setting: str) -> tuple[Step, Any, Any]:
    """One step is one product of two (n, n) matrices."""
    n = spec["n"]
    left = np.full((n, n), 0.5, np.float32)
    right = np.full((n, n), 0.25, np.float32)
    out = np.empty((n, n), np.float32)
    small = {"done": out[0, :1]}

    def step(slot: int) -> dict[str, Any]:
        np.matmul(left, right, out=out)
        return small

    return step, lambda: None, dict
