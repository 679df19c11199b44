"""Rows `distortion`, `host`, `added` and `memory`: what measuring itself does to what is measured."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Block, Memory
from bakeoff.isolate.session import Launch, Session
from bakeoff.lab import adapters as adapter_files
from bakeoff.lab import schedule, workload
from bakeoff.lab.correct import Truth, truth
from bakeoff.numerics.distributions import t_quantile
from tests.benchmarks.arena import SEED
from tests.benchmarks.peers.venvs import AbsentPeerError
from tests.benchmarks.setup import FOREIGN, Setup
from tests.benchmarks.table import OURS, Finding, Row, spread

PROGRAM = "encoder-infer"
SIZE = "small"
THREADS = 2
MIB = 2**20


def distortion(setup: Setup) -> Iterator[Finding]:
    """Time reported over the time of a bare loop, two threads."""
    figure = f"reported / bare loop, {THREADS} threads on {os.cpu_count()} processors"
    checked, module = _program(setup)
    ratios, cpu_shares = [], []
    for number in range(setup.count(4, 10)):
        setup.say(f"distortion, launch {number + 1}")
        found, share = _ours(setup, checked, module, number)
        ratios.append(found)
        cpu_shares.append(share)
    mean = sum(map(math.log, ratios)) / len(ratios)
    sd = math.sqrt(sum((math.log(one) - mean) ** 2 for one in ratios) / (len(ratios) - 1))
    half = t_quantile(0.975, len(ratios) - 1) * sd / math.sqrt(len(ratios))
    low, mid, high = (math.exp(mean + sign * half) for sign in (-1, 0, 1))
    yield Finding(
        figure,
        OURS,
        f"{mid:.3f} [{low:.3f}, {high:.3f}]",
        f"{len(ratios)} launches, blocks and bare loops in turns",
        "within 2 %",
        abs(mid - 1) <= 0.02,
    )
    yield Finding(
        "host CPU while measuring, share of one core",
        OURS,
        f"{max(cpu_shares):.2%} at most",
        "the host's own process time over the wall of its turns",
        "below 1 %",
        max(cpu_shares) < 0.01,
    )
    try:
        rows = _optimum(setup, checked, module)
    except AbsentPeerError as error:
        yield Finding(figure, setup.peers.title("optimum"), "not here", str(error))
        return
    for launcher in ("process", "inline"):
        values = [row[launcher] / row["bare"] for row in rows]
        yield Finding(
            figure, setup.peers.title("optimum"), spread(values, unit="×"), f"own code, its {launcher} launcher"
        )
    parents = [row["parent"] for row in rows]
    yield Finding(
        "host CPU while measuring, share of one core", setup.peers.title("optimum"), spread(parents), "own code"
    )


def _program(setup: Setup) -> tuple[Truth, Path]:
    known = workload.load_all()[PROGRAM]
    checked = truth(known, known.sizes[SIZE], seed=SEED, folder=setup.folder("distortion"), edge=True)
    return checked, adapter_files.ROOT / "numpy" / known.module


def _ours(setup: Setup, checked: Truth, module: Path, number: int) -> tuple[float, float]:
    """Reported over bare, and the host's share, in one launch."""
    with _open(setup, THREADS, number) as session:
        work = checked.work(FOREIGN / "bare" / "wrapped.py", "blas")
        spec = {"file": str(module), "spec": dict(checked.spec), "count": 15}
        _sound(session.prepare(replace(work, spec=spec)))
        warm = session.run([slot % 8 for slot in range(100)], min_sample_s=0.0, drop=0)
        assert isinstance(warm, Block), warm
        size = schedule.block_size(_median([sample.ns * 1e-9 for sample in warm.samples]))
        pairs = []
        own = wall = reported = bare = 0.0
        for turn in range(setup.count(15, 40)):
            _sound(session.pause())
            for plain in (turn % 2 == 0, turn % 2 == 1):
                cpu, begin = time.process_time(), time.monotonic()
                _sound(session.resume())
                if plain:  # after as many steps as the block drops, so that both begin alike
                    _sound(session.run([0] * size.drop, drop=size.drop))
                    told = session.memory()
                    assert isinstance(told, Memory), told
                    bare = told.own["median_s"]
                else:
                    block = session.run([slot % 8 for slot in range(size.iterations + size.drop)], drop=size.drop)
                    assert isinstance(block, Block), block
                    reported = _median([sample.ns * 1e-9 / sample.iterations for sample in block.samples])
                _sound(session.pause())
                if not plain:
                    own += time.process_time() - cpu
                    wall += time.monotonic() - begin
            pairs.append(reported / bare)
        # Pairs of one moment, as the lab compares arms: a machine that changes its mood changes both.
        return _median(pairs), own / wall


def _optimum(setup: Setup, checked: Truth, module: Path) -> list[dict[str, float]]:
    request = {
        "file": str(module),
        "weights": str(checked.weights),
        "inputs": str(checked.inputs),
        "spec": dict(checked.spec),
        "setting": "blas",
        "seconds": setup.count(3, 10),
        "repeats": setup.count(3, 5),
    }
    setup.say("distortion, optimum-benchmark")
    answer: list[dict[str, float]] = setup.peers.run("optimum", "optimum_harness.py", request, threads=THREADS)
    return answer


def added(setup: Setup) -> Iterator[Finding]:
    """What is reported of a step that does nothing."""
    figure = "reported of a step that does nothing"
    repeats = setup.count(9, 30)
    checked, _ = _program(setup)
    with _open(setup, 1, 0) as session:
        work = checked.work(FOREIGN / "bare" / "noop.py", "blas")
        _sound(session.prepare(replace(work, spec={"count": 20_000})))
        sampled, single, bare = [], [], []
        for _ in range(repeats):
            block = session.run([0] * 60_000)
            alone = session.run([0] * 5_000, min_sample_s=0.0)
            told = session.memory()
            assert isinstance(block, Block), block
            assert isinstance(alone, Block), alone
            assert isinstance(told, Memory), told
            sampled.append(_median([sample.ns / sample.iterations for sample in block.samples]))
            single.append(_median([sample.ns / sample.iterations for sample in alone.samples]))
            bare.append(told.own["median_s"] * 1e9)
    middle = _median(sampled)
    yield Finding(
        figure,
        OURS,
        spread(sampled, unit=" ns"),
        "samples of a millisecond, as always",
        "at most 100 ns",
        middle <= 100,
    )
    yield Finding(figure, OURS, spread(single, unit=" ns"), "each step with a clock pair of its own")
    yield Finding(figure, "a clock pair around the call", spread(bare, unit=" ns"), "plain loop in the same worker")
    try:
        rows = setup.peers.run("optimum", "optimum_noop.py", {"repeats": repeats})
        for name, who in (
            ("bare", "a plain loop, no clock"),
            ("tracker", setup.peers.title("optimum")),
            ("timer", "torch.utils.benchmark.Timer"),
        ):
            yield Finding(figure, who, spread([row[name] * 1e9 for row in rows], unit=" ns"), "own code")
    except AbsentPeerError as error:
        yield Finding(figure, setup.peers.title("optimum"), "not here", str(error))
    try:
        values = setup.peers.run("general", "loadgen_noop.py", {"repeats": setup.count(3, 5)})
        yield Finding(figure, "MLPerf LoadGen 6.0.17", spread(values, unit=" ns"), "own code, single stream, p50")
    except AbsentPeerError as error:
        yield Finding(figure, "MLPerf LoadGen 6.0.17", "not here", str(error))


def memory(setup: Setup) -> Iterator[Finding]:
    """What is seen of 100 MiB that are touched and freed at once."""
    figure = "MiB seen of a transient of 100 MiB"
    fakes = Path(__file__).parents[1] / "fakes"
    known = workload.load(fakes / "workloads" / "affine")
    checked = truth(known, known.sizes[known.size("")], seed=SEED, folder=setup.folder("memory"), edge=True)
    seen = []
    with _open(setup, 1, 0, fakes / "transient") as session:
        _sound(session.prepare(checked.work(fakes / "transient" / known.module, "default")))
        for _ in range(setup.count(20, 100)):
            told = session.memory([0])
            assert isinstance(told, Memory), told
            seen.append((told.peak_bytes - told.before_bytes) / MIB)
    worst = max(abs(one - 100) for one in seen)
    yield Finding(
        figure,
        OURS,
        f"{spread(seen, digits=4)}; worst error {worst:.2f} %",
        "VmHWM, reset",
        "at most 1 % error",
        worst <= 1,
    )
    try:
        told = setup.peers.run("optimum", "optimum_memory.py", {"repeats": setup.count(10, 50)})
        worst = max(abs(one - 100) for one in told)
        value = f"{spread(told, digits=4)}; worst error {worst:.0f} %"
        yield Finding(figure, setup.peers.title("optimum"), value, "own code, sampled every 10 ms by another process")
    except AbsentPeerError as error:
        yield Finding(figure, setup.peers.title("optimum"), "not here", str(error))


def _open(setup: Setup, threads: int, number: int, adapter: Path = FOREIGN / "bare") -> Session:
    numpy = adapter_files.load_all()["numpy"]
    env = setup.builder.ensure(numpy.spec)
    assert not isinstance(env, Fault), env
    environ = next(iter(numpy.settings.values())).env
    launch = Launch(threads, setup.scratch / f"harness-{number}.log", environ=environ)
    session = Session.open(env, adapter, launch)
    assert not isinstance(session, Fault), session
    _sound(session.hello())
    return session


def _sound(answer: object) -> None:
    assert not isinstance(answer, Fault), answer


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


ROWS = (
    Row(
        "distortion",
        "What the harness does to a program with two threads, and what the host uses meanwhile",
        distortion,
    ),
    Row("added", "What is added to each step", added),
    Row("memory", "Peak memory of a transient", memory),
)
