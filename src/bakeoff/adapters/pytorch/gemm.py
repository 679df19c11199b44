"""Matrix product."""

from __future__ import annotations

import torch


def build(spec, weights, inputs, setting):
    device = torch.empty(0).device
    b = torch.tensor(weights["b"], device=device)
    left = [torch.tensor(one["a"], device=device) for one in inputs]
    matmul = torch.compile(torch.matmul) if setting == "compiled" else torch.matmul

    @torch.inference_mode()
    def step(slot):
        return {"c": matmul(left[slot], b)}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read
