"""OpenVINO: models written in its own opset, run by the CPU plugin in float32."""

from __future__ import annotations

import numpy as np
import openvino


def describe():
    """Versions, and what the CPU plugin says it can do."""
    core = openvino.Core()
    capabilities = " ".join(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    return {
        "versions": {"openvino": openvino.__version__.partition("-")[0]},
        "build": f"{openvino.get_version()}; CPU plugin: {capabilities}",
        "devices": list(core.available_devices),
    }


def device(settings):
    """Nothing of the process to set: threads and precision are properties of each compiled model."""
    if settings["device"] != "cpu":
        raise ValueError(f"this adapter compiles for the CPU plugin, not for {settings['device']!r}")


def sync(x):
    """Nothing to wait for: `infer` returns when the outputs are computed."""


def to_numpy(x):
    """Copy out of the request's memory, which its next inference overwrites; keeps the nesting."""
    if isinstance(x, dict):
        return {name: to_numpy(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [to_numpy(value) for value in x]
    return np.array(x.data)


def memory():
    """The plugin's allocations are not readable from Python."""
    return {}
