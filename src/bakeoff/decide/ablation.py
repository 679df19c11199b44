"""What each rule and each kind of evidence does to a back-test: leave it out and look what changes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import date

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.record import replace
from bakeoff.catalog.model import Catalog, System
from bakeoff.catalog.rules import Rules
from bakeoff.decide import explain
from bakeoff.decide.backtest import EvidenceStep, Grade, RuleEffect, answer, grades, share_of, solved
from bakeoff.decide.cases import Case
from bakeoff.decide.engine import entries_of
from bakeoff.decide.situation import situate

_STEPS = (
    ("impressions", (EvidenceKind.IMPRESSION,)),
    ("+ documented", (EvidenceKind.REPORTED, EvidenceKind.DOCUMENTED)),
    ("+ registry", (EvidenceKind.REGISTRY,)),
    ("+ measured", (EvidenceKind.MEASURED_ELSEWHERE, EvidenceKind.MEASURED_HERE)),
)


def ablate_rules(cases: Sequence[Case], catalog: Catalog, rules: Rules, *, today: date) -> tuple[RuleEffect, ...]:
    """For each heuristic and pitfall, the cases whose grades change when it is left out."""
    situations = {case.id: situate(case.profile, rules, catalog) for case in cases}
    speaking: dict[str, list[Case]] = {}
    for case in cases:
        found = situations[case.id]
        for name in [*(rule.id for rule in found.heuristics), *(rule.id for rule in found.pitfalls)]:
            speaking.setdefault(name, []).append(case)
    before = {case.id: grades(case, solved(case, catalog, rules, today=today)) for case in cases}
    effects = []
    for name in [*(rule.id for rule in rules.heuristics), *(rule.id for rule in rules.pitfalls)]:
        less = replace(
            rules,
            heuristics=tuple(rule for rule in rules.heuristics if rule.id != name),
            pitfalls=tuple(rule for rule in rules.pitfalls if rule.id != name),
        )
        effects.append(_effect(name, speaking.get(name, []), before, (catalog, less, today)))
    return tuple(effects)


def ablate_evidence(cases: Sequence[Case], catalog: Catalog, rules: Rules, *, today: date) -> tuple[EvidenceStep, ...]:
    """The back-test with impressions only, then with each stronger kind of evidence added."""
    steps = []
    kinds: set[EvidenceKind] = set()
    last: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, added in _STEPS:
        kinds |= set(added)
        less = with_evidence(catalog, kinds)
        picks: dict[str, tuple[tuple[str, str], ...]] = {}
        good, shares = [], []
        for case in cases:
            model = solved(case, less, rules, today=today)
            picks[case.id] = answer(model)
            good += [value in (Grade.EXACT, Grade.ACCEPTABLE) for value in grades(case, model).values()]
            shares.append(explain.story(model, entries_of(model)).impression_share if len(model.space.rows) else 0.0)
        changed = sum(picks[key] != last[key] for key in picks) if last else 0
        steps.append(EvidenceStep(name, changed, share_of(good), round(math.fsum(shares) / (len(shares) or 1), 4)))
        last = picks
    return tuple(steps)


def with_evidence(catalog: Catalog, kinds: set[EvidenceKind]) -> Catalog:
    """The catalogue as it would be had nobody looked further than some kinds of evidence."""
    return dataclasses.replace(catalog, systems={name: _weaker(item, kinds) for name, item in catalog.systems.items()})


def _effect(
    name: str, speaking: Sequence[Case], before: Mapping[str, Mapping[str, Grade]], world: tuple[Catalog, Rules, date]
) -> RuleEffect:
    catalog, rules, today = world
    changed, helps, hurts = [], 0, 0
    order = list(Grade)
    for case in speaking:
        now = grades(case, solved(case, catalog, rules, today=today))
        worse = sum(order.index(now[layer]) > order.index(before[case.id][layer]) for layer in now)
        better = sum(order.index(now[layer]) < order.index(before[case.id][layer]) for layer in now)
        if worse or better:
            changed.append(case.id)
        helps, hurts = helps + worse, hurts + better
    return RuleEffect(name, tuple(changed), helps, hurts)


def _weaker(system: System, kinds: set[EvidenceKind]) -> System:
    claims = []
    for claim in system.claims:
        evidence = tuple(item for item in claim.evidence if item.kind in kinds)
        if evidence or not claim.evidence:
            claims.append(replace(claim, evidence=evidence))
    return replace(system, claims=tuple(claims))
