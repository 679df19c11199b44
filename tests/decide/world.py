"""Small catalogues for the tests of deciding: real properties and axes, invented systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.catalog.load import load
from bakeoff.catalog.model import Answer, Catalog, Claim, Layer, Lifecycle, LifecycleState, System
from bakeoff.catalog.rulebook import load_rules
from bakeoff.catalog.rules import Rules
from bakeoff.decide.build import Model, build
from bakeoff.decide.model import Profile

TODAY = date(2026, 11, 22)
SEEN = date(2026, 11, 1)
YES, PARTIAL, NO, UNKNOWN = Answer.YES, Answer.PARTIAL, Answer.NO, Answer.UNKNOWN

Links = Iterable[tuple[str, str] | tuple[str, str, Answer]]


@cache
def rules() -> Rules:
    return load_rules()


@cache
def _real() -> Catalog:
    return load()


def evidence(kind: EvidenceKind = EvidenceKind.DOCUMENTED, interval: Interval | None = None) -> Evidence:
    method = "stated" if kind.value.startswith("measured") else ""
    run = "r1" if kind is EvidenceKind.MEASURED_HERE else None
    return Evidence(kind, "a test", SEEN, SEEN, says="so", interval=interval, method=method, run=run)


def claim(
    subject: str, name: str, value: Answer | float, thing: str | None = None, *, kind: EvidenceKind | None = None
) -> Claim:
    how = () if value is UNKNOWN else (evidence(kind or EvidenceKind.DOCUMENTED),)
    parts = [subject, name, *([thing] if thing else [])]
    return Claim(".".join(parts), subject, name, value, object=thing, evidence=how)


def system(  # noqa: PLR0913 - a whole system in one line is what makes the tests readable
    name: str,
    layer: str | Sequence[str],
    links: Links = (),
    *,
    measures: Mapping[str, float] | None = None,
    can: Mapping[str, Answer] | None = None,
    licence: str = "MIT",
    status: Lifecycle = Lifecycle.ACTIVE,
    kind: EvidenceKind | None = None,
) -> System:
    claims = [claim(name, link[0], link[2] if len(link) == 3 else YES, link[1]) for link in links]
    claims += [claim(name, about, float(value), kind=kind) for about, value in (measures or {}).items()]
    claims += [claim(name, about, value) for about, value in (can or {}).items()]
    layers = (layer,) if isinstance(layer, str) else tuple(layer)
    return System(
        name,
        name.title(),
        tuple(Layer(item) for item in layers),
        licence=licence,
        lifecycle=LifecycleState(status),
        claims=tuple(claims),
    )


def converter(name: str, via: str, to: str) -> System:
    step = Claim(f"{name}.converts.{via}.{to}", name, "converts", YES, object=to, via=via, evidence=(evidence(),))
    return System(name, name.title(), (Layer.PLATFORM,), claims=(step,))


DEVICES = (
    System("cpu", "CPU", (Layer.DEVICE,)),
    System("x86-cpu", "x86", (Layer.DEVICE,), parent="cpu"),
    System("intel-cpu", "Intel", (Layer.DEVICE,), parent="x86-cpu"),
    System("arm-cpu", "ARM", (Layer.DEVICE,), parent="cpu"),
    System("gpu", "GPU", (Layer.DEVICE,)),
    System("nvidia-gpu", "NVIDIA", (Layer.DEVICE,), parent="gpu"),
    System("ios", "iOS", (Layer.DEVICE,)),
)


def catalog(systems: Iterable[System], *, constants: Mapping[str, float] | None = None) -> Catalog:
    real = _real()
    table = {item.id: item for item in (*DEVICES, *systems)}
    changed = {**real.constants, **(constants or {})}
    return replace(real, systems=table, aliases={}, constants=changed, by_layer={}, version="test")


def small() -> list[System]:
    """Two frameworks, two runtimes, two formats and a tracker: alpha exports plain, which fast loads."""
    return [
        system(
            "alpha", ("framework", "serving"),
            [("trains_on", "cpu"), ("serves_on", "cpu"), ("exports", "plain"), ("loads", "plain"),
             ("speaks", "python")],
            measures={"fit": 80, "ecosystem_depth": 85, "api_quality": 80, "production_maturity": 96,
                      "speed_infer": 50},
            can={"offline": YES, "no_python_runtime": NO, "higher_order_gradients": YES},
        ),
        system(
            "beta", "framework", [("trains_on", "cpu"), ("exports", "plain", UNKNOWN), ("exports", "dense")],
            measures={"fit": 60, "ecosystem_depth": 50, "api_quality": 70, "production_maturity": 60},
            can={"offline": YES, "higher_order_gradients": NO},
        ),
        system("plain", "format", can={"safe_weights": YES},
               measures={"fit": 70, "ecosystem_depth": 70, "production_maturity": 95}),
        system("dense", "format", can={"safe_weights": UNKNOWN}, measures={"fit": 60}),
        system(
            "fast", "serving", [("loads", "plain"), ("serves_on", "cpu")],
            measures={"fit": 84, "speed_infer": 66, "production_maturity": 85},
            can={"offline": YES, "no_python_runtime": YES},
        ),
        system(
            "tiny", "serving", [("loads", "dense"), ("serves_on", "x86-cpu")],
            measures={"fit": 40, "speed_infer": 30, "production_maturity": 40}, can={"offline": YES},
        ),
        system("kit", "library", [("works_with", "alpha"), ("works_with", "beta")], measures={"fit": 70}),
        system("notes", "tracker", measures={"fit": 60}, can={"self_hosted": YES, "offline": YES}),
        system("cloud", "tracker", measures={"fit": 80}, can={"self_hosted": NO, "offline": NO}),
    ]  # fmt: skip


SERVE = Profile(name="serve", domain="vision", activity="serving", serve_on=("cpu-only",), languages=("python",))


def model(profile: Profile = SERVE, systems: Iterable[System] | None = None) -> Model:
    return build(profile, catalog(systems if systems is not None else small()), rules(), today=TODAY)


def named(stacks: Iterable[Sequence[tuple[str, str]]]) -> set[str]:
    return {" ".join(f"{layer}={name}" for layer, name in stack) for stack in stacks}


def rows(of: Model) -> set[str]:
    return named(of.space.stack(row) for row in range(len(of.space.rows)))
