"""MLX: lazy arrays, on the CPU backend."""

from __future__ import annotations

from importlib import metadata

import mlx.core as mx
import numpy as np


def describe():
    """Versions, and the devices this build has."""
    versions = {name: metadata.version(name) for name in ("mlx", "mlx-cpu") if _installed(name)}
    return {
        "versions": versions,
        "build": f"Metal {mx.metal.is_available()}, CUDA {mx.cuda.is_available()}",
        "devices": [str(mx.default_device())],
    }


def device(settings):
    """Choose the device. The CPU backend runs one stream on one thread of its own; only its BLAS could use more."""
    mx.set_default_device({"cpu": mx.cpu, "gpu": mx.gpu}[settings["device"]])


def sync(x):
    """Evaluate every array of the tree and wait for it."""
    mx.eval(x)


def to_numpy(x):
    """Copy every leaf to NumPy, keeping the nesting."""
    if isinstance(x, dict):
        return {name: to_numpy(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [to_numpy(value) for value in x]
    return np.array(x)


def memory():
    """Bytes of MLX's own allocator."""
    return {"active": mx.get_active_memory(), "peak": mx.get_peak_memory(), "cache": mx.get_cache_memory()}


def _installed(name):
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
