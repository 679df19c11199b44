"""Live workers of real systems, kept from one trial to the next, and the lab's own race played with them.

Nothing here measures: launches are warmed by `lab.players`, rounds played by `lab.rounds`, and what was found is
concluded by `lab.conclude` from what the store holds. Only the starting of processes is taken out of each trial.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import bakeoff
from bakeoff.base.outcome import Outcome
from bakeoff.isolate import machine
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Block, Hello, Limits, Memory, Outputs, Prepared, Work
from bakeoff.isolate.session import Session
from bakeoff.lab import adapters as adapter_files
from bakeoff.lab import rounds, schedule, workload
from bakeoff.lab.cells import Arm, Campaign, Machine
from bakeoff.lab.conclude import conclude, roles_of
from bakeoff.lab.contenders import Contender
from bakeoff.lab.correct import agrees, truth
from bakeoff.lab.events import silent
from bakeoff.lab.players import Player, Seat, turn, warm
from bakeoff.lab.raw import Header, Request, RunFacts
from bakeoff.lab.rounds import Game
from bakeoff.lab.store import Store
from bakeoff.lab.verdicts import Standings
from tests.benchmarks.setup import FOREIGN, Setup

SEED = 20_261_122
WORKLOAD = "mlp-infer"
TENTH = "numpy/tenth"
"""The reference arm doing a tenth more work."""


class AbsentSystemError(Exception):
    """A system whose environment cannot be had here, with the reason."""


class Kept:
    """A worker that outlives the race that wants to close it."""

    def __init__(self, worker: Session) -> None:
        self.own = worker

    def hello(self) -> Hello | Fault:
        return self.own.hello()

    def prepare(self, work: Work) -> Prepared | Fault:
        return self.own.prepare(work)

    def outputs(self, order: Sequence[int]) -> Outputs | Fault:
        return self.own.outputs(order)

    def run(
        self, order: Sequence[int], *, min_sample_s: float = 1e-3, digest_at: Sequence[int] = (), drop: int = 5
    ) -> Block | Fault:
        return self.own.run(order, min_sample_s=min_sample_s, digest_at=digest_at, drop=drop)

    def memory(self, order: Sequence[int] = ()) -> Memory | Fault:
        return self.own.memory(order)

    def pause(self) -> Fault | None:
        return self.own.pause()

    def resume(self) -> Fault | None:
        return self.own.resume()

    def close(self) -> None:
        """Stays."""


@dataclass(frozen=True)
class Entry:
    """One arm of a trial: which launches of which system play for it."""

    key: str
    """`system/setting`."""
    launches: Sequence[Player]
    """Its launches, from the pool."""


@dataclass(frozen=True)
class Played:
    """One race."""

    campaign: Campaign
    """What was concluded from the store."""
    standings: Standings
    """As after the last round."""
    playing_s: float
    """Wall time from the first round's start to the last round's end."""
    steps: int
    """Steps of the first arm that were timed."""

    @property
    def winner(self) -> int:
        """Number of the leading arm."""
        return self.standings.leader


class Arena:
    """Pools of live launches of one workload; a context manager that ends them all."""

    def __init__(self, setup: Setup, *, size: str, threads: int = 1) -> None:
        self._setup = setup
        self._threads = threads
        self._folder = setup.folder("arena")
        self.size = size
        known = workload.load(FOREIGN / "workloads" / WORKLOAD)
        self._truth = truth(known, known.sizes[size], seed=SEED, folder=self._folder / "truth")
        self._adapters = _adapters(self._folder / "adapters")
        usable = machine.usable_cpus()
        self._cpus = tuple(usable[:threads]) if threads < len(usable) else tuple(usable)
        self._here = Machine(**asdict(machine.fingerprint()))
        self._store = Store(self._folder / "trials.sqlite")
        self._number = 0
        self._seats: dict[str, Seat] = {}
        self.pools: dict[str, list[Player]] = {}
        self.launch_s: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for pool in self.pools.values():
            for player in pool:
                self._end(player)
        self._store.close()

    def grow(self, key: str, count: int) -> list[Player]:
        """At least `count` live launches of an arm, each checked against the oracle and warmed up.

        Raises:
            AbsentSystemError: If its environment cannot be had here or its answers are wrong.
        """
        pool = self.pools.setdefault(key, [])
        while len(pool) < count:
            begin = time.monotonic()
            pool.append(self._launch(key, len(pool) + 1))
            self.launch_s.append(time.monotonic() - begin)
        return pool

    def renew(self, key: str, count: int) -> list[Player]:
        """`count` fresh launches in place of those there are."""
        for player in self.pools.pop(key, []):
            self._end(player)
        return self.grow(key, count)

    @contextmanager
    def once(self, key: str) -> Iterator[Player]:
        """A process started for one turn, warmed up, running, and ended after it: a peer's way to measure an arm."""
        player = self._launch(key, len(self.pools.get(key, ())) + 2)
        try:
            with _Turn(player):
                yield player
        finally:
            self._end(player)

    def race(self, entries: Sequence[Entry], *, seed: int, budget_s: float, full_ranking: bool = False) -> Played:
        """The lab's race among the entries. The first is the reference arm, the last one its placebo."""
        self._number += 1
        wanted = min(len(entry.launches) for entry in entries)
        header = self._header(seed, budget_s, wanted, full_ranking=full_ranking)
        contenders = [self._contender(index, entry, header.id) for index, entry in enumerate(entries)]
        last = contenders[-1]
        last.facts = replace(last.facts, arm=replace(last.facts.arm, placebo=True))
        self._store.begin(header)
        game = Game(
            header=header,
            truth=self._truth,
            store=self._store,
            contenders=contenders,
            roles=roles_of([one.facts for one in contenders]),
            open_worker=Session.open,
            progress=silent,
            limits=Limits(),
            memory_bytes=2**40,
            scratch=self._folder,
        )
        for one in contenders:
            game.store_run(one)
            for player in (one.players or {}).values():
                self._store.put_launch(one.facts.id, player.facts)
        begin = game.began_s = time.monotonic()
        rounds.race(game)
        playing_s = time.monotonic() - begin
        assert game.now is not None, "no round was played"
        raw = self._store.raw(header.id)
        campaign = conclude(replace(raw, finished=datetime.now(UTC)))
        steps = sum(sum(block.samples.iterations) for block in raw.blocks if block.run == contenders[0].facts.id)
        return Played(campaign, game.now, playing_s, steps)

    def blocks(self, player: Player, samples: int, *, seed: int) -> list[float]:
        """Seconds of `samples` single steps in a row, as a rule that plays one arm to its end sees them."""
        found: list[float] = []
        while len(found) < samples:
            count = min(2000, samples - len(found))
            order = turn(self._truth, (seed, len(found), 0), schedule.Size(count, 0)).order
            block = player.worker.run(order, min_sample_s=0.0, drop=0)
            assert isinstance(block, Block), block
            found += [sample.ns * 1e-9 / sample.iterations for sample in block.samples]
        return found

    def alone(self, player: Player) -> _Turn:
        """Lets one worker run, all others being stopped, for as long as the context lasts."""
        return _Turn(player)

    def _launch(self, key: str, number: int) -> Player:
        seat = self._seat(key)
        launch = seat.launch(
            name=f"{key.replace('/', '-')}-{number}", threads=self._threads, cpus=self._cpus, limits=Limits()
        )
        worker = Session.open(seat.env, seat.adapter.folder, launch)
        if isinstance(worker, Fault):
            raise AbsentSystemError(worker.detail)
        if number == 1:
            self._check(worker, seat)
            worker.close()
            worker = Session.open(seat.env, seat.adapter.folder, launch)
            if isinstance(worker, Fault):
                raise AbsentSystemError(worker.detail)
        player = warm(Kept(worker), seat, self._truth, number, seed=SEED)
        if isinstance(player, Fault):
            worker.close()
            raise AbsentSystemError(player.detail)
        return player

    def _check(self, worker: Session, seat: Seat) -> None:
        module = seat.module(self._truth)
        hello = worker.hello()
        fault = hello if isinstance(hello, Fault) else worker.prepare(self._truth.work(module, seat.setting.name))
        found = fault if isinstance(fault, Fault) else agrees(worker, self._truth, module, seat.setting.name, edges=[])
        if isinstance(found, Fault) or not found.passed:
            worker.close()
            raise AbsentSystemError(found.detail)

    def _seat(self, key: str) -> Seat:
        if key not in self._seats:
            system, _, setting = key.partition("/")
            adapter = self._adapters[system]
            env = self._setup.builder.ensure(adapter.spec)
            if isinstance(env, Fault):
                raise AbsentSystemError(f"{system}: {env.outcome}: {env.detail}")
            cache = self._folder / "cache" / system
            chosen = adapter.settings[setting or next(iter(adapter.settings))]
            self._seats[key] = Seat(adapter=adapter, setting=chosen, env=env, cache=cache, logs=self._folder / "logs")
        return self._seats[key]

    def _contender(self, index: int, entry: Entry, campaign: str) -> Contender:
        seat = self._seats[entry.key]
        arm = Arm(
            workload=WORKLOAD,
            workload_version=1,
            size=self.size,
            system=seat.adapter.system,
            setting=seat.setting.name,
            adapter_version=1,
            dtype="float32",
            threads=self._threads,
            env=seat.env.key,
            variant=f"#{index}",
        )
        facts = RunFacts(id=f"{campaign}.{index}", arm=arm, outcome=Outcome.OK)
        players = {
            number: Player(player.worker, replace(player.facts, number=number))
            for number, player in enumerate(entry.launches, start=1)
        }
        return Contender(index, facts, seat, launched=len(players), players=players)

    def _header(self, seed: int, budget_s: float, launches: int, *, full_ranking: bool) -> Header:
        cost = self._truth.workload.oracle.cost(self._truth.spec)
        request = Request(
            WORKLOAD,
            self.size,
            threads=self._threads,
            budget_s=budget_s,
            seed=seed,
            full_ranking=full_ranking,
            launches=launches,
            finalists=launches,
            extras=False,
        )
        return Header(
            id=f"trial-{self._number}",
            request=request,
            request_key=f"trial-{self._number}",
            workload_version=1,
            unit="row",
            flops=cost["flops"],
            bytes=cost["bytes"],
            units=cost["units"],
            started=datetime.now(UTC),
            machine=self._here,
            threads=self._threads,
            cpus=self._cpus,
            probe_delay=machine.probe_delay(0.1),
            timer_ns=machine.timer_resolution_ns(),
            null_ns=0.0,
            peaks=None,
            software=bakeoff.__version__,
        )

    @staticmethod
    def _end(player: Player) -> None:
        assert isinstance(player.worker, Kept)
        player.worker.own.close()


class _Turn:
    """The time in which one worker runs."""

    def __init__(self, player: Player) -> None:
        self._worker = player.worker

    def __enter__(self) -> None:
        fault = self._worker.resume()
        assert fault is None, fault

    def __exit__(self, *_error: object) -> None:
        fault = self._worker.pause()
        assert fault is None, fault


def drawn(pool: Sequence[Player], counts: Sequence[int], *, seed: int) -> list[list[Player]]:
    """Disjoint random groups of launches."""
    shuffled = list(pool)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    groups = []
    for count in counts:
        groups.append(shuffled[:count])
        shuffled = shuffled[count:]
    assert len(groups[-1]) == counts[-1], "the pool is too small"
    return groups


def _adapters(folder: Path) -> Mapping[str, adapter_files.Adapter]:
    """The shipped adapters with the benchmark's network beside their own files."""
    for own in sorted((FOREIGN / "adapters").iterdir()):
        shutil.copytree(adapter_files.ROOT / own.name, folder / own.name)
        for file in own.glob("*.py"):
            shutil.copy(file, folder / own.name)
    found = dict(adapter_files.load_all(folder))
    numpy = found["numpy"]
    plain = next(iter(numpy.settings.values()))
    settings = {**numpy.settings, "tenth": replace(plain, name="tenth")}
    found["numpy"] = replace(numpy, settings=settings)
    return found
