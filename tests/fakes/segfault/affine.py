"""y = x w + b, or so it says: it reads address 0."""

import ctypes


def build(spec, weights, inputs, setting):
    def step(slot):
        return {"y": ctypes.string_at(0)}

    return step, lambda: None, dict
