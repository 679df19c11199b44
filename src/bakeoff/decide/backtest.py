"""How often the engine agrees with decisions that were really taken, next to two simple baselines.

A case states a profile, what its authors used per layer, what an expert would also accept, and what would break a
stated requirement. The engine sees the profile alone. A company can score it on its own history the same way.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np

from bakeoff.base.errors import InputError, Problem
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.records import Plain
from bakeoff.catalog.model import Catalog, System
from bakeoff.catalog.rules import Rules
from bakeoff.decide import draws, explain, side, smaa
from bakeoff.decide.build import Model, build
from bakeoff.decide.engine import entries_of
from bakeoff.decide.model import Profile
from bakeoff.decide.profile import parse
from bakeoff.decide.situation import situate

_DRAWS = 2_500
_RESAMPLES = 2_000
_CASE_KEYS = ("profile", "actual", "also_used", "acceptable", "unacceptable")
_STEPS = (
    ("impressions", (EvidenceKind.IMPRESSION,)),
    ("+ documented", (EvidenceKind.REPORTED, EvidenceKind.DOCUMENTED)),
    ("+ registry", (EvidenceKind.REGISTRY,)),
    ("+ measured", (EvidenceKind.MEASURED_ELSEWHERE, EvidenceKind.MEASURED_HERE)),
)


class Grade(StrEnum):
    """How one judged layer of one case came out."""

    EXACT = "exact"
    ACCEPTABLE = "acceptable"
    MISS = "miss"
    SILENT = "silent"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True)
class Case:
    """One decision that was really taken."""

    id: str
    """Unique name."""
    profile: Profile
    """What the engine sees."""
    actual: Mapping[str, str]
    """Component used, by layer."""
    fine: Mapping[str, tuple[str, ...]]
    """Components that count as exact, by layer: the one used and those also used."""
    acceptable: Mapping[str, tuple[str, ...]]
    """Components an expert would also accept."""
    unacceptable: Mapping[str, tuple[str, ...]]
    """Components that break a stated requirement."""
    category: str = ""
    """For the breakdown."""
    difficulty: str = ""
    """easy | hard."""
    trap: str = ""
    """Pitfall the case is about, empty for none."""


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


def read_cases(data: object, rules: Rules, catalog: Catalog, *, where: str = "cases") -> tuple[Case, ...]:
    """Cases from what a YAML or JSON file holds.

    Raises:
        InputError: With every problem of every case.
    """
    if not isinstance(data, list):
        raise InputError.one(where, "", f"expected a list of cases, found {type(data).__name__}")
    problems: list[Problem] = []
    cases = []
    for index, entry in enumerate(data):
        label = str(entry.get("id", index)) if isinstance(entry, dict) else str(index)
        try:
            cases.append(_case(entry, label, rules, catalog))
        except InputError as error:
            problems += [replace(problem, where=f"{where}: {label}") for problem in error.problems]
    if problems:
        raise InputError(problems)
    return tuple(cases)


def backtest(cases: Sequence[Case], catalog: Catalog, rules: Rules, *, today: date, seed: int = 0) -> Report:
    """Decides every case and grades the answers."""
    results = tuple(grade(case, _solved(case, catalog, rules, today=today), seed=seed) for case in cases)
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
        top3_share=_share([layer.rank_good is not None and layer.rank_good <= 3 for layer in judged]),
        log_score=round(math.fsum(layer.log_score for layer in judged) / (len(judged) or 1), 4),
        excluded_actual=tuple(result.id for result in results if result.excluded),
        by={name: _count(layers) for name, layers in sorted(by.items())},
        baselines=(_majority(cases), _heuristic(cases, catalog, rules)),
        per_case=results,
    )


def ablate_rules(cases: Sequence[Case], catalog: Catalog, rules: Rules, *, today: date) -> tuple[RuleEffect, ...]:
    """For each heuristic and pitfall, the cases whose grades change when it is left out."""
    situations = {case.id: situate(case.profile, rules, catalog) for case in cases}
    speaking: dict[str, list[Case]] = {}
    for case in cases:
        found = situations[case.id]
        for name in [*(rule.id for rule in found.heuristics), *(rule.id for rule in found.pitfalls)]:
            speaking.setdefault(name, []).append(case)
    before = {case.id: _grades(case, _solved(case, catalog, rules, today=today)) for case in cases}
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
            model = _solved(case, less, rules, today=today)
            picks[case.id] = _answer(model)
            good += [value in (Grade.EXACT, Grade.ACCEPTABLE) for value in _grades(case, model).values()]
            shares.append(explain.story(model, entries_of(model)).impression_share if len(model.space.rows) else 0.0)
        changed = sum(picks[key] != last[key] for key in picks) if last else 0
        steps.append(EvidenceStep(name, changed, _share(good), round(math.fsum(shares) / (len(shares) or 1), 4)))
        last = picks
    return tuple(steps)


def with_evidence(catalog: Catalog, kinds: set[EvidenceKind]) -> Catalog:
    """The catalogue as it would be had nobody looked further than some kinds of evidence."""
    return replace(catalog, systems={name: _weaker(item, kinds) for name, item in catalog.systems.items()})


def as_plain(report: Report) -> dict[str, Plain]:
    """The report in the shape of `bakeoff backtest --json`."""
    per_case: list[Plain] = [
        {
            "id": result.id,
            "clean": result.clean,
            "violations": list(result.violations),
            "excluded": list(result.excluded),
            "unknown": list(result.unknown),
            "layers": {
                layer.layer: {
                    "picked": layer.picked,
                    "actual": layer.actual,
                    "grade": layer.grade.value,
                    "rank": layer.rank,
                }
                for layer in result.layers
            },
        }
        for result in report.per_case
    ]
    return {
        "cases": report.cases,
        "clean": report.clean,
        "layers": _plain_count(report.layers),
        "framework": _plain_count(report.framework),
        "good": {"low": report.good.low, "mid": report.good.mid, "high": report.good.high},
        "top3_share": report.top3_share,
        "log_score": report.log_score,
        "excluded_actual": list(report.excluded_actual),
        "by": {name: _plain_count(count) for name, count in report.by.items()},
        "baselines": {
            item.name: {"layers": _plain_count(item.layers), "clean": item.clean} for item in report.baselines
        },
        "per_case": per_case,
    }


def grade(case: Case, model: Model, *, seed: int = 0) -> CaseResult:
    """Grades one solved case."""
    picked = dict(_answer(model))
    ranks = _ranks(model)
    shares = _first_shares(model, seed)
    grades = _grades(case, model)
    layers = []
    for layer, actual in case.actual.items():
        place = ranks.get(layer, {})
        fine, good = case.fine[layer], (*case.fine[layer], *case.acceptable.get(layer, ()))
        first = sum(shares.get((layer, name), 0.0) for name in dict.fromkeys(fine))
        layers.append(
            LayerResult(
                layer, picked.get(layer), actual, grades[layer],
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


def _case(entry: object, label: str, rules: Rules, catalog: Catalog) -> Case:
    if not isinstance(entry, dict) or any(not isinstance(entry.get(key, {}), dict) for key in _CASE_KEYS):
        raise InputError.one(label, "", "a case is a table with tables profile, actual, acceptable …")
    profile = parse({"name": label, **entry.get("profile", {})}, rules, catalog, where=label)
    actual = {layer: _named(catalog, name) for layer, name in entry.get("actual", {}).items()}
    also = _lists(catalog, entry.get("also_used", {}))
    return Case(
        id=label,
        profile=profile,
        actual=actual,
        fine={layer: (name, *also.get(layer, ())) for layer, name in actual.items()},
        acceptable=_lists(catalog, entry.get("acceptable", {})),
        unacceptable=_lists(catalog, entry.get("unacceptable", {})),
        category=str(entry.get("category") or ""),
        difficulty=str(entry.get("difficulty") or ""),
        trap=str(entry.get("trap") or ""),
    )


def _lists(catalog: Catalog, table: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    return {
        layer: tuple(_named(catalog, name) for name in ([names] if isinstance(names, str) else list(names)))  # type: ignore[call-overload]
        for layer, names in table.items()
    }


def _named(catalog: Catalog, name: object) -> str:
    system = catalog.find(str(name))
    return system.id if system else str(name)


def _solved(case: Case, catalog: Catalog, rules: Rules, *, today: date) -> Model:
    return build(case.profile, catalog, rules, today=today)


def _answer(model: Model) -> tuple[tuple[str, str], ...]:
    order = smaa.ranked(model.space, model.expected, 1)
    if not len(order):
        return ()
    stack = model.space.stack(int(order[0]))
    tracker = side.best(model, stack)
    return (*stack, *(((side.LAYER, tracker),) if tracker else ()))


def _grades(case: Case, model: Model) -> dict[str, Grade]:
    picked = dict(_answer(model))
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
    tally = smaa.Sampler(model.values, entries, seed).run(_DRAWS, sides, 0)
    found: dict[tuple[str, str], float] = {}
    for position, count in enumerate(tally.firsts):
        for part in entries[position].stack:
            found[part] = found.get(part, 0.0) + float(count) / tally.draws
    for share in side.shares(model, entries[0].stack, seed):
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


def _effect(
    name: str, speaking: Sequence[Case], before: Mapping[str, Mapping[str, Grade]], world: tuple[Catalog, Rules, date]
) -> RuleEffect:
    catalog, rules, today = world
    changed, helps, hurts = [], 0, 0
    order = list(Grade)
    for case in speaking:
        now = _grades(case, _solved(case, catalog, rules, today=today))
        worse = sum(order.index(now[layer]) > order.index(before[case.id][layer]) for layer in now)
        better = sum(order.index(now[layer]) < order.index(before[case.id][layer]) for layer in now)
        if worse or better:
            changed.append(case.id)
        helps, hurts = helps + worse, hurts + better
    return RuleEffect(name, tuple(changed), helps, hurts)


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
                        points.setdefault(layer, Counter())[_named(catalog, name)] += round(favour.points)
        answers.append({layer: min(names, key=lambda name: (-names[name], name)) for layer, names in points.items()})
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


def _weaker(system: System, kinds: set[EvidenceKind]) -> System:
    claims = []
    for claim in system.claims:
        evidence = tuple(item for item in claim.evidence if item.kind in kinds)
        if evidence or not claim.evidence:
            claims.append(replace(claim, evidence=evidence))
    return replace(system, claims=tuple(claims))


def _count(layers: Sequence[LayerResult]) -> Count:
    tally = Counter(layer.grade for layer in layers)
    return Count(len(layers), *(tally[value] for value in Grade))


def _plain_count(count: Count) -> Plain:
    return {name: getattr(count, name) for name in ("judged", "exact", "acceptable", "miss", "silent", "violation")}


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / len(flags), 4) if flags else 0.0


def _best(places: Sequence[int | None]) -> int | None:
    return min((place for place in places if place is not None), default=None)
