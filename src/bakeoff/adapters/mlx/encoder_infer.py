"""Pre-LN transformer encoder with mlx.nn, its fused layer norm and attention, and exact GELU."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn


class Block(nn.Module):
    """One layer: attention and feed-forward, each behind its norm."""

    def __init__(self, width, heads, ffn, eps):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.up = nn.Linear(width, ffn)
        self.down = nn.Linear(ffn, width)

    def attention(self, x):
        """Multi-head self-attention over all positions."""
        query, key, value = (
            mx.unflatten(dense(x), -1, (self.heads, -1)).transpose(0, 2, 1, 3)
            for dense in (self.query, self.key, self.value)
        )
        scale = query.shape[-1] ** -0.5
        mixed = mx.fast.scaled_dot_product_attention(query, key, value, scale=scale)
        return self.out(mx.flatten(mixed.transpose(0, 2, 1, 3), -2, -1))

    def __call__(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(nn.gelu(self.up(self.norm2(x))))


class Encoder(nn.Module):
    """Embeddings, blocks, final norm."""

    def __init__(self, spec):
        super().__init__()
        width = spec["width"]
        self.token = nn.Embedding(spec["vocab"], width)
        self.position = mx.zeros((spec["seq"], width))
        self.blocks = [Block(width, spec["heads"], spec["ffn"], spec["eps"]) for _ in range(spec["layers"])]
        self.norm = nn.LayerNorm(width, eps=spec["eps"])

    def __call__(self, ids):
        x = self.token(ids) + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def build(spec, weights, inputs, setting):
    model = Encoder(spec)
    model.load_weights([rename(name, value) for name, value in weights.items()])
    model.eval()
    ids = [mx.array(batch["ids"]) for batch in inputs]
    mx.eval(model.parameters(), ids)
    forward = mx.compile(model) if setting == "compiled" else model

    def step(slot):
        hidden = forward(ids[slot])
        # Starts the work without waiting for it: an array nobody evaluates would never be computed.
        mx.async_eval(hidden)
        return {"hidden": hidden}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def rename(name, value):
    """The name and layout MLX gives a weight: nn.Linear keeps (out, in), norms call their scale `weight`."""
    if name == "token":
        return "token.weight", mx.array(value)
    if name == "position":
        return name, mx.array(value)
    name = name.replace("final.norm", "norm") if name.startswith("final") else f"blocks.{name}"
    if name.endswith(".scale"):
        return name.replace(".scale", ".weight"), mx.array(value)
    return name, mx.array(value.T)
