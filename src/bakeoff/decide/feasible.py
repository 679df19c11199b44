"""Which systems may fill which layer: ok, conditional on named unknown claims, or excluded by named claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bakeoff.base.record import Struct
from bakeoff.catalog.model import Answer, Layer, Lifecycle, System
from bakeoff.catalog.rules import Need, Requirement
from bakeoff.decide.facts import Fact, Facts
from bakeoff.decide.model import Exclusion, Reason
from bakeoff.decide.situation import Situation, Target

GOOD = (Answer.YES, Answer.PARTIAL)
"""Answers that satisfy a demand."""
_GONE = (Lifecycle.ARCHIVED, Lifecycle.HISTORIC)


class Condition(Struct, frozen=True):
    """An unknown claim that must hold."""

    claim: str
    """Id of the claim, existing or missing."""
    token: str
    """Requirement that asks for it."""
    chance: float
    """How likely it holds, by its layer's known answers."""


class Candidate(Struct, frozen=True):
    """A system in a layer, with what speaks against it."""

    layer: str
    """Layer."""
    system: str
    """System id."""
    exclusions: tuple[Exclusion, ...]
    """Empty when it may be used."""
    conditions: tuple[Condition, ...]
    """Unknown claims that must hold."""
    coverage: float | None
    """Points of `target_coverage` over the targets of its layer; None where the layer has none."""
    coverage_claims: tuple[str, ...]
    """Claims behind the coverage."""

    def without(self, dropped: frozenset[str]) -> bool:
        """Whether it may be used once some requirements are dropped."""
        return all(exclusion.requirement in dropped for exclusion in self.exclusions)


class StackNeed(Struct, frozen=True):
    """A demand that one component of several layers must meet, with the answer of every candidate."""

    token: str
    """Requirement."""
    layers: tuple[str, ...]
    """Layers looked at, those of the stack only."""
    name: str
    """Capability, or `licence`."""
    vetoes: bool
    """Only stated answers count against it."""
    otherwise: str
    """Reason when nothing satisfies it."""


def candidates(facts: Facts) -> dict[str, tuple[Candidate, ...]]:
    """Every system of every layer of the situation, judged."""
    judge = _Judge(facts)
    return {
        layer: tuple(judge.candidate(layer, system) for system in facts.catalog.layer(Layer(layer)))
        for layer in facts.situation.layers
    }


def stack_needs(situation: Situation) -> tuple[StackNeed, ...]:
    """Demands that one of several layers must meet; those that look at one layer only are judged there."""
    found = []
    for requirement, need in _needs(situation):
        layers = need.looks_at(situation.stack_layers)
        if not need.each and len(layers) > 1:
            name = need.property or "licence"
            found.append(StackNeed(requirement.id, layers, name, need.vetoes, requirement.otherwise))
    return tuple(found)


def permissive(expression: str, allowed: Sequence[str]) -> bool | None:
    """Whether an SPDX expression can be satisfied with the allowed ids; None for an unstated licence.

    >>> permissive("MIT OR GPL-3.0-only", ["MIT"]), permissive("MIT AND GPL-3.0-only", ["MIT"]), permissive("", ["MIT"])
    (True, False, None)
    """
    if not expression:
        return None
    options = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(all(part.strip() in allowed for part in re.split(r"\s+AND\s+", option)) for option in options)


def answer_level(facts: Facts, need: StackNeed, layer: str, name: str) -> int:
    """0 no, 1 unknown, 2 partial or yes: one component's answer to a demand on several layers."""
    if need.name == "licence":
        allowed = next(
            want.licences for rule in facts.situation.requirements if rule.id == need.token for want in rule.needs
        )
        return {True: 2, None: 1, False: 0}[permissive(facts.system(name).licence, allowed)]
    declared = facts.catalog.properties.get(need.name)
    if declared is not None and declared.layers and Layer(layer) not in declared.layers:
        return 0
    answer = facts.capability(name, need.name).answer
    return 2 if answer in GOOD else int(answer is Answer.UNKNOWN)


def _needs(situation: Situation) -> Iterator[tuple[Requirement, Need]]:
    for requirement in situation.requirements:
        for need in requirement.needs:
            yield requirement, need


class _Judge:
    """Judges one system in one layer against every demand."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.situation = facts.situation
        self.profile = facts.situation.profile

    def candidate(self, layer: str, system: System) -> Candidate:
        exclusions: list[Exclusion] = []
        conditions: list[Condition] = []
        self._wanted(layer, system, exclusions)
        self._lasting(layer, system, exclusions)
        coverage, claims = self._hardware(layer, system, exclusions, conditions)
        for requirement, need in _needs(self.situation):
            layers = need.looks_at(self.situation.layers)
            if layer in layers and (need.each or len(layers) == 1):
                self._need(layer, system, requirement, need, (exclusions, conditions))
        if self.profile.licences and layer != "kernel":
            self._licence(layer, system, ("licences", self.profile.licences), exclusions, conditions)
        return Candidate(layer, system.id, tuple(exclusions), tuple(conditions), coverage, claims)

    def _wanted(self, layer: str, system: System, exclusions: list[Exclusion]) -> None:
        pinned = self.profile.pinned.get(layer)
        if pinned and system.id not in pinned:
            text = f"{system.name} is not {' or '.join(pinned)}, which the profile pins"
            exclusions.append(_exclusion(layer, system, f"pinned.{layer}", Reason(text, (), None, None)))
        if system.id in self.profile.excluded:
            text = f"the profile does not want {system.name}"
            exclusions.append(_exclusion(layer, system, "excluded", Reason(text, (), None, None)))

    def _lasting(self, layer: str, system: System, exclusions: list[Exclusion]) -> None:
        if self.profile.horizon_years > 0 and system.lifecycle.status in _GONE:
            evidence = next(iter(system.lifecycle.evidence), None)
            years = f"{self.profile.horizon_years:g} years"
            text = f"{system.name} is {system.lifecycle.status}, and the choice must last {years}"
            reason = Reason(text, (), evidence.kind if evidence else None, evidence.observed if evidence else None)
            exclusions.append(_exclusion(layer, system, "horizon_years", reason))

    def _hardware(
        self, layer: str, system: System, exclusions: list[Exclusion], conditions: list[Condition]
    ) -> tuple[float | None, tuple[str, ...]]:
        relation, targets = self._targets(layer, system)
        if not targets:
            return None, ()
        answers = [(target, self.facts.on_target(system.id, relation, target)) for target in targets]
        claims = tuple(claim for _, fact in answers if fact for claim in fact.claims)
        reached = [target for target, fact in answers if fact and fact.answer is not Answer.NO]
        missed = [(target, fact) for target, fact in answers if target not in reached]
        for target, fact in missed:
            if target.required or not reached:
                reason = self._unreached(system, relation, target, fact)
                exclusions.append(_exclusion(layer, system, target.token, reason))
        sure = any(fact and fact.answer in GOOD for _, fact in answers)
        for target, fact in answers:
            if fact and fact.answer is Answer.UNKNOWN and (target.required or not sure):
                conditions.append(Condition(fact.claims[0], target.token, self.facts.constants["unknown_hardware"]))
        return sum(self._points(fact) for _, fact in answers) / len(answers), claims

    def _targets(self, layer: str, system: System) -> tuple[str, tuple[Target, ...]]:
        if layer == "framework":
            # Kernels stand on their own hardware claims; a framework beside them is optional.
            return "trains_on", self.situation.train if self.situation.primary != "kernel" else ()
        if layer == "serving":
            return "serves_on", self.situation.serve
        if layer == "kernel":
            # A kernel layer runs where its framework trains or serves: either claim will do.
            targets = tuple(dict.fromkeys((*self.situation.train, *self.situation.serve)))
            stated = [name for name in ("trains_on", "serves_on") if self._runs(system.id, name)]
            return (stated[-1], targets) if stated else ("", ())
        if layer == "library" and not any(self._runs(system.id, name) for name in ("trains_on", "serves_on")):
            # No library at all runs nowhere and hinders nothing; whether something trains is the trainer's matter.
            return "", ()
        if layer in ("trainer", "library"):
            for relation, targets in (("trains_on", self.situation.train), ("serves_on", self.situation.serve)):
                if targets and self.facts.stated(system.id, relation):
                    return relation, targets
        return "", ()

    def _runs(self, system: str, relation: str) -> bool:
        """Whether it is stated to run anywhere at all: what runs nowhere, such as no kernel layer, needs no device."""
        facts = [self.facts.related(system, relation, device) for device in self.facts.stated(system, relation)]
        return any(fact is not None and fact.answer is not Answer.NO for fact in facts)

    def _points(self, fact: Fact | None) -> float:
        constants = self.facts.constants
        if fact is None or fact.answer is Answer.NO:
            return 0.0
        if fact.answer is Answer.YES:
            return 100.0
        return constants["coverage_partial" if fact.answer is Answer.PARTIAL else "coverage_unknown"]

    def _unreached(self, system: System, relation: str, target: Target, fact: Fact | None) -> Reason:
        does = "train" if relation == "trains_on" else "run"
        if fact is None:
            return Reason(f"no claim says that {system.name} {does}s on {target.text}", (), None, None)
        basis = self.facts.basis(fact.claims)
        return Reason(f"{system.name} does not {does} on {target.text}", fact.claims, basis.kind, basis.observed)

    def _need(
        self,
        layer: str,
        system: System,
        requirement: Requirement,
        need: Need,
        found: tuple[list[Exclusion], list[Condition]],
    ) -> None:
        exclusions, conditions = found
        if need.licences:
            self._licence(layer, system, (requirement.id, need.licences), exclusions, conditions)
            return
        declared = self.facts.catalog.properties.get(need.property)
        if declared is not None and declared.layers and Layer(layer) not in declared.layers:
            return
        fact = self.facts.capability(system.id, need.property)
        if fact.answer is Answer.NO:
            basis = self.facts.basis(fact.claims)
            text = f"{system.name} does not give what the profile asks: {requirement.text}"
            exclusions.append(
                _exclusion(layer, system, requirement.id, Reason(text, fact.claims, basis.kind, basis.observed))
            )
        elif fact.answer is Answer.UNKNOWN and not need.vetoes:
            chance = self.facts.chance(layer, need.property)
            conditions.append(Condition(fact.claims[0], requirement.id, chance))

    def _licence(
        self,
        layer: str,
        system: System,
        asked: tuple[str, Sequence[str]],
        exclusions: list[Exclusion],
        conditions: list[Condition],
    ) -> None:
        token, allowed = asked
        allows = permissive(system.licence, allowed)
        if allows is False:
            text = f"{system.name} is under {system.licence}, which is not among the licences allowed"
            exclusions.append(_exclusion(layer, system, token, Reason(text, (), None, None)))
        elif allows is None and system.packages:
            conditions.append(
                Condition(f"{system.id}.declared_licence", token, self.facts.constants["unknown_licence"])
            )


def _exclusion(layer: str, system: System, requirement: str, reason: Reason) -> Exclusion:
    return Exclusion(system.id, layer, requirement, reason)
