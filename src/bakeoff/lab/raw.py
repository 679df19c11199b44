"""What is kept of a campaign before anything is concluded from it: every sample, with who, when and how disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bakeoff.base.outcome import Outcome
from bakeoff.lab.cells import Agreement, Arm, Machine


@dataclass(frozen=True, slots=True)
class Cell:
    """One contestant as asked for."""

    system: str
    """System id; its adapter must exist."""
    setting: str = ""
    """Variant of the adapter; empty for its first."""
    requires: tuple[str, ...] = ()
    """Other versions of what the adapter requires, such as `name==2.13.0`; empty for the adapter's own."""
    python: str = ""
    """Path of an interpreter that has the system already; empty for an environment of ours."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure. Of two equal requests on one machine the second continues an interrupted first."""

    workload: str
    """Workload id."""
    size: str = ""
    """Size; empty for the workload's first."""
    cells: tuple[Cell, ...] = ()
    """Contestants; empty for every adapter and setting. The reference arm and the placebo are added."""
    threads: int = 0
    """Threads every contestant gets; 0 for one per processor."""
    budget_s: float = 180.0
    """Wall time for launches and rounds; environments and checking come before."""
    seed: int = 0
    """Seed of every draw: weights, inputs, orders, permutations, launches."""
    full_ranking: bool = False
    """Nobody leaves early: for publication."""
    pythons: Mapping[str, str] = field(default_factory=dict)
    """Interpreter by system, for cells that do not name one."""
    launches: int = 3
    """Process launches of every arm before anything is said."""
    finalists: int = 5
    """Launches of the arms that stay, the reference arm and the placebo."""
    memory_bytes: int = 0
    """Memory all workers may use together; 0 for six tenths of what is available."""
    extras: bool = True
    """Also measure one thread, and peaks of the machine: some seconds per arm after the rounds."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """What the machine itself can do, measured by NumPy in a worker at the campaign's threads."""

    flops_per_s: float
    """Best undisturbed rate of a float32 matrix product."""
    ceiling_flops_per_s: float
    """What no float32 program can exceed by much: that rate times the vector width its BLAS leaves unused."""
    bytes_per_s: float
    """Best rate of a copy with the workload's own footprint, bytes read plus written."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is true of a whole campaign from its start."""

    id: str
    """Campaign id."""
    request: Request
    """What was asked for, size filled in."""
    request_key: str
    """Digest of the request, the versions of workload and adapters, and the machine: what resuming looks for."""
    workload_version: int
    """Version of the workload."""
    unit: str
    """What one step is counted in."""
    flops: float
    """Floating-point operations of one step."""
    bytes: float
    """Bytes one step must move at least."""
    units: float
    """Units of work in one step."""
    started: datetime
    """UTC."""
    machine: Machine
    """Where."""
    threads: int
    """Threads every arm was given."""
    cpus: tuple[int, ...]
    """Logical processors the workers were held to; empty where that could not be done."""
    probe_delay: float | None
    """Share of a second that busy threads waited before anything started; None where unknown."""
    timer_ns: int
    """Smallest step of the clock."""
    null_ns: float
    """What the clock adds to a step that does nothing."""
    peaks: Peaks | None
    """Measured before the rounds; None where the probe could not run."""
    software: str
    """Version of bakeoff."""


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """What one process launch showed before its first round."""

    number: int
    """From 0, in the order they were started; 0 is the launch that was checked and not timed."""
    import_cpu_s: float
    """CPU seconds to import the system."""
    build_s: float
    """Wall time of the adapter's build."""
    first_call_s: float
    """Wall time of the first step."""
    cold: bool
    """The private caches were empty."""
    step_s: float = 0.0
    """Median step while warming up; sizes the blocks."""
    threads_used: float | None = None
    """CPU time, and time waited for a processor, over wall time while warming up."""
    warmup_s: tuple[float, ...] = ()
    """Medians of successive short blocks from the first step on."""
    same_input: float | None = None
    """Time of a block on one input over a block on all inputs; None for training."""
    peak_bytes: int | None = None
    """Highest resident memory of one episode; only of launch 0."""
    escaped: int | None = None
    """Threads that may run on a processor they were not given."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of one cell besides its blocks."""

    id: str
    """Run id."""
    arm: Arm
    """What was measured."""
    outcome: Outcome
    """What has become of it so far; `ok` while it runs."""
    detail: str = ""
    """Why, when the outcome is not ok."""
    agreement: Agreement | None = None
    """Comparison with the oracle."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of what matters to it, as its adapter names them."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Version of everything in its environment."""
    build_flags: str = ""
    """What the system says about how it was built."""
    environment_s: float | None = None
    """Wall time to build the environment, when it was built for this."""
    environment_bytes: int | None = None
    """Its size on disk."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables set for it."""
    limits: str = ""
    """cgroup | advisory | none: how its limits were kept."""
    one_thread_s: float | None = None
    """Median step with one thread, where it was measured."""
    log: str = ""
    """End of what it printed, when it failed."""


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What the machine was like during one round."""

    number: int
    """From 0."""
    wall_s: float
    """Wall time of the whole round."""
    foreign: float | None
    """Share of the machine's processors used by others; None where unknown."""
    throttled: int | None
    """Times the processor or the control group slowed us down; None where unknown."""
    host_cpu_s: float
    """CPU time of the measuring process itself while workers were timed."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one block, columns of equal length."""

    start: tuple[int, ...]
    """Position of the first iteration in the block's order."""
    iterations: tuple[int, ...]
    """Iterations in a row."""
    ns: tuple[int, ...]
    """Time inside the clock."""
    delay_ns: tuple[int, ...]
    """Time its threads waited in run queues; -1 where the kernel does not say."""


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """One turn of one launch in one round: everything the worker said."""

    run: str
    """Run id."""
    launch: int
    """Launch that played."""
    round: int
    """Round number."""
    position: int
    """Place in the round's order."""
    order: tuple[int, ...]
    """Slots played, dropped iterations included."""
    samples: Samples
    """The samples."""
    first_ns: tuple[int, ...]
    """The dropped iterations."""
    wall_ns: int
    """Wall time, read-back included."""
    outside_ns: int
    """Bookkeeping within it."""
    readback_ns: int
    """Read-back within it."""
    cpu_ns: int
    """CPU time within it."""
    outside_cpu_ns: int
    """CPU time of bookkeeping and read-back."""
    steal_ns: int | None
    """Taken by the hypervisor; None where unknown."""
    digest_ratio: float | None
    """Worst error of the outputs fingerprinted in this block over the allowed base; None when there were none."""
    digest_detail: str = ""
    """Words for it."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A campaign as stored."""

    header: Header
    """What is true of all of it."""
    runs: tuple[RunFacts, ...]
    """By index; the reference arm is the first, the placebo the last."""
    launches: Mapping[str, tuple[LaunchFacts, ...]]
    """By run id."""
    rounds: tuple[RoundFacts, ...]
    """In order."""
    blocks: tuple[BlockFacts, ...]
    """In order of round and position."""
    finished: datetime | None = None
    """UTC; None while it runs or after it was killed."""
