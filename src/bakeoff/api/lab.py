"""The lab behind the doors: measure, look at results, and keep the machine's state in order."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from bakeoff.api.answers import Environment, Environments, Written
from bakeoff.api.bench import Bench
from bakeoff.api.decisions import DecisionsPart
from bakeoff.api.workspace import Workspace
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.isolate import doctor
from bakeoff.isolate.env import Env
from bakeoff.lab import bundle, offers
from bakeoff.lab import results as ask
from bakeoff.lab.cells import Campaign
from bakeoff.lab.events import Progress
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.store import Listed, Store

How = Mapping[str, object]
_OF_BUILDER = ("allow_large", "allow_download")


class LabPart:
    """Everything that measures, and what was measured."""

    def __init__(self, workspace: Workspace, bench: Bench, decisions: DecisionsPart) -> None:
        self._workspace = workspace
        self._bench = bench
        self._decisions = decisions

    def measure(
        self,
        workload: str = "",
        *,
        profile: Path | None = None,
        how: How | None = None,
        progress: Progress | None = None,
    ) -> tuple[Campaign, ...]:
        """Measures a workload on every adapter or those `how` names; or, for a profile, what its plan asks for.

        For a profile the measurement worth most is run and the decision taken again, until nothing is worth running.
        An interrupted campaign is continued.

        Args:
            workload: Workload id; not with `profile`.
            profile: File of a profile.
            how: Fields of a request (`size`, `threads`, `budget_s` …), `only` for some systems or settings,
                `python` for interpreters that have a system already, `allow_large` and `allow_download`.
            progress: Told what happens, between rounds only.

        Raises:
            InputError: If a workload, system or setting does not exist, or not exactly one of both is given.
            MachineError: If another campaign runs here, or the reference arm cannot run.
        """
        if bool(workload) == (profile is not None):
            known = ", ".join(self._bench.workloads)
            advice = f"`bakeoff measure WORKLOAD` or `bakeoff measure --for PROFILE`; workloads: {known}"
            raise InputError.one("measure", "", "needs a workload or a profile, and not both", advice)
        if profile is None:
            return (self._campaign(workload, how or {}, progress),)
        return tuple(self._planned(profile, dict(how or {}), progress))

    def download_bytes(self, workload: str, how: How | None = None) -> int:
        """Bytes the environments of a measurement would have to download now."""
        request = self._request(workload, dict(how or {}))
        known = self._bench.workloads[workload]
        return offers.estimate(request, known, self._bench.adapters, self._bench.builder()).download_bytes

    def results(self) -> tuple[Listed, ...]:
        """Every campaign in the store, newest first."""
        return self._bench.store.listed() if self._bench.store_path.exists() else ()

    def result(self, id: str = "") -> ask.Shown:  # noqa: A002 - what the table of results calls it
        """Everything about a run, or about the fastest run of a campaign; of the newest when none is named."""
        return ask.show(self._bench.store, id or self._newest())

    def compare(self, first: str, second: str) -> ask.Compared:
        """One run's (or one campaign's fastest run's) time over another's."""
        return ask.compare(self._bench.store, first, second)

    def verify(self, id: str = "") -> tuple[ask.Verification, ...]:  # noqa: A002 - as above
        """Makes every published number again from the stored samples; of all campaigns when none is named."""
        ids = [id] if id else [listed.id for listed in self.results() if listed.finished]
        return tuple(ask.verify(self._bench.store, one) for one in ids)

    def export(self, file: Path, *, id: str = "") -> Written:  # noqa: A002 - as above
        """Writes a campaign with all its samples as a hashed bundle; the newest when none is named."""
        bundle.export(self._bench.store, id or self._newest(), file)
        return Written(str(file), "bundle")

    def take_in(self, file: Path, *, origin: str = "") -> Campaign:
        """Takes in a bundle after checking it; its measurements count as measured elsewhere."""
        return bundle.load(self._bench.store, file, origin=origin)

    def merge(self, home: Path) -> tuple[str, ...]:
        """Adds the campaigns of another bakeoff home; returns the ids added."""
        other = Bench(Workspace(home, self._workspace.today)).store_path
        if not other.exists():
            raise InputError.one(str(home), "", "holds no results", "give the home folder of another bakeoff")
        with Store(other) as store:
            return bundle.merge(self._bench.store, store)

    def doctor(self) -> doctor.Doctor:
        """What this machine has, lacks and sounds like."""
        return doctor.examine(self._workspace.home, self._workspace.sources, os.environ)

    def environments(self, removed: tuple[str, ...] = ()) -> Environments:
        """The environments on disk and what else bakeoff keeps."""
        builder, store = self._bench.builder(), self._bench.store_path
        return Environments(
            home=str(self._workspace.home),
            environments=tuple(map(_environment, builder.list())),
            environments_bytes=builder.size(),
            results_bytes=store.stat().st_size if store.exists() else 0,
            removed=removed,
        )

    def prune(self, keep: tuple[str, ...] = ()) -> Environments:
        """Removes every environment but those of the systems named."""
        builder = self._bench.builder()
        kept = {env.key for env in builder.list() if env.name in keep or env.key in keep}
        return self.environments(builder.prune(kept))

    def _planned(self, profile: Path, how: dict[str, object], progress: Progress | None) -> Iterator[Campaign]:
        done: set[str] = set()
        while True:
            plan = self._decisions.plan(profile)
            following = next((item for item in plan.measurements if item.offer.workload not in done), None)
            if following is None:
                return
            done.add(following.offer.workload)
            systems = tuple(dict.fromkeys(name.rpartition(".")[0] for name in following.narrows))
            yield self._campaign(following.offer.workload, {"only": systems, **how}, progress)

    def _campaign(self, workload: str, how: How, progress: Progress | None) -> Campaign:
        wanted = dict(how)
        allowed = {name: bool(wanted.pop(name, False)) for name in _OF_BUILDER}
        return self._bench.run(self._request(workload, wanted), self._bench.builder(**allowed), progress)

    def _request(self, workload: str, how: dict[str, object]) -> Request:
        known = self._bench.workloads.get(workload)
        if known is None:
            raise InputError([unknown_name("measure", "workload", workload, self._bench.workloads, what="workload")])
        only = how.pop("only", ())
        pythons = {name: str(path) for name, path in dict(how.pop("python", {})).items()}  # type: ignore[call-overload]
        every = self._bench.cells(known)
        cells = tuple(cell for text in only for cell in self._chosen(str(text), every)) if _many(only) else every
        return Request(workload, cells=cells, pythons=pythons, **how)  # type: ignore[arg-type]

    def _chosen(self, text: str, every: Sequence[Cell]) -> Sequence[Cell]:
        """Cells as typed: `system`, `system/setting`, or `package==version` of a system's package."""
        name, _, version = text.partition("==")
        wanted, _, setting = name.partition("/")
        found = self._workspace.catalog.find(wanted)
        system = found.id if found else wanted
        requires = (f"{wanted}=={version}",) if version else ()
        if setting:
            return (Cell(system, setting, requires),)
        return [replace(cell, requires=requires) for cell in every if cell.system == system] or (Cell(system),)

    def _newest(self) -> str:
        listed = self.results()
        if not listed:
            raise InputError.one("results", "", "nothing was measured yet", "`bakeoff measure WORKLOAD` measures")
        return listed[0].id


def _many(only: object) -> TypeGuard[Sequence[object]]:
    return isinstance(only, Sequence) and bool(only)


def _environment(env: Env) -> Environment:
    return Environment(env.name, env.key, env.python_version, len(env.versions), env.bytes, env.built_s)
