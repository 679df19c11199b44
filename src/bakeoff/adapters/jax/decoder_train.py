"""Causal decoder trained by AdamW: pure functions, gradients of micro-batches added by lax.scan, one jitted step."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp


def build(spec, weights, inputs, setting):
    batches = [jax.device_put(slot["tokens"]) for slot in inputs]
    state = {}

    def loss_fn(params, tokens):
        log_probability = jax.nn.log_softmax(decode(params, tokens[:, :-1], spec))
        return -jnp.mean(jnp.take_along_axis(log_probability, tokens[:, 1:, None], axis=-1))

    @partial(jax.jit, donate_argnums=0)
    def train_step(state, tokens):
        def accumulate(total, micro):
            return jax.tree.map(jnp.add, total, jax.value_and_grad(loss_fn)(state["params"], micro)), None

        zeros = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, state["params"]))
        total, _ = jax.lax.scan(accumulate, zeros, tokens)
        loss, gradients = jax.tree.map(lambda one: one / len(tokens), total)
        return adamw(state, gradients, spec), loss

    def reset():
        # Copies, because the step gives its argument's memory away.
        params = {name: jnp.array(value, copy=True) for name, value in weights.items()}
        mean, square = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
        state.update(params=params, mean=mean, square=square, count=jnp.zeros((), jnp.int32))

    def step(slot):
        updated, loss = train_step(state, batches[slot])
        state.update(updated)
        return {"loss": loss}

    def read():
        return {name: jnp.array(value, copy=True) for name, value in state["params"].items()}

    reset()
    return step, reset, read


def adamw(state, gradients, spec):
    """Decoupled decay, bias correction, eps outside the root."""
    beta1, beta2 = spec["beta1"], spec["beta2"]
    count = state["count"] + 1
    mean = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, state["mean"], gradients)
    square = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, state["square"], gradients)
    correct1, correct2 = 1 - beta1**count, 1 - beta2**count

    def update(p, m, v):
        p = p * (1 - spec["lr"] * spec["decay"])
        return p - spec["lr"] * (m / correct1) / (jnp.sqrt(v / correct2) + spec["eps"])

    params = jax.tree.map(update, state["params"], mean, square)
    return {"params": params, "mean": mean, "square": square, "count": count}


def decode(params, ids, spec):
    """Logits of the next token at every position."""
    hidden = params["token"][ids]
    for i in range(spec["layers"]):
        hidden = hidden + attention(params, i, rms_norm(hidden, params[f"{i}.norm1.scale"], spec), spec)
        normed = rms_norm(hidden, params[f"{i}.norm2.scale"], spec)
        hidden = hidden + jax.nn.gelu(normed @ params[f"{i}.up.weight"], approximate=False) @ params[f"{i}.down.weight"]
    return rms_norm(hidden, params["final.norm.scale"], spec) @ params["token"].T


def attention(params, i, x, spec):
    """Causal multi-head self-attention with rotary positions."""
    batch, seq, width = x.shape
    query, key, value = (
        (x @ params[f"{i}.{part}.weight"]).reshape(batch, seq, spec["heads"], -1) for part in ("query", "key", "value")
    )
    cos, sin = turns(seq, query.shape[-1], spec["rope_base"])
    query, key = rotate(query, cos, sin), rotate(key, cos, sin)
    mixed = jax.nn.dot_product_attention(query, key, value, is_causal=True)
    return mixed.reshape(batch, seq, width) @ params[f"{i}.out.weight"]


def turns(seq, size, base):
    """Cosines and sines of the rotary angles, (seq, 1, size / 2)."""
    angle = jnp.arange(seq)[:, None, None] * base ** (-2 * jnp.arange(size // 2) / size)
    return jnp.cos(angle), jnp.sin(angle)


def rotate(x, cos, sin):
    """Rotary position: the first half of a head is paired with its second."""
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def rms_norm(x, scale, spec):
    """Divide the last axis by its root mean square, then scale."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + spec["norm_eps"]) * scale
