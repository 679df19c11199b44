"""What components and stacks are worth: points on fixed anchors, added up by axis. Never relative to the option set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.record import Struct
from bakeoff.catalog.model import Aggregator, Axis, Belief, Layer, Relation
from bakeoff.catalog.rules import Rules
from bakeoff.decide.bonus import Bonus, Rewards, shift
from bakeoff.decide.facts import Facts, middle
from bakeoff.decide.feasible import Candidate
from bakeoff.decide.space import Space

Floats = npt.NDArray[np.float64]
"""Points."""

FIT = "fit"
COVERAGE = "target_coverage"
_Z = 1.959963984540054


class Term(Struct, frozen=True):
    """One measure of one component as it enters an axis."""

    layer: str
    """Layer of the component."""
    system: str
    """System id."""
    property: str
    """Measure."""
    share: float
    """Share of the component's value on the axis, 0..1."""
    mid: float
    """Centre of the belief, in points, bonuses added."""
    spread: float
    """Standard deviation of the belief, in points."""
    claims: tuple[str, ...]
    """Claims it stands on."""
    impression: bool
    """Nothing stronger than an impression (or nothing at all) is behind it."""
    known: bool
    """False when it is drawn from the layer's population."""
    bonuses: tuple[Bonus, ...] = ()
    """What the rules add, already in `mid`."""


class Contribution(Struct, frozen=True):
    """What one measure of one component gives to a stack's total."""

    axis: str
    """Axis id."""
    term: Term
    """The measure."""
    factor: float
    """Points of the total per point of the measure."""

    @property
    def points(self) -> float:
        """Points of the total."""
        return self.factor * self.term.mid


class Values:
    """Terms of every component, and how components add up to stacks."""

    def __init__(self, facts: Facts, rules: Rules, judged: Mapping[str, Sequence[Candidate]]) -> None:
        self.facts = facts
        self.rules = rules
        self.situation = facts.situation
        self.axes = facts.catalog.axes
        self.weights = {axis.id: self.situation.weights.get(axis.id, 0.0) for axis in self.axes}
        self.judged = {(layer, candidate.system): candidate for layer, group in judged.items() for candidate in group}
        self._terms: dict[tuple[str, str, str], tuple[Term, ...]] = {}
        self._mids: dict[tuple[str, str, str], float] = {}
        self._rewards = Rewards(facts, rules)
        self._bonuses: dict[tuple[str, str], tuple[Bonus, ...]] = {}
        self._capabilities: tuple[str, ...] | None = None
        self._measures: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {}
        self._parts: dict[tuple[str, tuple[str, ...]], tuple[tuple[int, float], ...]] = {}

    def take_over(self, known: Values) -> None:
        """Shares what another one has worked out: of the same facts and rules, and candidates judged alike."""
        self._terms, self._mids, self._parts = known._terms, known._mids, known._parts
        self._bonuses, self._measures = known._bonuses, known._measures

    def terms(self, layer: str, system: str, axis: Axis) -> tuple[Term, ...]:
        """Measures by which a component enters an axis; empty when its layer takes no part."""
        key = (layer, system, axis.id)
        found = self._terms.get(key)
        if found is None:
            measures = self._relevant(layer, axis)
            found = self._terms[key] = tuple([self._term(layer, system, name, share) for name, share in measures])
        return found

    def takes_part(self, layer: str, axis: Axis) -> bool:
        """Whether a layer counts on an axis in this situation."""
        return bool(self._relevant(layer, axis))

    def parts(self, axis: Axis, layers: Sequence[str]) -> tuple[tuple[int, float], ...]:
        """(column, share) of the layers that count on an axis; for `primary` the one that does the work."""
        key = (axis.id, tuple(layers))
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = self._shared(axis, key[1])
        return found

    def _shared(self, axis: Axis, layers: tuple[str, ...]) -> tuple[tuple[int, float], ...]:
        columns = [column for column, layer in enumerate(layers) if self.takes_part(layer, axis)]
        if not columns:
            return ()
        if axis.aggregator is Aggregator.PRIMARY:
            wanted = (self.situation.primary, "trainer", "framework", "serving")
            best = next(
                (layers.index(layer) for layer in wanted if layer in layers and layers.index(layer) in columns),
                columns[0],
            )
            return ((best, 1.0),)
        shares = [
            self.rules.layers[layers[column]].weight if layers[column] in self.rules.layers else 1.0
            for column in columns
        ]
        whole = sum(shares)
        return tuple((column, share / whole) for column, share in zip(columns, shares, strict=True))

    def central(self, space: Space) -> list[Floats]:
        """Value of every stack at the centre of the beliefs, for each block in a shape that broadcasts to its own."""
        additive = [np.zeros(max(1, len(names))) for names in space.systems]
        weakest: list[tuple[float, list[tuple[int, Floats]]]] = []
        for axis in self.axes:
            weight, parts = self.weights[axis.id], self.parts(axis, space.layers)
            if not weight or not parts:
                continue
            worth = [
                (column, share, np.array([self.mid(space.layers[column], name, axis) for name in names] or [0.0]))
                for column, share in parts
                for names in (space.systems[column],)
            ]
            if axis.aggregator is Aggregator.WEAKEST:
                weakest.append((weight, [(column, mids) for column, _, mids in worth]))
                continue
            for column, share, mids in worth:
                additive[column] = additive[column] + weight * share * mids
        found = []
        for block in space.blocks:
            total = block.joined(list(enumerate(additive)), np.add)
            for weight, columns in weakest:
                total = total + weight * block.joined(columns, np.minimum)
            found.append(total)
        return found

    def on_axis(self, stack: Sequence[tuple[str, str]], axis: Axis) -> float:
        """Value of one stack on an axis at the centre of the beliefs; 0 for an axis without weight."""
        parts = self.parts(axis, [layer for layer, _ in stack])
        if not parts or not self.weights[axis.id]:
            return 0.0
        mids = [self.mid(*stack[column], axis) for column, _ in parts]
        if axis.aggregator is Aggregator.WEAKEST:
            return min(mids)
        return sum([share * mid for (_, share), mid in zip(parts, mids, strict=True)], 0.0)

    def contributions(self, stack: Sequence[tuple[str, str]], weights: Mapping[str, float]) -> list[Contribution]:
        """What every measure gives to a stack's total; the points add up to its central value."""
        layers = [layer for layer, _ in stack]
        found: list[Contribution] = []
        for axis in self.axes:
            weight = weights.get(axis.id, 0.0)
            parts = self.parts(axis, layers) if weight else ()
            if not parts:
                continue
            if axis.aggregator is Aggregator.WEAKEST:
                parts = ((min(parts, key=lambda part: self.mid(stack[part[0]][0], stack[part[0]][1], axis))[0], 1.0),)
            for column, share in parts:
                found += [
                    Contribution(axis.id, term, weight * share * term.share)
                    for term in self.terms(*stack[column], axis)
                ]
        return found

    def bonuses(self, layer: str, system: str) -> tuple[Bonus, ...]:
        """What rules, constraints, wishes, estate and languages add to a component's fit."""
        key = (layer, system)
        if key not in self._bonuses:
            self._bonuses[key] = tuple(self._rewards.of(layer, system))
        return self._bonuses[key]

    def lasts(self, layer: str, system: str, axis: Axis) -> bool:
        """Whether a component's value on an axis is the same on any later day."""
        return all(self._term_lasts(layer, system, name) for name, _ in self._relevant(layer, axis))

    def _term_lasts(self, layer: str, system: str, name: str) -> bool:
        if name == COVERAGE:
            return True
        if name != FIT:
            return self.facts.lasts(system, name)
        return (
            self.facts.fit_lasts(system, layer)
            and all(self.facts.answer_lasts(system, asked) for asked in self._asked())
            and all(self.facts.answer_lasts(system, Relation.SPEAKS, one) for one in self.situation.profile.languages)
        )

    def _asked(self) -> tuple[str, ...]:
        """Capabilities that favours, demands and wishes of this situation look at."""
        if self._capabilities is None:
            words = (*self.situation.requirements, *self.situation.wishes, *self.situation.hopes)
            favours = [rule.favours for rule in self.situation.heuristics] + [word.favours for word in words]
            names = [favour.property for group in favours for favour in group]
            names += [need.property for word in words for need in word.needs]
            self._capabilities = tuple(dict.fromkeys(name for name in names if name))
        return self._capabilities

    def mid(self, layer: str, system: str, axis: Axis) -> float:
        """A component's value on an axis at the centre of the beliefs: its terms added up, without making them."""
        key = (layer, system, axis.id)
        found = self._mids.get(key)
        if found is None:
            measures = self._relevant(layer, axis)
            found = self._mids[key] = sum([share * self._points(layer, system, name) for name, share in measures], 0.0)
        return found

    def _relevant(self, layer: str, axis: Axis) -> tuple[tuple[str, float], ...]:
        """(measure, share) by which the components of a layer enter an axis."""
        key = (layer, axis.id)
        found = self._measures.get(key)
        if found is None:
            names = [name for name in axis.properties if self._applies(name, layer, axis)]
            shares = [self.rules.property_weights.get(name, 1.0) for name in names]
            whole = sum(shares) or 1.0
            found = tuple((name, share / whole) for name, share in zip(names, shares, strict=True))
            self._measures[key] = found
        return found

    def _applies(self, name: str, layer: str, axis: Axis) -> bool:
        declared = self.facts.catalog.properties.get(name)
        if declared is None or (axis.layers and Layer(layer) not in axis.layers):
            return False
        if declared.layers and Layer(layer) not in declared.layers:
            return False
        situation = self.situation
        if name == "speed_train":
            return situation.trains
        if name == "speed_infer":
            return situation.serves and (layer != "framework" or "serving" not in situation.layers)
        if name == "install_footprint":
            return situation.serves and layer == "serving"
        return True

    def _belief(self, layer: str, system: str, name: str) -> Belief:
        return self.facts.fit(system, layer) if name == FIT else self.facts.measure(system, name)

    def _points(self, layer: str, system: str, name: str) -> float:
        """Centre of a measure of a component, bonuses added."""
        if name == COVERAGE:
            return self._covered(layer, system)
        mid = middle(self._belief(layer, system, name))
        return self._favoured(layer, system, mid) if name == FIT else mid

    def _favoured(self, layer: str, system: str, mid: float) -> float:
        """Points of a component's fit once its bonuses are added."""
        bonuses = self.bonuses(layer, system)
        return shift(mid, sum([bonus.points for bonus in bonuses])) if bonuses else mid

    def _covered(self, layer: str, system: str) -> float:
        """Points of the coverage; where the profile names no hardware for a layer, nothing is left uncovered."""
        candidate = self.judged.get((layer, system))
        return candidate.coverage if candidate and candidate.coverage is not None else 100.0

    def _term(self, layer: str, system: str, name: str, share: float) -> Term:
        if name == COVERAGE:
            return self._coverage(layer, system, share)
        belief = self._belief(layer, system, name)
        low = belief.low if belief.low is not None else 0.0
        high = belief.high if belief.high is not None else 60.0
        spread = max(0.0, high - low) / (2 * _Z)
        mid, bonuses = middle(belief), self.bonuses(layer, system) if name == FIT else ()
        points = self._favoured(layer, system, mid) if bonuses else mid
        claims, impression = self.facts.support(belief)
        known = belief.mid is not None
        return Term(layer, system, name, share, points, spread, claims, impression, known, bonuses)

    def _coverage(self, layer: str, system: str, share: float) -> Term:
        candidate = self.judged.get((layer, system))
        points, claims = self._covered(layer, system), candidate.coverage_claims if candidate else ()
        impression = self.facts.basis(claims).kind in (None, EvidenceKind.IMPRESSION)
        spread = 0.0 if points in (0.0, 100.0) else self.rules.constants["coverage_spread"]
        return Term(layer, system, COVERAGE, share, points, spread, claims, impression, known=True)


def combine(aggregator: Aggregator, columns: Sequence[Floats], shares: Sequence[float]) -> Floats:
    """Adds components up on one axis, in fixed order."""
    if not columns:
        return np.zeros(1)
    if aggregator is Aggregator.WEAKEST:
        worst = columns[0]
        for column in columns[1:]:
            worst = np.minimum(worst, column)
        return worst
    total = columns[0] * shares[0]
    for column, share in zip(columns[1:], shares[1:], strict=True):
        total = total + column * share
    return total
