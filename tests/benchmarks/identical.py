"""Rows `identical`, `power`, `error` and `placebo`: what is said of identical programs, and of a real difference.

One series of trials serves all but `power`, in turn with each runtime of the race and with its network, which is that
of the experiments that the peers' figures come from. In every trial two arms of one program, and their placebo, play a
campaign with five launches an arm; then the peers' way is gone with as many steps: a process is started, warmed up and
measured to its end, then another one of the same program. Their best setting shares the steps among five launches an
arm.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bakeoff.lab.cells import Trust, Verdict
from tests.benchmarks import rules
from tests.benchmarks.arena import TENTH, AbsentSystemError, Arena, Entry, Played, drawn
from tests.benchmarks.peers.venvs import AbsentPeerError
from tests.benchmarks.race import SYSTEMS
from tests.benchmarks.setup import Setup, loaded
from tests.benchmarks.table import OURS, Finding, Row, kept, percentile, share

LAUNCHES = 5
VALUES = 3
"""Values a process that pyperf takes by default."""
BUDGET_S = 4.0
"""Playing time of a trial: some thousand steps an arm, as in the experiments that the peers' figures come from."""
LONG_S = 10.0
"""Playing time where `power` gives more of it."""
SYSTEM = "numpy"
PEERS = 20
"""Trials in which the peers' way is gone too: it takes longer than ours."""
RENEWED = 26
"""Trials of a runtime after which its launches are started anew."""
DIFFERENT = frozenset((Verdict.FASTER, Verdict.SLOWER))


@dataclass
class Trials:
    """What one condition gave, a trial an entry."""

    systems: list[str] = field(default_factory=list)
    """Whose program it was."""
    theirs: list[str] = field(default_factory=list)
    """The same of the trials in which the peers' way was gone too."""
    ours: list[Played] = field(default_factory=list)
    one: list[tuple[list[float], list[float]]] = field(default_factory=list)
    """Single steps of one launch an arm, started for it, one arm after the other."""
    five: list[tuple[list[list[float]], list[list[float]]]] = field(default_factory=list)
    """The same number of steps shared by five launches an arm."""


def _trials(setup: Setup) -> dict[bool, Trials]:
    known = setup.shared.get("identical")
    if isinstance(known, dict):
        return known
    found = {busy: Trials() for busy in setup.conditions}
    with Arena(setup, size="four") as arena:
        for busy in setup.conditions:
            with loaded(busy):
                absent: set[str] = set()
                count = setup.trials(8, 200)
                while len(found[busy].ours) < count:
                    for system in [one for one in SYSTEMS if one not in absent][: count - len(found[busy].ours)]:
                        setup.say(f"identical {system}, {_where(busy)} {len(found[busy].ours) + 1}/{count}")
                        try:
                            _trial(arena, found[busy], system)
                        except AbsentSystemError as error:
                            setup.say(str(error))
                            absent.add(system)
    setup.shared["identical"] = found
    return found


def _trial(arena: Arena, trials: Trials, system: str) -> None:
    if trials.systems.count(system) % RENEWED == 0:
        arena.renew(system, 3 * LAUNCHES)
    number = len(trials.ours)
    groups = drawn(arena.pools[system], (LAUNCHES,) * 3, seed=number)
    played = arena.race([Entry(system, group) for group in groups], seed=number, budget_s=BUDGET_S)
    trials.systems.append(system)
    trials.ours.append(played)
    if number >= PEERS:
        return
    ends = []
    for _ in range(2):
        with arena.once(system) as player:
            ends.append(arena.blocks(player, played.steps, seed=number))
    sides = []
    for group in groups[:2]:
        launches = []
        for player in group:
            with arena.alone(player):
                launches.append(arena.blocks(player, played.steps // LAUNCHES, seed=number))
        sides.append(launches)
    trials.theirs.append(system)
    trials.one.append((ends[0], ends[1]))
    trials.five.append((sides[0], sides[1]))


def _where(busy: bool) -> str:  # noqa: FBT001 - the condition is the argument
    return "loaded" if busy else "quiet"


def identical(setup: Setup) -> Iterator[Finding]:
    """How often identical programs are called different."""
    for busy, trials in _trials(setup).items():
        where = _where(busy)
        pairs = [(played, arm) for played in trials.ours for arm in (1, 2)]
        false = sum(played.standings.verdict(arm, 0) in DIFFERENT for played, arm in pairs)
        yield Finding(
            f"identical programs called different, {where}",
            OURS,
            share(false, len(pairs)),
            f"{LAUNCHES} launches an arm",
            "at most 5 %",
            kept(false, len(pairs), most=0.05),
        )
        yield from _peers(setup, trials, where)


def _peers(setup: Setup, trials: Trials, where: str) -> Iterator[Finding]:
    figure = f"identical programs called different, {where}"
    pairs = [{"first": first, "second": second} for first, second in trials.one]
    best = [
        {
            "first": [value for launch in first for value in _values(launch)],
            "second": [v for o in second for v in _values(o)],
        }
        for first, second in trials.five
    ]
    try:
        answers = setup.peers.run("general", "judge.py", {"pairs": pairs + best})
        used, spread_out = answers[: len(pairs)], answers[len(pairs) :]
        for name, who in (("pyperf", "pyperf 2.10.0"), ("asv", "asv 0.6.6")):
            hits, more = sum(one[name] for one in used), sum(one[name] for one in spread_out)
            yield Finding(figure, who, share(hits, len(used)), "own code, one process an arm")
            yield Finding(
                figure, who, share(more, len(spread_out)), f"own code, {LAUNCHES} processes × {VALUES} values: its best"
            )
    except AbsentPeerError as error:
        yield Finding(figure, "pyperf, asv", "not here", str(error))
    hits = sum(rules.criterion_differs(*pair, seed=number) for number, pair in enumerate(trials.one))
    yield Finding(figure, "criterion.rs 0.5", share(hits, len(trials.one)), "rule re-coded: it times Rust only")


def _values(steps: Sequence[float]) -> list[float]:
    return [float(np.mean(part)) for part in np.array_split(np.asarray(steps), VALUES)]


def power(setup: Setup) -> Iterator[Finding]:
    """How often a tenth more work is seen; on a loaded machine also with more time, as campaigns take it there."""
    for busy in setup.conditions:
        with Arena(setup, size="ten") as arena, loaded(busy):
            arena.grow(SYSTEM, 2 * LAUNCHES)
            arena.grow(TENTH, 2 * LAUNCHES)
            for budget_s in (BUDGET_S, LONG_S) if busy else (BUDGET_S,):
                yield _seen(setup, arena, budget_s, _where(busy))


def _seen(setup: Setup, arena: Arena, budget_s: float, where: str) -> Finding:
    seen, count, extra = 0, setup.trials(8, 100), []
    for number in range(count):
        setup.say(f"a tenth, {where}, {budget_s:g} s {number + 1}/{count}")
        groups = drawn(arena.pools[SYSTEM], (LAUNCHES, LAUNCHES), seed=number)
        # Anew in every trial: what five launches happen to differ by would else be the same in all.
        (more,) = drawn(arena.pools[TENTH], (LAUNCHES,), seed=number)
        entries = [Entry(SYSTEM, groups[0]), Entry(TENTH, more), Entry(SYSTEM, groups[1])]
        played = arena.race(entries, seed=number, budget_s=budget_s, full_ranking=True)
        seen += played.standings.verdict(1, 0) is Verdict.SLOWER
        extra.append(played.standings.fit.arms[1] - played.standings.fit.arms[0])
    return Finding(
        f"a difference of {math.expm1(float(np.median(extra))):.1%} seen, {where}, in {budget_s:g} s",
        OURS,
        share(seen, count),
        f"{LAUNCHES} launches an arm, one matrix product in ten more",
        "at least 90 %",
        kept(count - seen, count, most=0.1),
    )


def error(setup: Setup) -> Iterator[Finding]:
    """How far from 1 the ratio of identical programs comes out, at equal numbers of steps."""
    for busy, trials in _trials(setup).items():
        figure = f"95th percentile of |ratio − 1| of identical programs, {_where(busy)}"
        ours = [abs(math.expm1(one.standings.fit.arms[1] - one.standings.fit.arms[0])) for one in trials.ours]
        means = [abs(float(np.mean(first) / np.mean(second)) - 1) for first, second in trials.one]
        medians = [abs(float(np.median(first) / np.median(second)) - 1) for first, second in trials.one]
        fives = [abs(float(np.mean(first) / np.mean(second)) - 1) for first, second in trials.five]
        share_of = percentile(ours, 0.95) / percentile(means, 0.95)
        steps = int(np.median([one.steps for one in trials.ours]))
        yield Finding(
            figure,
            OURS,
            f"{percentile(ours, 0.95):.1%}, {share_of:.2f} of the sequential mean",
            f"{len(ours)} trials, {LAUNCHES} launches, interleaved; {steps} steps an arm",
            "at most 1/4",
            share_of <= 0.25,
        )
        for values, how in (
            (means, "sequential mean"),
            (medians, "sequential median"),
            (fives, "sequential mean of five launches"),
        ):
            yield Finding(
                figure,
                "every peer's order",
                f"{percentile(values, 0.95):.1%}",
                f"{how}, {len(values)} trials, as many steps",
            )
        for system in dict.fromkeys(trials.systems):
            mine, theirs = (
                percentile([value for name, value in zip(names, values, strict=True) if name == system], 0.95)
                for names, values in ((trials.systems, ours), (trials.theirs, means))
            )
            yield Finding(f"the same of {system} alone", OURS, f"{mine:.1%}; sequential mean {theirs:.1%}")


def placebo(setup: Setup) -> Iterator[Finding]:
    """Whether the duplicate comes out the same, and whether a loaded machine is noticed."""
    for busy, trials in _trials(setup).items():
        count = len(trials.ours)
        if busy:
            flagged = sum(one.campaign.trust is not Trust.OK for one in trials.ours)
            named = sum(any("foreign load" in why for why in one.campaign.trust_why) for one in trials.ours)
            yield Finding(
                "contention flagged, loaded",
                OURS,
                f"{share(flagged, count)}; foreign load named in {named}",
                "trust of the campaign",
                "100 %",
                kept(count - flagged, count, most=0.0),
            )
            continue
        same = sum(one.standings.verdict(2, 0) is Verdict.SAME for one in trials.ours)
        yield Finding(
            "placebo SAME, quiet", OURS, share(same, count), "", "at least 95 %", kept(count - same, count, most=0.05)
        )
        doubted = sum(one.campaign.trust is not Trust.OK for one in trials.ours)
        yield Finding("campaigns doubted, quiet", OURS, share(doubted, count), _reasons(trials.ours))
        yield Finding("placebo verdict", "every peer", "none has one", "")


def _reasons(played: Sequence[Played]) -> str:
    words = [re.split(r":| waited \d", why)[0] for one in played for why in one.campaign.trust_why]
    return ", ".join(f"{words.count(word)} × {word}" for word in dict.fromkeys(words)) or "no reason given"


ROWS = (
    Row("identical", "What is said of identical programs", identical),
    Row("power", "Whether a difference of a tenth is seen", power),
    Row("error", "Error of the ratio of identical programs at equal samples", error),
    Row("placebo", "The placebo's verdict, and whether load is noticed", placebo),
)
