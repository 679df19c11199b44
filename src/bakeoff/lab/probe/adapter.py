"""FOREIGN: what the machine itself can do, measured by NumPy. Not a contestant; spoken to like any adapter."""

from __future__ import annotations

import numpy as np


def describe() -> dict[str, object]:
    """Versions, and which kernels the BLAS chose: they may be narrower than the processor."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "versions": {"numpy": np.__version__},
        "build": str(blas.get("openblas configuration", "")),
        "devices": ["cpu"],
    }


def device(settings: dict[str, object]) -> None:
    """BLAS took its threads from the environment."""


def sync(x: object) -> None:
    """NumPy returns when the work is done."""


def to_numpy(x: object) -> object:
    """The arrays as they are."""
    return x


def memory() -> dict[str, float]:
    """NumPy keeps no account of its own."""
    return {}
