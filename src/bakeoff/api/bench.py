"""The lab on this machine: its environments, its store, what was measured and what could be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.api.workspace import Workspace
from bakeoff.base.later import later
from bakeoff.catalog.model import Catalog, Claim
from bakeoff.catalog.scope import Tree
from bakeoff.decide.model import Decision, Offer, Profile
from bakeoff.decide.situation import Target, situate

if TYPE_CHECKING:
    from bakeoff.isolate import env, machine
    from bakeoff.lab import adapters, bridge, campaign, cells, events, offers, raw, store, workload
    from bakeoff.lab.adapters import Adapter
    from bakeoff.lab.cells import Campaign
    from bakeoff.lab.events import Progress
    from bakeoff.lab.raw import Cell, Request
    from bakeoff.lab.workload import Workload
else:
    # The lab is imported when something was measured here, or is to be: deciding alone never needs it.
    env, machine = later("bakeoff.isolate.env"), later("bakeoff.isolate.machine")
    adapters, bridge = later("bakeoff.lab.adapters"), later("bakeoff.lab.bridge")
    campaign, cells, events = later("bakeoff.lab.campaign"), later("bakeoff.lab.cells"), later("bakeoff.lab.events")
    offers, raw = later("bakeoff.lab.offers"), later("bakeoff.lab.raw")
    store, workload = later("bakeoff.lab.store"), later("bakeoff.lab.workload")

ENVIRONMENTS = "envs"
"""Folder of environments under the home."""
RESULTS = "results.sqlite"
"""File of the store under the home."""


class Bench:
    """What measuring needs, opened when it is first asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def adapters(self) -> Mapping[str, Adapter]:
        """Every adapter, by system."""
        return adapters.load_all()

    @cached_property
    def workloads(self) -> Mapping[str, Workload]:
        """Every workload, by id."""
        return workload.load_all()

    @cached_property
    def fingerprint(self) -> machine.Fingerprint:
        """This machine."""
        return machine.fingerprint()

    @cached_property
    def store(self) -> store.Store:
        """Every result measured here or taken in."""
        return store.Store(self.store_path)

    @property
    def store_path(self) -> Path:
        """File of the store."""
        return self._workspace.home / RESULTS

    @property
    def environments(self) -> Path:
        """Folder of the environments."""
        return self._workspace.home / ENVIRONMENTS

    @cached_property
    def declared(self) -> offers.Declared:
        """How much the adapters say their environments download."""
        return offers.Declared(self.adapters, {built.name for built in self.builder().list()})

    def builder(self, *, allow_large: bool = False, allow_download: bool = False) -> env.Builder:
        """Builds environments from the user's package sources."""
        sources = self._workspace.sources
        return env.Builder(self.environments, sources, allow_large=allow_large, allow_download=allow_download)

    def download_bytes(self, request: Request) -> int:
        """Bytes the environments of a request would have to download now; asks the package sources."""
        known = self.workloads[request.workload]
        return offers.estimate(request, known, self.adapters, self.builder()).download_bytes

    def run(self, request: Request, builder: env.Builder, progress: Progress | None = None) -> Campaign:
        """Measures a request, or continues it."""
        home = self._workspace.home
        told = progress or events.silent
        return campaign.measure(request, builder=builder, store=self.store, home=home, progress=told)

    def measured(self) -> tuple[Claim, ...]:
        """What the store says, as claims: of each arm the newest campaign of its workload and size on its machine.

        A trusted campaign goes before a newer one of a contended machine.
        """
        if not self.store_path.exists():
            return ()
        claims: list[Claim] = []
        seen: set[tuple[str, ...]] = set()
        for found in sorted(self.store.campaigns(), key=lambda one: one.trust is not cells.Trust.OK):
            origin = self.store.origin(found.id)
            known = self.workloads.get(found.workload)
            if known is None or (not origin and found.machine.id != self.fingerprint.id):
                continue
            for claim in bridge.measured_claims(found, known, elsewhere=origin):
                key = (claim.subject, claim.property, *claim.scope.domain, found.workload, found.size, origin)
                if key not in seen:
                    seen.add(key)
                    claims.append(claim)
        return tuple(claims)

    def campaigns(self, decision: Decision) -> tuple[Campaign, ...]:
        """The campaigns whose measurements a decision read, newest first."""
        if not self.store_path.exists():
            return ()
        cited = {claim.rpartition("#")[2] for claim in decision.read if "#" in claim}
        return tuple(found for found in self.store.campaigns() if cited & {run.id for run in found.runs})

    def cells(self, known: Workload) -> tuple[Cell, ...]:
        """Every adapter and setting that does a workload."""
        return tuple(
            raw.Cell(system, setting)
            for system, adapter in self.adapters.items()
            for setting in adapter.settings
            if adapter.gap(known.id, setting) is None
        )

    def offers(self, profile: Profile) -> tuple[Offer, ...]:
        """The measurements that speak about a profile's task: what this machine can run, and what another could."""
        catalog = self._workspace.catalog
        situation = situate(profile, self._workspace.rules, catalog)
        found = []
        for known in self.workloads.values():
            targets = situation.train if known.training else situation.serve
            if self._speaks(known, profile) and targets:
                found.append(self._offer(known, profile, tuple(_elsewhere(catalog, known, targets))))
        return tuple(found)

    def _achieved(self, known: Workload, domain: str) -> float:
        """Half width in points that a trusted campaign of a workload reached here; 0 when there is none.

        A repetition replaces what it repeats, so it cannot be expected to narrow a belief further.
        """
        if not self.store_path.exists():
            return 0.0
        widths = [
            item.interval.half_width
            for found in self.store.campaigns(workload=known.id)
            if found.trust is cells.Trust.OK and found.machine.id == self.fingerprint.id
            for claim in bridge.measured_claims(found, known)
            if domain in claim.scope.domain
            for item in claim.evidence
            if item.interval is not None
        ]
        return max(widths, default=0.0)

    def _speaks(self, known: Workload, profile: Profile) -> bool:
        informs = known.informs
        return profile.domain in informs.domains and (not profile.activity or profile.activity in informs.activities)

    def _offer(self, known: Workload, profile: Profile, elsewhere: Sequence[str]) -> Offer:
        every = self.cells(known)
        request = raw.Request(known.id, cells=every)
        # Planning asks no package source: the exact size is found out only before something is downloaded.
        cost = offers.estimate(request, known, self.adapters, self.declared)
        place = f"on {elsewhere[0]}: " if elsewhere else ""
        return Offer(
            id=f"{known.id}@{'+'.join(elsewhere) or known.informs.device}",
            title=f"{place}{known.title}",
            settles=tuple((system, known.informs.property) for system in dict.fromkeys(cell.system for cell in every)),
            expected_width=max(offers.expected_width(known, profile.domain), self._achieved(known, profile.domain)),
            cost_s=cost.cost_s,
            command=f"bakeoff measure {known.id}",
            here=not elsewhere,
            workload=known.id,
        )


def _elsewhere(catalog: Catalog, known: Workload, targets: Sequence[Target]) -> Iterator[str]:
    """Names of the hardware a profile asks about when none of it is what the workload measures here."""
    tree = Tree(catalog.systems)
    if any(tree.any_within(device, (known.informs.device,)) for target in targets for device in target.devices):
        return
    for target in targets:
        yield target.text
