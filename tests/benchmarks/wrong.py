"""Rows `wrong` and `timing`: what is caught of programs that compute the wrong thing, or are timed wrongly."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Outputs
from bakeoff.isolate.session import Launch, Session
from bakeoff.lab import adapters as adapter_files
from bakeoff.lab import campaign as campaigns
from bakeoff.lab import correct, watch, workload
from bakeoff.lab.adapters import Adapter
from bakeoff.lab.campaign import Lab
from bakeoff.lab.cells import Agreement, Campaign, Trust
from bakeoff.lab.correct import Truth
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.store import Store
from tests.benchmarks import rules
from tests.benchmarks.arena import SEED
from tests.benchmarks.setup import FOREIGN, Setup, load
from tests.benchmarks.table import OURS, Finding, Row, share
from tests.contract import mutated
from tests.contract.test_mutators import only_first, reduced, short

MUTATORS: list[dict[str, Any]] = tomllib.loads((workload.ROOT / "mutators.toml").read_text())["mutator"]
QUICK: Mapping[str, tuple[str, ...]] = {
    "mlp-train": ("numpy", "jax", "mlx"),
    "encoder-infer": ("numpy", "onnxruntime", "jax"),
    "gemm": ("numpy", "onnxruntime", "openvino"),
    "fused-chain": ("numpy", "openvino", "jax"),
}
"""Systems in which each workload's faults are tried at least."""
QUICK_SYSTEMS = frozenset(system for several in QUICK.values() for system in several)
OTHERWISE = ("numpy", "jax", "mlx")
"""Systems for a workload that is not named above."""
FAKES = Path(__file__).parents[1] / "fakes"


@dataclass
class Caught:
    """What became of the faults."""

    ours: dict[str, set[str]] = field(default_factory=dict)
    """By fault, the systems in which it was caught."""
    tried: dict[str, set[str]] = field(default_factory=dict)
    """By fault, the systems in which it was tried."""
    passed: dict[str, set[str]] = field(default_factory=dict)
    """By peer's gate, the faults it let pass in any system."""
    alarms: dict[str, int] = field(default_factory=dict)
    """By gate, honest programs refused."""


GATES = {
    "optimum-benchmark 0.6.0": "compares no outputs",
    "Model Navigator 0.14.0": "rule re-coded: finite, of the same shape",
    "inferena b1534db": "rule re-coded: sixteen values of one input within 5 %",
    "TorchBench 0e83c44": "rule re-coded: float64 golden of one input",
}


def wrong(setup: Setup) -> Iterator[Finding]:
    """Every mutator laid over real systems, in real workers; then every shipped adapter as it is."""
    known, systems = workload.load_all(), adapter_files.load_all()
    caught = Caught(passed={gate: set() for gate in GATES}, alarms=dict.fromkeys(GATES, 0))
    for name, one in known.items():
        folder = setup.folder(f"wrong-{name}")
        checked = only_first(correct.truth(short(one), reduced(one), seed=SEED, folder=folder, edge=not one.training))
        for system in systems if setup.full else QUICK.get(name, OTHERWISE):
            setup.say(f"mutators of {name} in {system}")
            _in_system(setup, systems[system], checked, caught)
    everywhere = sum(caught.ours[one["id"]] == caught.tried[one["id"]] for one in MUTATORS if one["id"] in caught.ours)
    fewest = min(len(caught.tried.get(one["id"], ())) for one in MUTATORS)
    yield Finding(
        f"wrong programs caught, of {len(MUTATORS)}, each in {fewest} systems or more",
        OURS,
        share(everywhere, len(MUTATORS)),
        "own gate, real workers",
        "all, in at least 3 systems",
        everywhere == len(MUTATORS) and fewest >= 3,
    )
    for gate, how in GATES.items():
        hits = len(MUTATORS) - len(caught.passed[gate])
        yield Finding(
            f"wrong programs caught, of {len(MUTATORS)}", gate, f"{hits}; {caught.alarms[gate]} false alarms", how
        )
    yield from _alarms(setup, known, systems)


def _in_system(setup: Setup, adapter: Adapter, checked: Truth, caught: Caught) -> None:
    """Lays every fault over one system; a worker that a fault ended is started again for the next."""
    name = checked.workload.id
    setting = next(iter(adapter.settings))
    file = adapter.folder / checked.workload.module
    if adapter.gap(name, setting) is not None:
        return
    work = checked.work(Path(mutated.__file__), setting)
    session = _open(setup, adapter, setting)
    if session is None:
        return
    try:
        for fault in ({"id": ""}, *(one for one in MUTATORS if one["workload"] == name)):
            if not session.alive:
                session.close()
                session = _open(setup, adapter, setting)
                assert session is not None, f"{adapter.system} started before and does not now"
            prepared = session.prepare(replace(work, spec={**work.spec, "file": str(file), "fault": fault}))
            found = prepared if isinstance(prepared, Fault) else session.outputs(checked.played[0].order)
            judged = found if isinstance(found, Fault) else correct.agrees(session, checked, file, setting, edges=[])
            _note(fault["id"], adapter, checked, (found, judged), caught)
    finally:
        if session is not None:
            session.close()


def _note(fault: str, adapter: Adapter, checked: Truth, answers: tuple[Any, Agreement | Fault], caught: Caught) -> None:
    found, judged = answers
    if fault:
        caught.tried.setdefault(fault, set()).add(adapter.system)
        caught.ours.setdefault(fault, set())
        if isinstance(judged, Fault) or not judged.passed:
            caught.ours[fault].add(adapter.system)
    elif isinstance(judged, Fault) or not judged.passed:
        raise AssertionError(f"{adapter.system} does not do {checked.workload.id}: {judged.detail}")
    if isinstance(found, Outputs):
        _ask_peers(found, checked, caught, fault)


def _ask_peers(found: Outputs, checked: Truth, caught: Caught, fault: str) -> None:
    """What the gates of the peers make of the same outputs; training is judged by its losses, as they would."""
    played = checked.played[0]
    names = [name for name in played.steps[0] if name != "state"]
    mine = [{name: step[name] for name in names if name in step} for step in found.steps]
    known = [{name: step[name] for name in names} for step in played.steps]
    own = [{name: step[name] for name in names} for step in played.own]
    answers = {
        "optimum-benchmark 0.6.0": True,
        "Model Navigator 0.14.0": rules.navigator_passes(mine, known),
        "inferena b1534db": rules.inferena_passes(mine, known),
        "TorchBench 0e83c44": rules.torchbench_passes(mine, known, own),
    }
    for gate, passes in answers.items():
        if fault and passes:
            caught.passed[gate].add(fault)
        elif not fault and not passes:
            caught.alarms[gate] += 1


def _alarms(setup: Setup, known: Mapping[str, workload.Workload], systems: Mapping[str, Adapter]) -> Iterator[Finding]:
    right, false, absent = 0, [], []
    for system, adapter in systems.items():
        for setting in adapter.settings:
            session = _open(setup, adapter, setting) if setup.full or system in QUICK_SYSTEMS else None
            if session is None:
                absent.append(f"{system}/{setting}")
                continue
            setup.say(f"honest: {system}/{setting}")
            with session:
                for name, one in known.items():
                    if adapter.gap(name, setting) is not None:
                        continue
                    found = _honest(setup, session, adapter, setting, one)
                    right += isinstance(found, Agreement) and found.passed
                    if not isinstance(found, Agreement) or not found.passed:
                        false.append(f"{system}/{setting} {name}: {found.detail[:80]}")
    yield Finding(
        "false alarms over shipped adapters",
        OURS,
        f"{right} of {right + len(false)} cells without alarm {'; '.join(false)}".strip(),
        f"every setting and workload; not run here: {', '.join(absent) or 'none'}",
        "none",
        not false,
    )


def _honest(
    setup: Setup, session: Session, adapter: Adapter, setting: str, one: workload.Workload
) -> Agreement | Fault:
    key = f"truth-{one.id}"
    if key not in setup.shared:
        folder = setup.folder(key)
        main = correct.truth(one, one.sizes[one.size("")], seed=SEED, folder=folder / "main", edge=not one.training)
        edges = [
            correct.truth(one, edge, seed=SEED, folder=folder / f"edge{number}", edge=True)
            for number, edge in enumerate(one.edges)
        ]
        setup.shared[key] = main, edges
    main, edges = setup.shared[key]  # type: ignore[misc]
    module = adapter.folder / one.module
    prepared = session.prepare(main.work(module, setting))
    return prepared if isinstance(prepared, Fault) else correct.agrees(session, main, module, setting, edges=edges)


def _open(setup: Setup, adapter: Adapter, setting: str) -> Session | None:
    """A started worker; None where the system cannot be had here."""
    env = setup.builder.ensure(adapter.spec)
    if isinstance(env, Fault):
        setup.say(f"{adapter.system}: {env.outcome}: {env.detail.splitlines()[0]}")
        return None
    chosen = adapter.settings[setting]
    environ = {key: value.replace("{cache}", str(setup.scratch)) for key, value in chosen.env.items()}
    launch = Launch(1, setup.scratch / f"{adapter.system}-{setting}.log", environ=environ, needs=chosen.needs)
    session = Session.open(env, adapter.folder, launch)
    if isinstance(session, Fault):
        return None
    if isinstance(session.hello(), Fault):
        session.close()
        return None
    return session


# --- timing faults


@dataclass(frozen=True)
class Timing:
    """One way to be timed wrongly."""

    name: str
    """As the issue lists it."""
    fake: str
    """The misbehaving adapter; empty where the machine misbehaves."""
    word: str
    """What must be said."""
    workload: str = "affine"
    """What it pretends to do."""


TIMINGS = (
    Timing("no sync", "unsynced", "no sync"),
    Timing("replay", "replays", "wrong"),
    Timing("wrong thread count", "two_threads", "threads: "),
    Timing("spinning neighbour", "spins", "threads: "),
    Timing("swapped dtype", "half", "wrong"),
    Timing("cached result", "remembers", "impossible", "gemm"),
    Timing("foreign load", "", "foreign load"),
    Timing("throttled", "", "throttled"),
)


def timing(setup: Setup) -> Iterator[Finding]:
    """Whole campaigns with one dishonest contestant each, or on a machine that is disturbed on purpose."""
    named = 0
    for one in TIMINGS:
        setup.say(f"timing fault: {one.name}")
        campaign = _campaign(setup, one)
        said = _said(campaign, one)
        found = next((text for text in said if one.word in text), "")
        named += bool(found)
        yield Finding(
            f"timing fault: {one.name}", OURS, found[:150] or f"not named; said: {said}"[:300], one.fake or "machine"
        )
    yield Finding(
        f"timing faults named, of {len(TIMINGS)}", OURS, str(named), "", f"all {len(TIMINGS)}", named == len(TIMINGS)
    )
    yield Finding(
        f"timing faults named, of {len(TIMINGS)}", "every peer", "0", "no peer has a guard for any (findings read)"
    )


def _said(campaign: Campaign, one: Timing) -> list[str]:
    if not one.fake:
        return [f"{campaign.trust}: {why}" for why in campaign.trust_why] if campaign.trust is not Trust.OK else []
    run = next(run for run in campaign.runs if run.arm.system == one.fake)
    named = [f"{run.outcome}: {run.detail}", *run.flags]
    return named if run.outcome is not Outcome.OK or run.flags else []


def _campaign(setup: Setup, one: Timing) -> Campaign:
    folder = setup.folder("timing")
    adapters = _as_adapters(folder / "adapters", one)
    request = Request(
        one.workload,
        cells=(Cell(one.fake or "honest"),),
        threads=1,
        budget_s=6.0,
        launches=3,
        finalists=3,
        extras=one.workload == "gemm",
        pythons=dict.fromkeys(("numpy", one.fake or "honest"), sys.executable),
    )
    workloads = workload.ROOT if one.workload != "affine" else FAKES / "workloads"
    throttle = _Throttle(folder) if one.name == "throttled" else nullcontext()
    with Store(folder / "results.sqlite") as store, load(2 if one.name == "foreign load" else 0), throttle:
        lab = Lab(setup.builder, store, folder / "home", adapters=adapters, workloads=workloads, probe_s=0.2)
        return campaigns.run(request, lab)


def _as_adapters(folder: Path, one: Timing) -> Path:
    """The fakes as a folder of adapters: the honest one is the reference arm too."""
    names = {"numpy": FAKES / "honest", "honest": FAKES / "honest"}
    if one.workload == "gemm":
        names = {"numpy": adapter_files.ROOT / "numpy", one.fake: FOREIGN / one.fake}
    elif one.fake:
        names[one.fake] = FAKES / one.fake
    for name, source in names.items():
        shutil.copytree(source, folder / name)
        path = folder / name / "adapter.toml"
        path.write_text(re.sub(r'(?m)^system = ".*"$', f'system = "{name}"', path.read_text()))
    return folder


class _Throttle:
    """A control group whose kernel says that it slows its processes down, more often at each reading.

    The counter is invented, in a file of its own: slowing this machine down for real needs its administrator.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cpu.stat"
        self._true = watch._GROUP
        self._read = watch._read
        self._count = 0

    def __enter__(self) -> None:
        watch._GROUP = self._file
        watch._read = self._counted

    def __exit__(self, *_error: object) -> None:
        watch._GROUP, watch._read = self._true, self._read

    def _counted(self, path: Path) -> str:
        if path == self._file:
            self._count += 1
            return f"nr_periods 100\nnr_throttled {self._count}\nthrottled_usec 1"
        return self._read(path)


ROWS = (
    Row("wrong", "Wrong results caught, and honest ones let pass", wrong),
    Row("timing", "Timing faults named", timing),
)
