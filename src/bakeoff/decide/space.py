"""The space of all stacks: rows of integers, kept beside the few small tables they are the products of.

One framework's stacks are the product of what it is trained with (libraries and trainers), its kernel layers, and the
ways its models end (formats and serving systems), less what clashes. What is added up, compared or looked for over all
stacks is worked out on those tables and spread over the product once: a space of millions costs what its few passes
cost, and is still exact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from bakeoff.base.record import Struct

Rows = npt.NDArray[np.int16]
"""One stack per row: index of the candidate by layer. Column by column in memory."""

Ban = tuple[int, int, npt.NDArray[np.bool_]]
"""Two columns and, by position in each, whether no stack has both; the last of either stands for no place (-1)."""

ByColumn = Sequence[tuple[int, npt.NDArray[Any]]]
"""(column, one number for each of its systems)."""


class Block(Struct, frozen=True):
    """The stacks of one framework: a product of three tables."""

    shape: tuple[int, int, int]
    """Entries of the tables: library with trainer, kernel, format with serving."""
    places: tuple[tuple[int, Rows], ...]
    """For each column its table and its position by entry."""
    steps: Rows
    """Conversions, by entry of the last table."""
    doubts: tuple[Rows, Rows, Rows]
    """Joins that rest on an explicit unknown, by entry of each table."""
    keep: npt.NDArray[np.bool_] | None = None
    """Which of the product are stacks, of this shape; None for all."""

    @property
    def size(self) -> int:
        """How many stacks."""
        return int(np.prod(self.shape)) if self.keep is None else int(np.count_nonzero(self.keep))

    def joined(self, by_column: ByColumn, op: np.ufunc) -> npt.NDArray[Any]:
        """The numbers of a stack's systems put together by `op`, in a shape that broadcasts to the block's."""
        parts: dict[int, npt.NDArray[Any]] = {}
        for column, worth in by_column:
            table, positions = self.places[column]
            mine = worth[positions]
            parts[table] = op(parts[table], mine) if table in parts else mine
        return reduce(op, [along(part, table) for table, part in sorted(parts.items())])

    def without(self, bans: Sequence[Ban]) -> npt.NDArray[np.bool_] | None:
        """Which of the product no ban forbids; None where none of them matters here."""
        keep: npt.NDArray[np.bool_] | None = None
        for left, right, banned in bans:
            (first, ones), (second, others) = self.places[left], self.places[right]
            if first == second:
                bad = along(banned[ones, others], first)
            else:
                shape = [1, 1, 1]
                shape[first], shape[second] = len(ones), len(others)
                grid = banned[np.ix_(ones, others)]
                bad = (grid if first < second else grid.T).reshape(shape)
            if bad.any():
                keep = np.ones(self.shape, np.bool_) if keep is None else keep
                keep &= ~bad
        return keep

    def write(self, out: npt.NDArray[Any], values: npt.NDArray[Any]) -> None:
        """Writes one number per stack, given in a shape that broadcasts to the block's."""
        if self.keep is None:
            out.reshape(self.shape)[...] = values
        else:
            out[...] = np.broadcast_to(values, self.shape)[self.keep]


class Space(Struct, frozen=True):
    """All feasible and conditional stacks of a situation."""

    layers: tuple[str, ...]
    """Columns."""
    systems: tuple[tuple[str, ...], ...]
    """Systems by column; rows hold positions in these."""
    rows: Rows
    """Stacks, each once, in the order of the systems."""
    blocks: tuple[Block, ...]
    """What the rows are the products of, in their order."""

    def stack(self, row: int) -> tuple[tuple[str, str], ...]:
        """(layer, system) of a row."""
        return tuple(
            (layer, self.systems[column][int(self.rows[row, column])]) for column, layer in enumerate(self.layers)
        )

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """Conversions on the way to the format served, by row."""
        return self.spread([along(block.steps.astype(np.float64), 2) for block in self.blocks])

    @property
    def doubtful(self) -> bool:
        """Whether any join rests on an explicit unknown."""
        return any(part.any() for block in self.blocks for part in block.doubts)

    def sure(self, chance: float) -> npt.NDArray[np.float64]:
        """Chance that all joins of a stack hold, by row; those that rest on an explicit unknown do with `chance`."""
        counts = [
            reduce(np.add, [along(part, table) for table, part in enumerate(block.doubts)]) for block in self.blocks
        ]
        # Looked up, since no stack has more than a few, and there may be a million stacks.
        powers = np.power(chance, np.arange(1.0 + max([int(count.max()) for count in counts], default=0)))
        return self.spread([powers[count] for count in counts])

    def joined(self, by_column: ByColumn, op: np.ufunc) -> npt.NDArray[Any]:
        """The numbers of every stack's systems put together by `op`, one per row; `by_column` is not empty."""
        return self.spread([block.joined(by_column, op) for block in self.blocks], by_column[0][1].dtype)

    def spread(self, values: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
        """One number per row, from an array for each block that broadcasts to its shape."""
        found = np.empty(len(self.rows), dtype)
        start = 0
        for block, mine in zip(self.blocks, values, strict=True):
            end = start + block.size
            block.write(found[start:end], mine)
            start = end
        return found

    def agreeing(self, chosen: Mapping[int, int]) -> tuple[int, dict[int, set[int]]]:
        """How many stacks hold the positions chosen (column to position), and the positions seen in them by column."""
        count = 0
        seen: dict[int, set[int]] = {column: set() for column in range(len(self.layers))}
        for block in self.blocks:
            masks = [np.ones(size, np.bool_) for size in block.shape]
            for column, position in chosen.items():
                table, positions = block.places[column]
                masks[table] &= positions == position
            picks = [np.flatnonzero(mask) for mask in masks]
            if not all(len(pick) for pick in picks):
                continue
            if block.keep is not None:
                inside = block.keep if all(mask.all() for mask in masks) else block.keep[np.ix_(*picks)]
                count += int(np.count_nonzero(inside))
                lines = [inside.any(axis=(1, 2)), inside.any(axis=(0, 2)), inside.any(axis=(0, 1))]
                picks = [pick[line] for pick, line in zip(picks, lines, strict=True)]
            else:
                count += int(np.prod([len(pick) for pick in picks]))
            for column, (table, positions) in enumerate(block.places):
                seen[column].update(positions[picks[table]].tolist())
        return count, seen


def filled(layers: tuple[str, ...], systems: tuple[tuple[str, ...], ...], blocks: Sequence[Block]) -> Space:
    """The space of some blocks, its rows written out."""
    rows = np.empty((sum(block.size for block in blocks), len(layers)), np.int16, order="F")
    start = 0
    for block in blocks:
        end = start + block.size
        for column, (table, positions) in enumerate(block.places):
            block.write(rows[start:end, column], along(positions, table))
        start = end
    return Space(layers, systems, rows, tuple(blocks))


def among(places: Rows, positions: Collection[int]) -> npt.NDArray[np.bool_]:
    """Which places are among some positions; both are small numbers from -1 (no place) on."""
    found = np.zeros(max(int(places.max(initial=-1)), *positions, -1) + 2, np.bool_)
    found[list(positions)] = True
    return found[places]


def along(values: npt.NDArray[Any], table: int) -> npt.NDArray[Any]:
    """A table's numbers, lying along its axis of a block."""
    shape = [1, 1, 1]
    shape[table] = -1
    return values.reshape(shape)
