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
    columns = {layer: space.layers.index(layer) for layer in chosen if layer in space.layers}
    wanted = {
        column: space.systems[column].index(chosen[layer]) if chosen[layer] in space.systems[column] else -1
        for layer, column in columns.items()
    }
    count, seen = space.agreeing(wanted)
    if not count:
        return Step({}, {}, 0, _repair(model, wanted))
    possible = {
        layer: tuple(space.systems[column][position] for position in sorted(seen[column]))
        for column, layer in enumerate(space.layers)
    }
    forced = {layer: names[0] for layer, names in possible.items() if len(names) == 1 and layer not in chosen}
    return Step(possible, forced, count, ())


def _repair(model: Model, wanted: Mapping[int, int]) -> tuple[tuple[str, str], ...]:
    space = model.space
    if not len(space.rows):
        return ()
    held = [
        (column, (np.arange(len(space.systems[column])) == position).astype(np.int8))
        for column, position in wanted.items()
    ]
    agree = space.joined(held, np.add)
    nearest = np.where(agree == agree.max(), model.expected, -np.inf)
    return space.stack(int(ranked(space, nearest, 1)[0]))
