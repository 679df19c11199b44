"""How often the engine agrees with decisions that were really taken, next to two simple baselines.

A case states a profile, what its authors used per layer, what an expert would also accept, and what would break a
stated requirement. The engine sees the profile alone. A company can score it on its own history the same way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from bakeoff.base.quantity import Interval
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import Rules
from bakeoff.decide import draws, side, smaa
from bakeoff.decide.build import Model, build
from bakeoff.decide.cases import Case, named
from bakeoff.decide.engine import entries_of
from bakeoff.decide.situation import situate

_DRAWS = 2_500
_RESAMPLES = 2_000


class Grade(StrEnum):
    """How one judged layer of one case came out."""

    EXACT = "exact"
    ACCEPTABLE = "acceptable"
    MISS = "miss"
    SILENT = "silent"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True)
class LayerResult:
    """One judged layer."""

    layer: str
    """Layer."""
    picked: str | None
    """Component of the first stack; None when the engine is silent."""
    actual: str
    """Component used."""
    grade: Grade
    """How it came out."""
    rank: int | None
    """Place of the component used among those of its layer, by their best stack; None when in no stack."""
    rank_good: int | None
    """Best place of any component that is exact or acceptable."""
    log_score: float
    """Natural logarithm of the share of draws that had an exact component first, floored at one in a thousand."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case."""

    id: str
    """Case id."""
    category: str
    """Category."""
    difficulty: str
    """easy | hard."""
    trap: str
    """Pitfall, empty for none."""
    layers: tuple[LayerResult, ...]
    """Judged layers."""
    violations: tuple[str, ...]
    """`layer=system` picked although unacceptable, judged or not."""
    excluded: tuple[str, ...]
    """Why what was used is infeasible; empty when it is feasible."""
    unknown: tuple[str, ...]
    """Components used that the catalogue does not know."""

    @property
    def clean(self) -> bool:
        """No layer picks something unacceptable."""
        return not self.violations


@dataclass(frozen=True, slots=True)
class Count:
    """Grades over some layers."""

    judged: int
    """Layers judged."""
    exact: int
    """Used, or also used."""
    acceptable: int
    """Accepted by an expert."""
    miss: int
    """Something else."""
    silent: int
    """No answer."""
    violation: int
    """Something that breaks a requirement."""

    @property
    def good(self) -> float:
        """Share exact or acceptable; 0 when nothing was judged."""
        return (self.exact + self.acceptable) / self.judged if self.judged else 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """A simple rule scored on the same cases."""

    name: str
    """What it does."""
    layers: Count
    """Its grades."""
    clean: int
    """Cases without a violation."""


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """What one rule does to the back-test."""

    rule: str
    """Rule id."""
    cases: tuple[str, ...]
    """Cases in which leaving it out changes a grade."""
    helps: int
    """Layers whose grade is better with it."""
    hurts: int
    """Layers whose grade is worse with it."""


@dataclass(frozen=True, slots=True)
class EvidenceStep:
    """What a kind of evidence adds."""

    name: str
    """Evidence used, added to the lines above."""
    changed: int
    """First stacks that differ from the line above."""
    good: float
    """Share of layers exact or acceptable."""
    impression_share: float
    """Mean share of the margin that rests on impressions."""


@dataclass(frozen=True, slots=True)
class Report:
    """The back-test."""

    cases: int
    """Number of cases."""
    clean: int
    """Cases in which no layer picks something unacceptable."""
    layers: Count
    """All judged layers."""
    framework: Count
    """The framework layer alone."""
    good: Interval
    """Share of layers exact or acceptable with its 95 % bootstrap interval over cases."""
    top3_share: float
    """Share of judged layers with something exact or acceptable among the first three."""
    log_score: float
    """Mean log score over judged layers; 0 is perfect."""
    excluded_actual: tuple[str, ...]
    """Cases whose actual choice is infeasible."""
    by: Mapping[str, Count]
    """Grades by `category:…`, `difficulty:…`, `layer:…` and `traps`."""
    baselines: tuple[Baseline, ...]
    """Simple rules on the same cases."""
    per_case: tuple[CaseResult, ...]
    """Every case."""
    rules: tuple[RuleEffect, ...] = ()
    """What leaving out each rule changes, where that was asked for."""
    evidence: tuple[EvidenceStep, ...] = ()
    """What each kind of evidence adds, where that was asked for."""


def backtest(cases: Sequence[Case], catalog: Catalog, rules: Rules, *, today: date, seed: int = 0) -> Report:
    """Decides every case and grades the answers."""
    results = tuple(grade(case, solved(case, catalog, rules, today=today), seed=seed) for case in cases)
    judged = [layer for result in results for layer in result.layers]
    by: dict[str, list[LayerResult]] = {}
    for result in results:
        for layer in result.layers:
            names = [f"category:{result.category}", f"difficulty:{result.difficulty}", f"layer:{layer.layer}"]
            for name in [*names, *(["traps"] if result.trap else [])]:
                by.setdefault(name, []).append(layer)
    return Report(
        cases=len(results),
        clean=sum(result.clean for result in results),
        layers=_count(judged),
        framework=_count([layer for layer in judged if layer.layer == "framework"]),
        good=_bootstrap(results, seed),
        top3_share=share_of([layer.rank_good is not None and layer.rank_good <= 3 for layer in judged]),
        log_score=round(math.fsum(layer.log_score for layer in judged) / (len(judged) or 1), 4),
        excluded_actual=tuple(result.id for result in results if result.excluded),
        by={name: _count(layers) for name, layers in sorted(by.items())},
        baselines=(_majority(cases), _heuristic(cases, catalog, rules)),
        per_case=results,
    )


def grade(case: Case, model: Model, *, seed: int = 0) -> CaseResult:
    """Grades one solved case."""
    picked = dict(answer(model))
    ranks = _ranks(model)
    shares = _first_shares(model, seed)
    came_out = grades(case, model)
    layers = []
    for layer, actual in case.actual.items():
        place = ranks.get(layer, {})
        fine, good = case.fine[layer], (*case.fine[layer], *case.acceptable.get(layer, ()))
        first = sum(shares.get((layer, name), 0.0) for name in dict.fromkeys(fine))
        layers.append(
            LayerResult(
                layer, picked.get(layer), actual, came_out[layer],
                _best([place.get(name) for name in fine]), _best([place.get(name) for name in good]),
                round(math.log(max(first, 1e-3)), 4),
            )
        )  # fmt: skip
    violations = tuple(f"{layer}={name}" for layer, name in picked.items() if name in case.unacceptable.get(layer, ()))
    unknown = tuple(name for name in case.actual.values() if name not in model.facts.catalog.systems)
    return CaseResult(
        case.id, case.category, case.difficulty, case.trap, tuple(layers), violations,
        _excluded(case, model), unknown,
    )  # fmt: skip


def solved(case: Case, catalog: Catalog, rules: Rules, *, today: date) -> Model:
    """The model of a case: the engine sees the profile alone."""
    return build(case.profile, catalog, rules, today=today)


def answer(model: Model) -> tuple[tuple[str, str], ...]:
    """(layer, system) of the first stack, tracker included; empty when nothing is feasible."""
    order = smaa.ranked(model.space, model.expected, 1)
    if not len(order):
        return ()
    stack = model.space.stack(int(order[0]))
    tracker = side.best(model, stack)
    return (*stack, *(((side.LAYER, tracker),) if tracker else ()))


def grades(case: Case, model: Model) -> dict[str, Grade]:
    """How each judged layer came out."""
    picked = dict(answer(model))
    found = {}
    for layer in case.actual:
        name = picked.get(layer)
        if name is None:
            found[layer] = Grade.SILENT
        elif name in case.fine[layer]:
            found[layer] = Grade.EXACT
        elif name in case.acceptable.get(layer, ()):
            found[layer] = Grade.ACCEPTABLE
        else:
            found[layer] = Grade.VIOLATION if name in case.unacceptable.get(layer, ()) else Grade.MISS
    return found


def _ranks(model: Model) -> dict[str, dict[str, int]]:
    """Place of every system in its layer, by the best stack it is in."""
    found: dict[str, dict[str, int]] = {}
    order = smaa.ranked(model.space, model.expected, 1)
    for column, layer in enumerate(model.space.layers):
        best = np.full(len(model.space.systems[column]), -np.inf)
        np.maximum.at(best, model.space.rows[:, column], model.expected)
        places = sorted((-value, name) for value, name in zip(best, model.space.systems[column], strict=True))
        found[layer] = {name: place for place, (value, name) in enumerate(places, start=1) if value < np.inf}
    if len(order):
        beside = side.ranking(model, model.space.stack(int(order[0])))
        found[side.LAYER] = {name: place for place, (name, _) in enumerate(beside, start=1)}
    return found


def _first_shares(model: Model, seed: int) -> dict[tuple[str, str], float]:
    entries = entries_of(model)
    if not entries:
        return {}
    sides = tuple(model.side(entry.stack) for entry in entries)
    tally = smaa.Sampler(model.values, entries, seed).run(_DRAWS, sides)
    found: dict[tuple[str, str], float] = {}
    for position, count in enumerate(tally.firsts):
        for part in entries[position].stack:
            found[part] = found.get(part, 0.0) + float(count) / tally.draws
    for share in side.Trackers(model).shares(entries[0].stack, seed):
        found[side.LAYER, share.id] = share.first
    return found


def _excluded(case: Case, model: Model) -> tuple[str, ...]:
    """Why what was used cannot be had: a component excluded, or no stack that has one of those used in every layer."""
    found = []
    mask = np.ones(len(model.space.rows), np.bool_)
    for layer, names in case.fine.items():
        judged = {candidate.system: candidate for candidate in model.judged.get(layer, ())}
        actual = judged.get(names[0])
        if layer in model.situation.layers and actual is None:
            found.append(f"{layer}={names[0]} is not a known {layer}")
        elif actual is not None:
            found += [f"{layer}={names[0]}: {item.requirement}: {item.reason.text}" for item in actual.exclusions]
        if layer in model.space.layers:
            column = model.space.layers.index(layer)
            wanted = [place for place, name in enumerate(model.space.systems[column]) if name in names]
            mask &= np.isin(model.space.rows[:, column], wanted)
    if not found and not mask.any():
        used = " ".join(f"{layer}={'|'.join(names)}" for layer, names in case.fine.items())
        found.append(f"no claims join {used}")
    return tuple(found)


def _majority(cases: Sequence[Case]) -> Baseline:
    common: dict[str, Counter[str]] = {}
    for case in cases:
        for layer, name in case.actual.items():
            common.setdefault(layer, Counter())[name] += 1
    picks = {layer: min(names, key=lambda name: (-names[name], name)) for layer, names in common.items()}
    return _scored("always the most common component", cases, [picks] * len(cases))


def _heuristic(cases: Sequence[Case], catalog: Catalog, rules: Rules) -> Baseline:
    """The heuristics alone: per layer the named system with the most points, else nothing."""
    answers = []
    for case in cases:
        points: dict[str, Counter[str]] = {}
        for rule in situate(case.profile, rules, catalog).heuristics:
            for favour in rule.favours:
                for layer in favour.layers:
                    for name in favour.systems:
                        points.setdefault(layer, Counter())[named(catalog, name)] += round(favour.points)
        best = {layer: min(names, key=lambda name: (-names[name], name)) for layer, names in points.items()}
        # Speaking against something is no advice of what to take instead.
        answers.append({layer: name for layer, name in best.items() if points[layer][name] > 0})
    return _scored("the field's heuristics alone", cases, answers)


def _scored(name: str, cases: Sequence[Case], answers: Sequence[Mapping[str, str]]) -> Baseline:
    layers: list[LayerResult] = []
    clean = 0
    for case, picks in zip(cases, answers, strict=True):
        bad = [layer for layer, pick in picks.items() if pick in case.unacceptable.get(layer, ())]
        clean += not bad
        for layer, actual in case.actual.items():
            pick = picks.get(layer)
            value = Grade.MISS
            if pick is None:
                value = Grade.SILENT
            elif pick in case.fine[layer]:
                value = Grade.EXACT
            elif pick in case.acceptable.get(layer, ()):
                value = Grade.ACCEPTABLE
            elif layer in bad:
                value = Grade.VIOLATION
            layers.append(LayerResult(layer, pick, actual, value, None, None, 0.0))
    return Baseline(name, _count(layers), clean)


def _bootstrap(results: Sequence[CaseResult], seed: int) -> Interval:
    """Share of good layers, cases resampled whole."""
    if not results:
        return Interval(0.0, 0.0, 0.0)
    good = np.array(
        [sum(item.grade in (Grade.EXACT, Grade.ACCEPTABLE) for item in result.layers) for result in results]
    )
    size = np.array([len(result.layers) for result in results])
    uniform = draws.uniforms(("bootstrap",), _RESAMPLES * len(results), seed).reshape(_RESAMPLES, len(results))
    picks = (uniform * len(results)).astype(np.int64)
    shares = good[picks].sum(axis=1) / np.maximum(1, size[picks].sum(axis=1))
    mid = float(good.sum() / max(1, size.sum()))
    low, high = (float(bound) for bound in np.quantile(shares, [0.025, 0.975]))
    return Interval(round(min(low, mid), 4), round(mid, 4), round(max(high, mid), 4))


def _count(layers: Sequence[LayerResult]) -> Count:
    tally = Counter(layer.grade for layer in layers)
    return Count(len(layers), *(tally[value] for value in Grade))


def share_of(flags: Sequence[bool]) -> float:
    """Share of flags that are set; 0 for none."""
    return round(sum(flags) / len(flags), 4) if flags else 0.0


def _best(places: Sequence[int | None]) -> int | None:
    return min((place for place in places if place is not None), default=None)
