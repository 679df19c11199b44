"""What all evidence adds up to in one situation: levels, widths, ties, disputes, and what an unknown is drawn from.

`resolve` is pure. It is asked thousands of times per decision, so claims are indexed once per catalogue and every
belief is worked out once per context; both live in `Catalog.cache`, which is never part of the content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, replace
from bakeoff.catalog import scope, snapshot, weigh
from bakeoff.catalog.model import (
    Answer,
    Belief,
    Catalog,
    Claim,
    Context,
    Layer,
    PropertyKind,
    Scope,
    Use,
)
from bakeoff.catalog.scope import Aside, Meeting
from bakeoff.catalog.weigh import Weight

_CLOSED_LEVEL = 3


def resolve(  # noqa: PLR0913 - a belief is asked for by all of these, and by nothing that could be grouped
    catalog: Catalog,
    subject: str,
    property: str,  # noqa: A002 - the catalogue's own word
    context: Context,
    *,
    today: date,
    object: str | None = None,  # noqa: A002 - the catalogue's own word
    via: str | None = None,
) -> Belief:
    """What the catalogue makes us believe about one property of one system in one situation.

    Args:
        catalog: The catalogue.
        subject: Id or alias of the system.
        property: Id in the property table; a relation needs `object`.
        context: The situation; empty fields are not stated.
        today: Day the belief is for: decides what is stale.
        object: Id or alias of the other system, for relations.
        via: For `converts`, the format converted from.

    Returns:
        The belief. An unstated relation has the answer None (no claim joins the two), an unstated capability
        `unknown`; an unknown measure has `mid` None and a `prior`.

    Raises:
        KeyError: If the system or the property is not in the catalogue.
    """
    names = catalog.aliases
    view = _view(catalog, context, today)
    key = (
        names.get(subject, subject),
        property,
        names.get(object, object) if object else None,
        names.get(via, via) if via else None,
    )
    belief = view.beliefs.get(key)
    if belief is None:
        belief = view.beliefs[key] = view.believe(*key)
    return belief


def stated(
    catalog: Catalog,
    subject: str,
    property: str,  # noqa: A002 - the catalogue's own word
    context: Context,
    *,
    today: date,
) -> Belief:
    """The belief about a measure as `resolve` gives it, but for what an unknown is drawn from, which it does not say.

    Working that out takes a look at the whole layer: too much where an unknown is only passed over.
    """
    return _view(catalog, context, today).stated(catalog.aliases.get(subject, subject), property)


def lasting(
    catalog: Catalog,
    subject: str,
    property: str,  # noqa: A002 - the catalogue's own word
    context: Context,
    *,
    today: date,
    object: str | None = None,  # noqa: A002 - the catalogue's own word
) -> bool:
    """Whether the answer, or the middle of a measure, will be the same on whatever later day it is asked for.

    It is where all evidence that counts says the same: time then lowers levels and widens the belief, and no more.
    False where that is not certain.
    """
    names = catalog.aliases
    named = names.get(object, object) if object else None
    return _view(catalog, context, today).lasting(names.get(subject, subject), property, named)


def prior(catalog: Catalog, layer: Layer, about: str, context: Context, *, today: date) -> Interval:
    """What an unknown measure of a system in `layer` is drawn from, in points.

    The known values of the layer, drawn to their lower quartile: the full range would reward ignorance. Where what is
    known is a choice of the good values, the property says between which grades the unstated ones lie.
    """
    if bounds := catalog.properties[about].unstated:
        low, high = (grade.points for grade in catalog.properties[about].grades if grade.name in bounds)
        return Interval(low, (low + high) / 2, high)
    view = _view(catalog, context, today)
    found = view.priors.get((layer, about))
    if found is None:
        known = [belief.mid for belief in view.population(layer, about) if belief.mid is not None]
        found = view.priors[layer, about] = pessimistic(known, catalog.constants)
    return found


def pessimistic(known: Sequence[float], constants: Mapping[str, float]) -> Interval:
    """The interval of a layer's known values after drawing them to their lower quartile.

    >>> pessimistic([], {"unknown_population": 4, "unknown_low": 5, "unknown_high": 55})
    Interval(low=5, mid=30.0, high=55)
    """
    if len(known) < constants["unknown_population"]:
        low, high = constants["unknown_low"], constants["unknown_high"]
        return Interval(low, (low + high) / 2, high)
    quartile = _quantile(known, 0.25)
    keep = 1 - constants["unknown_shrink"]
    drawn = [quartile + keep * (value - quartile) for value in known]
    mid = _quantile(drawn, 0.5)
    # An unknown is never surer than an impression, however alike its neighbours are.
    half = constants["width_impression"]
    return Interval(max(0.0, min(*drawn, mid - half)), mid, min(100.0, max(*drawn, mid + half)))


def _quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lie, between two of them in proportion; the extremes are 0 and 1.

    >>> _quantile([3, 1, 2], 0.5), _quantile([1, 2, 3, 4], 0.25)
    (2, 1.75)
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    part = place - below
    return ordered[below] * (1 - part) + ordered[below + 1] * part if part else ordered[below]


def weights(  # noqa: PLR0913 - as `resolve`
    catalog: Catalog,
    subject: str,
    property: str,  # noqa: A002 - the catalogue's own word
    context: Context,
    *,
    today: date,
    object: str | None = None,  # noqa: A002 - the catalogue's own word
    via: str | None = None,
) -> tuple[Weight, ...]:
    """Every piece of evidence `resolve` looks at, weighed, with the claim it belongs to."""
    names = catalog.aliases
    view = _view(catalog, context, today)
    named = names.get(object, object) if object else None
    return tuple(view.weigh(names.get(subject, subject), property, named, names.get(via, via) if via else None))


_Key = tuple[str, str, str | None, str | None]


class _Index(Struct, frozen=True):
    """The claims of a catalogue by what they are about, sorted system by system when first asked."""

    tree: scope.Tree
    """Devices and variants."""
    claims: dict[tuple[str, str], dict[tuple[str | None, str | None], tuple[Claim, ...]]]
    """(subject, property) to (via, object) to claims; under an object also those about what lies below it."""
    latest: dict[str, str]
    """Newest release by subject, empty when unknown."""
    direct: dict[date, dict[str, tuple[Weight, ...]]]
    """By day: the weights of claims that cover a question outright, by claim id."""


class _Sum(Struct, frozen=True):
    """What the voting evidence adds up to."""

    answer: Answer | None = None
    """For capabilities and relations."""
    mid: float | None = None
    """Points, for measures."""
    low: float | None = None
    """Lower end."""
    high: float | None = None
    """Upper end."""
    disputed: bool = False
    """The voters contradict each other."""
    text: str = ""
    """For facts."""
    level: int = 0
    """Level where no evidence votes and something is known all the same."""


class _View:
    """One catalogue in one context on one day, with everything worked out so far."""

    def __init__(self, catalog: Catalog, index: _Index, context: Context, today: date) -> None:
        self.beliefs: dict[_Key, Belief] = {}
        self.priors: dict[tuple[Layer, str], Interval] = {}
        self._least: dict[tuple[tuple[Layer, ...], str], Interval] = {}
        self._catalog = catalog
        self._index = index
        self._context = _named(context, catalog)
        self._today = today
        self._meetings: dict[tuple[Scope, str, str], Meeting] = {}
        # By identity: the index keeps every claim, and a scope takes longer to hash than most take to meet.
        self._met: dict[int, Meeting] = {}
        self._scopes: dict[Scope, Scope] = {}
        self._grounds: dict[tuple[str, str], weigh.Ground] = {}
        self._direct = index.direct.setdefault(today, {})
        self._summed: dict[_Key, Belief] = {}
        self._lasting: dict[_Key, bool] = {}
        self._settled: set[tuple[Layer, str]] = set()
        self._moving: set[tuple[Layer, str]] = set()

    def believe(self, subject: str, about: str, other: str | None, via: str | None) -> Belief:
        """The belief, with a prior where a measure is unknown."""
        belief = self._known(subject, about, other, via)
        if self._catalog.properties[about].kind is PropertyKind.MEASURE and belief.mid is None:
            drawn = self._unstated(subject, about)
            return Belief(
                subject, about, other, belief.answer, None, drawn.low, drawn.high, belief.level,
                belief.disputed, belief.uses, drawn, belief.text, belief.observed,
            )  # fmt: skip
        return belief

    def _unstated(self, subject: str, about: str) -> Interval:
        """What an unknown measure is drawn from: of several slots a system fills, the one that promises least.

        Which slot it stands in is not asked here, and two systems of one slot must not be drawn from different layers
        to the gain of the one that also does something else.
        """
        layers = self._catalog.systems[subject].layers
        found = self._least.get((layers, about))
        if found is None:
            slots = self._slots(layers, about)
            drawn = [prior(self._catalog, layer, about, self._context, today=self._today) for layer in slots]
            found = self._least[layers, about] = min(drawn, key=lambda one: one.mid)
        return found

    def _slots(self, layers: tuple[Layer, ...], about: str) -> tuple[Layer, ...]:
        """The layers of a system whose values an unknown of it may be drawn from: those the property is asked of."""
        asked = self._catalog.properties[about].layers
        return tuple(layer for layer in layers if layer in asked or not asked) or layers[:1]

    def population(self, layer: Layer, about: str) -> list[Belief]:
        """Beliefs about one property of every system of a layer that says something of it."""
        layered = [system.id for system in self._catalog.layer(layer)]
        return [
            self._known(name, about, None, None) for name in layered if _claims(self._catalog, self._index, name, about)
        ]

    def weigh(self, subject: str, about: str, other: str | None, via: str | None) -> list[Weight]:
        """All evidence on the question, weighed; what a narrower claim overrides has level 0."""
        found: list[Weight] = []
        for claim in self._candidates(subject, about, other, via):
            meeting = self._meeting(claim, other)
            if meeting is not None and claim.value is not Answer.UNKNOWN:
                found += self._weights(claim, meeting)
        return self._without_overridden(found) if len(found) > 1 else found

    def lasting(self, subject: str, about: str, other: str | None) -> bool:
        """Whether time changes nothing but the width of a belief."""
        key = (subject, about, other, None)
        found = self._lasting.get(key)
        if found is None:
            found = self._lasting[key] = self._lasts(subject, about, other)
        return found

    def _lasts(self, subject: str, about: str, other: str | None) -> bool:
        weights = self.weigh(subject, about, other, None)
        said = {item.claim.value if item.mid is None else item.mid for item in weights if item.level}
        if len(said) > 1 or any(item.evidence.observed > self._today for item in weights):
            return False
        described = self._catalog.properties[about]
        if said or described.kind is not PropertyKind.MEASURE or described.unstated:
            return True
        return all(self._rests(layer, about) for layer in self._slots(self._catalog.systems[subject].layers, about))

    def _rests(self, layer: Layer, about: str) -> bool:
        """Whether time changes nothing of what an unknown in a layer is drawn from."""
        if (layer, about) not in self._settled:
            self._settled.add((layer, about))
            known = [one for one in self.population(layer, about) if one.mid is not None]
            if not all(self.lasting(one.subject, about, None) for one in known):
                self._moving.add((layer, about))
        return (layer, about) not in self._moving

    def stated(self, subject: str, about: str) -> Belief:
        """The belief about a measure without a prior."""
        return self._known(subject, about, None, None)

    def _known(self, subject: str, about: str, other: str | None, via: str | None) -> Belief:
        """The belief without a prior: wanted for itself, and again in the population of its layer."""
        key = (subject, about, other, via)
        belief = self._summed.get(key)
        if belief is None:
            belief = self._summed[key] = self._sum(subject, about, other, via)
        return belief

    def _sum(self, subject: str, about: str, other: str | None, via: str | None) -> Belief:
        found = self.weigh(subject, about, other, via)
        top = max([item.level for item in found]) if found else 0
        voting = [item for item in found if item.level == top] if top else []
        kind = self._catalog.properties[about].kind
        if not voting:
            total = self._silent(subject, about, other, via)
        elif kind is PropertyKind.MEASURE:
            total = _measure(voting, self._same_question)
        else:
            total = _fact(voting) if kind is PropertyKind.FACT else _answer(voting)
        return Belief(
            subject=subject,
            property=about,
            object=other,
            answer=total.answer,
            mid=total.mid,
            low=total.low,
            high=total.high,
            level=total.level or top,
            disputed=total.disputed,
            uses=tuple([Use(i.claim.id, i.index, i.level, i.reasons, 0 < i.level == top, _direct(i)) for i in found]),
            text=total.text,
            observed=max([item.evidence.observed for item in voting]) if voting else None,
        )

    def _silent(self, subject: str, about: str, other: str | None, via: str | None) -> _Sum:
        """Nothing votes: an unstated relation is no candidate, or a `no` where the list is known to be complete."""
        kind = self._catalog.properties[about].kind
        if kind is PropertyKind.CAPABILITY:
            return _Sum(answer=Answer.UNKNOWN)
        if kind is PropertyKind.RELATION:
            claims = self._candidates(subject, about, other, via)
            if any(claim.value is Answer.UNKNOWN and self._meeting(claim, other) is not None for claim in claims):
                return _Sum(answer=Answer.UNKNOWN)
            if about in self._catalog.systems[subject].closed:
                return _Sum(answer=Answer.NO, level=_CLOSED_LEVEL)
        return _Sum()

    def _weights(self, claim: Claim, meeting: Meeting) -> tuple[Weight, ...]:
        """The weights of one claim's evidence; of one that covers the question they are the same in every context."""
        direct = meeting is scope.DIRECT
        known = self._direct.get(claim.id) if direct else None
        if known is not None:
            return known
        key = (claim.subject, claim.property)
        ground = self._grounds.get(key)
        if ground is None:
            system = self._catalog.systems[claim.subject]
            latest = _latest(self._catalog, self._index, claim.subject)
            ground = weigh.ground_of(self._catalog, system, claim.property, today=self._today, latest=latest)
            self._grounds[key] = ground
        found = weigh.weigh(claim, meeting, ground)
        if direct:
            self._direct[claim.id] = found
        return found

    def _candidates(self, subject: str, about: str, other: str | None, via: str | None) -> list[Claim]:
        """Claims about the object asked for, what it is one of, and what is one of it."""
        claims = _claims(self._catalog, self._index, subject, about)
        found: list[Claim] = list(claims.get((via, other), ()))
        if claims and other is not None:
            for step in self._index.tree.line(other)[1:]:
                found += [claim for claim in claims.get((via, step), ()) if claim.object == step]
        return found

    def _meeting(self, claim: Claim, other: str | None) -> Meeting | None:
        """How a claim meets the question; None when it is about another object altogether."""
        meeting = self._scope_meeting(claim)
        if claim.object == other:
            return meeting
        if claim.object is None or other is None:
            return None
        tree = self._index.tree
        if tree.within(other, claim.object):
            return meeting
        if tree.within(claim.object, other) and claim.value is not Answer.NO:
            narrower = (Aside.NARROWER, f"about {claim.object} only")
            return meeting if meeting.rejected else Meeting(aside=(*meeting.aside, narrower))
        return None

    def _scope_meeting(self, claim: Claim) -> Meeting:
        if claim.scope is scope.EVERYWHERE:
            return scope.DIRECT
        meeting = self._met.get(id(claim))
        if meeting is None:
            key = (claim.scope, claim.property, claim.subject if claim.scope.versions else "")
            meeting = self._meetings.get(key)
            if meeting is None:
                about = self._catalog.properties[claim.property]
                meeting = scope.meet(self._index.tree, claim.scope, self._context, about, claim.subject)
                self._meetings[key] = meeting
            self._met[id(claim)] = meeting
        return meeting

    def _without_overridden(self, found: list[Weight]) -> list[Weight]:
        """Mere statements about a wider case give way to a claim made for the narrower one."""
        speaking = {item.claim.id: item.claim for item in found if item.level and not _indirect(item)}
        kept = []
        for item in found:
            stronger = None
            if item.level and item.evidence.kind not in weigh.HARD:
                stronger = next((c for c in speaking.values() if self._narrower(c, item.claim)), None)
            if stronger is not None:
                reason = f"overridden by the narrower claim {stronger.id}"
                kept.append(replace(item, level=0, reasons=(*item.reasons, reason)))
            else:
                kept.append(item)
        return kept

    def _narrower(self, inner: Claim, outer: Claim) -> bool:
        """Whether `inner` is about strictly less than `outer`."""
        tree = self._index.tree
        if inner.object and outer.object and not tree.within(inner.object, outer.object):
            return False
        same = inner.object == outer.object
        mine, theirs = self._restricted(inner), self._restricted(outer)
        return scope.nested(tree, mine, theirs) and not (same and scope.nested(tree, theirs, mine))

    def _same_question(self, one: Weight, other: Weight) -> bool:
        """Whether two claims answer the same question, or one a part of the other's, instead of different facets."""
        # Two version ranges that both hold here are no facets: the question is about one version.
        mine = replace(self._restricted(one.claim), versions="", python="")
        theirs = replace(self._restricted(other.claim), versions="", python="")
        return scope.nested(self._index.tree, mine, theirs) or scope.nested(self._index.tree, theirs, mine)

    def _restricted(self, claim: Claim) -> Scope:
        found = self._scopes.get(claim.scope)
        if found is None:
            found = self._scopes[claim.scope] = scope.restricted(self._index.tree, claim.scope, self._context)
        return found


def _view(catalog: Catalog, context: Context, today: date) -> _View:
    situation = (
        context.device,
        context.os,
        context.domain,
        context.activity,
        context.precision,
        context.language,
        tuple(context.versions.items()),
        today,
    )
    view = catalog.cache.get(situation)
    if not isinstance(view, _View):
        index = catalog.cache.get("index")
        if not isinstance(index, _Index):
            index = catalog.cache["index"] = _Index(scope.Tree(catalog.systems), {}, {}, {})
        view = catalog.cache[situation] = _View(catalog, index, context, today)
    return view


def _claims(
    catalog: Catalog, index: _Index, subject: str, about: str
) -> dict[tuple[str | None, str | None], tuple[Claim, ...]]:
    known = index.claims.get((subject, about))
    if known is None:
        found: dict[tuple[str | None, str | None], list[Claim]] = {}
        for claim in snapshot.about(catalog.systems[subject], about):
            for name in index.tree.line(claim.object) if claim.object else (None,):
                found.setdefault((claim.via, name), []).append(claim)
        known = index.claims[subject, about] = {key: tuple(claims) for key, claims in found.items()}
    return known


def _latest(catalog: Catalog, index: _Index, subject: str) -> str:
    """Newest release of a system, empty when unknown."""
    known = index.latest.get(subject)
    if known is None:
        stated = _claims(catalog, index, subject, "latest_version").get((None, None))
        known = index.latest[subject] = str(stated[0].value) if stated else ""
    return known


def _named(context: Context, catalog: Catalog) -> Context:
    """The context with ids for aliases."""
    names = catalog.aliases
    device = tuple(names.get(name, name) for name in context.device)
    return replace(context, device=device, precision=names.get(context.precision, context.precision))


def _indirect(item: Weight) -> bool:
    return any(reason.startswith("indirect") for reason in item.reasons)


def _direct(item: Weight) -> bool:
    overridden = any(reason.startswith("overridden") for reason in item.reasons)
    return (item.level > 0 or overridden) and not _indirect(item)


def _answer(voting: Sequence[Weight]) -> _Sum:
    """Equal answers stand; yes and partial make partial; with a `no` among them nothing is known but the dispute."""
    said = {item.claim.value for item in voting}
    if len(said) == 1:
        (only,) = said
        return _Sum(answer=only if isinstance(only, Answer) else Answer.UNKNOWN)
    return _Sum(answer=Answer.UNKNOWN, disputed=True) if Answer.NO in said else _Sum(answer=Answer.PARTIAL)


def _fact(voting: Sequence[Weight]) -> _Sum:
    newest = max(voting, key=lambda item: item.evidence.observed)
    rivals = {str(item.claim.value) for item in voting if item.evidence.observed == newest.evidence.observed}
    return _Sum(text=str(newest.claim.value), disputed=len(rivals) > 1)


def _measure(voting: Sequence[Weight], same_question: Callable[[Weight, Weight], bool]) -> _Sum:
    """Ties are combined by their precision, never to less than the surest of them: sources copy from each other.

    Sources that answer the same question with values whose widths do not meet are disputed, and the belief then spans
    them all. Values for different facets of the question (its domain, its activity) differ without a dispute.
    """
    stated = [(item.mid, max(item.half, 0.5), item) for item in voting if item.mid is not None]
    if len(stated) == 1:
        mid, half, _ = stated[0]
        return _Sum(mid=mid, low=max(0.0, mid - half), high=min(100.0, mid + half))
    pairs = [(a, b) for index, a in enumerate(stated) for b in stated[index + 1 :]]
    if any(abs(a[0] - b[0]) > a[1] + b[1] and same_question(a[2], b[2]) for a, b in pairs):
        low = max(0.0, min(mid - half for mid, half, _ in stated))
        high = min(100.0, max(mid + half for mid, half, _ in stated))
        return _Sum(mid=(low + high) / 2, low=low, high=high, disputed=True)
    total = sum(half**-2 for _, half, _ in stated)
    mid = sum(value * half**-2 for value, half, _ in stated) / total
    spread = (max(value for value, _, _ in stated) - min(value for value, _, _ in stated)) / 2
    width = max(min(half for _, half, _ in stated), spread)
    return _Sum(mid=mid, low=max(0.0, mid - width), high=min(100.0, mid + width))
