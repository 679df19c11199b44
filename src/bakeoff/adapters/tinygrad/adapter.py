"""tinygrad: lazy tensors, whose kernels clang compiles for the CPU."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# Which compiler, before tinygrad reads its environment: distributions name clang by its version, and CC may be gcc.
_CLANGS = ("clang", *(f"clang-{version}" for version in range(22, 13, -1)))
if "clang" not in os.environ.get("CC", ""):
    os.environ["CC"] = next((path for path in map(shutil.which, _CLANGS) if path), "clang")

from importlib import metadata  # noqa: E402

from tinygrad import Device, Tensor  # noqa: E402


def describe():
    """Version, device and the compiler that makes its kernels."""
    return {
        "versions": {"tinygrad": metadata.version("tinygrad")},
        "build": f"kernels by {Path(os.environ['CC']).name}",
        "devices": [Device.DEFAULT],
    }


def device(settings):
    """Check the device, which DEV chose; the threads of its kernels come from NUM_CPU_THREADS in adapter.toml."""
    if Device.DEFAULT.lower() != settings["device"]:
        raise ValueError(f"DEV made {Device.DEFAULT} the default device, not {settings['device']!r}")


def sync(x):
    """Realize every tensor of the tree and wait for the device's queue."""
    leaves = _leaves(x)
    if leaves:
        Tensor.realize(*leaves)
    Device[Device.DEFAULT].synchronize()


def to_numpy(x):
    """Copy every leaf to NumPy, keeping the nesting: the JIT's next call overwrites its outputs."""
    if isinstance(x, dict):
        return {name: to_numpy(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [to_numpy(value) for value in x]
    return x.numpy().copy()


def memory():
    """It counts bytes of kernels, not of the process."""
    return {}


def _leaves(x):
    if isinstance(x, dict):
        return [leaf for value in x.values() for leaf in _leaves(value)]
    if isinstance(x, (list, tuple)):
        return [leaf for value in x for leaf in _leaves(value)]
    return [x]
