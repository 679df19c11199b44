"""The draws of one decision: which stacks to draw, their totals draw by draw, and how often each is first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.base.record import Struct
from bakeoff.decide import draws as streams
from bakeoff.decide.entries import BLOCK, Blocks, Drawn, Entry, Layout
from bakeoff.decide.space import Space
from bakeoff.decide.value import Floats, Values

Ints = npt.NDArray[np.int64]
"""Positions."""

_OFTEN = 0.1
"""Share of draws an entry must be first in to have a confidence factor."""
_TURNED = 250
"""Draws looked through at a time: as many as stay near the processor."""


class Tally(Struct, frozen=True):
    """What the draws showed."""

    firsts: Ints
    """How often each entry was first."""
    top3: Ints
    """How often each entry was among the first three."""
    beaten: Mapping[int, int]
    """How often an entry beat the first entry, for those it was asked for."""
    draws: int
    """Number of draws."""
    share: float
    """How often the first entry's side was first."""
    drawn: Drawn
    """The first block."""
    confidence: Mapping[int, float]
    """Confidence factor, for those it was asked for and that have one."""
    leaders: Ints
    """Positions of the first three, draw by draw, shape (3, draws)."""


class Sampler:
    """Draws values and weights by block."""

    def __init__(self, values: Values, entries: Sequence[Entry], seed: int) -> None:
        self.values = values
        self.entries = entries
        self.seed = seed
        self._layout = Layout(values, entries)

    def run(self, most: int, sides: Sequence[tuple[str, ...]], asked: Sequence[int] = ()) -> Tally:
        """Draws until the share of the first entry's side is known well enough, or `most` is reached.

        Args:
            most: Upper limit of draws, at least one, rounded up to whole blocks.
            sides: For each entry, what it has in common with the others that would be the same answer.
            asked: Entries to look at more closely: how often they beat the first, and how sure they are.
        """
        error = self.values.rules.constants["draw_error"]
        same = np.array([side == sides[0] for side in sides])
        rivals = list(asked)
        beaten = np.zeros(len(rivals), np.int64)
        central = {position: np.zeros(len(self.values.axes)) for position in rivals}
        leaders: list[Ints] = []
        blocks = self.blocks()
        kept = drawn = blocks.next()
        draws = inside = 0
        while True:
            weights = self.weights(BLOCK, draws)
            totals = drawn.totals(weights, keep=False)
            best = best_three(totals)
            leaders.append(best)
            beaten += (totals[rivals] > totals[0]).sum(axis=1)
            for position in central:
                central[position] += weights[:, best[0] == position].sum(axis=1)
            inside += int(same[best[0]].sum())
            draws += BLOCK
            share = inside / draws
            if draws >= most or (math.sqrt(share * (1 - share) / draws) < error and draws >= 2 * BLOCK):
                break
            drawn = blocks.next()
        places = np.concatenate(leaders, axis=1)
        firsts, top3 = (np.bincount(each.ravel(), minlength=len(same)) for each in (places[0], places))
        sure = {
            position: _confidence(kept, position, sums / firsts[position])
            for position, sums in central.items()
            if firsts[position] >= _OFTEN * draws
        }
        return Tally(firsts, top3, dict(zip(rivals, beaten.tolist(), strict=True)), draws, share, kept, sure, places)

    def blocks(self) -> Blocks:
        """Blocks of draws of what the entries are worth, from the first one on."""
        return Blocks(self._layout, self.seed)

    def weights(self, count: int, start: int) -> Floats:
        """Weight vectors by what the user stated: weights a little blurred, an order, or around the centre."""
        profile, constants = self.values.situation.profile, self.values.rules.constants
        if profile.order and not profile.weights:
            names = [axis.id for axis in self.values.axes]
            return streams.weights_ordered(profile.order, names, count, self.seed, start)
        spread = constants["stated_spread" if profile.weights else "weight_spread"]
        return streams.weights_around(self.values.weights, count, self.seed, spread, start)


def _confidence(drawn: Drawn, position: int, weights: Floats) -> float:
    """How often an entry is first at fixed weights, the first of equals."""
    totals = drawn.totals(weights[:, None], keep=False)
    own = totals[position]
    before, after = totals[:position].max(axis=0, initial=-np.inf), totals[position:].max(axis=0)
    return float(((before < own) & (after <= own)).mean())


def choose_entries(
    space: Space, expected: Floats, sides: Sequence[int], *, most: int = 120, each: int = 60
) -> list[int]:
    """Rows worth drawing: the best ones, and the best of every side, in the order of their expected value.

    A row is left out only when `most` rows and one of its own side are better at the centre of all beliefs.
    """
    order = _Order(space, expected)
    kept = order.best(most).tolist()
    if sides and len(space.rows):
        key = np.zeros(len(space.rows), np.int64)
        for column in sides:
            key = key * len(space.systems[column]) + space.rows[:, column]
        best = np.full(int(key.max()) + 1, -np.inf)
        np.maximum.at(best, key, expected)
        tops = order.of(np.flatnonzero(expected >= best[key]))
        by_key = dict(zip(reversed(key[tops].tolist()), reversed(tops.tolist()), strict=True))
        kept += [by_key[one] for one in dict.fromkeys(key[tops].tolist())][:each]
    found: list[int] = order.of(np.array(sorted(set(kept)), np.int64)).tolist()
    return found


def ranked(space: Space, expected: Floats, most: int | None = None) -> Ints:
    """Rows by expected value, best first, at most so many; equals by the names of their components."""
    return _Order(space, expected).best(most)


class _Order:
    """The order of rows: by expected value, best first; equals by the names of their components."""

    def __init__(self, space: Space, expected: Floats) -> None:
        self._rows = space.rows
        self._expected = expected
        self._names = [_alphabetical(systems) for systems in space.systems]

    def best(self, most: int | None) -> Ints:
        """The first rows of all."""
        rows = np.arange(len(self._rows))
        if most is not None and len(rows) > most:
            # Everything that ties with the last place stays in until the names have decided.
            bar = np.partition(self._expected, len(rows) - most)[len(rows) - most]
            rows = np.flatnonzero(self._expected >= bar - 1e-9)
        return self.of(rows)[:most]

    def of(self, rows: Ints) -> Ints:
        """Some rows, in order."""
        systems = self._rows[rows].T
        keys: list[npt.NDArray[np.generic]] = [names[one] for names, one in zip(self._names, systems, strict=True)]
        return rows[np.lexsort((*reversed(keys), -np.round(self._expected[rows], 9)))]


def _alphabetical(names: Sequence[str]) -> Ints:
    """The place of every name in the order of the alphabet."""
    found = np.zeros(max(1, len(names)), np.int64)
    found[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return found


def shares_by(tally: Tally, groups: Sequence[int]) -> list[tuple[float, float]]:
    """For groups of entries, how often one of them is first, and how often one is among the first three.

    Args:
        tally: What the draws showed.
        groups: Number of the group of every entry.
    """
    count = max(groups) + 1
    leaders = np.array(groups)[tally.leaders]
    top3 = firsts = np.bincount(leaders[0], minlength=count)
    for place in range(1, len(leaders)):
        new = (leaders[place] != leaders[:place]).all(axis=0)
        top3 = top3 + np.bincount(leaders[place][new], minlength=count)
    return list(zip((firsts / tally.draws).tolist(), (top3 / tally.draws).tolist(), strict=True))


def best_three(totals: Floats) -> Ints:
    """Positions of the first three by draw, the best first; equals by position."""
    count, draws = totals.shape
    if count <= 3:
        return np.argsort(-totals, axis=0, kind="stable")
    found, room = np.empty((3, draws), np.int64), np.empty((_TURNED, count))
    for start in range(0, draws, _TURNED):
        # NumPy finds the most of a row at three times the speed of the most of a column.
        some = totals[:, start : start + _TURNED].T
        turned, each = room[: len(some)], np.arange(len(some))
        turned[...] = some
        for places in found[:, start : start + _TURNED]:
            places[...] = turned.argmax(axis=1)
            turned[each, places] = -np.inf
    return found
