"""TensorFlow: tf.Module and tf.function, without Keras."""

from __future__ import annotations

import tensorflow as tf


def describe():
    """Versions, and what the build says about itself."""
    build = tf.sysconfig.get_build_info()
    return {
        "versions": {"tensorflow": tf.__version__},
        "build": ", ".join(f"{name} {value}" for name, value in sorted(build.items())),
        "devices": [one.name for one in tf.config.list_physical_devices()],
    }


def device(settings):
    """Size the thread pools, which must happen before the first operation, and rule out TF32."""
    tf.config.threading.set_intra_op_parallelism_threads(settings["threads"])
    # Parallel operations inside one graph share the processors with those: more would only add threads.
    tf.config.threading.set_inter_op_parallelism_threads(settings["threads"])
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if settings["device"] == "cpu":
        tf.config.set_visible_devices([], "GPU")


def sync(x):
    """Wait for every device: operations on the CPU are done already, a GPU's may not be."""
    tf.test.experimental.sync_devices()


def to_numpy(x):
    """Copy every leaf to the host."""
    return tf.nest.map_structure(lambda leaf: leaf.numpy(), x)


def memory():
    """The CPU allocator keeps no account; a GPU's does."""
    devices = tf.config.list_logical_devices("GPU")
    return {one.name: tf.config.experimental.get_memory_info(one.name)["peak"] for one in devices}
