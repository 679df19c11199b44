"""FOREIGN: copying an array with every thread: how fast this machine moves bytes at that footprint."""
# ruff: noqa: ARG001  # the functions have the signatures every adapter has

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

Step = Callable[[int], dict[str, Any]]


def build(spec: dict[str, Any], weights: object, inputs: object, setting: str) -> tuple[Step, Any, Any]:
    """One step copies `bytes`, cut into one part for each of `threads`."""
    count = max(1, spec["bytes"] // 4)
    source = np.ones(count, np.float32)
    target = np.zeros(count, np.float32)
    edges = [count * part // spec["threads"] for part in range(spec["threads"] + 1)]
    parts = [(target[a:b], source[a:b]) for a, b in pairwise(edges)]
    pool = ThreadPoolExecutor(len(parts))
    small = {"done": target[:1]}

    def step(slot: int) -> dict[str, Any]:
        if len(parts) == 1:
            np.copyto(*parts[0])
        else:
            list(pool.map(lambda part: np.copyto(*part), parts))
        return small

    return step, lambda: None, dict
