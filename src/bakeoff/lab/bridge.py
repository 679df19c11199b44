"""From the lab to the catalogue: a ratio against the reference arm becomes points on a property's fixed anchor."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.catalog.model import Claim, Scope
from bakeoff.lab.cells import Campaign, Comparison, Run, Trust
from bakeoff.lab.workload import Informs, Workload


def measured_claims(campaign: Campaign, workload: Workload, *, elsewhere: str = "") -> tuple[Claim, ...]:
    """What a campaign says about the systems it measured, one claim for each system and transfer width.

    A system is represented by its fastest setting. Points are linear in log2 of throughput over the reference arm; the
    interval is that of the ratio plus, on both sides, the workload's transfer width. Points are not clipped: 130 says
    that the anchor was passed. An invalid campaign says nothing.

    Args:
        campaign: What was concluded.
        workload: The workload it ran; its `[informs]` table names property, scope and anchor.
        elsewhere: Name of the store it was imported from; the claims are then `measured-elsewhere`.
    """
    if campaign.trust is Trust.INVALID:
        return ()
    runs = {run.id: run for run in campaign.runs}
    best: dict[str, tuple[Run, Interval]] = {}
    for run, ratio in _against_reference(campaign, runs):
        known = best.get(run.arm.system)
        if known is None or ratio.mid < known[1].mid:
            best[run.arm.system] = (run, ratio)
    informs = workload.informs
    claims = []
    for system in sorted(best):
        run, ratio = best[system]
        for domains, width in _widths(informs):
            claims.append(_claim(campaign, run, ratio, informs, domains=domains, width=width))
    return tuple(_elsewhere(claim, elsewhere) for claim in claims) if elsewhere else tuple(claims)


def points(ratio: Interval, informs: Informs, *, width: float = 0.0) -> Interval:
    """Points of a throughput ratio (arm over reference arm) with the interval of the ratio and a transfer width.

    Args:
        ratio: Throughput over the reference arm's: 2 is twice as fast.
        informs: The anchor: which ratios are worth 0 and 100 points.
        width: Points added on both sides.
    """
    zero = math.log2(informs.ratio_0)
    scale = 100 / (math.log2(informs.ratio_100) - zero)

    def at(value: float) -> float:
        return (math.log2(value) - zero) * scale

    return Interval(at(ratio.low) - width, at(ratio.mid), at(ratio.high) + width)


def throughput(ratio: Interval) -> Interval:
    """A ratio of times turned into a ratio of throughputs."""
    return Interval(1 / ratio.high, 1 / ratio.mid, 1 / ratio.low)


def _against_reference(campaign: Campaign, runs: dict[str, Run]) -> Iterable[tuple[Run, Interval]]:
    """Every believed run with the interval of its time over the reference arm's."""
    reference = runs[campaign.reference]
    if reference.step_s is not None:
        yield reference, Interval(1.0, 1.0, 1.0)
    for comparison in campaign.comparisons:
        run = runs[comparison.run]
        if comparison.against == campaign.reference and _speaks(run, comparison):
            yield run, comparison.ratio


def _speaks(run: Run, comparison: Comparison) -> bool:
    # A version somebody asked for speaks about that version, not about the system as it is today.
    if run.arm.variant:
        return False
    return not run.arm.placebo and run.outcome.measured and comparison.launches >= 2


def _widths(informs: Informs) -> list[tuple[tuple[str, ...], float]]:
    """Domains grouped by their transfer width: a claim's scope can hold one width only."""
    groups: dict[float, list[str]] = {}
    for domain in informs.domains or ("",):
        groups.setdefault(informs.transfer_widths.get(domain, informs.transfer_width), []).append(domain)
    return [(tuple(name for name in names if name), width) for width, names in sorted(groups.items())]


def _claim(
    campaign: Campaign, run: Run, ratio: Interval, informs: Informs, *, domains: tuple[str, ...], width: float
) -> Claim:
    speed = throughput(ratio)
    interval = points(speed, informs, width=width)
    seen = campaign.started.date()
    said = (
        f"{run.arm.key} runs {campaign.workload} ({campaign.size}) at {speed.mid:.2f} times the throughput of the "
        f"reference arm, 95 % interval {speed.low:.2f} to {speed.high:.2f}, {run.launches} launches, {run.arm.threads} "
        f"threads; plus {width:g} points for another task"
    )
    if campaign.trust is Trust.CONTENDED:
        said += f"; the machine was contended: {'; '.join(campaign.trust_why)}"
    evidence = Evidence(
        kind=EvidenceKind.MEASURED_HERE,
        source=f"run:{run.id}",
        observed=seen,
        read=seen,
        says=said,
        value=interval.mid,
        interval=interval,
        method=campaign.method,
        run=run.id,
    )
    scope = Scope(
        device=(informs.device,), domain=domains, activity=informs.activities, precision=(_PRECISION[run.arm.dtype],)
    )
    where = ",".join((informs.device, *domains))
    return Claim(
        id=f"{run.arm.system}.{informs.property}@{where}#{run.id}",
        subject=run.arm.system,
        property=informs.property,
        value=interval.mid,
        scope=scope,
        note=f"Fastest of the settings measured: {run.arm.setting}.",
        evidence=(evidence,),
    )


def _elsewhere(claim: Claim, origin: str) -> Claim:
    """The same claim as another team's: it has its method, but was not measured on the machine in question."""
    moved = tuple(
        replace(one, kind=EvidenceKind.MEASURED_ELSEWHERE, says=f"{origin}: {one.says}") for one in claim.evidence
    )
    return replace(claim, evidence=moved)


_PRECISION = {"float32": "fp32", "float64": "fp64", "float16": "fp16", "bfloat16": "bf16"}
