"""Causal decoder trained by mlx.optimizers.AdamW, with the fused norm, rotary positions and attention of mlx.nn."""

from __future__ import annotations

from functools import partial

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_map


class Block(nn.Module):
    """One layer: causal attention with rotary positions, and feed-forward, each behind its norm."""

    def __init__(self, spec):
        super().__init__()
        width, ffn = spec["width"], spec["ffn"]
        self.heads = spec["heads"]
        self.norm1 = nn.RMSNorm(width, eps=spec["norm_eps"])
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        # `traditional` would pair neighbours; without it the halves of a head are paired.
        self.rope = nn.RoPE(width // spec["heads"], traditional=False, base=spec["rope_base"])
        self.norm2 = nn.RMSNorm(width, eps=spec["norm_eps"])
        self.up = nn.Linear(width, ffn, bias=False)
        self.down = nn.Linear(ffn, width, bias=False)

    def attention(self, x):
        """Each position sees itself and those before."""
        query, key, value = (
            mx.unflatten(dense(x), -1, (self.heads, -1)).transpose(0, 2, 1, 3)
            for dense in (self.query, self.key, self.value)
        )
        scale = query.shape[-1] ** -0.5
        query, key = self.rope(query), self.rope(key)
        mixed = mx.fast.scaled_dot_product_attention(query, key, value, scale=scale, mask="causal")
        return self.out(mx.flatten(mixed.transpose(0, 2, 1, 3), -2, -1))

    def __call__(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(nn.gelu(self.up(self.norm2(x))))


class Decoder(nn.Module):
    """Embedding, blocks, final norm, and the embedding again as the head."""

    def __init__(self, spec):
        super().__init__()
        self.token = nn.Embedding(spec["vocab"], spec["width"])
        self.blocks = [Block(spec) for _ in range(spec["layers"])]
        self.norm = nn.RMSNorm(spec["width"], eps=spec["norm_eps"])

    def __call__(self, ids):
        x = self.token(ids)
        for block in self.blocks:
            x = block(x)
        return self.token.as_linear(self.norm(x))


def build(spec, weights, inputs, setting):
    model = Decoder(spec)
    optimizer = optim.AdamW(
        learning_rate=spec["lr"],
        betas=[spec["beta1"], spec["beta2"]],
        eps=spec["eps"],
        weight_decay=spec["decay"],
        bias_correction=True,
    )
    optimizer.init(model.trainable_parameters())
    fresh = tree_map(mx.array, optimizer.state)
    state = [model.state, optimizer.state]
    batches = [mx.array(batch["tokens"]) for batch in inputs]

    def loss_fn(model, tokens):
        return nn.losses.cross_entropy(model(tokens[:, :-1]), tokens[:, 1:], reduction="mean")

    loss_and_grad = nn.value_and_grad(model, loss_fn)

    def train_step(tokens):
        total, gradients = loss_and_grad(model, tokens[0])
        for micro in tokens[1:]:
            loss, more = loss_and_grad(model, micro)
            total = total + loss
            gradients = tree_map(mx.add, gradients, more)
        optimizer.update(model, tree_map(lambda gradient: gradient / len(tokens), gradients))
        return total / len(tokens)

    if setting == "compiled":
        train_step = partial(mx.compile, inputs=state, outputs=state)(train_step)

    def step(slot):
        loss = train_step(batches[slot])
        # Starts the work without waiting for it: an array nobody evaluates would never be computed.
        mx.async_eval(loss, state)
        return {"loss": loss}

    def reset():
        model.load_weights([(rename(name), mx.array(oriented(name, value))) for name, value in weights.items()])
        # Into the dictionary that the compiled step has captured; new inner ones, which it fills.
        optimizer.state.update(tree_map(mx.array, fresh))
        mx.eval(state)

    def read():
        now = dict(tree_flatten(model.parameters()))
        return {name: oriented(name, now[rename(name)]) for name in weights}

    reset()
    mx.eval(batches)
    return step, reset, read


def rename(name):
    """The name MLX gives a weight: norms call their scale `weight`."""
    if name == "token":
        return "token.weight"
    name = name.replace("final.norm", "norm") if name.startswith("final") else f"blocks.{name}"
    return name.replace(".scale", ".weight")


def oriented(name, value):
    """The layout MLX gives a weight, and back: nn.Linear keeps (out, in), nn.Embedding (vocab, width)."""
    return value if name == "token" else value.T
