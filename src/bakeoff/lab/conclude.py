"""From stored samples to published numbers. Pure: `results verify` makes every number again this way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import Interval, show_seconds
from bakeoff.lab.cells import Campaign, Comparison, Phases, Run, Trust, Verdict
from bakeoff.lab.guards import (
    LEAST_CLEAN_BLOCKS,
    BlockValue,
    block_value,
    breaches,
    counting,
    disturbances,
    labels,
    roofline_share,
)
from bakeoff.lab.raw import BlockFacts, LaunchFacts, Raw, RunFacts
from bakeoff.lab.verdicts import TIE_ZONE, Roles, Standings, standings
from bakeoff.numerics.change import classify
from bakeoff.numerics.effects import Table, median_interval, pooled_spread, quantile_interval

PACE = 0.1
"""Share by which an arm may change its pace once another has left, before the ratio of the two is doubted."""
_NOISY = "fewer than half of its blocks were undisturbed: what waited least is shown"


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of one arm that count, with their values."""

    facts: tuple[BlockFacts, ...]
    """In order of rounds."""
    values: tuple[BlockValue, ...]
    """One per block."""
    noisy: bool
    """Too few blocks were clean; what waited least counts."""


def roles_of(runs: Sequence[RunFacts]) -> Roles:
    """What each run of a campaign is for: the first is the reference arm, the placebo says so itself."""
    arms = tuple(range(len(runs)))
    placebo = next((index for index, run in enumerate(runs) if run.arm.placebo), -1)
    return Roles(arms, 0, placebo, 0)


def table_of(raw: Raw) -> Table:
    """Block values of every arm that may have a speed, numbered as in `raw.runs`."""
    return _table(_counting(raw))


def conclude(raw: Raw) -> Campaign:
    """Everything a campaign says, from everything that was stored of it."""
    counting = _counting(raw)
    accused = {index: breaches(raw.header, counting[index].facts, _timed(raw, index)) for index in counting}
    believed = {index: blocks for index, blocks in counting.items() if not accused[index]}
    roles = roles_of(raw.runs)
    table = _table(believed)
    now = standings(table, roles) if any(blocks.facts for blocks in believed.values()) else None
    speeds = _speeds(believed)
    runs = tuple(
        _run(
            raw,
            index,
            blocks=counting.get(index),
            speed=speeds.get(index),
            accused=accused.get(index, ()),
            turns=_turns(raw, table, index, roles.reference),
        )
        for index in roles.arms
    )
    trust, why = _trust(raw, now, roles)
    return Campaign(
        id=raw.header.id,
        workload=raw.header.request.workload,
        size=raw.header.request.size,
        started=raw.header.started,
        finished=raw.finished,
        machine=raw.header.machine,
        trust=trust,
        trust_why=why,
        noise_floor=_noise_floor(now, roles),
        tie_zone=math.expm1(now.zone) if now else TIE_ZONE,
        reference=raw.runs[roles.reference].id,
        rounds=len(raw.rounds),
        seed=raw.header.request.seed,
        runs=runs,
        comparisons=_comparisons(raw, table, now),
        method=_method(raw),
    )


def _counting(raw: Raw) -> dict[int, Blocks]:
    """By run number, the blocks of the runs that did not fail."""
    by_run: dict[str, list[BlockFacts]] = {}
    for block in raw.blocks:
        by_run.setdefault(block.run, []).append(block)
    result = {}
    for index, run in enumerate(raw.runs):
        if run.outcome.measured and run.id in by_run:
            pairs = [(block, block_value(block)) for block in by_run[run.id]]
            chosen = list(compress(pairs, counting([value.waited for _, value in pairs])))
            noisy = sum(value.clean for _, value in pairs) < LEAST_CLEAN_BLOCKS * len(pairs)
            result[index] = Blocks(tuple(one for one, _ in chosen), tuple(value for _, value in chosen), noisy)
    return result


def _table(counting: Mapping[int, Blocks]) -> Table:
    rows = [
        (index, block.launch, block.round, value.step_s)
        for index, blocks in counting.items()
        for block, value in zip(blocks.facts, blocks.values, strict=True)
    ]
    return Table.of(rows)


def _timed(raw: Raw, index: int) -> list[LaunchFacts]:
    return [launch for launch in raw.launches.get(raw.runs[index].id, ()) if launch.number > 0]


def _speeds(believed: Mapping[int, Blocks]) -> dict[int, Interval]:
    """Median seconds per step of every arm with its interval over launches, whose spread is pooled over arms."""
    launches: dict[int, list[float]] = {}
    for index, blocks in believed.items():
        by_launch: dict[int, list[float]] = {}
        for block, value in zip(blocks.facts, blocks.values, strict=True):
            by_launch.setdefault(block.launch, []).append(value.step_s)
        launches[index] = [math.log(float(np.median(values))) for _, values in sorted(by_launch.items())]
    spread, df = pooled_spread(list(launches.values()))
    return {index: median_interval(values, spread, df) for index, values in launches.items()}


def _turn(table: Table, stayed: int, left: int) -> float:
    """How much longer (log) an arm took while another still played, where that is more than `PACE`; else 0."""
    turn = table.turned(stayed, left)
    return turn if abs(turn) > math.log1p(PACE) else 0.0


def _turns(raw: Raw, table: Table, index: int, reference: int) -> tuple[str, ...]:
    """Says so when the reference arm changed its pace once an arm had left."""
    if index not in table.arm or reference not in table.arm:
        return ()
    turn = _turn(table, reference, index)
    if not turn:
        return ()
    key = raw.runs[reference].arm.key
    return (f"pace: while it played, {key} took {math.exp(turn):.2f} times as long as after it had left",)


def _run(
    raw: Raw,
    index: int,
    *,
    blocks: Blocks | None,
    speed: Interval | None,
    accused: tuple[str, ...],
    turns: tuple[str, ...],
) -> Run:
    facts = raw.runs[index]
    outcome, detail = facts.outcome, facts.detail
    if outcome.measured and accused:
        outcome, detail = Outcome.WRONG, "; ".join(accused)
    elif outcome.measured and blocks is None:
        outcome = Outcome.SKIPPED
        detail = facts.detail or "no round was played within the budget"
    elif outcome.measured and blocks is not None and blocks.noisy:
        outcome, detail = Outcome.NOISY, _NOISY
    values = blocks.values if blocks else ()
    said = (*labels(raw.header, blocks.facts, _timed(raw, index), raw.rounds), *turns) if blocks else ()
    total = sum(value.taken for value in values)
    return Run(
        id=facts.id,
        campaign=raw.header.id,
        arm=facts.arm,
        outcome=outcome,
        detail=detail,
        agreement=facts.agreement,
        step_s=speed if outcome.measured else None,
        launches=len({block.launch for block in blocks.facts}) if blocks else 0,
        samples=sum(value.samples for value in values),
        dirty_share=sum(value.dirty for value in values) / total if total else 0.0,
        phases=_phases(raw, facts, blocks, speed if outcome.measured else None),
        flags=accused + said,
        versions=facts.versions,
        build_flags=facts.build_flags,
    )


def _phases(raw: Raw, facts: RunFacts, blocks: Blocks | None, speed: Interval | None) -> Phases:
    launches = raw.launches.get(facts.id, ())
    cold = [launch.first_call_s for launch in launches if launch.cold]
    warm = [launch.first_call_s for launch in launches if not launch.cold]
    series = next((launch.warmup_s for launch in launches if launch.warmup_s), ())
    steps = _single_steps(blocks)
    return Phases(
        environment_s=facts.environment_s,
        environment_bytes=facts.environment_bytes,
        import_cpu_s=_middle([launch.import_cpu_s for launch in launches]),
        build_s=_middle([launch.build_s for launch in launches]),
        first_call_cold_s=cold[0] if cold else None,
        first_call_warm_s=_middle(warm),
        warmup=classify(series).value if series else "",
        after_idle_s=_middle([block.first_ns[0] * 1e-9 for block in blocks.facts if block.first_ns])
        if blocks
        else None,
        peak_bytes=next((launch.peak_bytes for launch in launches if launch.peak_bytes), None),
        cpu_s_per_step=_cpu_per_step(blocks),
        threads_used=_middle([value.threads for value in blocks.values]) if blocks else None,
        thread_scaling=facts.one_thread_s / speed.mid if speed and facts.one_thread_s else None,
        roofline_share=roofline_share(raw.header, speed.mid) if speed else None,
        p95_s=quantile_interval(steps, 0.95) if speed else None,
        p99_s=quantile_interval(steps, 0.99) if speed else None,
    )


def _single_steps(blocks: Blocks | None) -> list[float]:
    """Seconds of every undisturbed step that was timed alone; a percentile of averages would not be a percentile."""
    if blocks is None:
        return []
    return [
        ns * 1e-9
        for block in blocks.facts
        for count, ns in zip(block.samples.iterations, block.samples.ns, strict=True)
        if count == 1
    ]


def _cpu_per_step(blocks: Blocks | None) -> float | None:
    if blocks is None:
        return None
    shares = []
    for block in blocks.facts:
        steps = sum(block.samples.iterations) + len(block.first_ns)
        shares.append((block.cpu_ns - block.outside_cpu_ns) * 1e-9 / max(steps, 1))
    return _middle(shares)


def _comparisons(raw: Raw, table: Table, now: Standings | None) -> tuple[Comparison, ...]:
    if now is None:
        return ()
    return tuple(
        Comparison(
            run=raw.runs[arm].id,
            against=raw.runs[other].id,
            ratio=at_any_pace(table, arm, other, ratio),
            verdict=now.verdict(arm, other),
            launches=min(len(now.fit.launches[arm]), len(now.fit.launches[other])),
        )
        for (arm, other), ratio in sorted(now.ratios.items())
    )


def at_any_pace(table: Table, arm: int, other: int, ratio: Interval) -> Interval:
    """A ratio that also holds at the pace the machine had when one of the two no longer played.

    A machine may turn half as fast for a while, for some programs and not for others. An arm that left by then was seen
    at one pace only, and nobody knows whether it would have turned with the one that stayed: the interval reaches from
    "as it did" to "not at all", its middle lies between the two. Up to `PACE` it is left as it is.
    """
    first, stayed = sorted((arm, other), key=table.last)
    turn = _turn(table, stayed, first)
    if not turn:
        return ratio
    aside = turn if first == arm else -turn
    low, high = ratio.low * math.exp(min(aside, 0.0)), ratio.high * math.exp(max(aside, 0.0))
    return Interval(low, ratio.mid * math.exp(aside / 2), high)


def _noise_floor(now: Standings | None, roles: Roles) -> float | None:
    if now is None or roles.placebo not in now.fit.arms or roles.original not in now.fit.arms:
        return None
    return abs(math.expm1(now.fit.arms[roles.placebo] - now.fit.arms[roles.original]))


def _trust(raw: Raw, now: Standings | None, roles: Roles) -> tuple[Trust, tuple[str, ...]]:
    why = list(disturbances(raw.header, raw.rounds, raw.blocks))
    disturbed = _disturbed(_counting(raw), roles)
    verdict = now.verdict(roles.placebo, roles.original) if now else Verdict.AMBIGUOUS
    if verdict in (Verdict.FASTER, Verdict.SLOWER):
        return Trust.INVALID, (f"two copies of one program were told apart: the placebo is {verdict.value}", *why)
    if disturbed:
        why.append(f"too few undisturbed blocks: {', '.join(raw.runs[index].arm.key for index in disturbed)}")
    if verdict is Verdict.AMBIGUOUS:
        why.append("two copies of one program were not yet shown to be the same")
    return (Trust.CONTENDED if why else Trust.OK), tuple(why)


def _disturbed(counting: Mapping[int, Blocks], roles: Roles) -> tuple[int, ...]:
    """Arms whose disturbed blocks speak of the machine.

    A system that keeps more threads than there are processors queues behind itself: its own row says `noisy`. All arms
    share the same rounds, so a machine that is disturbed shows in the reference arm or its placebo, or in half of all.
    """
    noisy = tuple(index for index, blocks in counting.items() if blocks.noisy)
    machine = {roles.reference, roles.placebo} & set(noisy) or 2 * len(noisy) >= len(counting)
    return noisy if machine else ()


def _middle(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if len(values) else None


def _method(raw: Raw) -> str:
    """One paragraph for whoever imports the result."""
    header = raw.header
    launches = [len([one for one in raw.launches.get(run.id, ()) if one.number > 0]) for run in raw.runs]
    probe = "unknown" if header.probe_delay is None else f"{header.probe_delay:.1%}"
    return (
        f"bakeoff {header.software}: {header.request.workload} version {header.workload_version}, size "
        f"{header.request.size}, {header.threads} threads for every arm on {header.machine.cpu}. Outputs were held "
        f"against a NumPy float64 oracle before and while timed. {len(raw.rounds)} rounds of interleaved blocks in "
        f"random order, idle workers stopped, inputs rotated; {min(launches, default=0)} to {max(launches, default=0)} "
        f"launches an arm. Block value: median of samples with at most 2 % of their time spent in run queues beyond "
        f"what the program itself cannot avoid. "
        f"Ratios: additive model of log times, 95 % t interval over launches, variance pooled over arms. Verdicts: "
        f"sign tests by betting, 5 % for the whole campaign. Clock adds {header.null_ns:.0f} ns; before the start busy "
        f"threads waited {probe} of a second; measured {show_seconds(sum(one.wall_s for one in raw.rounds))} of rounds."
    )
