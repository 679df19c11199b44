"""y = x w + b, asking for too much at once."""

import numpy as np


def build(spec, weights, inputs, setting):
    def step(slot):
        return {"y": np.ones(1 << 56)}

    return step, lambda: None, dict
