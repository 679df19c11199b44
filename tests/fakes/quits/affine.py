"""y = x w + b, or so it says: it asks to exit."""

import sys


def build(spec, weights, inputs, setting):
    def step(slot):
        sys.exit("giving up")

    return step, lambda: None, dict
