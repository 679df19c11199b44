"""Perceptron trained by SGD: forward, backward and update written out in NumPy."""

from __future__ import annotations

import numpy as np


def build(spec, weights, inputs, setting):
    lr = np.float32(spec["lr"])
    batch = np.arange(spec["batch"])
    state = {}

    def reset():
        state.update({name: value.copy() for name, value in weights.items()})

    def step(slot):
        x, y = inputs[slot]["x"], inputs[slot]["y"]
        w1, b1, w2, b2 = state["w1"], state["b1"], state["w2"], state["b2"]

        hidden = np.maximum(x @ w1 + b1, 0)
        logits = hidden @ w2 + b2
        logits -= logits.max(axis=1, keepdims=True)
        probability = np.exp(logits)
        total = probability.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(total[:, 0]) - logits[batch, y])

        probability /= total
        probability[batch, y] -= 1
        probability /= len(x)
        d_hidden = probability @ w2.T
        d_hidden *= hidden > 0

        w2 -= lr * (hidden.T @ probability)
        b2 -= lr * probability.sum(axis=0)
        w1 -= lr * (x.T @ d_hidden)
        b1 -= lr * d_hidden.sum(axis=0)
        return {"loss": np.asarray(loss)}

    def read():
        return {name: value.copy() for name, value in state.items()}

    reset()
    return step, reset, read
