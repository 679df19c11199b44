"""The tracker: chosen beside the stack, on its own merits, never multiplied into it."""

from __future__ import annotations

import numpy as np

from bakeoff.decide import draws
from bakeoff.decide.build import Model, Stack
from bakeoff.decide.model import Share
from bakeoff.decide.value import Floats

LAYER = "tracker"
_DRAWS = 2_500


def ranking(model: Model, stack: Stack) -> list[tuple[str, float]]:
    """Trackers that may stand beside a stack with their value at the centre, best first."""
    systems = [system for _, system in stack]
    found = [
        (candidate.system, _worth(model, candidate.system) - _doubt(model, candidate.system))
        for candidate in model.judged.get(LAYER, ())
        if not candidate.exclusions and not any(model.joiner.clash(candidate.system, other) for other in systems)
    ]
    return sorted(found, key=lambda pair: (-round(pair[1], 9), pair[0]))


def best(model: Model, stack: Stack) -> str | None:
    """The tracker beside a stack; None where the profile needs none, or none fits."""
    found = ranking(model, stack)
    return found[0][0] if found else None


def shares(model: Model, stack: Stack, seed: int) -> list[Share]:
    """How often each tracker is first and among the first three, over draws of its own."""
    names = [name for name, _ in ranking(model, stack)]
    if not names:
        return []
    totals = np.stack([_drawn(model, name, seed) for name in names])
    places = np.argsort(np.argsort(-totals, axis=0, kind="stable"), axis=0, kind="stable")
    return [
        Share(name, LAYER, round(float((places[row] == 0).mean()), 4), round(float((places[row] < 3).mean()), 4))
        for row, name in enumerate(names)
        if (places[row] < 3).any()
    ]


def _worth(model: Model, system: str) -> float:
    total = 0.0
    for axis in model.values.axes:
        terms = model.values.terms(LAYER, system, axis)
        total += model.values.weights[axis.id] * sum(term.share * term.mid for term in terms)
    return total


def _doubt(model: Model, system: str) -> float:
    candidate = next(item for item in model.judged[LAYER] if item.system == system)
    chance = float(np.prod([condition.chance for condition in candidate.conditions]))
    return model.rules.constants["failed_points"] * (1.0 - chance)


def _drawn(model: Model, system: str, seed: int) -> Floats:
    total = np.full(_DRAWS, -_doubt(model, system))
    for axis in model.values.axes:
        for term in model.values.terms(LAYER, system, axis):
            drawn = term.mid + term.spread * draws.normals(("value", system, term.property), _DRAWS, seed)
            total = total + model.values.weights[axis.id] * term.share * np.minimum(100.0, np.maximum(0.0, drawn))
    return total
