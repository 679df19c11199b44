"""Row `coverage`: how often intervals cover the truth and how often looking all the time errs, by simulation."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from bakeoff.lab.cells import Verdict
from bakeoff.lab.verdicts import Roles, standings
from bakeoff.numerics.effects import Table, fit
from bakeoff.numerics.sequential import sign_evidence, threshold
from tests.benchmarks.setup import Setup
from tests.benchmarks.table import OURS, Finding, Row, share
from tests.numerics import simulate

EFFECT = 0.05
ROUNDS = 80
KINDS: tuple[tuple[str, float, simulate.Noise, float, float], ...] = (
    ("normal", 0.005, simulate.normal(0.03), 0.93, 0.97),
    ("launch effects", 0.02, simulate.normal(0.02), 0.93, 0.97),
    ("t with 3 degrees", 0.02, simulate.heavy(0.05), 0.93, 0.97),
    ("AR(0.8)", 0.01, simulate.remembering(0.05), 0.93, 0.97),
    ("rare bimodal", 0.01, simulate.bimodal(0.02), 0.85, 1.0),
)
"""Noise, spread of launches, and the bar: at least, at most."""
ARMS = (5, 2)
"""A usual campaign, and the smallest table there is."""


def run(setup: Setup) -> Iterator[Finding]:
    """Simulated campaigns: fixed numbers of rounds for the intervals, a look after every round for the verdicts."""
    count = setup.count(800, 5000)
    for arms in ARMS:
        for kind, launch_sd, noise, least, most in KINDS:
            setup.say(f"coverage: {kind}, {arms} arms")
            hits = _covered(launch_sd, noise, count, arms)
            bar = f"{least:.0%} to {most:.0%}" if most < 1 else f"at least {least:.0%}"
            met = least <= hits / count <= most
            figure = f"coverage of the 95 % interval, {kind}, {arms} arms"
            yield Finding(figure, OURS, share(hits, count), f"{count} campaigns", bar, met)
    yield Finding("coverage by simulation", "every peer", "untested there", "test suites read: none simulates coverage")
    yield from _anytime(setup)


def _covered(launch_sd: float, noise: simulate.Noise, count: int, arms: int) -> int:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(count):
        effects = [EFFECT] + [0.0] * (arms - 1)
        table = simulate.campaign(rng, effects, rounds=ROUNDS, launch_sd=launch_sd, noise=noise)
        interval = fit(table).ratio(0, 1)
        assert interval is not None
        hits += interval.low <= math.exp(EFFECT) <= interval.high
    return hits


def _anytime(setup: Setup) -> Iterator[Finding]:
    """The bet against a true hypothesis at its very edge, looked at after each of 300 rounds; and whole verdicts."""
    count = setup.count(2000, 10_000)
    rng = np.random.default_rng(0)
    limit = threshold(0.05, 1)
    kept = sum(sign_evidence(rng.normal(-0.03, 0.02, 300), 0.03).below < limit for _ in range(count))
    yield Finding(
        "right over all looks, one bet at the edge of its hypothesis",
        OURS,
        share(kept, count),
        "300 looks a series",
        "at least 95 %",
        kept >= 0.95 * count,
    )
    campaigns = setup.count(150, 1000)
    roles = Roles((0, 1, 2), 0, 2, 0)
    right = 0
    for _ in range(campaigns):
        table = simulate.campaign(rng, [0.0, 0.0, 0.0], rounds=60, launch_sd=0.02, noise=simulate.heavy(0.03))
        right += not any(_false(table, roles, rounds) for rounds in range(12, 61, 4))
    yield Finding(
        "right over all looks, verdicts on identical arms",
        OURS,
        share(right, campaigns),
        "13 looks a campaign, launches differ by 2 %, heavy tails",
        "at least 95 %",
        right >= 0.95 * campaigns,
    )


def _false(table: Table, roles: Roles, rounds: int) -> bool:
    seen = table.round < rounds
    now = standings(Table(table.arm[seen], table.launch[seen], table.round[seen], table.log_s[seen]), roles)
    return any(verdict in (Verdict.FASTER, Verdict.SLOWER) for verdict in now.verdicts.values())


ROW = Row("coverage", "Coverage and error rates by simulation", run)
