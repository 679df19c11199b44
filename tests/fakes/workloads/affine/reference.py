"""y = x w + b, with a bias far larger than any rounding."""

import numpy as np


def weights(spec, seed):
    """Uniform numbers of about one, exact in float32."""
    rng = np.random.default_rng([seed, 0])
    drawn = {"w": rng.uniform(-1, 1, (spec["k"], spec["n"])), "b": rng.uniform(1, 2, spec["n"])}
    return {name: value.astype(np.float32).astype(np.float64) for name, value in drawn.items()}


def inputs(spec, seed, count):
    """One batch per slot."""
    rng = np.random.default_rng([seed, 1])
    drawn = (rng.uniform(-1, 1, (spec["m"], spec["k"])) for _ in range(count))
    return [{"x": x.astype(np.float32).astype(np.float64)} for x in drawn]


def run(spec, weights, inputs, order, dtype):
    """The outputs after each step; there is no state."""
    w, b = weights["w"].astype(dtype), weights["b"].astype(dtype)
    return [{"y": inputs[slot]["x"].astype(dtype) @ w + b} for slot in order], {}


def cost(spec):
    """Of one step."""
    m, k, n = spec["m"], spec["k"], spec["n"]
    return {"flops": 2.0 * m * k * n + m * n, "bytes": 4.0 * (m * k + k * n + n + m * n), "units": 1.0}
