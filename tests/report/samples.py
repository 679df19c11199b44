"""An invented catalogue, decision, plan and campaign with something in every section of a report.

The systems do not exist and the figures measure nothing: they exercise layout and bookkeeping.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.catalog.model import Answer, Axis, Catalog, Claim, Layer, Property, PropertyKind, Scope, System
from bakeoff.decide.model import (
    AxisValue,
    Component,
    Conflict,
    Decision,
    Exclusion,
    Flip,
    Offer,
    Pitfall,
    Plan,
    PlannedMeasurement,
    Profile,
    RankedStack,
    Reason,
    Refuted,
    Relaxation,
    Share,
    Verdict,
)
from bakeoff.lab import cells

TODAY = date(2026, 11, 22)
SYSTEMS = {
    "slate": ("Slate", (Layer.FRAMEWORK,)),
    "basalt": ("Basalt", (Layer.FRAMEWORK,)),
    "flint": ("Flint", (Layer.FRAMEWORK,)),
    "arc-format": ("Arc", (Layer.FORMAT,)),
    "kiln": ("Kiln Runtime", (Layer.SERVING,)),
    "anvil": ("Anvil", (Layer.SERVING,)),
    "ledger9": ("Ledger 9", (Layer.TRACKER,)),
    "x86-cpu": ("x86-64 processors", (Layer.DEVICE,)),
}
MEASURES = {
    "api_quality": "ergonomics",
    "speed_infer": "performance",
    "ecosystem_depth": "ecosystem",
    "production_maturity": "production",
    "release_cadence": "maintenance",
}
_AGES = {
    EvidenceKind.MEASURED_HERE: TODAY,
    EvidenceKind.REGISTRY: date(2026, 11, 20),
    EvidenceKind.MEASURED_ELSEWHERE: date(2026, 3, 2),
    EvidenceKind.DOCUMENTED: date(2026, 8, 14),
    EvidenceKind.REPORTED: date(2025, 10, 1),
    EvidenceKind.IMPRESSION: date(2026, 5, 17),
}


def evidence(kind: EvidenceKind, says: str = "", *, run: str | None = None, superseded: bool = False) -> Evidence:
    source = f"run:{run}" if run else "https://docs.example.org/guide section Formats"
    return Evidence(
        kind,
        source,
        _AGES[kind],
        TODAY,
        says=says or "Says so.",
        run=run,
        superseded=superseded,
        method="as the lab does",
    )


def measure(subject: str, name: str, value: float, kind: EvidenceKind, *, run: str | None = None) -> Claim:
    scope = Scope(device=("x86-cpu",)) if name == "speed_infer" else Scope()
    tail = "@device=x86-cpu" if scope.device else ""
    return Claim(f"{subject}.{name}{tail}", subject, name, value, scope=scope, evidence=(evidence(kind, run=run),))


def relation(subject: str, name: str, target: str, value: Answer = Answer.YES) -> Claim:
    known = value is not Answer.UNKNOWN
    return Claim(
        f"{subject}.{name}.{target}",
        subject,
        name,
        value,
        object=target,
        evidence=(evidence(EvidenceKind.DOCUMENTED, "Listed in the support table of release 3.2."),) if known else (),
        settled_by="" if known else "exporting one model",
    )


def catalog() -> Catalog:
    kinds = list(EvidenceKind)
    claims: dict[str, list[Claim]] = {name: [] for name in SYSTEMS}
    for place, subject in enumerate(("slate", "basalt", "flint", "kiln", "anvil")):
        for index, name in enumerate(MEASURES):
            measured_run = {"kiln": "c1-kiln", "anvil": "c1-anvil"}.get(subject) if name == "speed_infer" else None
            kind = EvidenceKind.MEASURED_HERE if measured_run else kinds[1 + (place + index) % 5]
            claims[subject].append(
                measure(subject, name, 40 + 11 * ((place * 3 + index * 2) % 5), kind, run=measured_run)
            )
    for framework in ("slate", "basalt"):
        claims[framework].append(relation(framework, "exports", "arc-format"))
    claims["flint"].append(relation("flint", "exports", "arc-format", Answer.UNKNOWN))
    for serving in ("kiln", "anvil"):
        claims[serving] += [relation(serving, "loads", "arc-format"), relation(serving, "serves_on", "x86-cpu")]
    systems = {
        name: System(name, title, layers, claims=tuple(claims[name])) for name, (title, layers) in SYSTEMS.items()
    }
    properties = {
        name: Property(name, PropertyKind.MEASURE, "?", axis, anchor_0="none at all", anchor_100="all one could want")
        for name, axis in MEASURES.items()
    }
    axes = tuple(Axis(axis, axis.capitalize(), f"How is {axis}?", (name,)) for name, axis in MEASURES.items())
    return Catalog(systems, {}, properties, axes, {}, date(2026, 11, 20), "0123456789abcdef")


def stack(framework: str, serving: str, value: float, first: float) -> RankedStack:
    axes = tuple(
        AxisValue(
            axis,
            0.2,
            Interval(value - 9 + index, value + 2 * index, value + 11 + 2 * index),
            (f"{framework}.{name}{'@device=x86-cpu' if name == 'speed_infer' else ''}",)
            + ((f"{serving}.speed_infer@device=x86-cpu",) if name == "speed_infer" else (f"{serving}.{name}",)),
            0.1 * index,
        )
        for index, (name, axis) in enumerate(MEASURES.items())
    )
    parts = {"framework": framework, "format": "arc-format", "serving": serving, "tracker": "ledger9"}
    return RankedStack(
        tuple(Component(layer, system) for layer, system in parts.items()),
        Interval(value - 6, value, value + 6),
        first,
        min(1.0, first + 0.3),
        min(1.0, first + 0.1),
        axes,
        (f"{framework}.exports.arc-format", f"{serving}.loads.arc-format"),
        (f"{framework}.exports.arc-format",) if framework == "flint" else (),
    )


def decision() -> Decision:
    slate = "slate.ecosystem_depth"
    return Decision(
        profile=Profile(
            name="Serve a small encoder on this CPU",
            domain="nlp",
            activity="inference",
            serve_on=("x86-cpu",),
            languages=("python",),
            constraints=("offline", "latency-p99-10ms"),
            prefer=("small-footprint",),
            weights={"performance": 3.0},
        ),
        verdict=Verdict.LEANING,
        stacks=(
            stack("slate", "kiln", 71.0, 0.62),
            stack("slate", "anvil", 69.5, 0.24),
            stack("basalt", "kiln", 63.0, 0.09),
            stack("basalt", "anvil", 60.0, 0.04),
        ),
        near_ties=(1,),
        feasible=4,
        conditional=(stack("flint", "kiln", 74.0, 0.0),),
        shares=(Share("kiln", "serving", 0.71, 0.9), Share("slate", "framework", 0.86, 0.97)),
        reasons=(
            Reason(
                "Kiln Runtime is 1.9 times as fast here as the next",
                ("kiln.speed_infer@device=x86-cpu",),
                EvidenceKind.MEASURED_HERE,
                TODAY,
                4.2,
            ),
            Reason(
                "Models of this kind are published for Slate first",
                (slate,),
                EvidenceKind.IMPRESSION,
                date(2026, 5, 17),
                2.1,
            ),
            Reason(
                "Basalt is the more pleasant to write",
                ("basalt.api_quality",),
                EvidenceKind.REPORTED,
                date(2025, 10, 1),
                -1.4,
            ),
            Reason(
                "Kiln Runtime loads Arc without a network",
                ("kiln.loads.arc-format",),
                EvidenceKind.DOCUMENTED,
                date(2026, 8, 14),
            ),
        ),
        exclusions=(
            Exclusion(
                "flint",
                "framework",
                "offline",
                Reason(
                    "Flint 2 asks its licence server at every start",
                    ("flint.api_quality",),
                    EvidenceKind.DOCUMENTED,
                    TODAY,
                ),
            ),
            Exclusion("ledger9", "tracker", "offline", Reason("needs its hosted service", (), None, None)),
        ),
        flips=(
            Flip(
                "weight",
                "ergonomics",
                "41 % or more",
                "framework=basalt format=arc-format serving=kiln tracker=ledger9",
                0.21,
            ),
            Flip(
                "value",
                "anvil.speed_infer@device=x86-cpu",
                "78 points or more",
                "framework=slate format=arc-format serving=anvil tracker=ledger9",
                6.5,
            ),
            Flip(
                "date",
                "2027-05-01",
                "slate.release_cadence has aged",
                "framework=basalt format=arc-format serving=kiln tracker=ledger9",
                160,
            ),
            Flip(
                "requirement",
                "latency-p99-10ms",
                "dropped",
                "framework=flint format=arc-format serving=kiln tracker=ledger9",
                0,
            ),
        ),
        pitfalls=(
            Pitfall("two-formats", "Keeping 2 formats in step by hand", entered=False),
            Pitfall(
                "untested-export",
                "Exporting without comparing the outputs",
                entered=True,
                claims=("slate.exports.arc-format",),
            ),
        ),
        refuted=(
            Refuted(
                "anvil.speed_infer@device=x86-cpu",
                "at least 2× the speed of Kiln Runtime",
                "0.53× on this machine",
                "run:c1-anvil",
            ),
        ),
        impression_share=0.34,
        conflicts=(),
        relaxations=(),
        read=("slate.api_quality", "kiln.speed_infer@device=x86-cpu"),
        draws=10_000,
        error=0.005,
        seed=7,
        today=TODAY,
        catalog="0123456789abcdef",
        snapshot=date(2026, 11, 20),
    )


def impossible() -> Decision:
    never = Conflict(("latency-p99-10ms",), never=True, text="No runtime is known to promise 10 ms.")
    together = Conflict(
        ("offline", "hosted-service"),
        never=False,
        text="A hosted service needs a network.",
        claims=("kiln.loads.arc-format",),
    )
    return replace(
        decision(),
        verdict=Verdict.IMPOSSIBLE,
        stacks=(),
        near_ties=(),
        feasible=0,
        conditional=(),
        shares=(),
        reasons=(),
        flips=(),
        pitfalls=(),
        refuted=(),
        impression_share=0.0,
        conflicts=(together, never),
        relaxations=(Relaxation(("latency-p99-10ms",), 4, "framework=slate serving=kiln"),),
        draws=0,
        error=0.0,
    )


def offer(name: str, *, here: bool = True) -> Offer:
    title = f"{name} on this CPU" if here else f"{name} on an H200"
    settles = (("slate", "speed_infer"), ("flint", "speed_train"))
    return Offer(f"{name}@cpu", title, settles, 4.0, 240.0, f"bakeoff measure {name}", here)


def plan() -> Plan:
    first = PlannedMeasurement(offer("encoder-infer"), 1.8, ("slate.speed_infer",), ("framework=basalt serving=kiln",))
    away = PlannedMeasurement(offer("llm-decode", here=False), 0.4, ("flint.speed_train",), ())
    return Plan((first,), 3.1, (away,), "", 7)


def run(
    system: str, setting: str, step_s: float | None, outcome: Outcome = Outcome.OK, *, placebo: bool = False
) -> cells.Run:
    arm = cells.Arm("encoder-infer", 1, "small", system, setting, 1, "float32", 2, "e0", placebo)
    speed = Interval(step_s * 0.96, step_s, step_s * 1.05) if step_s else None
    agreement = cells.Agreement(passed=True, error_ratio=1.3, deterministic=True, checks=24) if step_s else None
    phases = cells.Phases(
        environment_s=3.1, environment_bytes=82_000_000, import_cpu_s=0.4, first_call_cold_s=0.2, peak_bytes=310_000_000
    )
    name = f"c1-{system}{'-placebo' if placebo else ''}"
    detail = "signal 11 (segmentation fault) during the 2nd call" if outcome is Outcome.CRASHED else ""
    flags = ("threads: used 1.0 of 2",) if system == "basalt" else ()
    return cells.Run(
        name,
        "c1",
        arm,
        outcome,
        detail,
        agreement,
        speed,
        5,
        480,
        0.012,
        phases if step_s else cells.Phases(),
        flags,
        {system: "3.2.1"},
    )


def compared(one: cells.Run, other: cells.Run) -> cells.Comparison:
    assert one.step_s
    assert other.step_s
    ratio = one.step_s.mid / other.step_s.mid
    verdict = (
        cells.Verdict.SAME if abs(ratio - 1) < 0.03 else cells.Verdict.FASTER if ratio < 1 else cells.Verdict.SLOWER
    )
    return cells.Comparison(one.id, other.id, Interval(ratio * 0.95, ratio, ratio * 1.06), verdict, 5)


def campaign() -> cells.Campaign:
    reference = run("slate", "blas", 0.0082)
    timed = [run("kiln", "default", 0.0011), run("anvil", "default", 0.0021), run("basalt", "compiled", 0.0039)]
    placebo = run("kiln", "default", 0.001105, placebo=True)
    failed = [run("flint", "jit", None, Outcome.CRASHED), run("ledger9", "x", None, Outcome.UNSUPPORTED)]
    against = [compared(one, reference) for one in (*timed, placebo)] + [
        compared(one, timed[0]) for one in (*timed[1:], placebo, reference)
    ]
    machine = cells.Machine("m1", "Example CPU at 2.6 GHz", 2, 8_000_000_000, "Linux 6.1")
    return cells.Campaign(
        id="c1",
        workload="encoder-infer",
        size="small",
        started=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        finished=datetime(2026, 11, 22, 9, 34, tzinfo=UTC),
        machine=machine,
        trust=cells.Trust.CONTENDED,
        trust_why=("another process used 8 % of a core",),
        noise_floor=0.0045,
        tie_zone=0.03,
        reference=reference.id,
        rounds=41,
        seed=7,
        runs=(reference, *timed, placebo, *failed),
        comparisons=tuple(against),
        method="as the lab does",
    )
