"""The loop in which time is taken, on a program that only counts."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.isolate.worker.clock import Plan, Player, Program, timed


class Counter:
    """A program whose outputs say how often it has stepped since its last reset."""

    def __init__(self, episode: int) -> None:
        self.steps = 0
        self.resets = 0
        self.synced = 0
        self.slots: list[int] = []
        self.program = Program(
            step=self._step,
            sync=self._sync,
            restart=self._restart,
            read_back=lambda out: out,
            digest=lambda host: {"steps": host},
            episode=episode,
        )

    def _step(self, slot: int) -> int:
        self.steps += 1
        self.slots.append(slot)
        return self.steps

    def _sync(self, _out: Any) -> None:
        self.synced += 1

    def _restart(self) -> None:
        self.resets += 1
        self.steps = 0


def play(counter: Counter, order: list[int], drop: int, digest_at: list[int], min_ns: int = 3_000) -> dict[str, Any]:
    return Player(counter.program, Plan(order, drop, min_ns, digest_at)).play()


@settings(deadline=None, max_examples=40)
@given(
    order=st.lists(st.integers(0, 7), min_size=1, max_size=200),
    drop=st.integers(0, 10),
    episode=st.sampled_from([0, 1, 7, 50]),
    data=st.data(),
)
def test_every_iteration_is_dropped_or_in_exactly_one_sample(
    order: list[int], drop: int, episode: int, data: st.DataObject
) -> None:
    digest_at = data.draw(st.lists(st.integers(0, len(order) - 1), unique=True, max_size=5))
    counter = Counter(episode)
    block = play(counter, order, drop, digest_at)
    assert counter.slots == order
    assert counter.synced == len(order)
    assert len(block["first_ns"]) == min(drop, len(order))
    position = len(block["first_ns"])
    for start, iterations, ns, _ in block["samples"]:
        assert start == position
        assert iterations >= 1
        assert ns > 0
        position += iterations
    assert position == len(order)
    # The block begins with a reset, and one follows each whole episode.
    assert counter.resets == 1 + (len(order) // episode if episode else 0)
    assert [digest["at"] for digest in block["digests"]] == sorted(digest_at)
    for digest in block["digests"]:
        at = digest["at"]
        assert digest["slot"] == order[at]
        assert digest["step"] == at - digest["first"] + 1
        if episode:
            assert digest["first"] == at - at % episode
            assert digest["arrays"]["steps"] == digest["step"]
        else:
            assert digest["first"] == at


@settings(deadline=None, max_examples=40)
@given(count=st.integers(30, 400), min_ns=st.integers(1, 50_000))
def test_a_sample_lasts_at_least_as_long_as_asked(count: int, min_ns: int) -> None:
    block = play(Counter(0), [0] * count, 5, [], min_ns)
    samples = block["samples"]
    # Only when the whole order is shorter than one sample may it be short.
    assert all(ns >= min_ns for _, _, ns, _ in samples) or len(samples) == 1


def test_the_parts_of_a_block_add_up_to_its_wall() -> None:
    block = play(Counter(7), list(itertools.islice(itertools.cycle(range(8)), 3000)), 5, [40, 41, 900], 50_000)
    inside = sum(block["first_ns"]) + sum(ns for _, _, ns, _ in block["samples"])
    assert inside + block["outside_ns"] + block["readback_ns"] == block["wall_ns"]
    assert block["outside_cpu_ns"] <= block["cpu_ns"]


def test_a_wait_while_reading_back_is_not_bookkeeping() -> None:
    counter = Counter(0)

    def slow(out: int) -> int:
        return sum(range(3_000_000)) * 0 + out

    program = counter.program._replace(read_back=slow)
    block = Player(program, Plan([0] * 50, 5, 1_000, [10, 20])).play()
    assert block["readback_ns"] > block["outside_ns"]
    assert block["readback_ns"] > sum(ns for _, _, ns, _ in block["samples"])


def test_timed_synchronises_every_step() -> None:
    counter = Counter(0)
    ns, out = timed(counter.program.step, counter.program.sync, (3, 1, 2))
    assert (ns > 0, out, counter.slots, counter.synced) == (True, 3, [3, 1, 2], 3)
