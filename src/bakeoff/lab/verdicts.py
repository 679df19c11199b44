"""Who is faster than whom: the tie zone, the leader, who leaves the race, and when everything is settled. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bakeoff.base.quantity import Interval
from bakeoff.lab.cells import Verdict
from bakeoff.numerics.effects import Fit, Table, fit
from bakeoff.numerics.sequential import sign_evidence, threshold

ALPHA = 0.05
"""Chance that any of a campaign's verdicts is wrong, all pairs and all looks together."""
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
    result = fit(table)
    playing = [arm for arm in roles.contestants if arm in result.arms]
    leader = min(playing, key=lambda arm: result.arms[arm])
    zone = max(math.log1p(TIE_ZONE), LAUNCH_FACTOR * result.launch_effect_sd)
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
            verdicts[arm, other] = _judge(table, result, (arm, other), zone, interval, limits)
    return Standings(result, zone, leader, verdicts, ratios)


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
    return threshold(ALPHA, 2 * pairs), threshold(ALPHA, pairs)


def _stride(rho: float) -> int:
    """Rounds between two bets: rounds that remember each other are no independent tosses.

    Fresh random orders make the tosses fair where the machine has moods. Where a program itself has moods, only
    distance helps: bets are as far apart as it takes for the correlation to fall to `FORGOTTEN`.
    """
    return 1 if rho <= FORGOTTEN else math.ceil(math.log(FORGOTTEN) / math.log(rho))


def _judge(
    table: Table, result: Fit, pair: tuple[int, int], zone: float, interval: Interval, limits: tuple[float, float]
) -> Verdict:
    """The betting test must be won and the launches' interval must not contradict it.

    The test sees rounds and knows nothing of launches; the interval sees launches. Either alone would call two lucky
    launches of one program different more often than promised.
    """
    a, b = pair
    ratios = table.paired(a, b)
    if min(len(result.launches[a]), len(result.launches[b])) < LEAST_LAUNCHES or ratios.size < LEAST_ROUNDS:
        return Verdict.AMBIGUOUS
    evidence = sign_evidence(ratios[:: _stride(result.rho)], zone)
    differs, same = limits
    if evidence.below >= differs and interval.high < 1:
        return Verdict.FASTER
    if evidence.above >= differs and interval.low > 1:
        return Verdict.SLOWER
    if evidence.inside >= same and abs(math.log(interval.mid)) <= zone:
        return Verdict.SAME
    return Verdict.AMBIGUOUS
