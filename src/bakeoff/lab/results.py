"""Asking the store: all a sceptic wants to see of a run, whether its numbers can be made again, two runs compared."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bakeoff.base.errors import InputError
from bakeoff.base.quantity import Interval
from bakeoff.base.records import Plain, to_plain
from bakeoff.lab.cells import Campaign, Run, Trust
from bakeoff.lab.conclude import conclude, roles_of, table_of
from bakeoff.lab.guards import block_value
from bakeoff.lab.raw import Header, LaunchFacts, Raw, RunFacts
from bakeoff.lab.store import Store
from bakeoff.lab.verdicts import standings
from bakeoff.numerics.effects import fit


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether every published number of a campaign can be made again from its samples."""

    campaign: str
    """Campaign id."""
    numbers: int
    """Numbers compared."""
    exact: bool
    """All agree bit for bit. On another machine its linear algebra library may differ in the last bits."""
    differences: tuple[str, ...]
    """Path and both values of each that differs by more than that: in the first nine digits, or not a number at all."""

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Point:
    """One block of a run in the plot of raw samples."""

    round: int
    """Round number."""
    launch: int
    """Launch that played."""
    step_s: float
    """Block value."""
    clean: bool
    """Enough of its samples were undisturbed."""
    samples_s: tuple[float, ...]
    """Seconds per step of every sample."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one run."""

    campaign: Campaign
    """The campaign it belongs to."""
    run: Run
    """What it gave."""
    header: Header
    """What was asked for and what the machine was like."""
    facts: RunFacts
    """Its environment, variables, limits and last words."""
    launches: tuple[LaunchFacts, ...]
    """Its launches, the checked one first."""
    points: tuple[Point, ...]
    """Its blocks in order."""
    command: str
    """What repeats it."""
    origin: str
    """Where it was imported from; empty for one measured here."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One run against another, possibly of another campaign."""

    run: str
    """Run id."""
    against: str
    """Run id of the other."""
    ratio: Interval
    """Time of `run` over time of `against`."""
    basis: str
    """`same rounds`, or `through the reference arm` for two campaigns."""
    cautions: tuple[str, ...]
    """What makes the two less comparable: other machine, versions, size, trust."""
    names: tuple[str, str] = ("", "")
    """Name in tables of the arm of either run."""


def verify(store: Store, campaign: str) -> Verification:
    """Makes every number of a campaign again from its samples.

    Raises:
        InputError: If there is no such campaign or it was interrupted.
    """
    raw, published = _both(store, campaign)
    again = conclude(raw)
    numbers = sum(_is_number(value) for _, value in _leaves(to_plain(published)))
    return Verification(raw.header.id, numbers, again == published, differences(published, again))


def differences(published: Campaign, again: Campaign) -> tuple[str, ...]:
    """Where two conclusions of one campaign differ, last bits aside, as `path: published …, again …`."""
    before, after = dict(_leaves(to_plain(published))), dict(_leaves(to_plain(again)))
    return tuple(
        f"{place}: published {before.get(place)!r}, again {after.get(place)!r}"
        for place in sorted(after.keys() | before.keys())
        if (place in before) != (place in after) or not _same(before[place], after[place])
    )


def _same(one: Plain, other: Plain) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-15)
    return one == other


def _is_number(value: Plain) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def show(store: Store, run: str) -> Shown:
    """Everything about a run; for a campaign id, about its fastest run.

    Raises:
        InputError: If there is no such run, or its campaign was interrupted.
    """
    raw, published = _both(store, run)
    identity = run.removeprefix("run:")
    found = next((one for one in published.runs if one.id == identity), None) or _fastest(published)
    facts = next(one for one in raw.runs if one.id == found.id)
    points = []
    for block in raw.blocks:
        if block.run == found.id:
            value = block_value(block)
            pairs = zip(block.samples.ns, block.samples.iterations, strict=True)
            samples = tuple(ns * 1e-9 / count for ns, count in pairs)
            points.append(Point(block.round, block.launch, float(value.step_s), bool(value.clean), samples))
    return Shown(
        campaign=published,
        run=found,
        header=raw.header,
        facts=facts,
        launches=raw.launches.get(found.id, ()),
        points=tuple(points),
        command=command(raw.header, facts),
        origin=store.origin(raw.header.id),
    )


def compare(store: Store, run: str, against: str) -> Compared:
    """One run's time over another's.

    Two runs of one campaign are compared in the rounds both played. Runs of two campaigns are compared through the
    reference arm each campaign carries: the machine's mood of the day cancels, another machine's nature does not.

    Raises:
        InputError: If either does not exist or has no speed.
    """
    first, second = _speeding(store, run), _speeding(store, against)
    names = (first[1].arm.key, second[1].arm.key)
    if first[0].id == second[0].id:
        raw = store.raw(first[0].id)
        ratio = _within(raw, first[1].id, second[1].id)
        if ratio is None:
            raise InputError.one("results", "", "the two runs have too few launches for an interval", "measure again")
        return Compared(first[1].id, second[1].id, ratio, "same rounds", _cautions(first, second), names)
    ratio = _through_reference(store, first, second)
    return Compared(first[1].id, second[1].id, ratio, "through the reference arm", _cautions(first, second), names)


def command(header: Header, facts: RunFacts) -> str:
    """The command line that measures one arm again, as it was measured."""
    arm = facts.arm
    words = ["bakeoff", "measure", header.request.workload, "--size", header.request.size]
    version = arm.variant.partition("==")[2]
    words += ["--only", f"{arm.system}/{arm.setting}{f'=={version}' if version else ''}"]
    words += ["--threads", str(header.threads)]
    words += ["--seed", str(header.request.seed), "--budget", f"{header.request.budget_s:g}"]
    words += ["--launches", str(header.request.launches)]
    cell = next((one for one in header.request.cells if (one.system, one.setting) == (arm.system, arm.setting)), None)
    if cell is not None and cell.python:
        words += ["--python", f"{cell.system}={cell.python}"]
    if header.request.full_ranking:
        words.append("--full-ranking")
    return shlex.join(words)


def _both(store: Store, name: str) -> tuple[Raw, Campaign]:
    published = store.campaign(name)
    if published is None:
        identity = store.resolve(name)
        advice = "measure the same again within a day: it goes on where it stopped"
        raise InputError.one("results", "", f"campaign {identity} was interrupted and never concluded", advice)
    return replace(store.raw(name), finished=published.finished), published


def _speeding(store: Store, name: str) -> tuple[Campaign, Run]:
    _, campaign = _both(store, name)
    identity = name.removeprefix("run:")
    run = next((one for one in campaign.runs if one.id == identity), None) or _fastest(campaign)
    if run.step_s is None:
        raise InputError.one("results", "", f"run {run.id} has no speed: it is {run.outcome.value}", run.outcome.advice)
    return campaign, run


def _fastest(campaign: Campaign) -> Run:
    def time(run: Run) -> float:
        return run.step_s.mid if run.step_s and not run.arm.placebo else math.inf

    return min(campaign.runs, key=time)


def _within(raw: Raw, run: str, against: str) -> Interval | None:
    index = {facts.id: number for number, facts in enumerate(raw.runs)}
    return fit(table_of(raw)).ratio(index[run], index[against])


def _through_reference(store: Store, first: tuple[Campaign, Run], second: tuple[Campaign, Run]) -> Interval:
    sides = []
    for campaign, run in (first, second):
        raw = store.raw(campaign.id)
        now = standings(table_of(raw), roles_of(raw.runs))
        index = {facts.id: number for number, facts in enumerate(raw.runs)}
        ratio = Interval(1.0, 1.0, 1.0) if index[run.id] == 0 else now.fit.ratio(index[run.id], 0)
        if ratio is None:
            raise InputError.one("results", "", f"run {run.id} has too few launches for an interval", "measure again")
        sides.append(ratio)
    centre = math.log(sides[0].mid / sides[1].mid)
    # Two independent campaigns: half widths of log ratios add as squares.
    half = math.hypot(*(math.log(side.high / side.low) / 2 for side in sides))
    return Interval(math.exp(centre - half), math.exp(centre), math.exp(centre + half))


def _cautions(first: tuple[Campaign, Run], second: tuple[Campaign, Run]) -> tuple[str, ...]:
    (a, one), (b, two) = first, second
    pairs = (
        ("workload", f"{a.workload} {one.arm.workload_version}", f"{b.workload} {two.arm.workload_version}"),
        ("size", a.size, b.size),
        ("machine", a.machine.id, b.machine.id),
        ("threads", str(one.arm.threads), str(two.arm.threads)),
        ("numeric type", one.arm.dtype, two.arm.dtype),
    )
    said = [f"{what} differs: {x} and {y}" for what, x, y in pairs if x != y]
    campaigns = {a.id: a, b.id: b}.values()
    said += [f"campaign {one.id} was {one.trust.value}" for one in campaigns if one.trust is not Trust.OK]
    return tuple(said)


def _leaves(value: Plain, place: str = "") -> Iterator[tuple[str, Plain]]:
    """Every scalar of a JSON value with its path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{place}.{key}" if place else key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{place}[{index}]")
    else:
        yield place, value
