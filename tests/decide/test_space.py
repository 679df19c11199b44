"""The space of stacks: what is worked out on its tables equals what a plain look at every row gives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.decide.configure import step
from bakeoff.decide.space import Ban, Block, Space, filled
from tests.decide.world import model

LAYERS = ("framework", "library", "trainer", "kernel", "format", "serving")
SIZES = (2, 3, 2, 3, 2, 3)
NAMES = tuple(tuple(f"{layer}{place}" for place in range(size)) for layer, size in zip(LAYERS, SIZES, strict=True))
Rng = np.random.Generator


def block(draw: Rng, framework: int) -> Block:
    """A framework's stacks: some pairs, kernels and ends of all there could be."""
    tables = []
    for columns in ((1, 2), (3,), (4, 5)):
        every = list(itertools.product(*(range(SIZES[column]) for column in columns)))
        count = int(draw.integers(1, len(every) + 1))
        tables.append(np.array([every[place] for place in sorted(draw.permutation(len(every))[:count])], np.int16))
    pairs, kernels, ends = tables
    places = (
        (0, np.full(len(pairs), framework, np.int16)), (0, pairs[:, 0]), (0, pairs[:, 1]),
        (1, kernels[:, 0]), (2, ends[:, 0]), (2, ends[:, 1]),
    )  # fmt: skip
    doubts = tuple(draw.integers(0, 2, len(table)).astype(np.int16) for table in tables)
    steps = draw.integers(0, 3, len(ends)).astype(np.int16)
    return Block((len(pairs), len(kernels), len(ends)), places, steps, (doubts[0], doubts[1], doubts[2]))


def space(draw: Rng) -> tuple[Space, list[tuple[tuple[int, set[int]], tuple[int, set[int]]]]]:
    """Two frameworks' stacks, some pairs of components banned; and the bans."""
    bans = []
    for _ in range(int(draw.integers(0, 4))):
        left, right = (int(column) for column in draw.choice(6, 2, replace=False))
        bans.append(
            ((left, {int(draw.integers(SIZES[left]))}), (right, set(range(int(draw.integers(1, SIZES[right]))))))
        )
    tables: list[Ban] = []
    for (one, these), (other, those) in bans:
        banned = np.zeros((SIZES[one] + 1, SIZES[other] + 1), np.bool_)
        banned[np.ix_(sorted(these), sorted(those))] = True
        tables.append((one, other, banned))
    blocks = []
    for framework in range(2):
        made = block(draw, framework)
        keep = made.without(tables)
        blocks.append(Block(made.shape, made.places, made.steps, made.doubts, keep))
    return filled(LAYERS, NAMES, blocks), bans


def plain(full: Space, bans: list[tuple[tuple[int, set[int]], tuple[int, set[int]]]]) -> list[tuple[int, ...]]:
    """Every stack, one by one."""
    found = []
    for made in full.blocks:
        for entry in itertools.product(*(range(size) for size in made.shape)):
            row = tuple(int(positions[entry[table]]) for table, positions in made.places)
            if not any(row[one] in these and row[other] in those for (one, these), (other, those) in bans):
                found.append(row)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_every_stack_that_no_ban_forbids(seed: int) -> None:
    full, bans = space(np.random.default_rng(seed))
    assert [tuple(row) for row in full.rows.tolist()] == plain(full, bans)


@pytest.mark.parametrize("seed", range(5))
def test_every_doubtful_join_of_a_stack_lowers_its_chance(seed: int) -> None:
    full, _ = space(np.random.default_rng(seed))
    chances = []
    for made in full.blocks:
        for place in itertools.product(*(range(size) for size in made.shape)):
            if made.keep is None or made.keep[place]:
                doubts = sum(int(part[entry]) for part, entry in zip(made.doubts, place, strict=True))
                chances.append(0.5**doubts)
    assert full.doubtful
    assert full.sure(0.5).tolist() == chances


@pytest.mark.parametrize("op", [np.add, np.minimum, np.maximum, np.multiply])
@pytest.mark.parametrize("seed", range(5))
def test_numbers_put_together_on_the_tables_equal_those_of_every_row(seed: int, op: np.ufunc) -> None:
    draw = np.random.default_rng(seed)
    full, _ = space(draw)
    columns = sorted(int(column) for column in draw.choice(6, 3, replace=False))
    worth = [(column, draw.random(SIZES[column])) for column in columns]
    by_row = op.reduce([mine[full.rows[:, column]] for column, mine in worth])
    assert np.allclose(full.joined(worth, op), by_row)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_still_possible_equals_a_look_at_every_row(seed: int) -> None:
    draw = np.random.default_rng(seed)
    full, _ = space(draw)
    columns = [int(column) for column in draw.choice(6, 2, replace=False)]
    chosen = {column: int(draw.integers(SIZES[column])) for column in columns}
    left = [row for row in full.rows.tolist() if all(row[column] == place for column, place in chosen.items())]
    count, seen = full.agreeing(chosen)
    assert count == len(left)
    assert seen == {column: {row[column] for row in left} for column in range(6)}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3))
def test_a_choice_that_cannot_stand_is_repaired_by_the_best_stack_nearest_to_it(which: int) -> None:
    built = model()
    layer = built.space.layers[which % len(built.space.layers)]
    asked = dict(built.space.stack(0)) | {layer: "nothing of that name"}
    found = step(built, asked)
    assert found.stacks == 0
    kept = [
        sum(asked[name] == system for name, system in built.space.stack(row)) for row in range(len(built.space.rows))
    ]
    repaired = next(row for row in range(len(kept)) if built.space.stack(row) == found.repair)
    nearest = [row for row in range(len(kept)) if kept[row] == max(kept)]
    assert kept[repaired] == max(kept)
    assert built.expected[repaired] == pytest.approx(max(built.expected[row] for row in nearest))
