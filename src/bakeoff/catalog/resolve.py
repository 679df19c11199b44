"""What all evidence adds up to in one situation: levels, widths, ties, disputes, and what an unknown is drawn from.

`resolve` is pure. It is asked thousands of times per decision, so claims are sorted once per catalogue (`index`),
every question is heard once per context (`hearing`), and what comes of it is kept; all of it lives in `Catalog.cache`,
which is never part of the content. What one piece of evidence is worth is `weigh`'s, what several add up to is that of
`votes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import islice

from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.catalog.hearing import Hearing, Key, Met
from bakeoff.catalog.index import Index
from bakeoff.catalog.model import Belief, Catalog, Context, Layer, PropertyKind, Use
from bakeoff.catalog.votes import pessimistic
from bakeoff.catalog.weigh import Weight

__all__ = ["lasting", "pessimistic", "prior", "resolve", "stated", "weights"]

_MEASURE = PropertyKind.MEASURE
_RECENT = 64


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
    return _view(catalog, context, today).believe(_question(catalog, subject, property, object, via))


def stated(
    catalog: Catalog,
    subject: str,
    property: str,  # noqa: A002 - the catalogue's own word
    context: Context,
    *,
    today: date,
) -> Belief | None:
    """The belief about a measure as `resolve` gives it; None where it is unknown.

    What an unknown is drawn from takes a look at the whole layer: too much where it is only passed over.
    """
    return _view(catalog, context, today).stated(_question(catalog, subject, property))


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
    return _view(catalog, context, today).lasting(_question(catalog, subject, property, object))


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
        known = list(view.hearing.population(layer, about).values())
        found = view.priors[layer, about] = pessimistic(known, catalog.constants)
    return found


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
    return tuple(_view(catalog, context, today).hearing.weights(_question(catalog, subject, property, object, via)))


def _question(catalog: Catalog, subject: str, about: str, other: str | None = None, via: str | None = None) -> Key:
    """What is asked, with ids for aliases."""
    names = catalog.aliases
    return (
        names.get(subject, subject),
        about,
        names.get(other, other) if other else None,
        names.get(via, via) if via else None,
    )


class _View:
    """One catalogue in one context on one day, with everything worked out so far."""

    def __init__(self, catalog: Catalog, index: Index, context: Context, today: date) -> None:
        self._beliefs: dict[Key, Belief] = {}
        self.priors: dict[tuple[Layer, str], Interval] = {}
        self._least: dict[tuple[tuple[Layer, ...], str], Interval] = {}
        self._catalog = catalog
        self._context = _named(context, catalog)
        self._today = today
        self.hearing = Hearing(catalog, index, self._context, today)
        self._lasting: dict[Key, bool] = {}
        self._settled: set[tuple[Layer, str]] = set()
        self._moving: set[tuple[Layer, str]] = set()

    def believe(self, key: Key) -> Belief:
        """The belief, with a prior where a measure is unknown."""
        belief = self._beliefs.get(key)
        if belief is None:
            belief = self._beliefs[key] = self._believe(key)
        return belief

    def stated(self, key: Key) -> Belief | None:
        """The belief about a measure, None where it is unknown."""
        return None if self.hearing.of(key)[2].mid is None else self.believe(key)

    def _believe(self, key: Key) -> Belief:
        subject, about, other, _ = key
        met, found, total = self.hearing.of(key)
        unknown = total.mid is None and self._catalog.properties[about].kind is _MEASURE
        drawn = self._unstated(subject, about) if unknown else None
        low, high = (drawn.low, drawn.high) if drawn else (total.low, total.high)
        return Belief(
            subject, about, other, total.answer, total.mid, low, high, total.level,
            total.disputed, _uses(met, found, total.level), drawn, total.text, total.observed,
        )  # fmt: skip

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

    def lasting(self, key: Key) -> bool:
        """Whether time changes nothing but the width of a belief."""
        found = self._lasting.get(key)
        if found is None:
            found = self._lasting[key] = self._lasts(key)
        return found

    def _lasts(self, key: Key) -> bool:
        _, weights, _ = self.hearing.of(key)
        said = {item.claim.value if item.mid is None else item.mid for item in weights if item.level}
        if len(said) > 1 or any(item.evidence.observed > self._today for item in weights):
            return False
        subject, about, _, _ = key
        described = self._catalog.properties[about]
        if said or described.kind is not _MEASURE or described.unstated:
            return True
        return all(self._rests(layer, about) for layer in self._slots(self._catalog.systems[subject].layers, about))

    def _rests(self, layer: Layer, about: str) -> bool:
        """Whether time changes nothing of what an unknown in a layer is drawn from."""
        if (layer, about) not in self._settled:
            self._settled.add((layer, about))
            if not all(self.lasting((name, about, None, None)) for name in self.hearing.population(layer, about)):
                self._moving.add((layer, about))
        return (layer, about) not in self._moving


def _view(catalog: Catalog, context: Context, today: date) -> _View:
    # By identity first: a decision has a dozen contexts, and to compare what is in them takes longer than to answer.
    recent = catalog.cache.setdefault("recent", {})
    known = recent.get(id(context))
    if known is not None and known[0] is context and known[1] == today:
        view: _View = known[2]
    else:
        view = _view_of(catalog, context, today)
        if len(recent) >= _RECENT:
            recent.clear()
        recent[id(context)] = context, today, view
    return view


def _view_of(catalog: Catalog, context: Context, today: date) -> _View:
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
        if not isinstance(index, Index):
            index = catalog.cache["index"] = Index(catalog)
        view = catalog.cache[situation] = _View(catalog, index, context, today)
    return view


def _uses(met: Met, found: Sequence[Weight], level: int) -> tuple[Use, ...]:
    """All evidence looked at, in the order of the claims; what is of `level` counts."""
    weights = iter(found)
    uses: list[Use] = []
    for claim, meeting in met:
        if meeting.rejected:
            why = (meeting.rejected,)
            uses += [Use(claim.id, index, 0, why, used=False, direct=False) for index in range(len(claim.evidence))]
        else:
            uses += [
                Use(claim.id, item.index, item.level, item.reasons, 0 < item.level == level, item.direct)
                for item in islice(weights, len(claim.evidence))
            ]
    return tuple(uses)


def _named(context: Context, catalog: Catalog) -> Context:
    """The context with ids for aliases."""
    names = catalog.aliases
    device = tuple(names.get(name, name) for name in context.device)
    return replace(context, device=device, precision=names.get(context.precision, context.precision))
