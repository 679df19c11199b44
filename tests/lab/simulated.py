"""A simulated lab: workers whose speed, launches, machine and faults are known, so that statistics can be held to them.

The workers compute real outputs with the workload's own reference in float32; only their time is invented.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Env, EnvSpec
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import ArrayDigest, Block, Digest, Hello, Memory, Outputs, Prepared, Sample, Work
from bakeoff.isolate.session import Launch
from bakeoff.isolate.worker import arrays
from bakeoff.lab.campaign import Lab
from bakeoff.lab.store import Store
from bakeoff.lab.workload import Workload, load

REFERENCE_PY = '''
"""A product of two small matrices, and training of its factor."""
import numpy as np

def weights(spec, seed):
    b = np.random.default_rng([seed, 1]).standard_normal((spec["k"], spec["n"]))
    return {"b": b.astype(np.float32).astype(float)}

def inputs(spec, seed, count):
    rng = np.random.default_rng([seed, 2])
    return [{"a": rng.standard_normal((4, spec["k"])).astype(np.float32).astype(float)} for _ in range(count)]

def run(spec, weights, inputs, order, dtype):
    b = weights["b"].astype(dtype)
    steps = []
    for slot in order:
        c = inputs[slot]["a"].astype(dtype) @ b
        if spec.get("train"):
            steps.append({"loss": np.asarray((c * c).mean(), dtype)})
            b = b - np.asarray(0.01, dtype) * b
        else:
            steps.append({"c": c})
    return steps, ({"b": b} if spec.get("train") else {})

def cost(spec):
    return {"flops": 8.0 * spec["k"] * spec["n"], "bytes": 4.0 * spec["k"] * spec["n"], "units": 4.0}
'''

INFORMS = """
[informs]
property = "speed_infer"
domain = ["embeddings", "vision"]
activity = ["serving"]
device = "cpu"
layers = ["framework"]
ratio_0 = 0.25
ratio_100 = 16.0
transfer_width = 10.0
[informs.transfer_widths]
embeddings = 6.0
"""


def write_workloads(root: Path) -> None:
    """Two workloads: `toy` (inference) and `toy-train`."""
    for name, kind, extra, compare in (
        ("toy", "inference", "", '["c"]'),
        ("toy-train", "training", "episode = 6\n", '["loss", "state"]'),
    ):
        folder = root / name
        folder.mkdir(parents=True)
        train = "\ntrain = 1" if kind == "training" else ""
        (folder / "workload.toml").write_text(
            f'id = "{name}"\nversion = 1\ntitle = "a toy"\nkind = "{kind}"\nunit = "row"\n{extra}'
            f"[sizes.small]\nk = 16\nn = 8{train}\n[sizes.wide]\nk = 32\nn = 8{train}\n"
            f"[[edge]]\nk = 1\nn = 1{train}\n[agreement]\ncompare = {compare}\n{INFORMS}"
        )
        (folder / "reference.py").write_text(REFERENCE_PY)


def write_adapter(root: Path, system: str, *, gaps: str = "", settings: Sequence[str] = ("only",)) -> None:
    """An adapter whose Python is never run: the simulated workers stand in for it."""
    folder = root / system
    folder.mkdir(parents=True)
    tables = "".join(f'[settings.{name}]\ntrack = "default"\nwhy = "because"\n' for name in settings)
    (folder / "adapter.toml").write_text(
        f'system = "{system}"\nversion = 1\npython = ">=3.11"\nrequires = ["{system}>=1"]\nimports = []\n{tables}{gaps}'
    )
    for module in ("toy.py", "toy_train.py"):
        (folder / module).write_text(textwrap.dedent('"""Never run."""\n'))


@dataclass(slots=True)
class Behaviour:
    """How a simulated system behaves."""

    step_s: float = 2e-3
    """True time of a step."""
    launch_sd: float = 0.01
    """Launches differ by this much (log)."""
    noise_sd: float = 0.01
    """Blocks differ by this much (log)."""
    dirty: float = 0.0
    """Share of samples that wait in the run queue."""
    threads: float = 2.0
    """Processors it keeps busy."""
    fault_at: int = -1
    """Block number, counted over all launches, at which it dies."""
    fault: Fault | None = None
    """How it dies; with `fault_at` -1, already when it is started."""
    distort: Callable[[np.ndarray], np.ndarray] | None = None
    """What it does to its outputs, always."""
    stale: bool = False
    """While timed it returns the output of slot 0 for every input."""
    hidden: float = 0.0
    """Share of the wall time that passes outside the clock."""
    same_input: float = 1.0
    """Time on one input over time on several."""
    peak_bytes: int = 100_000_000
    """Memory of one launch."""


@dataclass
class World:
    """Every simulated system, and what was done to them."""

    systems: Mapping[str, Behaviour]
    seed: int = 0
    drift_sd: float = 0.003
    alive: int = 0
    most_alive: int = 0
    opened: list[str] = field(default_factory=list)
    blocks: dict[str, int] = field(default_factory=dict)
    running: int = 0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.machine = 0.0

    def ensure(self, spec: EnvSpec, *, progress: Callable[[str], None] | None = None) -> Env | Fault:
        if progress is not None:
            progress(f"building {spec.name}")
        return Env(f"key-{spec.name}", Path("/nowhere"), Path("/nowhere/python"), {spec.name: "1.0"}, 1000, 0.5)

    def adopt(self, python: Path) -> Env | Fault:
        if "absent" in str(python):
            return Fault(Outcome.MISSING, f"no interpreter at {python}")
        return Env("python:x", python, python, {}, 0, 0.0, brought=True)

    def estimate(self, spec: EnvSpec) -> int | None:
        return {"slow": None, "fast": 50_000_000}.get(spec.name, 0)

    def open(self, env: Env, adapter: Path, launch: Launch) -> Simulated | Fault:
        assert env.key
        if adapter.name == "probe":
            return Fault(Outcome.MISSING, "the simulated machine has no peaks")
        behaviour = self.systems[adapter.name]
        if behaviour.fault is not None and behaviour.fault_at < 0:
            return behaviour.fault
        self.opened.append(f"{adapter.name}/{launch.log.stem}")
        self.alive += 1
        self.most_alive = max(self.most_alive, self.alive)
        return Simulated(self, adapter.name, behaviour, float(self.rng.normal(0, behaviour.launch_sd)))


class Simulated:
    """One simulated worker."""

    def __init__(self, world: World, name: str, behaviour: Behaviour, offset: float) -> None:
        self.world, self.name, self.behaviour, self.offset = world, name, behaviour, offset
        self.closed = False
        self.paused = False
        self.workload: Workload
        self.work: Work

    def hello(self) -> Hello | Fault:
        return Hello(1, "3.11", {self.name: "1.0"}, "simulated", ("cpu",), 0.1, (0, 1), "none", {"THREADS": "2"})

    def prepare(self, work: Work) -> Prepared | Fault:
        self.work = work
        name = work.workload.stem.replace("_", "-")
        self.workload = load(work.workload.parents[2] / "workloads" / name)
        return Prepared(0.01, 0.02, self.behaviour.step_s)

    def _steps(self, order: Sequence[int]) -> tuple[list[dict[str, np.ndarray]], dict[str, np.ndarray]]:
        weights = arrays.load_named(str(self.work.weights))
        inputs = arrays.load_steps(str(self.work.inputs))
        steps, state = self.workload.oracle.run(self.work.spec, weights, inputs, order, np.float32)
        if self.behaviour.distort is not None:
            steps = [{name: self.behaviour.distort(value) for name, value in step.items()} for step in steps]
        return steps, state

    def outputs(self, order: Sequence[int]) -> Outputs | Fault:
        steps, state = self._steps(order)
        dtypes = {
            f"{index}/{name}": str(value.dtype) for index, step in enumerate(steps) for name, value in step.items()
        }
        return Outputs(tuple(steps), state, dtypes)

    def memory(self, order: Sequence[int] = ()) -> Memory | Fault:
        assert order
        return Memory(1000, self.behaviour.peak_bytes, exact=True)

    def pause(self) -> Fault | None:
        assert not self.closed
        self.paused = True
        return None

    def resume(self) -> Fault | None:
        assert self.paused, "a worker that plays its turn must have been stopped before"
        self.paused = False
        return None

    def close(self) -> None:
        if not self.closed:
            self.world.alive -= 1
        self.closed = True

    def run(
        self, order: Sequence[int], *, min_sample_s: float = 1e-3, digest_at: Sequence[int] = (), drop: int = 5
    ) -> Block | Fault:
        world, own = self.world, self.behaviour
        assert not self.closed
        assert not self.paused, "a stopped worker cannot play"
        count = world.blocks.get(self.name, 0)
        world.blocks[self.name] = count + 1
        if own.fault is not None and 0 <= own.fault_at <= count:
            self.close()
            return own.fault
        world.machine = 0.9 * world.machine + float(world.rng.normal(0, world.drift_sd))
        same = own.same_input if len(set(order)) == 1 and len(order) > 3 else 1.0
        step_ns = (
            1e9 * own.step_s * same * math.exp(self.offset + world.machine + float(world.rng.normal(0, own.noise_sd)))
        )
        step_ns = max(1, round(step_ns))
        each = max(1, math.ceil(min_sample_s * 1e9 / step_ns))
        starts = range(drop, len(order), each)
        waited = world.rng.random(len(starts)) < own.dirty
        samples = tuple(
            Sample(start, min(each, len(order) - start), step_ns * min(each, len(order) - start), 10**6 if late else 0)
            for start, late in zip(starts, waited, strict=True)
        )
        first = tuple(round(step_ns * factor) for factor in (1.6, 1.2, 1.1, 1.0, 1.0)[:drop])
        timed = sum(sample.ns for sample in samples) + sum(first)
        wall = round(timed / (1 - own.hidden))
        return Block(
            first_ns=first,
            samples=samples,
            wall_ns=wall,
            outside_ns=0,
            readback_ns=0,
            cpu_ns=round(own.threads * wall),
            outside_cpu_ns=0,
            steal_ns=0,
            threads=2,
            escaped=0,
            digests=self._digests(order, digest_at),
        )

    def _digests(self, order: Sequence[int], digest_at: Sequence[int]) -> tuple[Digest, ...]:
        result = []
        for at in digest_at:
            episode = self.work.episode
            first = at - at % episode if episode else at
            played = order[first : at + 1]
            steps, _ = self._steps([0] * len(played) if self.behaviour.stale else played)
            named = {}
            for name, value in steps[-1].items():
                plain = arrays.digest(value, self.work.digest_seed, name)
                sums = None if plain["sums"] is None else tuple(plain["sums"])
                named[name] = ArrayDigest(tuple(plain["shape"]), plain["dtype"], sums, plain["nonfinite"])
            result.append(Digest(at, order[at], at - first + 1 if episode else 1, first, named))
        return tuple(result)


def lab(
    tmp_path: Path, systems: Mapping[str, Behaviour], *, seed: int = 0, store: Store | None = None
) -> tuple[Lab, World]:
    """A lab of simulated systems; `numpy` is the reference arm and is added when absent."""
    everything = {"numpy": Behaviour(step_s=4e-3, launch_sd=0.003, noise_sd=0.003), **systems}
    root = tmp_path / "foreign"
    if not root.exists():
        write_workloads(root / "workloads")
        for system in everything:
            write_adapter(root / "adapters", system)
    world = World(everything, seed=seed)
    made = Lab(
        environments=world,
        store=store or Store(tmp_path / "home" / "results.sqlite"),
        home=tmp_path / "home",
        open_worker=world.open,
        adapters=root / "adapters",
        workloads=root / "workloads",
        probe_s=0.0,
    )
    return made, world
