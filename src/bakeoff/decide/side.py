"""The tracker: chosen beside the stack, on its own merits, never multiplied into it."""

from __future__ import annotations

import math

import numpy as np

from bakeoff.decide import draws, smaa
from bakeoff.decide.build import Model, Stack
from bakeoff.decide.model import Share
from bakeoff.decide.value import Floats, Term

LAYER = "tracker"
_DRAWS = 2_500


class Trackers:
    """The trackers that can be had, and which of them may stand beside a stack."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._candidates = [item for item in model.judged.get(LAYER, ()) if not item.exclusions]
        self._values: dict[str, float] = {}

    def beside(self, stack: Stack) -> list[tuple[str, float]]:
        """Those that may stand beside a stack with their value at the centre, best first."""
        clash = self._model.joiner.clash
        found = [
            (item.system, self._value(item.system))
            for item in self._candidates
            if not any(clash(item.system, other) for _, other in stack)
        ]
        return sorted(found, key=lambda pair: (-round(pair[1], 9), pair[0]))

    def best(self, stack: Stack) -> str | None:
        """The one beside a stack; None where the profile needs none, or none fits."""
        return next((name for name, _ in self.beside(stack)), None)

    def shares(self, stack: Stack, seed: int) -> list[Share]:
        """How often each is first and among the first three, over draws of its own."""
        names = [name for name, _ in self.beside(stack)]
        if not names:
            return []
        best = smaa.best_three(np.stack([self._drawn(name, seed) for name in names]))
        counts = [np.bincount(places.ravel(), minlength=len(names)) / _DRAWS for places in (best[0], best)]
        return [
            Share(name, LAYER, round(first, 4), round(top3, 4))
            for name, first, top3 in zip(names, *(each.tolist() for each in counts), strict=True)
            if top3
        ]

    def _value(self, name: str) -> float:
        if name not in self._values:
            total = 0.0
            for weight, terms in self._terms(name):
                total += weight * sum(term.share * term.mid for term in terms)
            self._values[name] = total - self._doubt(name)
        return self._values[name]

    def _terms(self, name: str) -> list[tuple[float, tuple[Term, ...]]]:
        values = self._model.values
        return [(values.weights[axis.id], values.terms(LAYER, name, axis)) for axis in values.axes]

    def _doubt(self, name: str) -> float:
        candidate = next(item for item in self._candidates if item.system == name)
        chance = math.prod(condition.chance for condition in candidate.conditions)
        return self._model.rules.constants["failed_points"] * (1.0 - chance)

    def _drawn(self, name: str, seed: int) -> Floats:
        total = np.full(_DRAWS, -self._doubt(name))
        used = [(weight, term) for weight, terms in self._terms(name) for term in terms if weight]
        keys = draws.stream_keys((("value", name, term.property) for _, term in used), seed)
        for (weight, term), normal in zip(used, draws.normals_of(keys, _DRAWS), strict=True):
            drawn = term.mid + term.spread * normal
            total = total + weight * term.share * np.minimum(100.0, np.maximum(0.0, drawn))
        return total


def ranking(model: Model, stack: Stack) -> list[tuple[str, float]]:
    """Trackers that may stand beside a stack with their value at the centre, best first."""
    return Trackers(model).beside(stack)


def best(model: Model, stack: Stack) -> str | None:
    """The tracker beside a stack; None where the profile needs none, or none fits."""
    return Trackers(model).best(stack)
