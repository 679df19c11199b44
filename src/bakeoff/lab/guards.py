"""Guards: what a block must look like to be believed. Pure: every judgement can be made again from stored samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.lab.raw import BlockFacts, Header, LaunchFacts, RoundFacts
from bakeoff.numerics.compare import FACTOR

CLEAN_DELAY = 0.02
"""A sample is clean when its threads waited at most this share of its time. Filtered, never subtracted."""
LEAST_CLEAN = 0.2
"""A block needs this share of clean samples to be called undisturbed."""
CALM_SAMPLES = 0.1
"""Share of a block's samples that waited least; how long they waited is what its program itself cannot avoid."""
LEAST_SAMPLES = 2
"""Samples that speak for a block at least."""
LEAST_CLEAN_BLOCKS = 0.5
"""An arm with fewer clean blocks than this share is noisy: shown, from what waited least, and said to be so."""
CALM_BLOCKS = 0.25
"""Share of an arm's blocks that waited least; how long they waited is what the arm itself cannot avoid."""
CLOSURE = 0.05
"""The samples must account for the block's wall time up to this share: what is missing ran outside the clock."""
MOST_THREADS = 1.05
"""CPU time over wall time may exceed the threads asked for by this factor."""
CROWDED_THREADS = 1.3
"""Held to the processors it was given, an arm with too many threads waits for itself: a label from this factor on."""
FEW_THREADS = 0.8
"""Below this share of the threads asked for, the arm is labelled with what it used."""
DRIFT_THREADS = 0.2
"""A breach when an arm uses this share fewer threads than in its own warm-up: not what was checked is timed."""
PEAK = 1.2
"""Above this multiple of the measured peak, a time is impossible."""
SAME_INPUT = 1.1
"""One input again and again may be faster than different ones by this factor; more is called caching."""
FOREIGN = 0.05
"""Share of the machine used by others above which a campaign was contended."""
STEAL = 0.02
"""Share of wall time taken by the hypervisor above which a campaign was contended."""
PROBE_DELAY = 0.02
"""Share of time busy threads wait before a campaign above which the machine is contended."""


@dataclass(frozen=True, slots=True)
class BlockValue:
    """What one block says."""

    step_s: float
    """Median seconds per step of its clean samples; of those that waited least when none is clean."""
    clean: bool
    """Enough samples were undisturbed."""
    waited: float
    """Mean share of their time that the samples behind `step_s` waited for a processor."""
    samples: int
    """Samples behind `step_s`."""
    dirty: int
    """Samples that waited; set aside unless too few would be left."""
    taken: int
    """Samples in all."""
    closure: float
    """Share of its wall time that no sample accounts for."""
    threads: float
    """CPU time over wall time while stepping."""
    wanted: float
    """The same with the time its threads waited for a processor added: what it would have used on a quiet machine."""


def block_value(block: BlockFacts) -> BlockValue:
    """The value of a block and what its guards read.

    The threads used are those of the stepping alone: bookkeeping and read-back are taken off both times. A system that
    queues behind its own threads has no clean sample anywhere, and a crowded machine leaves few: those speak that
    waited no longer than the program cannot avoid, and 2 % of their time. The kernel says which, never their value.
    """
    iterations = np.asarray(block.samples.iterations, dtype=np.float64)
    ns = np.asarray(block.samples.ns, dtype=np.float64)
    delay = np.asarray(block.samples.delay_ns, dtype=np.float64)
    waited = np.maximum(delay, 0.0) / np.maximum(ns, 1.0)
    clean = waited <= CLEAN_DELAY
    enough = bool(clean.any()) and clean.mean() >= LEAST_CLEAN
    calm = waited <= CLEAN_DELAY + np.quantile(waited, CALM_SAMPLES)
    speaking = min(ns.size, max(int(calm.sum()), LEAST_SAMPLES))
    chosen = np.argsort(waited, kind="stable")[:speaking]
    inside = block.wall_ns - block.outside_ns
    timed = float(ns.sum()) + float(sum(block.first_ns))
    stepping = max(inside - block.readback_ns, 1)
    used = block.cpu_ns - block.outside_cpu_ns
    step_ns = float(np.median(ns[chosen] / iterations[chosen]))
    # Copying one result out is honest and takes less than a step or two; a missing wait hides a whole block of them.
    missing = max(0.0, inside - timed - 2 * step_ns)
    return BlockValue(
        step_s=step_ns * 1e-9,
        clean=enough,
        waited=float(waited[chosen].mean()),
        samples=speaking,
        dirty=int((~clean).sum()),
        taken=int(ns.size),
        closure=missing / inside if inside > 0 else 0.0,
        threads=used / stepping,
        wanted=(used + float(delay[delay > 0].sum()) * stepping / max(float(ns.sum()), 1.0)) / stepping,
    )


def counting(waited: Sequence[float]) -> tuple[bool, ...]:
    """Which blocks of an arm count: those that waited no longer than the arm cannot avoid, and 2 % of their time.

    On a machine with three times as many busy threads as processors, blocks of a network varied by 40 % where all
    counted, by 3 % where these did. The race and the published numbers choose alike: what ends a race is published.

    >>> counting([0.0, 0.001, 0.5, 0.015])
    (True, True, False, True)
    """
    if not waited:
        return ()
    limit = CLEAN_DELAY + float(np.quantile(waited, CALM_BLOCKS))
    return tuple(one <= limit for one in waited)


def breaches(header: Header, blocks: Sequence[BlockFacts], launches: Sequence[LaunchFacts]) -> tuple[str, ...]:
    """What makes an arm's times unbelievable, each naming itself and what was seen; empty when nothing does.

    Judged over all blocks of an arm, so that one disturbed block accuses nobody.
    """
    if not blocks:
        return ()
    values = [block_value(block) for block in blocks]
    found = []
    bad = [block for block in blocks if block.digest_ratio is not None and not block.digest_ratio <= FACTOR]
    if bad:
        detail = bad[0].digest_detail or "not finite"
        found.append(f"wrong while timed: {len(bad)} of {len(blocks)} blocks, first in round {bad[0].round}: {detail}")
    missing = float(np.median([value.closure for value in values]))
    if missing > CLOSURE:
        found.append(f"no sync: {missing:.0%} of the time until its results could be read passed outside the clock")
    step_s = float(np.median([value.step_s for value in values]))
    found.extend(_impossible(header, step_s))
    used = float(np.median([value.threads for value in values]))
    if used > MOST_THREADS * header.threads:
        found.append(f"threads: used {used:.2f} of {header.threads} given")
    found.extend(_lost_threads(header, values, [one.threads_used for one in launches if one.threads_used]))
    return tuple(found)


def labels(
    header: Header, blocks: Sequence[BlockFacts], launches: Sequence[LaunchFacts], rounds: Sequence[RoundFacts] = ()
) -> tuple[str, ...]:
    """What a reader should know of an arm that is no breach: threads left idle or too many, caching, escaped threads.

    Args:
        header: The campaign.
        blocks: The arm's blocks.
        launches: Its timed launches.
        rounds: Every round. Waiting is laid to an arm's own threads only where others left the machine alone.
    """
    said = []
    if blocks:
        wanted = float(np.median([block_value(block).wanted for block in blocks]))
        if wanted < FEW_THREADS * header.threads:
            said.append(f"used {wanted:.1f} of {header.threads} threads")
        foreign = [one.foreign for one in rounds if one.foreign is not None]
        alone = bool(foreign) and float(np.median(foreign)) <= FOREIGN
        if alone and wanted > CROWDED_THREADS * header.threads:
            said.append(f"threads: had work for {wanted:.2f} of {header.threads} given, and waited for itself")
    same = [launch.same_input for launch in launches if launch.same_input]
    if same and float(np.median(same)) < 1 / SAME_INPUT:
        said.append(f"replay: one input again is {1 / float(np.median(same)):.2f} × as fast as different ones")
    escaped = max((launch.escaped or 0 for launch in launches), default=0)
    if escaped:
        said.append(f"pinning: {escaped} threads may run on processors they were not given")
    return tuple(said)


def disturbances(header: Header, rounds: Sequence[RoundFacts], blocks: Sequence[BlockFacts]) -> tuple[str, ...]:
    """What on this machine disturbed the campaign, each with its figure; empty on a quiet machine."""
    said = []
    if header.probe_delay is not None and header.probe_delay > PROBE_DELAY:
        said.append(f"before the start, busy threads waited {header.probe_delay:.0%} of the time")
    foreign = [one.foreign for one in rounds if one.foreign is not None]
    if foreign and float(np.median(foreign)) > FOREIGN:
        said.append(f"foreign load: others used {float(np.median(foreign)):.0%} of the processors")
    throttled = sum(one.throttled or 0 for one in rounds)
    if throttled:
        said.append(f"throttled: the processor or the control group slowed the workers down {throttled} times")
    wall = sum(block.wall_ns for block in blocks)
    steal = sum(block.steal_ns or 0 for block in blocks)
    if wall and steal / wall > STEAL * max(1, header.machine.cores):
        said.append(f"steal: the hypervisor took {steal / wall / max(1, header.machine.cores):.0%} of the time")
    samples = sum(len(block.samples.ns) for block in blocks)
    dirty = sum(block_value(block).dirty for block in blocks)
    if samples and dirty / samples > 0.25:
        said.append(f"run queue: {dirty / samples:.0%} of the samples waited for a processor and were set aside")
    return tuple(said)


def roofline_share(header: Header, step_s: float) -> float | None:
    """Achieved share of what the measured peaks allow, 0..1 and a little above; None without peaks."""
    if header.peaks is None or step_s <= 0:
        return None
    least = max(header.flops / header.peaks.flops_per_s, header.bytes / header.peaks.bytes_per_s)
    return least / step_s


def _lost_threads(header: Header, values: Sequence[BlockValue], before: Sequence[float]) -> list[str]:
    """Says so when an arm works on fewer threads than while it warmed up.

    Judged by the clean blocks, against the least any of its launches used, and never for less than half a thread where
    several were given: on a contended machine both figures wobble, and the reference arm must not lose its speed so.
    """
    clean = [value.wanted for value in values if value.clean]
    if not before or len(clean) < LEAST_CLEAN_BLOCKS * len(values):
        return []
    wanted, usual = float(np.median(clean)), min(*before, float(header.threads))
    if usual - wanted <= max(DRIFT_THREADS * usual, 0.5 if header.threads > 1 else 0.0):
        return []
    return [f"threads: used {wanted:.2f} in the rounds, {usual:.2f} before them"]


def _impossible(header: Header, step_s: float) -> list[str]:
    if header.peaks is None or not math.isfinite(step_s) or step_s <= 0:
        return []
    found = []
    flops = header.flops / step_s
    if flops > PEAK * header.peaks.ceiling_flops_per_s:
        found.append(
            f"impossible: {flops / 1e9:.3g} GFLOP/s, the machine's peak is {header.peaks.ceiling_flops_per_s / 1e9:.3g}"
        )
    moved = header.bytes / step_s
    if moved > PEAK * header.peaks.bytes_per_s:
        found.append(
            f"impossible: {moved / 1e9:.3g} GB/s, a copy of that size reaches {header.peaks.bytes_per_s / 1e9:.3g}"
        )
    return found
