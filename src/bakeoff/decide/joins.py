"""Which components fit together, by what either states of the other, and how a model gets from one into the other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from bakeoff.base.record import Struct
from bakeoff.catalog.model import Answer, Layer, Relation
from bakeoff.catalog.snapshot import about
from bakeoff.decide.facts import Facts
from bakeoff.decide.feasible import GOOD

_JOINS = (Relation.WORKS_WITH, Relation.WRAPS, Relation.REQUIRES, Relation.BACKEND_OF)
_MAX_STEPS = 2


class Join(Struct, frozen=True):
    """Why two components fit together."""

    sure: bool
    """False when it rests on an explicit unknown."""
    claims: tuple[str, ...]
    """Claims it stands on; empty when the two are one system."""


class Route(Struct, frozen=True):
    """How a framework's model gets into a format."""

    formats: tuple[str, ...]
    """Formats passed through, the last being the one loaded."""
    join: Join
    """Claims of every step."""


class Joiner:
    """Answers whether components fit, remembering every answer."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._pairs: dict[tuple[str, str], Join | None] = {}
        self._routes: dict[str, dict[str, Route]] = {}
        self._converters: dict[str, list[tuple[str, Join]]] | None = None
        self._deployed: dict[tuple[str, str], dict[str, Route]] = {}
        self._stated: dict[str, frozenset[str]] = {}
        self._loads: dict[str, dict[str, Route]] = {}

    def pair(self, one: str, other: str) -> Join | None:
        """Whether two systems work together by a relation that either states; None when no claim joins them."""
        if one == other:
            return Join(sure=True, claims=())
        key = (one, other)
        if key not in self._pairs:
            self._pairs[key] = self._joined(one, other)
        return self._pairs[key]

    def beside(self, layer: str, name: str, framework: str) -> Join | None:
        """Whether a system fills a layer beside a framework; a library that is a framework too must say so itself."""
        both = layer == "library" and name != framework and Layer.FRAMEWORK in self.facts.system(name).layers
        if both and not any(framework in self.facts.stated(name, relation) for relation in _JOINS):
            return None
        return self.pair(name, framework)

    def partners(self, subject: str) -> frozenset[str]:
        """Everything a system states any joining relation about."""
        found = self._stated.get(subject)
        if found is None:
            system = self.facts.system(subject)
            claims = itertools.chain.from_iterable([about(system, relation) for relation in _JOINS])
            found = self._stated[subject] = frozenset([claim.object for claim in claims if claim.object is not None])
        return found

    def clash(self, one: str, other: str) -> tuple[str, ...]:
        """Claims by which two systems cannot be used together."""
        for subject, thing in ((one, other), (other, one)):
            fact = self.facts.related(subject, Relation.CONFLICTS_WITH, thing)
            if fact is not None and fact.answer in GOOD:
                return fact.claims
        return ()

    def routes(self, framework: str) -> Mapping[str, Route]:
        """Every format a framework's models can get into, by the shortest way, sure ways first."""
        if framework not in self._routes:
            self._routes[framework] = self._reached(framework)
        return self._routes[framework]

    def deployments(self, framework: str, serving: str) -> Mapping[str, Route]:
        """Formats through which a serving system runs what a framework made, each with its route.

        Either the serving system loads a format that can be reached, or it runs the framework itself, in a format
        the framework writes.
        """
        key = (framework, serving)
        if key not in self._deployed:
            self._deployed[key] = self._deploy(framework, serving)
        return self._deployed[key]

    def loads(self, serving: str) -> Mapping[str, Route]:
        """Formats a serving system loads, however they came about."""
        if serving not in self._loads:
            self._loads[serving] = self._loaded(serving)
        return self._loads[serving]

    def _loaded(self, serving: str) -> dict[str, Route]:
        found = {}
        for form in self.facts.stated(serving, Relation.LOADS):
            fact = self.facts.related(serving, Relation.LOADS, form)
            if fact is not None and fact.answer is not Answer.NO:
                found[form] = Route((form,), Join(fact.answer in GOOD, fact.claims))
        return found

    def _joined(self, one: str, other: str) -> Join | None:
        doubt: Join | None = None
        for subject, thing in ((one, other), (other, one)):
            if thing not in self.partners(subject):
                continue
            for relation in _JOINS:
                fact = self.facts.related(subject, relation, thing)
                if fact is not None and fact.answer in GOOD:
                    return Join(sure=True, claims=fact.claims)
                if fact is not None and fact.answer is Answer.UNKNOWN:
                    doubt = doubt or Join(sure=False, claims=fact.claims)
        return doubt

    def _reached(self, framework: str) -> dict[str, Route]:
        found: dict[str, Route] = {}
        for form in self.facts.stated(framework, Relation.EXPORTS):
            fact = self.facts.related(framework, Relation.EXPORTS, form)
            if fact is not None and fact.answer is not Answer.NO:
                found[form] = Route((form,), Join(fact.answer in GOOD, fact.claims))
        # Sure ways are settled before doubtful ones, so that a doubtful shortcut never hides a sure detour.
        for sure in (True, False):
            extended: set[tuple[str, ...]] = set()
            for _ in range(_MAX_STEPS):
                fresh = [
                    route
                    for route in found.values()
                    if len(route.formats) <= _MAX_STEPS and (route.join.sure or not sure)
                    if route.formats not in extended
                ]
                for route in sorted(fresh, key=lambda route: (len(route.formats), route.formats)):
                    extended.add(route.formats)
                    self._extend(route, found, sure=sure)
        return found

    def _extend(self, route: Route, found: dict[str, Route], *, sure: bool) -> None:
        for form, step in self._steps(route.formats[-1]):
            known, both = found.get(form), route.join.sure and step.sure
            better = known is None or (both, -len(route.formats) - 1) > (known.join.sure, -len(known.formats))
            if better and (both or not sure) and form not in route.formats:
                join = Join(both, (*route.join.claims, *step.claims))
                found[form] = Route((*route.formats, form), join)

    def _steps(self, form: str) -> Sequence[tuple[str, Join]]:
        if self._converters is None:
            self._converters = {}
            for layer in (Layer.FORMAT, Layer.SERVING, Layer.LIBRARY, Layer.FRAMEWORK, Layer.PLATFORM):
                for system in self.facts.catalog.layer(layer):
                    self._learn(system.id)
        return self._converters.get(form, ())

    def _learn(self, converter: str) -> None:
        for claim in about(self.facts.system(converter), Relation.CONVERTS):
            if claim.via and claim.object and self._converters is not None:
                fact = self.facts.related(converter, Relation.CONVERTS, claim.object, claim.via)
                if fact is not None and fact.answer is not Answer.NO:
                    step = (claim.object, Join(fact.answer in GOOD, fact.claims))
                    self._converters.setdefault(claim.via, []).append(step)

    def _deploy(self, framework: str, serving: str) -> dict[str, Route]:
        reached = self.routes(framework)
        found: dict[str, Route] = {}
        for form, load in self.loads(serving).items():
            if form in reached:
                route = reached[form]
                join = Join(route.join.sure and load.join.sure, (*route.join.claims, *load.join.claims))
                found[form] = Route(route.formats, join)
        direct = self.pair(serving, framework)
        if direct is not None and not found:
            for form, route in reached.items():
                if len(route.formats) == 1:
                    join = Join(direct.sure and route.join.sure, (*direct.claims, *route.join.claims))
                    found[form] = Route(route.formats, join)
        return found
