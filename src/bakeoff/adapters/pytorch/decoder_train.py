"""Causal decoder trained by torch.optim.AdamW, gradients of micro-batches accumulated by `backward`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """One layer: causal attention with rotary positions, and feed-forward, each behind its norm."""

    def __init__(self, spec):
        super().__init__()
        width, ffn = spec["width"], spec["ffn"]
        self.heads = spec["heads"]
        self.norm1 = nn.RMSNorm(width, eps=spec["norm_eps"])
        self.norm2 = nn.RMSNorm(width, eps=spec["norm_eps"])
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(width, ffn, bias=False), nn.Linear(ffn, width, bias=False)

    def attention(self, x, cos, sin):
        """Each position sees itself and those before."""
        query, key, value = (
            dense(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for dense in (self.query, self.key, self.value)
        )
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.out(mixed.transpose(1, 2).flatten(-2))

    def forward(self, x, cos, sin):
        """Both residual branches."""
        x = x + self.attention(self.norm1(x), cos, sin)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Decoder(nn.Module):
    """Embedding, blocks, final norm, and the embedding again as the head."""

    def __init__(self, spec):
        super().__init__()
        self.token = nn.Embedding(spec["vocab"], spec["width"])
        self.blocks = nn.ModuleList(Block(spec) for _ in range(spec["layers"]))
        self.norm = nn.RMSNorm(spec["width"], eps=spec["norm_eps"])
        size = spec["width"] // spec["heads"]
        frequency = spec["rope_base"] ** (-torch.arange(0, size, 2) / size)
        angle = torch.arange(spec["seq"])[:, None] * frequency
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, ids):
        """Logits of the next token at every position."""
        x = self.token(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return F.linear(self.norm(x), self.token.weight)


def build(spec, weights, inputs, setting):
    model = Decoder(spec)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=spec["lr"],
        betas=(spec["beta1"], spec["beta2"]),
        eps=spec["eps"],
        weight_decay=spec["decay"],
    )
    named = dict(model.named_parameters())
    initial = {name: (named[rename(name)], torch.tensor(value.T)) for name, value in weights.items()}
    initial["token"] = (model.token.weight, torch.tensor(weights["token"]))
    batches = [torch.tensor(batch["tokens"], device=model.token.weight.device) for batch in inputs]
    forward = torch.compile(model) if setting == "compiled" else model

    def step(slot):
        tokens = batches[slot]
        total = 0.0
        for micro in tokens:
            logits = forward(micro[:, :-1])
            loss = loss_fn(logits.flatten(0, 1), micro[:, 1:].flatten()) / len(tokens)
            loss.backward()
            total = total + loss.detach()
        optimizer.step()
        optimizer.zero_grad()
        return {"loss": total}

    @torch.no_grad()
    def reset():
        optimizer.state.clear()
        for parameter, value in initial.values():
            parameter.copy_(value)

    def read():
        return {
            name: parameter.detach().T if name.endswith(".weight") else parameter.detach()
            for name, (parameter, _) in initial.items()
        }

    reset()
    return step, reset, read


def rotate(x, cos, sin):
    """Rotary position: the first half of a head is paired with its second."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def rename(name):
    """The name PyTorch gives a weight: norms call their scale `weight`; nn.Linear keeps (out, in)."""
    if name == "token":
        return "token.weight"
    name = name.replace("final.norm", "norm") if name.startswith("final") else f"blocks.{name}"
    return name.replace(".scale", ".weight")
