"""Each guard speaks when it must, names itself, and is silent otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bakeoff.lab.cells import Machine
from bakeoff.lab.guards import block_value, breaches, counting, disturbances, labels, roofline_share
from bakeoff.lab.raw import BlockFacts, Header, LaunchFacts, Peaks, Request, RoundFacts, Samples

MS = 1_000_000
HEADER = Header(
    id="c",
    request=Request("toy", "small"),
    request_key="k",
    workload_version=1,
    unit="row",
    flops=1e6,
    bytes=1e5,
    units=1.0,
    started=datetime(2026, 11, 22, tzinfo=UTC),
    machine=Machine("m", "cpu", 2, 8_000_000_000, "linux"),
    threads=2,
    cpus=(0, 1),
    probe_delay=0.0,
    timer_ns=1,
    null_ns=50.0,
    peaks=Peaks(flops_per_s=2e9, ceiling_flops_per_s=2e9, bytes_per_s=1e9),
    software="0",
)
LAUNCH = LaunchFacts(
    number=1, import_cpu_s=0.1, build_s=0.1, first_call_s=0.1, cold=False, threads_used=1.9, same_input=1.0
)


def block(**changes: object) -> BlockFacts:
    """Twenty steps of 2 ms on both processors, undisturbed."""
    plain = BlockFacts(
        run="r",
        launch=1,
        round=0,
        position=0,
        order=tuple(range(25)),
        samples=Samples(tuple(range(5, 25)), (1,) * 20, (2 * MS,) * 20, (0,) * 20),
        first_ns=(2 * MS,) * 5,
        wall_ns=50 * MS + 20_000,
        outside_ns=0,
        readback_ns=20_000,
        cpu_ns=95 * MS,
        outside_cpu_ns=0,
        steal_ns=0,
        digest_ratio=1.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_clean_block_says_its_median() -> None:
    value = block_value(block())
    assert value.step_s == pytest.approx(2e-3)
    assert value.clean
    assert value.samples == 20
    assert value.closure == 0
    assert value.threads == pytest.approx(1.9, abs=0.01)
    assert breaches(HEADER, [block()], [LAUNCH]) == ()
    assert labels(HEADER, [block()], [LAUNCH]) == ()


def test_delayed_samples_are_set_aside_not_corrected() -> None:
    ns = (2 * MS,) * 12 + (9 * MS,) * 8
    delay = (0,) * 12 + (3 * MS,) * 8
    disturbed = block(samples=Samples(tuple(range(5, 25)), (1,) * 20, ns, delay))
    value = block_value(disturbed)
    assert value.step_s == pytest.approx(2e-3)
    assert value.dirty == 8
    assert value.clean


def test_too_few_clean_samples_make_a_block_unclean() -> None:
    delay = (0,) * 2 + (3 * MS,) * 18
    value = block_value(block(samples=Samples(tuple(range(5, 25)), (1,) * 20, (2 * MS,) * 20, delay)))
    assert not value.clean
    assert value.samples == 2, "the clean ones speak, few as they are"


def test_unknown_delays_count_as_clean() -> None:
    unknown = Samples(tuple(range(5, 25)), (1,) * 20, (2 * MS,) * 20, (-1,) * 20)
    assert block_value(block(samples=unknown)).dirty == 0


def test_where_nothing_is_clean_what_waited_least_speaks() -> None:
    # Its own threads always wait a tenth of the time; a neighbour made two of three samples wait for half of it.
    disturbed = tuple(number % 3 != 0 for number in range(21))
    ns = tuple(4 * MS if late else 2 * MS for late in disturbed)
    delay = tuple(2 * MS if late else MS // 5 for late in disturbed)
    value = block_value(block(samples=Samples(tuple(range(5, 26)), (1,) * 21, ns, delay)))
    assert not value.clean
    assert value.step_s == pytest.approx(2e-3)
    assert value.waited == pytest.approx(0.1)
    assert value.samples == 7
    assert value.dirty == 21


def test_blocks_that_waited_longer_than_their_arm_cannot_avoid_do_not_count() -> None:
    assert counting([]) == ()
    assert counting([0.0, 0.015, 0.3, 0.0]) == (True, True, False, True)
    assert counting([0.10, 0.11, 0.6, 0.10]) == (True, True, False, True), "its own threads wait a tenth of the time"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"wall_ns": 80 * MS, "cpu_ns": 150 * MS}, "no sync"),
        ({"cpu_ns": 120 * MS}, "threads: used 2.40 of 2 given"),
        ({"cpu_ns": 50 * MS}, "threads: used 1.00 in the rounds, 1.90 before"),
        ({"digest_ratio": 900.0, "digest_detail": "c of input 3"}, "wrong while timed: 1 of 1 blocks"),
        (
            {"samples": Samples((0,), (1,), (MS // 4,), (0,)), "first_ns": (), "wall_ns": MS // 4, "cpu_ns": MS // 2},
            "impossible",
        ),
    ],
)
def test_what_cannot_be_believed_is_named(changes: dict[str, object], word: str) -> None:
    said = breaches(HEADER, [block(**changes)], [LAUNCH])
    assert any(word in one for one in said), said


def test_copying_one_result_out_is_no_missing_sync() -> None:
    assert block_value(block(wall_ns=53 * MS, readback_ns=3 * MS)).closure == 0


def test_one_disturbed_block_accuses_nobody() -> None:
    bad = block(wall_ns=90 * MS)
    assert breaches(HEADER, [block(), block(), bad], [LAUNCH]) == ()


def test_labels_tell_idle_threads_replay_and_escape() -> None:
    slow = replace(LAUNCH, threads_used=1.0, same_input=0.5, escaped=3)
    said = labels(HEADER, [block(cpu_ns=50 * MS)], [slow])
    assert [one.split(":")[0] for one in said] == ["used 1.0 of 2 threads", "replay", "pinning"]
    assert breaches(HEADER, [block(cpu_ns=50 * MS)], [slow]) == ()


def test_the_machine_is_said_to_be_contended_with_its_figures() -> None:
    quiet = RoundFacts(0, 1.0, 0.0, 0, 0.0)
    assert disturbances(HEADER, [quiet], [block()]) == ()
    busy = RoundFacts(0, 1.0, 0.4, 3, 0.0)
    late = Samples(tuple(range(5, 25)), (1,) * 20, (2 * MS,) * 20, (MS,) * 20)
    said = " ".join(disturbances(replace(HEADER, probe_delay=0.3), [busy], [block(samples=late, steal_ns=40 * MS)]))
    for word in ("waited 30%", "foreign load: others used 40%", "throttled", "steal", "run queue: 100%"):
        assert word in said
    unknown = RoundFacts(0, 1.0, None, None, 0.0)
    assert disturbances(replace(HEADER, probe_delay=None), [unknown], [block(steal_ns=None)]) == ()


def test_roofline_is_the_nearer_of_two_roofs() -> None:
    assert roofline_share(HEADER, 1e-3) == pytest.approx(0.5)
    assert roofline_share(replace(HEADER, bytes=8e5), 1e-3) == pytest.approx(0.8)
    assert roofline_share(replace(HEADER, peaks=None), 1e-3) is None


def test_too_many_threads_on_the_processors_given_are_labelled_where_nobody_else_was_there() -> None:
    # One thread's worth of processor time for each of two threads that had work all the time.
    waiting = Samples(tuple(range(5, 25)), (1,) * 20, (2 * MS,) * 20, (2 * MS,) * 20)
    crowded = [block(samples=waiting, cpu_ns=100 * MS)] * 3
    alone, busy = RoundFacts(0, 1.0, 0.0, 0, 0.0), RoundFacts(0, 1.0, 0.4, 0, 0.0)
    assert any("had work for 3.00 of 2" in said for said in labels(HEADER, crowded, [LAUNCH], [alone]))
    assert not any("had work" in said for said in labels(HEADER, crowded, [LAUNCH], [busy]))
    assert not any("had work" in said for said in labels(HEADER, [block()], [LAUNCH], [alone]))
