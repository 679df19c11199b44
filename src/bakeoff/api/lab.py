"""The lab behind the doors: measure, look at results, and keep the machine's state in order."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bakeoff.api.answers import Environment, Environments, Versus, Written
from bakeoff.api.asked import OF_BUILDER, How, request
from bakeoff.api.bench import Bench
from bakeoff.api.decisions import DecisionsPart
from bakeoff.api.workspace import Workspace
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.base.files import write_atomic
from bakeoff.isolate import doctor
from bakeoff.isolate.env import Env
from bakeoff.lab import bundle
from bakeoff.lab import results as ask
from bakeoff.lab.cells import Campaign, Run
from bakeoff.lab.events import Progress
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.store import Listed, Store
from bakeoff.report.run_page import campaign_page


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

    def versus(
        self, first: str, second: str, workload: str, *, how: How | None = None, progress: Progress | None = None
    ) -> Versus:
        """Measures two systems, or two versions of one, side by side in one campaign.

        Args:
            first: `system`, `system/setting`, or either with `==version`: `torch==2.12`.
            second: Likewise; what `first` is compared with.
            workload: Workload id.
            how: As for `measure`, without `only`.
            progress: Told what happens, between rounds only.

        Returns:
            The campaign, and the time of `second` over that of `first` for every setting both have; for the fastest
            setting of each where they share none.

        Raises:
            InputError: If anything named does not exist, or both are the same.
        """
        if first == second:
            raise InputError.one("compare", "", f"{first!r} is named twice", "name two systems or two versions")
        wanted = dict(how or {})
        sides = [self._request(workload, {**wanted, "only": (one,)}).cells for one in (first, second)]
        found = self._campaign(workload, {**wanted, "only": (first, second)}, progress)
        return Versus(found, tuple(self._paired(found, *sides)))

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

    def take_in(self, source: Path, *, origin: str = "") -> tuple[Campaign, ...]:
        """Takes in a bundle after checking it, or every campaign of another bakeoff home that is not here yet.

        Args:
            source: A bundle, whose measurements then count as measured elsewhere; or the home of another bakeoff.
            origin: Whose bundle it is; the file's name when empty.

        Raises:
            InputError: If it is neither, was changed, or its numbers do not follow from its samples.
        """
        if not source.is_dir():
            return (bundle.load(self._bench.store, source, origin=origin),)
        other = Bench(Workspace(source, self._workspace.today)).store_path
        if not other.exists():
            raise InputError.one(str(source), "", "holds no results", "give a bundle, or the home of another bakeoff")
        with Store(other) as store:
            added = bundle.merge(self._bench.store, store)
        return tuple(found for found in map(self._bench.store.campaign, added) if found is not None)

    def write_page(self, shown: ask.Shown, file: Path) -> Written:
        """Writes a run and its campaign as a self-contained page, with every block of every arm drawn."""
        write_atomic(file, campaign_page(self._bench.store.raw(shown.campaign.id), shown))
        return Written(str(file), "page")

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
        """Removes every environment but those of the systems named.

        Raises:
            InputError: If one to keep has no environment; nothing is removed then.
        """
        builder = self._bench.builder()
        built = {name: env.key for env in builder.list() for name in (env.name, env.key)}
        unknown = [
            unknown_name("env prune", "keep", one, built, what="environment") for one in keep if one not in built
        ]
        if unknown:
            raise InputError(unknown)
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
        allowed = {name: bool(how.get(name, False)) for name in OF_BUILDER}
        return self._bench.run(self._request(workload, how), self._bench.builder(**allowed), progress)

    def _request(self, workload: str, how: How) -> Request:
        return request(self._bench, self._workspace.catalog, workload, how)

    def _paired(self, found: Campaign, first: Sequence[Cell], second: Sequence[Cell]) -> Iterator[ask.Compared]:
        """Each setting of `second` against the same of `first`; the fastest of both where they share none."""
        olds, news = ({run.arm.setting: run for run in _fast(found, side)} for side in (first, second))
        shared = [setting for setting in news if setting in olds]
        pairs = [(news[one], olds[one]) for one in shared]
        if not shared and olds and news:
            pairs = [(next(iter(news.values())), next(iter(olds.values())))]
        for new, old in pairs:
            yield ask.compare(self._bench.store, new.id, old.id)

    def _newest(self) -> str:
        finished = [listed.id for listed in self.results() if listed.finished]
        if not finished:
            advice = "`bakeoff measure WORKLOAD` measures, and goes on where an interrupted one stopped"
            raise InputError.one("results", "", "no campaign was finished yet", advice)
        return finished[0]


def _fast(found: Campaign, cells: Sequence[Cell]) -> list[Run]:
    """The runs of some cells that have a speed, fastest first."""
    wanted = {(cell.system, cell.setting, " ".join(cell.requires)) for cell in cells}
    timed = [
        (run.step_s.mid, run)
        for run in found.runs
        if run.step_s and not run.arm.placebo and (run.arm.system, run.arm.setting, run.arm.variant) in wanted
    ]
    return [run for _, run in sorted(timed, key=lambda pair: pair[0])]


def _environment(env: Env) -> Environment:
    return Environment(env.name, env.key, env.python_version, len(env.versions), env.bytes, env.built_s)
