"""The ledger of a page: every figure shown is entered with the claims or the run behind it, and can be looked up.

A figure carries `data-claim` (claim ids), `data-run` (run ids) or `data-input` (a path in the decision itself, for what
was asked or chosen: seed, date, words of the profile). The first two resolve to entries at the end of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.catalog.model import Catalog, Claim
from bakeoff.catalog.rules import Heuristic, PitfallRule, Rules
from bakeoff.lab.cells import Campaign, Run


@dataclass(frozen=True, slots=True)
class Basis:
    """Several claims behind one figure."""

    anchor: str
    """Id of its entry on the page."""
    title: str
    """What figure it is for."""
    claims: tuple[str, ...]
    """Claim ids."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim cited on the page."""

    id: str
    """Claim id."""
    anchor: str
    """Id of its entry on the page."""
    claim: Claim | None
    """The claim, or None where the catalogue holds none: an absent claim is an unknown."""
    rule: Heuristic | PitfallRule | None = None
    """The rule, where `rule:<id>` is cited in place of a claim."""


class Ledger:
    """Collects what a page cites, while it is made."""

    def __init__(self, catalog: Catalog, campaigns: Sequence[Campaign], rules: Rules | None = None) -> None:
        self.catalog = catalog
        self.known: dict[str, Claim] = {claim.id: claim for one in catalog.systems.values() for claim in one.claims}
        self.runs: dict[str, Run] = {run.id: run for campaign in campaigns for run in campaign.runs}
        sense: tuple[Heuristic | PitfallRule, ...] = (*rules.heuristics, *rules.pitfalls) if rules else ()
        self._sense: dict[str, Heuristic | PitfallRule] = {f"rule:{one.id}": one for one in sense}
        self._cited: dict[str, Entry] = {}
        self._bases: dict[tuple[str, ...], Basis] = {}

    def figure(self, text: object, claims: Iterable[str], title: str, otherwise: str = "stacks") -> Markup:
        """A figure or sentence that stands on claims, linked to them.

        Args:
            text: What is shown.
            claims: Ids of the claims behind it.
            title: What the figure is, for the entry that lists several claims.
            otherwise: Its place in the decision, for a figure that stands on no claim (arithmetic).
        """
        ids = tuple(dict.fromkeys(claims))
        if not ids:
            return self.given(text, otherwise)
        return Markup('<a class="f" href="#{}" data-claim="{}">{}</a>').format(
            quote(self._anchor(ids, title)), _joined(ids), text
        )

    def attribute(self, claims: Iterable[str], title: str, otherwise: str = "stacks") -> Markup:
        """The attribute alone, for an element that holds several figures of the same claims; see `figure`."""
        ids = tuple(dict.fromkeys(claims))
        if not ids:
            return Markup('data-input="{}"').format(otherwise)
        self._anchor(ids, title)
        return Markup('data-claim="{}"').format(_joined(ids))

    def href(self, claims: Iterable[str], title: str) -> str:
        """Where a reader finds the claims behind a figure."""
        return "#" + quote(self._anchor(tuple(dict.fromkeys(claims)), title))

    def measured(self, text: str, run: str) -> Markup:
        """A figure that stands on a run, linked to it."""
        return Markup('<a class="f" href="#{}" data-run="{}">{}</a>').format(quote(run_anchor(run)), run, text)

    def given(self, text: object, path: str) -> Markup:
        """A word or number that is an input of the decision: `path` is its place in the decision."""
        return Markup('<span data-input="{}">{}</span>').format(path, text)

    def named(self, system: str) -> Markup:
        """A system by its id, with its full name on hover."""
        found = self.catalog.find(system)
        title = Markup(' title="{}"').format(found.name) if found and found.name != system else Markup()
        return Markup('<b class="sys" data-system="{}"{}>{}</b>').format(system, title, system)

    def title(self, system: str) -> str:
        """A system's full name."""
        found = self.catalog.find(system)
        return found.name if found else system

    def cite(self, claims: Iterable[str]) -> tuple[Entry, ...]:
        """Enters claims, and returns their entries."""
        return tuple(self._enter(one) for one in dict.fromkeys(claims))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything cited so far, by claim id."""
        return tuple(self._cited[one] for one in sorted(self._cited))

    @property
    def bases(self) -> tuple[Basis, ...]:
        """Every figure that stands on several claims, in the order of the page."""
        return tuple(self._bases.values())

    def strongest(self, claims: Iterable[str]) -> EvidenceKind | None:
        """The strongest kind of evidence among claims, or None without any."""
        found = {evidence.kind for one in claims for evidence in self._evidence(one) if not evidence.superseded}
        return next((kind for kind in EvidenceKind if kind in found), None)

    def _anchor(self, ids: tuple[str, ...], title: str) -> str:
        entries = self.cite(ids)
        if len(entries) == 1:
            return entries[0].anchor
        if ids not in self._bases:
            self._bases[ids] = Basis(f"basis-{len(self._bases) + 1}", title, ids)
        return self._bases[ids].anchor

    def _evidence(self, name: str) -> tuple[Evidence, ...]:
        found = self.known.get(name) or self._sense.get(name)
        return found.evidence if found else ()

    def _enter(self, claim: str) -> Entry:
        if claim not in self._cited:
            anchor = f"claim:{spaceless(claim)}"
            self._cited[claim] = Entry(claim, anchor, self.known.get(claim), self._sense.get(claim))
        return self._cited[claim]


def spaceless(name: str) -> str:
    """An id as it may stand in an attribute that holds several."""
    return name.replace(" ", "_")


def run_anchor(run: str) -> str:
    """Id on the page of a run's entry."""
    return f"run:{spaceless(run)}"


def _joined(ids: Iterable[str]) -> Markup:
    return escape(" ".join(spaceless(one) for one in ids))
