"""Pre-LN transformer encoder: pure functions over a dictionary of weights, jitted as a whole."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp


def build(spec, weights, inputs, setting):
    params = jax.device_put(weights)
    ids = [jax.device_put(batch["ids"]) for batch in inputs]
    forward = jax.jit(partial(encode, layers=spec["layers"], heads=spec["heads"], eps=spec["eps"]))

    def step(slot):
        return {"hidden": forward(params, ids[slot])}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def encode(params, ids, *, layers, heads, eps):
    """Hidden states after the final norm."""
    hidden = params["token"][ids] + params["position"]
    for i in range(layers):
        hidden = hidden + attention(params, i, layer_norm(params, f"{i}.norm1", hidden, eps), heads)
        normed = layer_norm(params, f"{i}.norm2", hidden, eps)
        up = jax.nn.gelu(dense(params, f"{i}.up", normed), approximate=False)
        hidden = hidden + dense(params, f"{i}.down", up)
    return layer_norm(params, "final.norm", hidden, eps)


def attention(params, i, x, heads):
    """Multi-head self-attention over all positions."""
    batch, seq, width = x.shape
    query, key, value = (
        dense(params, f"{i}.{part}", x).reshape(batch, seq, heads, width // heads) for part in ("query", "key", "value")
    )
    mixed = jax.nn.dot_product_attention(query, key, value)
    return dense(params, f"{i}.out", mixed.reshape(batch, seq, width))


def layer_norm(params, name, x, eps):
    """Normalise the last axis, then scale and shift."""
    return jax.nn.standardize(x, axis=-1, epsilon=eps) * params[f"{name}.scale"] + params[f"{name}.bias"]


def dense(params, name, x):
    """Affine map of the last axis."""
    return jnp.matmul(x, params[f"{name}.weight"]) + params[f"{name}.bias"]
