"""What rules, demands and wishes add to a component's fit, and what that does to its points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from bakeoff.base.record import Struct
from bakeoff.catalog.model import Answer, Lifecycle, Relation
from bakeoff.catalog.rules import Favour, Requirement, Rules
from bakeoff.decide.facts import Facts


class Bonus(Struct, frozen=True):
    """Points a rule gives to a component's fit, or takes from it."""

    points: float
    """Points on the 0..100 anchor of `fit`, as they count in its middle; less towards the ends (`shift`)."""
    origin: str
    """`rule:<id>` or `profile:<token>`."""
    text: str
    """Why, completing "because …"."""


def shift(points: float, bonus: float) -> float:
    """Points after a bonus: a favour closes part of the gap to 100, a warning takes part of what is there.

    It counts in full at 50, keeps the order of equally favoured components, and never reaches an end.

    >>> round(shift(50, 10)), round(shift(90, 10)), round(shift(90, -10)), round(shift(10, -10))
    (59, 92, 74, 8)
    """
    if bonus >= 0:
        return 100.0 - (100.0 - points) * math.exp(-bonus / 50.0)
    return points * math.exp(bonus / 50.0)


_HAVING = {Answer.YES: 1.0, Answer.PARTIAL: 0.5}


_Given = tuple[Bonus, Callable[[str], float]]
"""What a rule gives to a component it speaks of, and how much of that a component gets."""


class Rewards:
    """Collects what applies to one component; what rules say of a layer is put together once."""

    def __init__(self, facts: Facts, rules: Rules) -> None:
        self.facts = facts
        self.situation = facts.situation
        self.constants = rules.constants
        self._known: dict[str, tuple[_Given, ...]] = {}

    def of(self, layer: str, system: str) -> list[Bonus]:
        """What rules, constraints, wishes, estate and languages add to a component's fit."""
        given = self._known.get(layer)
        if given is None:
            given = self._known[layer] = tuple(self._all(layer))
        parts = [(bonus, part) for bonus, share in given if (part := share(system))]
        found = [Bonus(bonus.points * part, bonus.origin, bonus.text) for bonus, part in parts]
        return [*found, *self._language(layer, system), *self._life(system)]

    def _all(self, layer: str) -> Iterator[_Given]:
        for rule in self.situation.heuristics:
            yield from self._favours(rule.favours, layer, (f"rule:{rule.id}", rule.text))
        for trap in self.situation.pitfalls:
            walked = [name for pick in trap.picks if layer in pick.layers for name in pick.systems]
            if trap.points and walked:
                yield Bonus(trap.points, f"rule:{trap.id}", trap.text), self._named(walked)
        for requirement in self.situation.requirements:
            yield from self._favours(requirement.favours, layer, _asked(requirement, "needs"))
        yield from self._partly(layer)
        for wish in self.situation.wishes:
            yield from self._wished(wish, layer, 1.0)
        for hope in self.situation.hopes:
            yield from self._wished(hope, layer, self.constants["could_share"])
        needed = [name for requirement in self.situation.requirements for name in requirement.estate]
        if estate := [*self.situation.profile.estate, *needed]:
            points = self.constants["estate_points"]
            yield Bonus(points, "profile:estate", "it is in use there already"), self._named(estate)

    def _favours(
        self, favours: Sequence[Favour], layer: str, origin: tuple[str, str], share: float = 1.0
    ) -> Iterator[_Given]:
        for favour in favours:
            if favour.layers and layer not in favour.layers:
                continue
            if favour.systems:
                part = self._named(favour.systems)
            elif favour.lifecycle:
                part = self._at(favour.lifecycle)
            else:
                part = self._answering(favour.property, _HAVING)
            yield Bonus(share * favour.points, *origin), part

    def _partly(self, layer: str) -> Iterator[_Given]:
        for requirement in self.situation.requirements:
            for need in requirement.needs:
                if need.property and need.each and layer in need.looks_at(self.situation.layers):
                    text = f"it gives only in part what the project needs: {requirement.text}"
                    bonus = Bonus(self.constants["partial_points"], f"profile:{requirement.id}", text)
                    yield bonus, self._answering(need.property, {Answer.PARTIAL: 1.0})

    def _wished(self, wish: Requirement, layer: str, share: float) -> Iterator[_Given]:
        asked = _asked(wish, "would like")
        yield from self._favours(wish.favours, layer, asked, share)
        for need in wish.needs:
            if need.property and layer in need.layers:
                bonus = Bonus(share * self.constants["prefer_points"], *asked)
                yield bonus, self._answering(need.property, {**_HAVING, Answer.NO: -1.0})

    def _named(self, names: Sequence[str]) -> Callable[[str], float]:
        aliases = self.facts.catalog.aliases
        meant = frozenset(aliases.get(name, name) for name in names)
        return lambda system: float(system in meant)

    def _at(self, stages: Sequence[str]) -> Callable[[str], float]:
        return lambda system: float(self.facts.system(system).lifecycle.status in stages)

    def _answering(self, name: str, parts: Mapping[Answer, float]) -> Callable[[str], float]:
        return lambda system: parts.get(self.facts.capability(system, name).answer, 0.0)

    def _language(self, layer: str, system: str) -> list[Bonus]:
        languages = self.situation.profile.languages
        stated = self.facts.stated(system, Relation.SPEAKS)
        if not languages or not stated or layer not in ("framework", "serving", "kernel"):
            return []
        facts = [self.facts.related(system, Relation.SPEAKS, language) for language in languages]
        if any(fact is not None and fact.answer is not Answer.NO for fact in facts):
            return []
        text = f"it is not programmed from {' or '.join(languages)}"
        return [Bonus(self.constants["language_points"], "profile:languages", text)]

    def _life(self, system: str) -> list[Bonus]:
        status = self.facts.system(system).lifecycle.status
        points = {
            Lifecycle.ARCHIVED: self.constants["archived_points"],
            Lifecycle.HISTORIC: self.constants["historic_points"],
            Lifecycle.MAINTENANCE: self.constants["maintenance_points"],
        }.get(status)
        return [Bonus(points, "profile:lifecycle", f"its life stage is {status}")] if points else []


def _asked(requirement: Requirement, how: str) -> tuple[str, str]:
    """Origin and reason of a bonus for what a profile asks."""
    return f"profile:{requirement.id}", f"the project {how} {requirement.text}"
