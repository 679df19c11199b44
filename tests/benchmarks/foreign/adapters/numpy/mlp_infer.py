"""Dense layers by BLAS. The setting `tenth` does its last layer twice: a tenth more work, the same answer."""

from __future__ import annotations

import numpy as np


def build(spec, weights, inputs, setting):
    layers = [(weights[f"{n}.weight"], weights[f"{n}.bias"]) for n in range(spec["layers"])]

    def step(slot):
        x = inputs[slot]["x"]
        for weight, bias in layers[:-1]:
            x = np.maximum(x @ weight + bias, 0)
        if setting == "tenth":
            np.maximum(x @ layers[0][0] + layers[0][1], 0)
        weight, bias = layers[-1]
        return {"y": x @ weight + bias}

    return step, lambda: None, dict
