"""y = x w + b, keeping every byte it ever had."""

import numpy as np

kept = []


def build(spec, weights, inputs, setting):
    def step(slot):
        while True:
            kept.append(np.ones(4_000_000))

    return step, lambda: None, dict
