"""What is claimed about a question in one context: the claims that meet it, what they weigh, what that adds up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice

from bakeoff.catalog import scope, weigh
from bakeoff.catalog.index import Index
from bakeoff.catalog.model import Answer, Catalog, Claim, Context, Layer, PropertyKind
from bakeoff.catalog.scope import Aside, Meeting
from bakeoff.catalog.votes import Precedence, Total, added_up
from bakeoff.catalog.weigh import Weight

Key = tuple[str, str, str | None, str | None]
"""A question: system, property, other system, format converted from."""
Met = Sequence[tuple[Claim, Meeting]]
"""Claims that are about a question, each with how its scope meets it."""
Heard = tuple[Met, Sequence[Weight], Total]
"""The claims about a question, the weights of those that speak in the context, and what these add up to."""

_CLOSED_LEVEL = 3
# By names of their own, because a member is slow to reach through its class.
_CAPABILITY, _RELATION = PropertyKind.CAPABILITY, PropertyKind.RELATION
_UNKNOWN = Answer.UNKNOWN
_NOTHING = Total()


class Hearing:
    """All questions about one catalogue in one context on one day, each heard once."""

    def __init__(self, catalog: Catalog, index: Index, context: Context, today: date) -> None:
        self._catalog = catalog
        self._index = index
        self._context = context
        self._scales = index.scales(today)
        self._precedence = Precedence(index.tree, context)
        # By identity: the index keeps every claim, and a scope takes longer to hash than most take to meet.
        self._meetings: dict[int, Meeting] = {}
        self._heard: dict[Key, Heard] = {}

    def of(self, key: Key) -> Heard:
        """What is heard on one question: wanted for the belief, and again in the population of its layer."""
        heard = self._heard.get(key)
        if heard is None:
            heard = self._heard[key] = self._listen(*key)
        return heard

    def weights(self, key: Key) -> Sequence[Weight]:
        """All evidence on the question, weighed; what a narrower claim overrides has level 0."""
        met, found, _ = self.of(key)
        weights = iter(found)
        every: list[Weight] = []
        for claim, meeting in met:
            every += weigh.rejected(claim, meeting) if meeting.rejected else islice(weights, len(claim.evidence))
        return every

    def population(self, layer: Layer, about: str) -> Mapping[str, float]:
        """What is known of one property of the systems of a layer, in points."""
        heard = {name: self.of((name, about, None, None)) for name in self._catalog.names(layer)}
        return {name: total.mid for name, (_, _, total) in heard.items() if total.mid is not None}

    def _listen(self, subject: str, about: str, other: str | None, via: str | None) -> Heard:
        claims = self._index.candidates(subject, about, other, via)
        if not claims:
            return (), (), self._silent(subject, about, other, claims)
        met = []
        found: list[Weight] = []
        for claim in claims:
            meeting = None if claim.value is _UNKNOWN else self._meeting(claim, other)
            if meeting is not None:
                met.append((claim, meeting))
                if not meeting.rejected:
                    found += self._scales.weights(claim, meeting)
        if len(found) > 1:
            found = self._precedence.without_overridden(found)
        top = max([item.level for item in found]) if found else 0
        if not top:
            return met, found, self._silent(subject, about, other, claims)
        voting = found if len(found) == 1 else [item for item in found if item.level == top]
        kind = self._catalog.properties[about].kind
        return met, found, added_up(kind, voting, self._precedence.same_question)

    def _silent(self, subject: str, about: str, other: str | None, claims: Sequence[Claim]) -> Total:
        """Nothing votes: an unstated relation is no candidate, or a `no` where the list is known to be complete."""
        kind = self._catalog.properties[about].kind
        if kind is _CAPABILITY:
            return Total(answer=_UNKNOWN)
        if kind is _RELATION:
            if any(claim.value is _UNKNOWN and self._meeting(claim, other) is not None for claim in claims):
                return Total(answer=_UNKNOWN)
            if about in self._catalog.systems[subject].closed:
                return Total(answer=Answer.NO, level=_CLOSED_LEVEL)
        return _NOTHING

    def _meeting(self, claim: Claim, other: str | None) -> Meeting | None:
        """How a claim meets the question; None when it is about another object altogether."""
        meeting = scope.DIRECT if claim.scope is scope.EVERYWHERE else self._scope_meeting(claim)
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
        meeting = self._meetings.get(id(claim))
        if meeting is None:
            about = self._catalog.properties[claim.property]
            meeting = scope.meet(self._index.tree, claim.scope, self._context, about, claim.subject)
            self._meetings[id(claim)] = meeting
        return meeting
