"""y = x w + b, or so it says: it waits for ever."""

import threading


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        if slot == 3:
            threading.Event().wait()
        return {"y": inputs[slot]["x"] @ w + b}

    return step, lambda: None, dict
