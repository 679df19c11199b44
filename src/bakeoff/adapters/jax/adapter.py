"""JAX: pure functions compiled by XLA."""

from __future__ import annotations

import jax
import jaxlib
import numpy as np


def describe():
    """Versions, and the platform XLA compiles for."""
    devices = jax.devices()
    return {
        "versions": {"jax": jax.__version__, "jaxlib": jaxlib.__version__},
        "build": f"XLA for {devices[0].client.platform_version}",
        "devices": [str(one) for one in devices],
    }


def device(settings):
    """Choose the platform and true float32 products, before the first array.

    The threads of XLA's CPU client come from the environment: adapter.toml sets NPROC.
    """
    jax.config.update("jax_platforms", settings["device"])
    jax.config.update("jax_default_matmul_precision", "highest")


def sync(x):
    """Wait for every array of the tree."""
    jax.block_until_ready(x)


def to_numpy(x):
    """Copy every leaf to the host."""
    return jax.tree.map(np.asarray, x)


def memory():
    """What the allocator of each device says; the CPU's says nothing."""
    return {str(one): one.memory_stats() for one in jax.local_devices() if one.memory_stats()}
