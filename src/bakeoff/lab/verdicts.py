"""Who is faster than whom: the tie zone, the leader, who leaves the race, and when everything is settled. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bakeoff.base.quantity import Interval
from bakeoff.lab.cells import Verdict
from bakeoff.numerics.effects import Fit, Table, fit
from bakeoff.numerics.sequential import sign_evidence, threshold

ALPHA = 0.05
"""Chance that any of a campaign's verdicts is wrong, all pairs and all looks together."""
INTERVAL_SHARE = 0.1
"""Share of that chance given to intervals, which call differences too large for any doubt; bets have the rest."""
TIE_ZONE = 0.03
"""Differences below this are called the same."""
LAUNCH_FACTOR = 2.0
"""The tie zone is at least this many standard deviations between launches of one program."""
LEAST_LAUNCHES = 3
"""No verdict before both arms have played this many launches."""
FORGOTTEN = 0.35
"""Correlation between bets that is small enough to be ignored."""
LEAST_ROUNDS = 8
"""No verdict before two arms have met this often."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What the arms of a campaign are for, by arm number."""

    arms: tuple[int, ...]
    """Every arm, placebo included."""
    reference: int
    """The reference arm."""
    placebo: int
    """The duplicate."""
    original: int
    """The arm it duplicates."""

    @property
    def contestants(self) -> tuple[int, ...]:
        """Every arm but the placebo."""
        return tuple(arm for arm in self.arms if arm != self.placebo)

    @property
    def staying(self) -> frozenset[int]:
        """Arms that never leave: every comparison needs them."""
        return frozenset((self.reference, self.placebo, self.original))


@dataclass(frozen=True, slots=True)
class Standings:
    """Everything that can be said after some rounds."""

    fit: Fit
    """Effects."""
    zone: float
    """Half width of the tie zone, as a log ratio."""
    leader: int
    """The fastest contestant so far."""
    verdicts: Mapping[tuple[int, int], Verdict]
    """By (arm, other): the arm against the leader, the reference arm, and the placebo against its original."""
    ratios: Mapping[tuple[int, int], Interval]
    """Time of the arm over time of the other, where launches allow an interval."""

    def verdict(self, arm: int, other: int) -> Verdict:
        """The verdict on a pair, ambiguous where none was reached."""
        return self.verdicts.get((arm, other), Verdict.AMBIGUOUS)


def standings(table: Table, roles: Roles) -> Standings:
    """Fits the rounds so far and judges every arm against the leader and the reference arm.

    Raises:
        ValueError: If nothing was played.
    """
    ground = _ground(table)
    result = ground.fit
    playing = [arm for arm in roles.contestants if arm in result.arms]
    leader = min(playing, key=lambda arm: result.arms[arm])
    pairs = {(arm, other) for arm in playing for other in (leader, roles.reference) if arm != other}
    if roles.placebo in result.arms:
        pairs |= {(roles.placebo, roles.original), (roles.placebo, leader), (roles.placebo, roles.reference)}
        pairs = {pair for pair in pairs if pair[0] != pair[1]}
    limits = _limits(len(roles.arms))
    verdicts = {}
    ratios = {}
    for arm, other in sorted(pairs):
        interval = result.ratio(arm, other)
        if interval is not None:
            ratios[arm, other] = interval
            verdicts[arm, other] = _judge(ground, (arm, other), interval, limits)
    undecided = {pair: ratios[pair] for pair, verdict in verdicts.items() if verdict is Verdict.AMBIGUOUS}
    verdicts.update(_lost_before(table, undecided, limits))
    return Standings(result, ground.zone, leader, verdicts, ratios)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What verdicts after some rounds rest on."""

    table: Table
    """The rounds."""
    fit: Fit
    """Their effects."""
    zone: float
    """Log differences below this are called the same."""


def _ground(table: Table) -> _Ground:
    result = fit(table)
    return _Ground(table, result, max(math.log1p(TIE_ZONE), LAUNCH_FACTOR * result.launch_effect_sd))


def _lost_before(
    table: Table, open_pairs: Mapping[tuple[int, int], Interval], limits: tuple[float, float]
) -> Iterator[tuple[tuple[int, int], Verdict]]:
    """Verdicts that sent an arm home and that its last rounds still give.

    The test may be read at any time, so what it said when the arm left stands: rounds played without the arm tell more
    about how long the machine remembers, and would take back bets that were won. The interval of all rounds must agree.
    """
    then: dict[int, _Ground] = {}
    for (arm, other), interval in open_pairs.items():
        last = table.last(arm)
        if last == int(table.round.max()):
            continue
        if last not in then:
            then[last] = _ground(table.until(last))
        before = then[last].fit.ratio(arm, other)
        verdict = _judge(then[last], (arm, other), before, limits) if before else Verdict.AMBIGUOUS
        if verdict is Verdict.SLOWER and interval.low > 1:
            yield (arm, other), verdict


def leaving(now: Standings, roles: Roles, live: Collection[int]) -> frozenset[int]:
    """Live arms that lost to the leader and are needed for nothing else."""
    lost = {arm for arm in live if now.verdict(arm, now.leader) is Verdict.SLOWER}
    return frozenset(lost - roles.staying - {now.leader})


def settled(now: Standings, roles: Roles, live: Collection[int]) -> bool:
    """Whether more rounds could change no verdict: every live arm is placed, and the placebo as well."""
    for arm in live:
        for other in (now.leader, roles.reference):
            if arm not in (other, roles.placebo) and now.verdict(arm, other) is Verdict.AMBIGUOUS:
                return False
    return now.verdict(roles.placebo, roles.original) is not Verdict.AMBIGUOUS


def _limits(arms: int) -> tuple[float, float]:
    """Log capital needed to call a difference and to call two arms the same, shared by every pair there could be."""
    pairs = max(1, arms * (arms - 1) // 2)
    bets = ALPHA * (1 - INTERVAL_SHARE)
    return threshold(bets, 2 * pairs), threshold(bets, pairs)


def _level(rounds: int, limit: float) -> float:
    """Confidence at which an interval may be read after every round: looks share the error as 1, 1/4, 1/9 and so on."""
    share = INTERVAL_SHARE / (1 - INTERVAL_SHARE) * math.exp(-limit)
    return 1 - share * 6 / (math.pi * rounds) ** 2


def _stride(rho: float) -> int:
    """Rounds between two bets: rounds that remember each other are no independent tosses.

    Fresh random orders make the tosses fair where the machine has moods. Where a program itself has moods, only
    distance helps: bets are as far apart as it takes for the correlation to fall to `FORGOTTEN`.
    """
    return 1 if rho <= FORGOTTEN else math.ceil(math.log(FORGOTTEN) / math.log(rho))


def _judge(ground: _Ground, pair: tuple[int, int], interval: Interval, limits: tuple[float, float]) -> Verdict:
    """The betting test must be won and the launches' interval must not contradict it.

    The test sees rounds and knows nothing of launches; the interval sees launches. Either alone would call two lucky
    launches of one program different more often than promised. Where one arm's moods leave too few rounds to bet on,
    a difference may still be many times what launches and memory explain: then an interval so wide that it may be
    looked at after every round lies beyond the tie zone, and that is enough.
    """
    a, b = pair
    result, zone = ground.fit, ground.zone
    ratios = ground.table.paired(a, b)
    if min(len(result.launches[a]), len(result.launches[b])) < LEAST_LAUNCHES or ratios.size < LEAST_ROUNDS:
        return Verdict.AMBIGUOUS
    evidence = sign_evidence(ratios[:: _stride(result.rho)], zone)
    differs, same = limits
    if evidence.below >= differs and interval.high < 1:
        return Verdict.FASTER
    if evidence.above >= differs and interval.low > 1:
        return Verdict.SLOWER
    if not interval.low <= 1 <= interval.high:
        wide = result.ratio(a, b, level=_level(ratios.size, differs))
        if wide is not None and wide.high < math.exp(-zone):
            return Verdict.FASTER
        if wide is not None and wide.low > math.exp(zone):
            return Verdict.SLOWER
    if evidence.inside >= same and abs(math.log(interval.mid)) <= zone:
        return Verdict.SAME
    return Verdict.AMBIGUOUS
