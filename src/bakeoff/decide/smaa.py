"""The draws of one decision: which stacks to draw, their totals draw by draw, and how often each is first."""

from __future__ import annotations

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


class Tally(Struct, frozen=True):
    """What the draws showed."""

    firsts: Ints
    """How often each entry was first."""
    top3: Ints
    """How often each entry was among the first three."""
    beaten: Ints
    """How often each entry beat the first entry."""
    draws: int
    """Number of draws."""
    drawn: Drawn
    """The first block."""
    confidence: Floats
    """Confidence factor by entry; NaN where it was not asked for."""
    winners: Ints
    """Position of the first entry, draw by draw."""
    leaders: Ints
    """Positions of the first three, draw by draw, shape (3, draws)."""


class Sampler:
    """Draws values and weights by block."""

    def __init__(self, values: Values, entries: Sequence[Entry], seed: int) -> None:
        self.values = values
        self.entries = entries
        self.seed = seed
        self._layout = Layout(values, entries)

    def run(self, most: int, sides: Sequence[tuple[str, ...]], asked: int) -> Tally:
        """Draws until the share of the first entry's side is known well enough, or `most` is reached.

        Args:
            most: Upper limit of draws, at least one, rounded up to whole blocks.
            sides: For each entry, what it has in common with the others that would be the same answer.
            asked: Number of leading entries whose confidence factor is wanted.
        """
        error = self.values.rules.constants["draw_error"]
        same = np.array([side == sides[0] for side in sides])
        count = len(self.entries)
        firsts, top3, beaten = (np.zeros(count, np.int64) for _ in range(3))
        winners, leaders = [], []
        central = np.zeros((len(self.values.axes), count))
        blocks = self.blocks()
        kept = drawn = blocks.next()
        start = 0
        while True:
            weights = self.weights(BLOCK, start)
            totals = drawn.totals(weights)
            beaten += (totals > totals[0]).sum(axis=1)
            best = _best_three(totals)
            first = best[0]
            own = np.bincount(first, minlength=count)
            firsts += own
            for place in best:
                top3 += np.bincount(place, minlength=count)
            for index in np.flatnonzero(own):
                central[:, index] += weights[:, first == index].sum(axis=1)
            winners.append(first)
            leaders.append(best)
            start += BLOCK
            share = float(same[np.concatenate(winners)].mean())
            if start >= most or (np.sqrt(share * (1 - share) / start) < error and start >= 2 * BLOCK):
                break
            drawn = blocks.next()
        return Tally(
            firsts, top3, beaten, start, kept, self._confidence(kept, central, firsts, asked),
            np.concatenate(winners), np.concatenate(leaders, axis=1),
        )  # fmt: skip

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

    def _confidence(self, drawn: Drawn, central: Floats, firsts: Ints, asked: int) -> Floats:
        found = np.full(len(self.entries), np.nan)
        for position in range(min(asked, len(self.entries))):
            if not firsts[position]:
                found[position] = 0.0
                continue
            own = central[:, position] / firsts[position]
            totals = drawn.totals(own[:, None])
            found[position] = float((totals.argmax(axis=0) == position).mean())
        return found


def choose_entries(
    space: Space, expected: Floats, sides: Sequence[int], *, most: int = 120, each: int = 60
) -> list[int]:
    """Rows worth drawing: the best ones, and the best of every side, in the order of their expected value.

    A row is left out only when `most` rows and one of its own side are better at the centre of all beliefs.
    """
    kept = ranked(space, expected, most).tolist()
    if sides and len(space.rows):
        key = np.zeros(len(space.rows), np.int64)
        for column in sides:
            key = key * len(space.systems[column]) + space.rows[:, column]
        best = np.full(int(key.max()) + 1, -np.inf)
        np.maximum.at(best, key, expected)
        tops = np.flatnonzero(expected >= best[key])
        ordered = tops[_order(space, expected, tops)]
        by_key = dict(zip(reversed(key[ordered].tolist()), reversed(ordered.tolist()), strict=True))
        kept += [by_key[one] for one in dict.fromkeys(key[ordered].tolist())][:each]
    unique = np.array(sorted(set(kept)), np.int64)
    return [int(row) for row in unique[_order(space, expected, unique)]]


def ranked(space: Space, expected: Floats, most: int | None = None) -> Ints:
    """Rows by expected value, best first, at most so many; equals by the names of their components."""
    rows = np.arange(len(space.rows))
    if most is not None and len(rows) > most:
        # Everything that ties with the last place stays in until the names have decided.
        bar = np.partition(expected, len(expected) - most)[len(expected) - most]
        rows = np.flatnonzero(expected >= bar - 1e-9)
    return rows[_order(space, expected, rows)][:most]


def _order(space: Space, expected: Floats, rows: Ints) -> Ints:
    names = [_alphabetical(systems) for systems in space.systems]
    keys: list[npt.NDArray[np.generic]] = [names[column][space.rows[rows, column]] for column in range(len(names))]
    return np.lexsort((*reversed(keys), -np.round(expected[rows], 9)))


def _alphabetical(names: Sequence[str]) -> Ints:
    """The place of every name in the order of the alphabet."""
    found = np.zeros(max(1, len(names)), np.int64)
    for place, index in enumerate(sorted(range(len(names)), key=names.__getitem__)):
        found[index] = place
    return found


def shares_by(tally: Tally, members: Mapping[str, Sequence[int]]) -> dict[str, tuple[float, float]]:
    """For groups of entries, how often one of them is first, and how often one is among the first three."""
    found = {}
    for name, positions in members.items():
        inside = np.zeros(len(tally.firsts), np.bool_)
        inside[list(positions)] = True
        first = float(inside[tally.winners].mean())
        top3 = float(inside[tally.leaders].any(axis=0).mean())
        found[name] = (first, top3)
    return found


def _best_three(totals: Floats) -> Ints:
    """Positions of the first three by draw, the best first; equals by position. The totals are used up."""
    count, draws = totals.shape
    if count <= 3:
        return np.argsort(-totals, axis=0, kind="stable")[: min(3, count)]
    places: list[Ints] = []
    columns = np.arange(draws)
    for _ in range(3):
        places.append(totals.argmax(axis=0))
        totals[places[-1], columns] = -np.inf
    return np.stack(places)
