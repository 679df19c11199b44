"""A small catalogue without mistakes, on disk and as records, which tests change in one place."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.catalog import build
from bakeoff.catalog.load import DATA, Sources, read_sources
from bakeoff.catalog.model import (
    Answer,
    Catalog,
    Claim,
    Layer,
    Lifecycle,
    LifecycleState,
    Property,
    PropertyKind,
    Scope,
    System,
)

TODAY = date(2026, 11, 22)
_KINDS = {
    "relation": "works_with loads exports serves_on trains_on converts speaks succeeded_by requires conflicts_with",
    "capability": "offline",
    "fact": "latest_version newest_release first_release requires_python wheel_tags download_bytes declared_licence",
}
_MEASURES = """
[[property]]
id = "speed_infer"
kind = "measure"
question = "How fast?"
axis = "performance"
anchor_0 = "slow"
anchor_100 = "fast"
half_life_days = 400
speed = true

[[property]]
id = "fit"
kind = "measure"
question = "How usual?"
axis = "ecosystem"
anchor_0 = "nobody"
anchor_100 = "everybody"

[[property]]
id = "depth"
kind = "measure"
question = "How much stands on it?"
axis = "ecosystem"
anchor_0 = "nothing"
anchor_100 = "everything"
grades = [
    { name = "alone", points = 10, when = "It names nothing." },
    { name = "many", points = 70, when = "It names ten." },
]

[[property]]
id = "release_cadence"
kind = "measure"
question = "How regular?"
axis = "maintenance"
anchor_0 = "never"
anchor_100 = "monthly"

[[property]]
id = "training"
kind = "capability"
question = "Does it train?"
layers = ["framework"]
"""
_AXES = "".join(
    f'[[axis]]\nid = "{axis}"\nname = "{axis}"\nquestion = "?"\nproperties = {list(measures)}\n'
    for axis, *measures in (
        ("performance", "speed_infer"),
        ("ecosystem", "fit", "depth"),
        ("maintenance", "release_cadence"),
    )
)
SOURCE = """
[[source]]
id = "docs"
kind = "documented"
source = "docs of it, section 1, version 2.1"
observed = 2026-06-01
read = 2026-11-22
"""
LIFE = """
[system.lifecycle]
status = "active"
from = "docs"
says = "2.1 was released."
"""


def head(name: str, layer: str, more: str = "") -> str:
    """The head of a system's file, `more` being further keys of [system]."""
    return (
        f'[system]\nid = "{name}"\nname = "{name.title()}"\nlayers = ["{layer}"]\nsummary = "One of them."\n'
        f'licence = "MIT"\n{more}\n'
    )


def claim(about: str, value: str, more: str = "") -> str:
    """A claim in short form; `value` is written as TOML."""
    return f'\n[[claim]]\nproperty = "{about}"\nvalue = {value}\nfrom = "docs"\nsays = "It says so."\n{more}\n'


ALPHA = (
    head("alpha", "framework", 'aliases = ["first"]\npackages = ["pkg:pypi/alpha"]')
    + LIFE
    + SOURCE
    + claim("exports", '"yes"', 'object = "box"')
    + claim("trains_on", '"yes"', 'object = "cpu"')
    + claim("offline", '"yes"')
    + claim("fit", "80", 'scope = { domain = ["vision"] }')
)
BETA = (
    head("beta", "serving")
    + LIFE
    + SOURCE
    + claim("loads", '"yes"', 'object = "box"')
    + claim("works_with", '"yes"', 'object = "alpha"')
    + claim("speed_infer", "60", 'scope = { device = ["cpu"] }')
)
FILES = {
    "systems/framework/alpha.toml": ALPHA,
    "systems/serving/beta.toml": BETA,
    "systems/format/box.toml": head("box", "format", 'suffixes = [".box"]'),
    "systems/device/cpu.toml": head("cpu", "device"),
    "systems/device/x86.toml": head("x86", "device", 'parent = "cpu"'),
    "systems/device/gpu.toml": head("gpu", "device"),
    "systems/quantisation/fp32.toml": head("fp32", "quantisation"),
    "registry/alpha.json": """{"schema": 1, "system": "alpha", "read": "2026-11-20", "snapshot": "2026-11-18",
        "packages": [{"purl": "pkg:pypi/alpha", "latest": "2.1", "lines": ["2.0 2026-09-01", "2.1 2026-10-01"],
        "licence": "MIT"}]}""",
}
"""A catalogue that breaks no lint."""


def write(folder: Path, changed: Mapping[str, str | None] | None = None) -> Path:
    """Writes the small catalogue, with some files replaced, added, or (None) left out; returns its data folder."""
    rows = [
        f'[[property]]\nid = "{name}"\nkind = "{kind}"\nquestion = "?"\n'
        for kind, names in _KINDS.items()
        for name in names.split()
    ]
    files: dict[str, str | None] = {"properties.toml": "\n".join(rows) + _MEASURES, "axes.toml": _AXES, **FILES}
    files.update(changed or {})
    for name, text in files.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in ("scopes.toml", "constants.toml"):
        if name not in files:
            shutil.copy(DATA / name, folder / name)
    return folder


def sources(folder: Path, changed: Mapping[str, str | None] | None = None) -> Sources:
    """The small catalogue, read."""
    return read_sources(write(folder, changed))


CONSTANTS = {
    "width_impression": 12.0,
    "width_reported": 10.0,
    "width_documented": 7.0,
    "width_registry": 3.0,
    "width_measured": 5.0,
    "width_most": 50.0,
    "level_measured_here": 4.0,
    "level_registry": 4.0,
    "level_measured_elsewhere": 3.0,
    "level_measured_without_method": 2.0,
    "level_documented": 3.0,
    "level_documented_speed": 2.0,
    "level_reported": 2.0,
    "level_impression": 1.0,
    "transfer_base": 5.0,
    "transfer_task": 10.0,
    "transfer_device": 10.0,
    "transfer_precision": 8.0,
    "imprecise_points": 15.0,
    "stale_half_lives": 1.0,
    "stale_capability_days": 1095.0,
    "unknown_shrink": 0.75,
    "unknown_population": 4.0,
    "unknown_low": 5.0,
    "unknown_high": 55.0,
}
"""A belief model of the tests' own: what they expect does not move with the shipped numbers."""
PROPERTIES = {
    item.id: item
    for item in (
        Property("offline", PropertyKind.CAPABILITY, "?"),
        Property("serves_on", PropertyKind.RELATION, "?"),
        Property("loads", PropertyKind.RELATION, "?"),
        Property("converts", PropertyKind.RELATION, "?"),
        Property("speed_infer", PropertyKind.MEASURE, "?", axis="performance", half_life_days=400, speed=True),
        Property("fit", PropertyKind.MEASURE, "?", axis="ecosystem", half_life_days=400),
        Property("latest_version", PropertyKind.FACT, "?"),
    )
}
DEVICES = {
    "cpu": None,
    "x86": "cpu",
    "intel": "x86",
    "arm": "cpu",
    "gpu": None,
    "nvidia": "gpu",
    "h100": "nvidia",
    "rtx": "nvidia",
    "amd": "gpu",
}


def evidence(  # noqa: PLR0913 - what tests vary
    kind: EvidenceKind = EvidenceKind.DOCUMENTED,
    *,
    observed: date = TODAY,
    value: float | None = None,
    interval: tuple[float, float, float] | None = None,
    by_vendor: bool = False,
    method: str = "stated",
    superseded: bool = False,
) -> Evidence:
    """One source."""
    return Evidence(
        kind=kind,
        source=f"{kind.value} source, section 1",
        observed=observed,
        read=observed,
        says="It says so.",
        value=value,
        interval=Interval(*interval) if interval else None,
        by_vendor=by_vendor,
        method=method,
        superseded=superseded,
    )


def stated(
    about: str,
    value: Answer | float | str,
    *sources_: Evidence,
    subject: str = "it",
    object: str | None = None,  # noqa: A002 - the catalogue's own word
    scope: Scope | None = None,
) -> Claim:
    """One claim, documented unless said otherwise."""
    made = Claim("", subject, about, value, object, scope=scope or Scope(), evidence=sources_ or (evidence(),))
    return Claim(build.claim_id(made), subject, about, value, object, scope=made.scope, evidence=made.evidence)


def catalog(
    *claims: Claim,
    closed: tuple[str, ...] = (),
    constants: Mapping[str, float] | None = None,
    status: Lifecycle = Lifecycle.ACTIVE,
    others: Iterable[System] = (),
) -> Catalog:
    """A catalogue of the system `it`, the device tree and `others`."""
    it = System(
        "it",
        "It",
        (Layer.SERVING,),
        claims=tuple(item for item in claims if item.subject == "it"),
        closed=closed,
        lifecycle=LifecycleState(status),
    )
    devices = [System(name, name, (Layer.DEVICE,), parent=parent) for name, parent in DEVICES.items()]
    systems = {system.id: system for system in (it, *devices, *others)}
    return Catalog(systems, {"alias": "it"}, PROPERTIES, (), constants or CONSTANTS, TODAY)
