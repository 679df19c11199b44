"""Who plays when: every draw of a campaign is made from its seed alone, so that resuming goes on as drawn. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BLOCK_S = 0.05
"""Aimed length of a block: long against the cost of a turn (0.3 ms), short against the machine's drift."""
SHORTEST_S = 0.015
"""Length of a block where a budget has no room for longer ones: some ten samples still."""
DIGEST_SHARE = 0.02
"""Share of iterations whose outputs are fingerprinted outside the clock."""
MOST_DIGESTS = 32
"""Fingerprints a block has at most on average: of steps that take no time there would be thousands to compute."""
DROP = 5
"""Iterations dropped after a switch where steps are short: the first is 1.4 to 1.9 times as slow."""
SHIFT_ROUNDS = 12
"""Rounds between two changes of seats where memory cannot hold every launch at once."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long one turn of an arm is."""

    iterations: int
    """Steps that are timed."""
    drop: int
    """Steps before them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one block plays."""

    order: tuple[int, ...]
    """Slots, dropped iterations included."""
    digest_at: tuple[int, ...]
    """Positions whose outputs are fingerprinted."""
    episodes: tuple[int, ...]
    """Training: which of the known episodes follow each other; empty for inference."""


@dataclass(frozen=True, slots=True)
class Seats:
    """Who is kept in memory for some rounds."""

    arms: tuple[int, ...]
    """Arms that play."""
    alive: int
    """Launches of each that live at once."""


def block_size(step_s: float, *, allowed_s: float = math.inf) -> Size:
    """The turn of an arm whose step lasts that long: 50 to 100 ms, at least ten short steps, one to three long ones.

    Args:
        step_s: Seconds a step takes undisturbed.
        allowed_s: Length of a turn that the budget has room for; its block is shorter then, but not below `SHORTEST_S`.
    """
    if step_s < 0.01:
        block_s = min(BLOCK_S, max(SHORTEST_S, allowed_s - DROP * step_s))
        return Size(max(10, math.ceil(block_s / max(step_s, 1e-7))), DROP)
    block_s = min(BLOCK_S, allowed_s)
    return Size(min(3, max(1, round(2 * block_s / step_s))), 1)


def permutation(seed: int, number: int, arms: Sequence[int]) -> tuple[int, ...]:
    """The order in which the live arms play a round: a fresh permutation each round."""
    order = sorted(arms)
    _draw(seed, "order", number).shuffle(order)
    return tuple(order)


def launch(seed: int, number: int, arm: int, played: Mapping[int, int]) -> int:
    """Which live launch of an arm plays a round: a fresh draw among those that have not played much more than others.

    Args:
        seed: Seed of the campaign.
        number: Round.
        arm: Arm number.
        played: Rounds played so far, by launch that lives.
    """
    least = min(played.values())
    behind = sorted(one for one, count in played.items() if count <= least + 1)
    return _draw(seed, "launch", number, arm).choice(behind)


def inference_turn(key: tuple[int, int, int], size: Size, ring: int) -> Turn:
    """Slots of one block of forward passes: every slot as often as any other, in random order.

    Args:
        key: Seed, round and arm.
        size: Length of the turn.
        ring: Number of slots.
    """
    draw = _draw(key[0], "slots", *key[1:])
    count = size.iterations + size.drop
    order: list[int] = []
    while len(order) < count:
        lap = list(range(ring))
        draw.shuffle(lap)
        order.extend(lap)
    return Turn(tuple(order[:count]), _digests(draw, count), ())


def training_turn(key: tuple[int, int, int], size: Size, episodes: Sequence[Sequence[int]]) -> Turn:
    """Slots of one block of training: known episodes in random order, the last one possibly cut short.

    Args:
        key: Seed, round and arm.
        size: Length of the turn.
        episodes: The orders whose losses the oracle knows, of equal length.
    """
    draw = _draw(key[0], "episodes", *key[1:])
    count = size.iterations + size.drop
    chosen = [draw.randrange(len(episodes)) for _ in range(math.ceil(count / len(episodes[0])))]
    order = [slot for number in chosen for slot in episodes[number]]
    return Turn(tuple(order[:count]), _digests(draw, count), tuple(chosen))


def seats(
    live: Sequence[int], shared: Sequence[int], peaks: Mapping[int, int], limit: int, wanted: int, turn: int
) -> Seats:
    """Who is kept in memory next.

    All launches of all live arms where they fit; else fewer launches at once, which take turns; else groups of arms
    that take turns, each with the shared arms, because only arms of one round can be compared.

    Args:
        live: Arms in the race.
        shared: Arms that belong to every group: the leader, the reference arm, the placebo.
        peaks: Bytes one launch of each arm needs.
        limit: Bytes all of them together may use.
        wanted: Launches every arm is to have.
        turn: How many times seats have changed.
    """
    together = sum(peaks[arm] for arm in live)
    alive = min(wanted, limit // max(together, 1))
    if alive >= 1:
        return Seats(tuple(sorted(live)), int(alive))
    always = sorted(set(shared) & set(live))
    room = limit - sum(peaks[arm] for arm in always)
    groups: list[list[int]] = [[]]
    used = 0
    for arm in sorted(set(live) - set(always), key=lambda one: (-peaks[one], one)):
        if groups[-1] and used + peaks[arm] > room:
            groups.append([])
            used = 0
        groups[-1].append(arm)
        used += peaks[arm]
    return Seats(tuple(sorted([*always, *groups[turn % len(groups)]])), 1)


def _digests(draw: random.Random, count: int) -> tuple[int, ...]:
    share = min(DIGEST_SHARE, MOST_DIGESTS / max(count, 1))
    return tuple(position for position in range(count) if draw.random() < share)


def _draw(seed: int, *key: object) -> random.Random:
    return random.Random("/".join(map(str, (seed, *key))))  # noqa: S311  # reproducible, not secret
