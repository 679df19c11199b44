"""Perceptron trained by SGD: mlx.nn and mlx.optimizers as in the documentation's training loop."""

from __future__ import annotations

from functools import partial

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim


class Perceptron(nn.Module):
    """Two dense layers."""

    def __init__(self, features, hidden, classes):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.second = nn.Linear(hidden, classes)

    def __call__(self, x):
        return self.second(nn.relu(self.first(x)))


def build(spec, weights, inputs, setting):
    model = Perceptron(spec["features"], spec["hidden"], spec["classes"])
    optimizer = optim.SGD(learning_rate=spec["lr"])
    batches = [(mx.array(batch["x"]), mx.array(batch["y"])) for batch in inputs]
    state = [model.state, optimizer.state]

    def loss_fn(model, x, y):
        return nn.losses.cross_entropy(model(x), y, reduction="mean")

    loss_and_grad = nn.value_and_grad(model, loss_fn)

    def train_step(x, y):
        loss, gradients = loss_and_grad(model, x, y)
        optimizer.update(model, gradients)
        return loss

    if setting == "compiled":
        train_step = partial(mx.compile, inputs=state, outputs=state)(train_step)

    def step(slot):
        loss = train_step(*batches[slot])
        # Starts the work without waiting for it: an array nobody evaluates would never be computed.
        mx.async_eval(loss, state)
        return {"loss": loss}

    def reset():
        # nn.Linear keeps (out, in).
        model.first.weight, model.first.bias = mx.array(weights["w1"].T), mx.array(weights["b1"])
        model.second.weight, model.second.bias = mx.array(weights["w2"].T), mx.array(weights["b2"])
        optimizer.init(model.trainable_parameters())
        mx.eval(state)

    def read():
        return {
            "w1": model.first.weight.T,
            "b1": model.first.bias,
            "w2": model.second.weight.T,
            "b2": model.second.bias,
        }

    reset()
    mx.eval(batches)
    return step, reset, read
