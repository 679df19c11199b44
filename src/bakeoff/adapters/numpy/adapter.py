"""NumPy as the reference arm: what arrays and a good BLAS do, with nothing on top."""

from __future__ import annotations

import numpy as np


def describe():
    """Versions, and the BLAS and SIMD extensions NumPy reports."""
    config = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]
    simd = " ".join(config["SIMD Extensions"].get("found", []))
    details = blas.get("openblas configuration", "")
    return {
        "versions": {"numpy": np.__version__},
        "build": f"{blas['name']} {blas['version']} ({details}); SIMD {simd}",
        "devices": ["cpu"],
    }


def device(settings):
    """OpenBLAS took its threads from the environment when it was loaded; only float32 on the CPU is done here."""
    if settings["device"] != "cpu":
        raise ValueError(f"NumPy computes on the CPU only, not on {settings['device']!r}")


def sync(x):
    """Nothing to wait for: NumPy returns when the work is done."""


def to_numpy(x):
    """The arrays as they are."""
    return x


def memory():
    """NumPy keeps no account of its own."""
    return {}
