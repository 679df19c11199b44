"""y = x w + b, after touching 100 MiB."""

import numpy as np


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        np.ones(100 * 2**20, dtype=np.uint8)
        return {"y": inputs[slot]["x"] @ w + b}

    return step, lambda: None, dict
