"""Perceptron trained by SGD: a loss function, its gradient, and one jitted step that donates the old weights."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp


def build(spec, weights, inputs, setting):
    lr = spec["lr"]
    batches = jax.device_put(inputs)
    params = {}

    def loss_fn(params, batch):
        hidden = jax.nn.relu(batch["x"] @ params["w1"] + params["b1"])
        logits = hidden @ params["w2"] + params["b2"]
        log_probability = jax.nn.log_softmax(logits)
        return -jnp.mean(jnp.take_along_axis(log_probability, batch["y"][:, None], axis=1))

    @partial(jax.jit, donate_argnums=0)
    def train_step(params, batch):
        loss, gradients = jax.value_and_grad(loss_fn)(params, batch)
        return jax.tree.map(lambda p, g: p - lr * g, params, gradients), loss

    def reset():
        # A copy, because the step gives its argument's memory away.
        params.update({name: jnp.array(value, copy=True) for name, value in weights.items()})

    def step(slot):
        updated, loss = train_step(params, batches[slot])
        params.update(updated)
        return {"loss": loss}

    def read():
        return {name: jnp.array(value, copy=True) for name, value in params.items()}

    reset()
    return step, reset, read
