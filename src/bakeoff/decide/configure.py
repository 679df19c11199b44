"""A configurator step: with some parts chosen, what is still possible, what is forced, and the cheapest repair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bakeoff.decide.build import Model
from bakeoff.decide.smaa import ranked


@dataclass(frozen=True, slots=True)
class Step:
    """What a partial choice leaves."""

    possible: Mapping[str, tuple[str, ...]]
    """Systems that occur in some stack with the parts chosen, by layer."""
    forced: Mapping[str, str]
    """Layers with one system left that was not chosen."""
    stacks: int
    """How many stacks are left."""
    repair: tuple[tuple[str, str], ...]
    """When none is left: the stack that changes the fewest of the parts chosen, the best of those."""


def step(model: Model, chosen: Mapping[str, str]) -> Step:
    """What is still possible and what is now forced, with `chosen` (layer to system) fixed."""
    space = model.space
    rows = space.rows
    agree = np.zeros(len(rows), np.int64)
    for layer, system in chosen.items():
        if layer in space.layers:
            column = space.layers.index(layer)
            names = space.systems[column]
            position = names.index(system) if system in names else -1
            agree += rows[:, column] == position
    wanted = len([layer for layer in chosen if layer in space.layers])
    left = rows[agree == wanted]
    if not len(left):
        return Step({}, {}, 0, _repair(model, agree))
    possible = {
        layer: tuple(space.systems[column][position] for position in np.unique(left[:, column]))
        for column, layer in enumerate(space.layers)
    }
    forced = {layer: names[0] for layer, names in possible.items() if len(names) == 1 and layer not in chosen}
    return Step(possible, forced, len(left), ())


def _repair(model: Model, agree: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[tuple[str, str], ...]:
    if not len(agree):
        return ()
    nearest = np.where(agree == agree.max(), model.expected, -np.inf)
    return model.space.stack(int(ranked(model.space, nearest, 1)[0]))
