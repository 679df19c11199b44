"""Pre-LN transformer encoder with nn.Module and scaled_dot_product_attention, under inference_mode."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """One layer: attention and feed-forward, each behind its norm."""

    def __init__(self, width, heads, ffn, eps):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=eps), nn.LayerNorm(width, eps=eps)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, ffn), nn.Linear(ffn, width)

    def attention(self, x):
        """Multi-head self-attention over all positions."""
        query, key, value = (
            dense(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for dense in (self.query, self.key, self.value)
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.out(mixed.transpose(1, 2).flatten(-2))

    def forward(self, x):
        """Both residual branches."""
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Encoder(nn.Module):
    """Embeddings, blocks, final norm."""

    def __init__(self, spec):
        super().__init__()
        width = spec["width"]
        self.token = nn.Embedding(spec["vocab"], width)
        self.position = nn.Parameter(torch.zeros(spec["seq"], width))
        blocks = (Block(width, spec["heads"], spec["ffn"], spec["eps"]) for _ in range(spec["layers"]))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width, eps=spec["eps"])

    def forward(self, ids):
        """Hidden states after the final norm."""
        return self.norm(self.blocks(self.token(ids) + self.position))


def build(spec, weights, inputs, setting):
    model = Encoder(spec).eval()
    model.load_state_dict(dict(rename(name, value) for name, value in weights.items()))
    device = model.position.device
    ids = [torch.tensor(batch["ids"], device=device) for batch in inputs]
    forward = torch.compile(model) if setting == "compiled" else model

    @torch.inference_mode()
    def step(slot):
        return {"hidden": forward(ids[slot])}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def rename(name, value):
    """The name and layout PyTorch gives a weight: nn.Linear keeps (out, in), norms call their scale `weight`."""
    if name == "token":
        return "token.weight", torch.tensor(value)
    if name == "position":
        return name, torch.tensor(value)
    name = name.replace("final.norm", "norm") if name.startswith("final") else f"blocks.{name}"
    return name.replace(".scale", ".weight"), torch.tensor(value.T)
