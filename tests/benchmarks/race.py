"""Row `race`: how long until the right one of four runtimes is known, and how often it is the wrong one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.benchmarks import rules
from tests.benchmarks.arena import AbsentSystemError, Arena, Entry, drawn
from tests.benchmarks.setup import Setup, loaded
from tests.benchmarks.table import OURS, Finding, Row, kept, share, spread

SYSTEMS = ("numpy", "onnxruntime", "openvino", "jax")
LAUNCHES = 3
POOL = 5
BUDGET_S = 3.4
"""Playing time of one race of ours: less than a tenth of what the rule of ten seconds an arm takes for four."""


@dataclass
class Tally:
    """Times and errors of one rule."""

    wall_s: list[float] = field(default_factory=list)
    winners: list[str] = field(default_factory=list)

    def add(self, wall_s: float, winner: str) -> None:
        self.wall_s.append(wall_s)
        self.winners.append(winner)

    def wrong(self, right: frozenset[str]) -> int:
        return sum(winner not in right for winner in self.winners)


def run(setup: Setup) -> Iterator[Finding]:
    """Races on live workers, ours and the peers' rules in turn, on a quiet machine and on a loaded one."""
    with Arena(setup, size="four") as arena:
        systems = []
        for system in SYSTEMS:
            try:
                arena.grow(system, setup.count(POOL, 10) + (LAUNCHES if system == SYSTEMS[0] else 0))
                systems.append(system)
            except AbsentSystemError as error:
                yield Finding("race", system, "not here", str(error)[:120])
        opened = sum(len(arena.pools[system]) for system in systems)
        yield Finding("launch time, a column of its own", OURS, spread(arena.launch_s, unit=" s"), f"{opened} launches")
        for busy in setup.conditions:
            yield from _condition(setup, arena, systems, busy=busy)


def _condition(setup: Setup, arena: Arena, systems: list[str], *, busy: bool) -> Iterator[Finding]:
    where = "loaded" if busy else "quiet"
    with loaded(busy):
        right = _tie_set(setup, arena, systems)
        yield Finding(f"tie set of the long run, {where}", OURS, ", ".join(sorted(right)), "every launch of the pool")
        tallies: dict[str, Tally] = {name: Tally() for name in ("race", "olive", "mean", "median")}
        races = setup.trials(8, 200)
        slow = setup.count(1, 3 if setup.asked else 17)
        for number in range(races):
            setup.say(f"race {where} {number + 1}/{races}")
            _ours(arena, systems, number, tallies["race"])
            _olive(arena, systems, number, tallies["olive"])
            if number < slow:
                _optimum(arena, systems, number, tallies)
    yield from _findings(tallies, right, where)


def _findings(tallies: Mapping[str, Tally], right: frozenset[str], where: str) -> Iterator[Finding]:
    ours, mean = tallies["race"], tallies["mean"]
    ratio = float(np.median(ours.wall_s) / np.median(mean.wall_s))
    wrong = ours.wrong(right)
    yield Finding(
        f"seconds to a winner, {where}",
        OURS,
        f"{spread(ours.wall_s, unit=' s')}, {ratio:.3f} of the 10-s rule",
        "the lab's race, workers ready",
        "at most 1/10 of the 10-s rule",
        ratio <= 0.1,
    )
    yield Finding(
        f"wrong winners, {where}",
        OURS,
        share(wrong, len(ours.winners)),
        "",
        "at most 2 of 200",
        kept(wrong, len(ours.winners), most=0.01),
    )
    for name, who, how in (
        ("mean", "optimum-benchmark 0.6.0", "10-s rule re-coded, judged by its mean"),
        ("median", "optimum-benchmark 0.6.0", "the same judged by its p50: its best setting"),
        ("olive", "Olive 0.13.0", "10 + 20 rule re-coded: its own loop times one runtime only"),
    ):
        tally = tallies[name]
        yield Finding(
            f"seconds, wrong winners, {where}",
            who,
            f"{spread(tally.wall_s, unit=' s')}; {share(tally.wrong(right), len(tally.winners))}",
            how,
        )


def _ours(arena: Arena, systems: list[str], number: int, tally: Tally) -> None:
    groups = {system: drawn(arena.pools[system], (LAUNCHES,), seed=number)[0] for system in systems[1:]}
    first, placebo = drawn(arena.pools[systems[0]], (LAUNCHES, LAUNCHES), seed=number)
    entries = [Entry(systems[0], first), *(Entry(name, group) for name, group in groups.items())]
    played = arena.race([*entries, Entry(systems[0], placebo)], seed=number, budget_s=BUDGET_S)
    tally.add(played.playing_s, systems[played.winner])


def _olive(arena: Arena, systems: list[str], number: int, tally: Tally) -> None:
    begin = time.monotonic()
    means = {}
    for system in systems:
        (player,) = drawn(arena.pools[system], (1,), seed=number)[0]
        with arena.alone(player):
            means[system] = float(np.mean(arena.blocks(player, sum(rules.OLIVE), seed=number)[rules.OLIVE[0] :]))
    tally.add(time.monotonic() - begin, min(means, key=lambda system: means[system]))


def _optimum(arena: Arena, systems: list[str], number: int, tallies: Mapping[str, Tally]) -> None:
    begin = time.monotonic()
    steps: dict[str, list[float]] = {}
    for system in systems:
        (player,) = drawn(arena.pools[system], (1,), seed=number)[0]
        with arena.alone(player):
            arena.blocks(player, rules.OPTIMUM[0], seed=number)
            found: list[float] = []
            steps[system] = found
            while not rules.optimum_is_done(found):
                found += arena.blocks(player, 500, seed=len(found))
    wall_s = time.monotonic() - begin
    tallies["mean"].add(wall_s, min(steps, key=lambda system: float(np.mean(steps[system]))))
    tallies["median"].add(wall_s, min(steps, key=lambda system: float(np.median(steps[system]))))


def _tie_set(setup: Setup, arena: Arena, systems: list[str]) -> frozenset[str]:
    """The runtimes that a long run with every launch cannot tell from the fastest, in the same period."""
    pools = [arena.pools[system] for system in systems]
    entries = [Entry(system, pool) for system, pool in zip(systems, pools, strict=True)]
    first = arena.pools[systems[0]]
    entries[0] = Entry(systems[0], first[: -LAUNCHES or None])
    placebo = Entry(systems[0], first[-LAUNCHES:])
    played = arena.race(
        [*entries, placebo], seed=-1, budget_s=setup.count(12, 60 if setup.asked else 240), full_ranking=True
    )
    now = played.standings
    within = now.fit.arms[now.leader] + now.zone
    return frozenset(system for arm, system in enumerate(systems) if now.fit.arms.get(arm, np.inf) <= within)


ROW = Row("race", "Time to the right winner of four runtimes, and how often it is the wrong one", run)
