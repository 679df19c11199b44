"""y = x w + b, printing all the while."""

import os


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        print("y" * 100_000)
        os.write(2, b"z" * 100_000)
        return {"y": inputs[slot]["x"] @ w + b}

    return step, lambda: None, dict
