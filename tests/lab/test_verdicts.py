"""Verdicts by simulation: identical programs are not told apart, ten percent is seen, the loser leaves."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from bakeoff.lab.cells import Verdict
from bakeoff.lab.verdicts import ALPHA, Roles, Standings, _stride, leaving, settled, standings
from bakeoff.numerics.effects import Table
from bakeoff.numerics.sequential import sign_evidence, threshold
from tests.numerics import simulate

ROLES = Roles((0, 1, 2, 3), 0, 3, 0)
LOOKS = range(12, 85, 24)


def raced(rng: np.random.Generator, difference: float, noise: simulate.Noise, launch_sd: float) -> Standings:
    """Arm 1 is slower than arm 0 by `difference`; looks after every tenth round until everything is settled."""
    effects = [0.0, math.log1p(difference), 0.5, 0.0]
    table = simulate.campaign(rng, effects, launches=5, rounds=LOOKS[-1], launch_sd=launch_sd, noise=noise)
    for look in LOOKS:
        seen = table.round < look
        now = standings(Table(table.arm[seen], table.launch[seen], table.round[seen], table.log_s[seen]), ROLES)
        if settled(now, ROLES, ROLES.arms):
            break
    return now


def called(now: Standings) -> Verdict:
    """The verdict on arms 0 and 1, seen from arm 1, whichever leads."""
    if now.leader == 1:
        flipped = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}
        verdict = now.verdict(0, 1)
        return flipped.get(verdict, verdict)
    return now.verdict(1, 0)


@pytest.mark.parametrize(
    ("noise", "launch_sd"),
    [
        pytest.param(simulate.normal(0.02), 0.01, id="quiet"),
        pytest.param(simulate.heavy(0.1), 0.03, id="loaded"),
        pytest.param(simulate.remembering(0.05), 0.02, id="remembering"),
    ],
)
def test_identical_programs_are_told_apart_at_most_one_time_in_twenty(noise: simulate.Noise, launch_sd: float) -> None:
    rng = np.random.default_rng(1)
    told = [raced(rng, 0.0, noise, launch_sd) for _ in range(50)]
    wrong = sum(called(now) in (Verdict.FASTER, Verdict.SLOWER) for now in told)
    placebo = sum(now.verdict(3, 0) in (Verdict.FASTER, Verdict.SLOWER) for now in told)
    assert wrong <= 5  # 5 % of 50 and two standard errors
    assert placebo <= 5


def test_ten_percent_is_seen_nine_times_in_ten() -> None:
    rng = np.random.default_rng(2)
    verdicts = Counter(called(raced(rng, 0.10, simulate.normal(0.02), 0.01)) for _ in range(50))
    assert verdicts[Verdict.SLOWER] >= 45
    assert verdicts[Verdict.FASTER] == 0


def test_the_placebo_is_the_same_on_a_quiet_machine() -> None:
    rng = np.random.default_rng(3)
    same = sum(raced(rng, 0.2, simulate.normal(0.02), 0.01).verdict(3, 0) is Verdict.SAME for _ in range(40))
    assert same >= 36


def test_the_loser_leaves_but_never_the_reference_the_placebo_or_the_leader() -> None:
    rng = np.random.default_rng(4)
    table = simulate.campaign(rng, [0.5, 0.0, 0.3, 0.5], launch_sd=0.002, noise=simulate.normal(0.005), rounds=40)
    now = standings(table, ROLES)
    assert now.leader == 1
    assert now.verdict(0, 1) is Verdict.SLOWER
    assert now.verdict(2, 0) is Verdict.FASTER
    assert leaving(now, ROLES, ROLES.arms) == {2}


def test_nothing_is_said_before_three_launches_or_eight_rounds() -> None:
    rng = np.random.default_rng(5)
    for launches, rounds in ((2, 40), (3, 7)):
        table = simulate.campaign(
            rng, [0.0, 1.0, 2.0, 0.0], launches=launches, rounds=rounds, launch_sd=0.001, noise=simulate.normal(0.001)
        )
        assert set(standings(table, ROLES).verdicts.values()) == {Verdict.AMBIGUOUS}


def test_the_tie_zone_widens_with_the_spread_of_launches() -> None:
    rng = np.random.default_rng(6)
    quiet = simulate.campaign(rng, [0.0] * 4, launch_sd=0.002, noise=simulate.normal(0.005))
    uneven = simulate.campaign(rng, [0.0] * 4, launch_sd=0.06, noise=simulate.normal(0.005))
    assert standings(quiet, ROLES).zone == pytest.approx(math.log(1.03))
    assert standings(uneven, ROLES).zone > 0.07


def test_the_moods_of_one_arm_leave_no_doubt_about_another_that_is_four_times_as_slow() -> None:
    """Rounds that remember each other are bet on now and then only: too seldom in a short race, and needlessly."""
    rng = np.random.default_rng(11)
    effects = [0.0, math.log(4), 0.5, 0.7, 0.7, 0.7, 0.7, 0.0]
    calm = simulate.campaign(rng, effects, launch_sd=0.005, noise=simulate.normal(0.01), rounds=25)
    moods = simulate.remembering(0.2, 0.7)(rng, calm.round.size)
    table = Table(calm.arm, calm.launch, calm.round, calm.log_s + np.where(calm.arm == 2, moods, 0.0))
    now = standings(table, Roles(tuple(range(8)), 0, 7, 0))
    bets = sign_evidence(table.paired(1, 0)[:: _stride(now.fit.rho)], now.zone)
    assert bets.above < threshold(ALPHA, 56), "bets alone must not be able to tell"
    assert now.verdict(1, 0) is Verdict.SLOWER


def test_what_an_arm_lost_by_when_it_left_is_not_taken_back_by_rounds_without_it() -> None:
    """Arm 1 loses in twenty-four even rounds and leaves; arm 2 then falls into moods, which all arms answer for."""
    rng = np.random.default_rng(8)
    effects = [0.0, math.log(1.12), 0.5, 0.0]
    even = simulate.campaign(rng, effects, launch_sd=0.005, noise=simulate.normal(0.01), rounds=24)
    later = simulate.campaign(rng, effects, launch_sd=0.005, noise=simulate.normal(0.01), rounds=80)
    moods = simulate.remembering(0.03)(rng, later.round.size)
    stays = later.arm != 1
    table = Table(
        np.append(even.arm, later.arm[stays]),
        np.append(even.launch, later.launch[stays]),
        np.append(even.round, later.round[stays] + 24),
        np.append(even.log_s, (later.log_s + np.where(later.arm == 2, moods, 0.0))[stays]),
    )
    now = standings(table, ROLES)
    bets = sign_evidence(table.paired(1, 0)[:: _stride(now.fit.rho)], now.zone)
    assert bets.above < threshold(ALPHA, 12), "bets alone would take it back"
    assert now.verdict(1, 0) is Verdict.SLOWER
