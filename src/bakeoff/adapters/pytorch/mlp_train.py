"""Perceptron trained by SGD: the training step of PyTorch's own tutorials."""

from __future__ import annotations

import torch
from torch import nn


def build(spec, weights, inputs, setting):
    model = nn.Sequential(
        nn.Linear(spec["features"], spec["hidden"]),
        nn.ReLU(),
        nn.Linear(spec["hidden"], spec["classes"]),
    )
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=spec["lr"])
    device = next(model.parameters()).device
    batches = [(torch.tensor(batch["x"], device=device), torch.tensor(batch["y"], device=device)) for batch in inputs]
    # nn.Linear keeps (out, in).
    named = {
        "w1": (model[0].weight, torch.tensor(weights["w1"].T)),
        "b1": (model[0].bias, torch.tensor(weights["b1"])),
        "w2": (model[2].weight, torch.tensor(weights["w2"].T)),
        "b2": (model[2].bias, torch.tensor(weights["b2"])),
    }
    forward = torch.compile(model) if setting == "compiled" else model

    def step(slot):
        x, y = batches[slot]
        loss = loss_fn(forward(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return {"loss": loss.detach()}

    @torch.no_grad()
    def reset():
        for parameter, initial in named.values():
            parameter.copy_(initial)

    def read():
        return {
            name: parameter.detach().T if name[0] == "w" else parameter.detach()
            for name, (parameter, _) in named.items()
        }

    reset()
    return step, reset, read
