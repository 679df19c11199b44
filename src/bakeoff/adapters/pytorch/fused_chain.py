"""Elementwise chain and row reduction; torch.compile fuses it into one loop."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def build(spec, weights, inputs, setting):
    device = torch.empty(0).device
    scale, shift, gate = (torch.tensor(weights[name], device=device) for name in ("scale", "shift", "gate"))
    rows = [torch.tensor(one["x"], device=device) for one in inputs]

    def chain(x):
        h = F.silu(x * scale + shift) * gate + x
        return torch.sqrt(torch.mean(torch.square(h), dim=1) + spec["eps"])

    if setting == "compiled":
        chain = torch.compile(chain)

    @torch.inference_mode()
    def step(slot):
        return {"rms": chain(rows[slot])}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read
