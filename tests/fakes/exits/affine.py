"""y = x w + b, or so it says: it leaves."""

import os


def build(spec, weights, inputs, setting):
    def step(slot):
        os._exit(3)

    return step, lambda: None, dict
