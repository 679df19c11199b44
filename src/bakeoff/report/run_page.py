"""A run and its campaign as one self-contained page: what ran, where, how it was checked, every block timed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from bakeoff.base.quantity import show_bytes
from bakeoff.lab.cells import Campaign
from bakeoff.lab.guards import block_value
from bakeoff.lab.raw import Raw
from bakeoff.lab.results import Shown
from bakeoff.report import html, rounds, wording


def campaign_page(raw: Raw, shown: Shown) -> str:
    """The whole page.

    Args:
        raw: Everything stored of the campaign.
        shown: The run it is about, with what was concluded.

    Returns:
        HTML that loads nothing and runs nothing; rows and drawings carry `data-run`.
    """
    blocks = list(_blocks(raw))
    return html.template("run.html.j2").render(
        shown=shown,
        run=shown.run,
        campaign=shown.campaign,
        place=place(shown.campaign),
        ran=ran(shown),
        plot=Markup(rounds.plot(blocks)),  # noqa: S704 - made by us, every text in it escaped
        blocks=len(blocks),
        samples=sum(len(block.samples.ns) for block in raw.blocks),
        style=html.style(),
    )


def ran(shown: Shown) -> Mapping[str, str]:
    """What ran, as a sceptic asks: versions, build, threads, variables, limits."""
    run, header, facts = shown.run, shown.header, shown.facts
    about = {
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items())),
        "built as": run.build_flags,
        "adapter": f"{run.arm.system} version {run.arm.adapter_version}, setting {run.arm.setting}",
        "workload": f"{run.arm.workload} version {run.arm.workload_version}, size {run.arm.size}, {run.arm.dtype}",
        "threads": _threads(shown),
        "environment": _environment(shown),
        "variables": " ".join(f"{name}={value}" for name, value in sorted(facts.environ.items())),
        "limits": _LIMITS.get(facts.limits, facts.limits),
        "launches": f"{run.launches} processes timed, one more only checked" if run.launches else "",
        "samples": f"{wording.count(run.samples)} clean, {wording.percent(run.dirty_share)} set aside"
        if run.samples
        else "",
        "seed": str(header.request.seed),
        "bakeoff": header.software,
    }
    return {name: value for name, value in about.items() if value}


def place(campaign: Campaign) -> Mapping[str, str]:
    """Where it ran."""
    machine = campaign.machine
    about = {
        "processor": f"{machine.cpu}, {machine.cores} usable",
        "features": " ".join(machine.flags),
        "memory": show_bytes(machine.memory_bytes),
        "system": machine.os,
        "accelerators": ", ".join(machine.accelerators),
        **{name.replace("_", " "): value for name, value in machine.details.items() if value and value != "unknown"},
        "when": f"{campaign.started:%Y-%m-%d %H:%M} UTC, {campaign.rounds} rounds",
    }
    return {name: value for name, value in about.items() if value}


_LIMITS = {
    "cgroup": "kept by the kernel (control group)",
    "advisory": "watched, not enforced by the kernel",
    "none": "none",
}


def _threads(shown: Shown) -> str:
    used, cpus = shown.run.phases.threads_used, shown.header.cpus
    held = f", held to processors {', '.join(map(str, cpus))}" if cpus else ", not held to processors"
    return f"{shown.header.threads} given{'' if used is None else f', {used:.2f} used'}{held}"


def _environment(shown: Shown) -> str:
    env = shown.run.arm.env
    if env.startswith("python:"):
        return "an interpreter of the user's own"
    return f"{env}, {len(shown.facts.packages)} packages" if env else ""


def _blocks(raw: Raw) -> Iterator[rounds.Block]:
    arms = {run.id: run.arm.key for run in raw.runs}
    for block in raw.blocks:
        value = block_value(block)
        yield rounds.Block(block.run, arms[block.run], block.round, block.launch, value.step_s, value.clean)
