"""The catalogue as one decision reads it: answers and beliefs in the profile's context, remembering what was read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, replace
from bakeoff.catalog.model import Answer, Belief, Catalog, Claim, Context, Layer, System, Use
from bakeoff.catalog.resolve import lasting, prior, resolve, stated
from bakeoff.catalog.snapshot import Overlay, about
from bakeoff.decide.situation import Situation, Target

_ORDER = {Answer.NO: 0, Answer.UNKNOWN: 1, Answer.PARTIAL: 2, Answer.YES: 3}
_PER_TARGET = {"speed_train": "trains_on", "speed_infer": "serves_on"}
_STRENGTH = {kind: rank for rank, kind in enumerate(EvidenceKind)}


class Fact(Struct, frozen=True):
    """An answer with the claims it stands on."""

    answer: Answer
    """The answer; `unknown` where nothing is stated."""
    claims: tuple[str, ...]
    """Claim ids used; for an unknown, the id the missing claim would have."""


class Basis(Struct, frozen=True):
    """How a claim is known, in short."""

    kind: EvidenceKind | None
    """Kind of the strongest evidence."""
    observed: date | None
    """When that was true."""


class Facts:
    """Answers, measures and relations of one catalogue in one situation; remembers what it worked out."""

    def __init__(self, catalog: Catalog, situation: Situation, constants: Mapping[str, float], today: date) -> None:
        self.catalog = catalog
        self.constants = constants
        self.situation = situation
        self.today = today
        self.read: set[str] = set()
        self._contexts = {
            **dict.fromkeys(("speed_train", "distributed_scale", "trains_on"), situation.train_context),
            **dict.fromkeys(("speed_infer", "install_footprint", "serves_on"), situation.serve_context),
        }
        self._claims: dict[str, Claim] = {}
        self._stated: dict[tuple[str, str], tuple[str, ...]] = {}
        self._facts: dict[tuple[str, str, str | None, str | None], Fact] = {}
        self._beliefs: dict[tuple[str, str, str], Belief] = {}
        self._devices: dict[tuple[str, str, str], Fact | None] = {}
        self._known: dict[tuple[str, str], float] = {}

    def system(self, name: str) -> System:
        """The record of a system."""
        return self.catalog.systems[name]

    def capability(self, subject: str, name: str) -> Fact:
        """Whether a system has a capability; absent is unknown."""
        return self._fact(subject, name, None, None)

    def related(self, subject: str, relation: str, other: str, via: str | None = None) -> Fact | None:
        """What is stated about two systems; None when nothing joins them."""
        if other not in self.stated(subject, relation):
            return None
        return self._fact(subject, relation, other, via)

    def stated(self, subject: str, relation: str) -> tuple[str, ...]:
        """Objects of a relation a system states something about."""
        found = self._stated.get((subject, relation))
        if found is None:
            claims = about(self.system(subject), relation)
            objects = dict.fromkeys([claim.object for claim in claims if claim.object is not None]) if claims else ()
            found = self._stated[subject, relation] = tuple(objects)
        return found

    def measure(self, subject: str, name: str) -> Belief:
        """The belief about a measure, in the context the measure is about."""
        key = (subject, name, "")
        belief = self._beliefs.get(key)
        if belief is None:
            context = self._context(name)
            if name not in _PER_TARGET:
                belief = resolve(self.catalog, subject, name, context, today=self.today)
            elif len(context.device) > 1:
                belief = self._over_targets(subject, name, context)
            else:
                belief = self._placed(subject, name, context)
            self._remembered(key, belief)
        return belief

    def _over_targets(self, subject: str, name: str, context: Context) -> Belief:
        """Speed on several targets: the mean of what is believed of each, nothing where it does not run at all."""
        relation = _PER_TARGET[name]
        targets = self.situation.train if relation == "trains_on" else self.situation.serve
        beliefs = []
        for target in targets:
            found = [self.on_target(subject, one, target) for one in ("trains_on", "serves_on")]
            runs = max((fact for fact in found if fact), key=lambda fact: _ORDER[fact.answer], default=None)
            only = replace(context, device=target.devices[:1])
            belief = self._placed(subject, name, only)
            if self.stated(subject, relation) and (runs is None or runs.answer is Answer.NO):
                belief = replace(belief, mid=0.0, low=0.0, high=0.0, prior=None)
            beliefs.append(belief)
        known = any(belief.mid for belief in beliefs)
        mids = [middle(belief) for belief in beliefs]
        lows = [belief.low or 0.0 for belief in beliefs]
        highs = [belief.high if belief.high is not None else 100.0 for belief in beliefs]
        count = len(beliefs)
        low, mid, high = sum(lows) / count, sum(mids) / count, sum(highs) / count
        return replace(
            beliefs[0],
            mid=mid if known else None,
            low=low,
            high=high,
            prior=None if known else Interval(low, min(max(mid, low), high), high),
            level=min(belief.level for belief in beliefs),
            uses=tuple(dict.fromkeys(use for belief in beliefs for use in belief.uses)),
        )

    def _placed(self, subject: str, name: str, context: Context) -> Belief:
        """Speed on one target; a mere grade that names no device cannot be placed on an anchor that is per device."""
        belief = resolve(self.catalog, subject, name, context, today=self.today)
        if belief.mid is None or belief.level > 1:
            return belief
        claims = [claim for use in belief.uses if use.used and (claim := self.claim(use.claim)) is not None]
        if any(claim.scope.device or _first_hand(claim) for claim in claims):
            return belief
        layers = self.system(subject).layers
        home = Layer.SERVING if name == "speed_infer" and Layer.SERVING in layers else layers[0]
        drawn = prior(self.catalog, home, name, context, today=self.today)
        return replace(belief, mid=None, low=drawn.low, high=drawn.high, prior=drawn, level=0)

    def fit(self, subject: str, layer: str) -> Belief:
        """The belief about a system's fit in a layer; where nothing is known, that of a neighbouring context, wider."""
        bare = stated(self.catalog, subject, "fit", self._context("fit"), today=self.today)
        if bare is not None:
            return self.measure(subject, "fit")
        key = (subject, "fit", "run" if _runs(layer) else "made")
        known = self._beliefs.get(key)
        if known is None:
            known = self._remembered(key, self._like(subject, key[2]) or self.measure(subject, "fit"))
        return known

    def _like(self, subject: str, side: str) -> Belief | None:
        base = self.situation.context
        for context in self.situation.run_like if side == "run" else self.situation.made_like:
            near = stated(self.catalog, subject, "fit", context, today=self.today)
            if near is not None and near.mid is not None and near.low is not None and near.high is not None:
                steps = (context.activity != base.activity) + (context.domain != base.domain)
                wider = self.constants["like_width"] * steps
                unstated = middle(self.measure(subject, "fit"))
                away = (unstated - near.mid) * (1 - self.constants["like_keep"] ** steps)
                return replace(
                    near,
                    mid=near.mid + away,
                    low=max(0.0, near.low + away - wider),
                    high=min(100.0, near.high + away + wider),
                )
        return None

    def lasts(self, subject: str, name: str) -> bool:
        """Whether nothing but the width of a measure will change with time."""
        # A mere grade of speed that grows stale is no grade any more (`_placed`).
        return name not in _PER_TARGET and self._lasting(subject, name, self._context(name))

    def fit_lasts(self, subject: str, layer: str) -> bool:
        """The same for a system's fit in a layer."""
        base = self.situation.context
        for context in (base, *(self.situation.run_like if _runs(layer) else self.situation.made_like)):
            if not self._lasting(subject, "fit", context):
                return False
            if stated(self.catalog, subject, "fit", context, today=self.today) is not None:
                return True
        return True

    def answer_lasts(self, subject: str, name: str, other: str | None = None) -> bool:
        """The same for an answer; a relation needs its object."""
        if other is None and not about(self.system(subject), name):
            return True
        return self._lasting(subject, name, self._context(name), other)

    def _lasting(self, subject: str, name: str, context: Context, other: str | None = None) -> bool:
        return lasting(self.catalog, subject, name, context, today=self.today, object=other)

    def _remembered(self, key: tuple[str, str, str], belief: Belief) -> Belief:
        self._beliefs[key] = belief
        if belief.uses:
            self.read.update([use.claim for use in belief.uses])
        return belief

    def on_target(self, subject: str, relation: str, target: Target) -> Fact | None:
        """Whether a system trains or serves on a hardware target: the best answer over the target's devices.

        A claim on a node of the device tree holds for everything below it; one on a node below the target holds for
        part of it. None when nothing is stated.
        """
        found = [fact for device in target.devices if (fact := self._on_device(subject, relation, device)) is not None]
        return max(found, key=lambda fact: _ORDER[fact.answer], default=None)

    def chance(self, layer: str, name: str) -> float:
        """Chance that an unknown capability holds: the share of its layer that has it, shrunk."""
        key = (layer, name)
        if key not in self._known:
            answers = [self.capability(system.id, name).answer for system in self.catalog.layer(Layer(layer))]
            constants = self.constants
            good = sum({Answer.YES: 1.0, Answer.PARTIAL: 0.5}.get(answer, 0.0) for answer in answers)
            known = sum(answer is not Answer.UNKNOWN for answer in answers)
            share = (good + constants["unknown_prior_yes"]) / (known + constants["unknown_prior_all"])
            self._known[key] = share * constants["unknown_shrink"]
        return self._known[key]

    def basis(self, claims: Iterable[str]) -> Basis:
        """Kind and date of the strongest evidence behind some claims."""
        best: Evidence | None = None
        for name in claims:
            claim = self.claim(name)
            for evidence in claim.evidence if claim else ():
                if not evidence.superseded and (best is None or _STRENGTH[evidence.kind] < _STRENGTH[best.kind]):
                    best = evidence
        return Basis(best.kind, best.observed) if best else Basis(None, None)

    def support(self, belief: Belief) -> tuple[tuple[str, ...], bool]:
        """Claims that a belief stands on, and whether nothing stronger than an impression is among them."""
        used = _used(belief)
        claims = about(self.system(belief.subject), belief.property) if used else ()
        return used, not any(_first_hand(claim) for claim in claims if claim.id in used)

    def claim(self, name: str) -> Claim | None:
        """A claim by id."""
        if name in self._claims:
            return self._claims[name]
        subject = name
        while subject not in self.catalog.systems:
            subject, dot, _ = subject.rpartition(".")
            if not dot:
                return None
        # An id begins with its subject and property, whatever follows.
        property_ = re.split(r"[.@#]", name[len(subject) + 1 :], maxsplit=1)[0]
        self._claims.update({claim.id: claim for claim in reversed(about(self.system(subject), property_))})
        return self._claims.get(name)

    def beliefs(self) -> tuple[Belief, ...]:
        """Every belief about a measure that was asked for."""
        return tuple(self._beliefs.values())

    def evidence(self, use: Use) -> Evidence | None:
        """The piece of evidence a belief looked at."""
        claim = self.claim(use.claim)
        return claim.evidence[use.index] if claim and use.index < len(claim.evidence) else None

    def _fact(self, subject: str, name: str, other: str | None, via: str | None) -> Fact:
        key = (subject, name, other, via)
        fact = self._facts.get(key)
        if fact is None:
            if other is None and not about(self.system(subject), name):
                fact = Fact(Answer.UNKNOWN, (f"{subject}.{name}",))
            else:
                context = self._context(name)
                belief = resolve(self.catalog, subject, name, context, today=self.today, object=other, via=via)
                fact = self._answered(belief, via)
            self._facts[key] = fact
        return fact

    def _answered(self, belief: Belief, via: str | None = None) -> Fact:
        """What a belief says, with the id that a claim would have where none says it."""
        self.read.update([use.claim for use in belief.uses])
        used = _used(belief)
        if not used:
            used = (".".join([part for part in (belief.subject, belief.property, via, belief.object) if part]),)
        return Fact(belief.answer or Answer.UNKNOWN, used)

    def _context(self, name: str) -> Context:
        return self._contexts.get(name, self.situation.context)

    def _on_device(self, subject: str, relation: str, device: str) -> Fact | None:
        key = (subject, relation, device)
        if key not in self._devices:
            self._devices[key] = self._looked_up(subject, relation, device)
        return self._devices[key]

    def _looked_up(self, subject: str, relation: str, device: str) -> Fact | None:
        if not self.stated(subject, relation):
            return None
        context = self._context(relation)
        belief = resolve(self.catalog, subject, relation, context, today=self.today, object=device)
        if belief.answer is None:
            return None
        return self._answered(belief)


def middle(belief: Belief) -> float:
    """Points a belief about a measure is at, or is drawn around."""
    if belief.mid is not None:
        return belief.mid
    return belief.prior.mid if belief.prior else 30.0


def _used(belief: Belief) -> tuple[str, ...]:
    """Claims that a belief stands on."""
    used = [use.claim for use in belief.uses if use.used]
    return tuple(dict.fromkeys(used)) if len(used) > 1 else tuple(used)


def _runs(layer: str) -> bool:
    """Whether a layer is what a model runs in, rather than what it is made with."""
    return layer in ("serving", "format")


def _first_hand(claim: Claim) -> bool:
    return any(item.kind is not EvidenceKind.IMPRESSION for item in claim.evidence if not item.superseded)


def merged(catalog: Catalog, claims: Sequence[Claim]) -> Catalog:
    """The catalogue with measured claims added to what it says already."""
    by_subject: dict[str, list[Claim]] = {}
    for claim in claims:
        subject = catalog.find(claim.subject)
        if subject is not None:
            named = replace(claim, subject=subject.id, id=claim.id or f"{subject.id}.{claim.property}@measured")
            by_subject.setdefault(subject.id, []).append(named)
    if not by_subject:
        return catalog
    changed = {}
    for name, added in by_subject.items():
        fresh = {claim.id for claim in added}
        kept = [claim for claim in catalog.systems[name].claims if claim.id not in fresh]
        changed[name] = replace(catalog.systems[name], claims=(*kept, *added))
    return dataclasses.replace(catalog, systems=Overlay(catalog.systems, changed))
