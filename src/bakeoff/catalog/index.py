"""What no context changes: the claims of a catalogue by what they are about, and on each day what they weigh.

Claims are sorted question by question, when one is first asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bakeoff.catalog import scope, snapshot
from bakeoff.catalog.model import Catalog, Claim, PropertyKind
from bakeoff.catalog.scope import DIRECT, Meeting
from bakeoff.catalog.weigh import Ground, Weight, ground_of, weigh

_Objects = Mapping[tuple[str | None, str | None], Sequence[Claim]]
_RELATION = PropertyKind.RELATION


class Index:
    """Claims by subject, property and object."""

    def __init__(self, catalog: Catalog) -> None:
        self.tree = scope.Tree(catalog.systems)
        """Devices and variants."""
        self._catalog = catalog
        self._claims: dict[tuple[str, str], tuple[Claim, ...]] = {}
        self._related: dict[tuple[str, str], _Objects] = {}
        self._days: dict[date, Scales] = {}

    def about(self, subject: str, name: str) -> tuple[Claim, ...]:
        """All claims about one property of a system, in its order."""
        found = self._claims.get((subject, name))
        if found is None:
            found = self._claims[subject, name] = snapshot.about(self._catalog.systems[subject], name)
        return found

    def candidates(self, subject: str, name: str, other: str | None, via: str | None) -> Sequence[Claim]:
        """Claims about the object asked for, what it is one of, and what is one of it."""
        claims = self.about(subject, name)
        if not claims or self._catalog.properties[name].kind is not _RELATION:
            return claims if other is None and via is None else ()
        related = self._related.get((subject, name))
        if related is None:
            related = self._related[subject, name] = self._by_object(claims)
        found = list(related.get((via, other), ()))
        for step in self.tree.line(other)[1:] if other is not None else ():
            found += [claim for claim in related.get((via, step), ()) if claim.object == step]
        return found

    def _by_object(self, claims: Sequence[Claim]) -> _Objects:
        """(via, object) to claims; under an object also those about what lies below it."""
        found: dict[tuple[str | None, str | None], list[Claim]] = {}
        for claim in claims:
            for name in self.tree.line(claim.object) if claim.object else (None,):
                found.setdefault((claim.via, name), []).append(claim)
        return found

    def scales(self, today: date) -> Scales:
        """What claims are weighed with on a day."""
        found = self._days.get(today)
        if found is None:
            found = self._days[today] = Scales(self._catalog, self, today)
        return found


class Scales:
    """The weights of claims on one day; of those that cover a question they are the same in every context."""

    def __init__(self, catalog: Catalog, index: Index, today: date) -> None:
        self._catalog = catalog
        self._index = index
        self._today = today
        self._direct: dict[str, tuple[Weight, ...]] = {}

    def weights(self, claim: Claim, meeting: Meeting) -> tuple[Weight, ...]:
        """The weights of one claim's evidence, where its scope does not keep it from speaking."""
        if meeting is not DIRECT:
            return weigh(claim, meeting, self._ground(claim))
        found = self._direct.get(claim.id)
        if found is None:
            found = self._direct[claim.id] = weigh(claim, meeting, self._ground(claim))
        return found

    def _ground(self, claim: Claim) -> Ground:
        system = self._catalog.systems[claim.subject]
        # Few claims name versions, and only those are held against the newest release.
        latest = self._latest(claim.subject) if claim.scope.versions else ""
        return ground_of(self._catalog, system, claim.property, today=self._today, latest=latest)

    def _latest(self, subject: str) -> str:
        """Newest release of a system, empty when unknown."""
        stated = self._index.candidates(subject, "latest_version", None, None)
        return str(stated[0].value) if stated else ""
