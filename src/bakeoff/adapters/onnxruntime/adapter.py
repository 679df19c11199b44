"""ONNX Runtime: graphs written with onnx.helper, run by the CPU execution provider."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime


def describe():
    """Versions, and what the runtime says about its build."""
    return {
        "versions": {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__},
        "build": onnxruntime.get_build_info(),
        "devices": onnxruntime.get_available_providers(),
    }


def device(settings):
    """Nothing of the process to set: every session has a thread pool of its own, sized in the workload's file."""
    if settings["device"] != "cpu":
        raise ValueError(f"this package has the CPU execution provider only, not {settings['device']!r}")
    _threads = settings["threads"]


def sync(x):
    """Nothing to wait for: a run returns when its outputs are computed."""


def to_numpy(x):
    """Copy out of the runtime's memory, keeping the nesting."""
    if isinstance(x, dict):
        return {name: to_numpy(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [to_numpy(value) for value in x]
    return np.array(x.numpy())


def memory():
    """The arena's size is not readable from Python."""
    return {}
