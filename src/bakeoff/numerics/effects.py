"""How much faster, and how sure: effects of arms and launches from interleaved rounds, with intervals of fixed size.

The model is additive in the logarithm of a block's value: what the machine was like in that round, plus the arm, plus
the launch (identical processes differ by several percent), plus noise. Rounds are removed by comparing only within a
round. Launches are the unit of replication, so the variance of an arm comes from how its launches differ, pooled over
arms; rounds that remember each other (autocorrelation) add what that spread cannot see.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bakeoff.base.quantity import Interval
from bakeoff.numerics.distributions import binomial_cdf, t_quantile

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL = 0.95
"""Confidence of every interval."""
_MOST_RHO = 0.95
_PART = 5
"""Blocks of an arm from which a part of a campaign says how fast it was then."""
_WIDEST = 300.0
"""Half width (log) that stands for "nothing is known": any factor a computer could measure, and `exp` can take it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Block values of a campaign: one row per block, same length everywhere."""

    arm: Ints
    """Arm number, from 0."""
    launch: Ints
    """Launch number within the arm."""
    round: Ints
    """Round number."""
    log_s: Floats
    """Natural logarithm of the block's seconds per step."""

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, float]]) -> Table:
        """A table from (arm, launch, round, seconds per step) rows."""
        columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
        arm, launch, rounds = (np.asarray(column, dtype=np.int64) for column in columns[:3])
        return cls(arm, launch, rounds, np.log(np.asarray(columns[3], dtype=np.float64)))

    def until(self, last: int) -> Table:
        """The rounds up to and including `last`."""
        kept = self.round <= last
        return Table(self.arm[kept], self.launch[kept], self.round[kept], self.log_s[kept])

    def last(self, arm: int) -> int:
        """The last round an arm played.

        Raises:
            ValueError: If it played none.
        """
        return int(self.round[self.arm == arm].max())

    def turned(self, stayed: int, left: int) -> float:
        """How much longer (log) an arm took while another still played than after that one had left.

        0 where either part is too short to tell.

        Raises:
            ValueError: If the arm that left played no round.
        """
        mine, last = self.arm == stayed, self.last(left)
        before, after = self.log_s[mine & (self.round <= last)], self.log_s[mine & (self.round > last)]
        if min(before.size, after.size) < _PART:
            return 0.0
        return float(np.median(before) - np.median(after))

    def paired(self, a: int, b: int) -> Floats:
        """Log ratios a/b of the rounds both arms played, in round order."""
        mine = dict(zip(self.round[self.arm == a].tolist(), self.log_s[self.arm == a].tolist(), strict=True))
        other = dict(zip(self.round[self.arm == b].tolist(), self.log_s[self.arm == b].tolist(), strict=True))
        return np.asarray([mine[number] - other[number] for number in sorted(mine.keys() & other.keys())])


@dataclass(frozen=True, slots=True)
class Fit:
    """Effects estimated from a table."""

    arms: Mapping[int, float]
    """Log time by arm, up to one constant common to all arms."""
    launches: Mapping[int, tuple[float, ...]]
    """Log time by arm and launch, same constant."""
    launch_sd: float
    """Standard deviation between the launches of one arm as estimated, pooled over arms; 0 with one launch each."""
    launch_df: int
    """Degrees of freedom of `launch_sd`."""
    noise_sd: float
    """Standard deviation of a block about its launch and round."""
    noise_df: int
    """Degrees of freedom of `noise_sd`."""
    rho: float
    """Correlation of an arm's noise between one of its rounds and the next; 0 unless the data show it."""
    rounds: Mapping[int, int]
    """Rounds each arm played."""
    spread: Floats
    """Covariance of the launch effects that noise alone gives them, in units of `noise_sd` squared."""

    @property
    def launch_effect_sd(self) -> float:
        """Standard deviation between launches themselves: `launch_sd` less what the noise of each estimate adds."""
        if self.launch_df < 1:
            return 0.0
        return math.sqrt(max(0.0, self.launch_sd**2 - self._noise_per_launch()))

    def ratio(self, a: int, b: int, *, level: float = LEVEL) -> Interval | None:
        """Time of arm `a` over time of arm `b`, with a two-sided t interval; None when launches cannot give one.

        For a fixed number of rounds: computing it again and again while deciding when to stop is not what it promises.
        """
        if self.launch_df < 1 or a not in self.arms or b not in self.arms:
            return None
        between, within = self._variances(a, b)
        centre = self.arms[a] - self.arms[b]
        variance = between + within
        if variance <= 0:
            return Interval(math.exp(centre), math.exp(centre), math.exp(centre))
        effective = max(1.0, self.noise_df / self._repetition(a, b) / 2)
        # Satterthwaite: what was subtracted made `between` smaller, not better known.
        shown = self.launch_sd**2 * self._apart(a, b) if between > 0 else 0.0
        df = max(1.0, variance**2 / (shown**2 / self.launch_df + within**2 / effective))
        half = min(t_quantile((1 + level) / 2, df) * math.sqrt(variance), _WIDEST)
        return Interval(math.exp(centre - half), math.exp(centre), math.exp(centre + half))

    def _variances(self, a: int, b: int) -> tuple[float, float]:
        """Variance of the difference of two arms: what the spread of launches shows, and what it cannot show.

        The spread of an arm's estimated launches holds the launch effects and the noise of each estimate. Rounds tie
        the arms together, so adding up two arms' spreads would count part of that noise twice; that part is taken off.
        Noise that remembers earlier rounds moves all launches of an arm alike: only `rho` knows of it.
        """
        owner = self._owners()
        weight = (owner == a) / len(self.launches[a]) - (owner == b) / len(self.launches[b])
        noise = self.noise_sd**2 * float(weight @ self.spread @ weight)
        apart = self._apart(a, b)
        between = self.launch_sd**2 * apart - max(0.0, self._noise_per_launch() * apart - noise)
        repetition = self._repetition(a, b)
        return (between, noise * (repetition - 1)) if between > noise else (0.0, noise * repetition)

    def _repetition(self, a: int, b: int) -> float:
        """How many rounds that remember each other are worth one that does not, for the mean of the shorter series.

        The variance of the mean of n values of an AR(1) series over that of n independent ones; at most n.
        """
        rho, count = self.rho, min(self.rounds[a], self.rounds[b])
        return (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**count) / (count * (1 - rho) ** 2)

    def _apart(self, a: int, b: int) -> float:
        """Variance of the difference of two arms for a variance of 1 between launches."""
        return 1 / len(self.launches[a]) + 1 / len(self.launches[b])

    def _owners(self) -> Ints:
        """The arm of every column of `spread`."""
        return np.repeat(np.asarray(list(self.launches)), [len(values) for values in self.launches.values()])

    def _noise_per_launch(self) -> float:
        """Variance that noise alone gives to launches about their arm, pooled as `launch_sd` is."""
        owner = self._owners()
        same = owner[:, None] == owner[None, :]
        centred = np.eye(owner.size) - same / same.sum(axis=1)[:, None]
        return self.noise_sd**2 * float(np.trace(centred @ self.spread)) / self.launch_df


def fit(table: Table) -> Fit:
    """Least squares of log value = round + arm·launch, and the spread of launches about their arm.

    Rounds are eliminated first (each block minus its round's mean), which leaves one small system whatever the number
    of rounds. Arms need not play every round: a race that drops slow arms is fitted as it was played.

    Raises:
        ValueError: If the table is empty.
    """
    if table.arm.size == 0:
        raise ValueError("cannot fit an empty table")
    keys = list(zip(table.arm.tolist(), table.launch.tolist(), strict=True))
    cells = sorted(set(keys))
    cell_of = {cell: index for index, cell in enumerate(cells)}
    column = np.asarray([cell_of[key] for key in keys])
    rounds, row = np.unique(table.round, return_inverse=True)
    played = np.zeros((rounds.size, len(cells)))
    np.add.at(played, (row, column), 1.0)
    width = played.sum(axis=1)
    round_mean = np.bincount(row, weights=table.log_s) / width
    shares = played / width[:, None]
    inverse = np.linalg.pinv(np.diag(played.sum(axis=0)) - played.T @ shares, rcond=1e-9, hermitian=True)
    owner = np.asarray([cell[0] for cell in cells])
    ties = _ties(played, owner)
    rank = round(float(np.trace(inverse @ np.linalg.pinv(inverse, rcond=1e-9, hermitian=True))))
    effects = ties @ inverse @ np.bincount(column, weights=table.log_s - round_mean[row], minlength=len(cells))
    inverse = ties @ inverse @ ties.T
    residual = table.log_s - round_mean[row] - (effects[column] - (shares @ effects)[row])
    noise_df = max(table.arm.size - rounds.size - rank, 0)
    launches = {
        arm: tuple(float(effects[cell_of[cell]]) for cell in cells if cell[0] == arm)
        for arm in sorted({c[0] for c in cells})
    }
    launch_sd, launch_df = pooled_spread(list(launches.values()), tied=len(set(_islands(played))) - 1)
    rho = _memory(table, residual, len(cells))
    # A series that remembers hides part of its variance in its own mean: n·(1 - factor/n) terms are left of n.
    hidden = 1 - min(0.5, ((1 + rho) / (1 - rho) - 1) / rounds.size)
    noise_sd = math.sqrt(float(residual @ residual) / noise_df / hidden) if noise_df else 0.0
    arms = {arm: float(np.mean(values)) for arm, values in launches.items()}
    lengths = {arm: int(np.count_nonzero(table.arm == arm)) for arm in arms}
    return Fit(arms, launches, launch_sd, launch_df, noise_sd, noise_df, rho, lengths, inverse)


def _islands(played: Floats) -> list[int]:
    """Of every launch, the number of its island: launches linked by rounds that they, or others between, share."""
    meets = played.T @ played > 0
    islands = list(range(len(meets)))
    for one, other in np.argwhere(np.triu(meets, 1)).tolist():
        old, new = islands[other], islands[one]
        if old != new:
            islands = [new if island == old else island for island in islands]
    return islands


def _ties(played: Floats, owner: Ints) -> Floats:
    """The matrix that moves islands of launches against each other until the launches of every arm lie closest.

    Launches added late may never meet the early ones in a round: the rounds then say nothing about how the two islands
    lie to each other, but both hold launches of the same arms, and those are copies of one program.
    """
    islands = np.asarray(_islands(played))
    names = np.unique(islands)
    identity = np.eye(owner.size)
    if names.size == 1:
        return identity
    member = (islands[:, None] == names[None, :]).astype(np.float64)
    same = (owner[:, None] == owner[None, :]).astype(np.float64)
    about_arm = identity - same / same.sum(axis=1)[:, None]
    moved: Floats = identity - member @ np.linalg.pinv(about_arm @ member) @ about_arm
    return moved


def median_interval(launches: Sequence[float], spread: float, df: int, *, level: float = LEVEL) -> Interval:
    """One arm's typical value from its launches' log medians, with a t interval over launches.

    Args:
        launches: Log of each launch's median.
        spread: Standard deviation between launches (log), pooled over arms.
        df: Its degrees of freedom; 0 gives an interval of no width, which a single launch cannot avoid.
        level: Confidence.
    """
    centre = float(np.mean(launches))
    half = t_quantile((1 + level) / 2, df) * spread / math.sqrt(len(launches)) if df > 0 else 0.0
    return Interval(math.exp(centre - half), math.exp(centre), math.exp(centre + half))


def pooled_spread(groups: Sequence[Sequence[float]], *, tied: int = 0) -> tuple[float, int]:
    """Standard deviation within groups, pooled, and its degrees of freedom, of which `tied` were spent before.

    >>> pooled_spread([[1.0, 3.0], [5.0, 7.0]]) == (2.0**0.5, 2)
    True
    """
    df = sum(len(group) - 1 for group in groups) - tied
    squares = sum(float(np.var(group)) * len(group) for group in groups if len(group) > 1)
    return (math.sqrt(squares / df) if df > 0 else 0.0), max(df, 0)


def quantile_interval(values: Sequence[float], quantile: float, *, level: float = LEVEL) -> Interval | None:
    """A percentile with the order statistics that bound it, or None when there are too few samples to bound it.

    The number of samples below the true quantile is binomial whatever the distribution, so two order statistics bracket
    it with at least the given confidence. A p99 needs some 370 samples before any upper bound exists at 95 %.

    Args:
        values: Independent samples.
        quantile: In the open interval 0..1.
        level: Confidence of the bracket.
    """
    ordered = sorted(values)
    count = len(ordered)
    tail = (1 - level) / 2
    # The bracket [x_(low), x_(high)] (1-based) fails with P(B < low) + P(B >= high), B the samples below the quantile.
    ranks = range(1, count + 1)
    low = bisect_right(ranks, tail, key=lambda k: binomial_cdf(k - 1, count, quantile))
    high = bisect_left(ranks, 1 - tail, key=lambda k: binomial_cdf(k - 1, count, quantile)) + 1
    if low == 0 or high > count:
        return None
    middle = ordered[min(count - 1, math.floor(quantile * count))]
    return Interval(ordered[low - 1], min(max(middle, ordered[low - 1]), ordered[high - 1]), ordered[high - 1])


def _memory(table: Table, residual: Floats, launches: int) -> float:
    """Lag-1 correlation of the noise along each arm's own rounds, pooled, corrected for its bias, 0 if not significant.

    Bias of the estimate is -(1 + 3 rho)/n (Marriott and Pope 1954; Kendall 1954). Launches are drawn at random, so the
    share of the noise that their effects absorb is taken from the correlation of neighbours twice, and from the
    variance once.
    """
    lagged = total = 0.0
    pairs = 0
    order = np.lexsort((table.round, table.arm))
    same = table.arm[order][1:] == table.arm[order][:-1]
    sorted_residual = residual[order]
    lagged = float(np.sum((sorted_residual[1:] * sorted_residual[:-1])[same]))
    total = float(residual @ residual)
    pairs = int(np.count_nonzero(same))
    arms = len(set(table.arm.tolist()))
    length = pairs / arms if arms else 0
    if total <= 0 or length < 8:
        return 0.0
    raw = lagged / total * (pairs + arms) / pairs
    # Removing the round's mean makes arms mirror each other: k arms carry k - 1 arms' worth of independent noise.
    independent = pairs * (arms - 1) / arms
    if raw * math.sqrt(independent) < 2.0:
        return 0.0
    absorbed = min(0.5, (launches - arms) / independent)
    return min(_MOST_RHO, max(0.0, (raw / (1 - absorbed) + 1 / length) / (1 - 3 / length)))
