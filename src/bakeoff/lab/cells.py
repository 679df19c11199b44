"""The records of measuring: what a cell is, what a run gave, what a campaign found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import Interval


class Trust(StrEnum):
    """Whether the machine let a campaign measure what it meant to."""

    OK = "ok"
    CONTENDED = "contended"
    INVALID = "invalid"


class Verdict(StrEnum):
    """One arm against another, with a tie zone."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Arm:
    """One contestant: everything that must be equal for two samples to be of the same thing."""

    workload: str
    """Workload id."""
    workload_version: int
    """Version of the workload, raised when results stop being comparable."""
    size: str
    """Name of the size in `workload.toml`."""
    system: str
    """System id."""
    setting: str
    """Variant of the adapter."""
    adapter_version: int
    """Version of the adapter, raised when results stop being comparable."""
    dtype: str
    """Declared numeric type."""
    threads: int
    """Threads every competitor is given."""
    env: str
    """Key of the environment, or `python:<path digest>` for one brought along."""
    placebo: bool = False
    """A duplicate of another arm, carried to show the machine's noise floor."""
    variant: str = ""
    """Other versions than the adapter's own, as asked for: `name==2.13.0`."""

    @property
    def key(self) -> str:
        """Name in tables: `system/setting`, `==version` where one was asked for, `(placebo)` for the duplicate."""
        # As one would type it again: the package is the system's own, whatever its name.
        name, pinned, version = self.variant.partition("==")
        variant = f"=={version}" if name and pinned and " " not in version else self.variant and f" {self.variant}"
        return f"{self.system}/{self.setting}{variant}{' (placebo)' if self.placebo else ''}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an arm's outputs compare with the oracle."""

    passed: bool
    """Whether the arm may have a speed."""
    error_ratio: float
    """Root-mean-square error over the allowed error's base (NumPy's own in that dtype, or one ulp); pass is <= 8."""
    deterministic: bool
    """Two runs gave bit-equal outputs."""
    checks: int
    """Number of outputs compared."""
    detail: str = ""
    """The worst output: name, case, error; or what disagreed."""


@dataclass(frozen=True, slots=True)
class Phases:
    """What a run costs besides its steady state; None where it was not measured."""

    environment_s: float | None = None
    """Wall time to build the environment; None when it was there already."""
    environment_bytes: int | None = None
    """Size on disk of the environment."""
    import_cpu_s: float | None = None
    """CPU seconds to import the framework in a fresh process."""
    build_s: float | None = None
    """Wall time of the adapter's `build`."""
    first_call_cold_s: float | None = None
    """First step with empty compilation caches."""
    first_call_warm_s: float | None = None
    """First step in a fresh process with the caches filled."""
    warmup: str = ""
    """flat | warmup | slowdown | unsteady: class of the block medians by change point."""
    after_idle_s: float | None = None
    """Median first step after an idle pause."""
    peak_bytes: int | None = None
    """Peak resident memory (VmHWM) over one episode."""
    cpu_s_per_step: float | None = None
    """CPU seconds of the process tree per step."""
    threads_used: float | None = None
    """CPU time over wall time while stepping."""
    thread_scaling: float | None = None
    """Speed at the campaign's threads over speed at one thread."""
    roofline_share: float | None = None
    """Achieved share of the measured peak, 0..1."""
    p95_s: Interval | None = None
    """95th percentile of single steps with the order statistics that bound it; None when too few were timed alone."""
    p99_s: Interval | None = None
    """99th percentile, likewise."""


@dataclass(frozen=True, slots=True)
class Run:
    """What measuring one cell gave."""

    id: str
    """Unique id, cited as `run:<id>`."""
    campaign: str
    """Campaign id."""
    arm: Arm
    """What was measured."""
    outcome: Outcome
    """What became of it."""
    detail: str
    """Why, when the outcome is not ok; includes what to do."""
    agreement: Agreement | None
    """Comparison with the oracle; None when it never produced outputs."""
    step_s: Interval | None
    """Median seconds per step with its 95 % interval over launches; None without a speed."""
    launches: int
    """Process launches behind it."""
    samples: int
    """Clean samples behind it."""
    dirty_share: float
    """Share of samples set aside because the run queue delayed them."""
    phases: Phases
    """Costs besides the steady state."""
    flags: tuple[str, ...]
    """Guards that spoke, each naming itself and what it saw."""
    versions: Mapping[str, str]
    """Package versions inside the environment, by distribution."""
    build_flags: str = ""
    """What the system says about how it was built (BLAS, SIMD), shortened."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the leader or the reference arm, within one campaign."""

    run: str
    """Run id of the arm."""
    against: str
    """Run id of the other."""
    ratio: Interval
    """Time of `run` over time of `against`: below 1 is faster."""
    verdict: Verdict
    """With the campaign's tie zone."""
    launches: int
    """Smaller number of launches of the two."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Fingerprint of the machine a campaign ran on."""

    id: str
    """Digest of what does not change between boots."""
    cpu: str
    """Model name."""
    cores: int
    """Logical processors this process may use."""
    memory_bytes: int
    """Physical memory, or the cgroup's limit where lower."""
    os: str
    """Kernel and distribution."""
    flags: tuple[str, ...] = ()
    """CPU features that matter to kernels: avx2, avx512f, amx …"""
    accelerators: tuple[str, ...] = ()
    """Device ids found."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Governor, SMT, quota, and whatever else was readable, as text; `unknown` where it was not."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A finished (or interrupted) measurement of several arms on one machine, in one go."""

    id: str
    """Unique id."""
    workload: str
    """Workload id."""
    size: str
    """Size."""
    started: datetime
    """UTC."""
    finished: datetime | None
    """UTC; None while it runs or after it was killed."""
    machine: Machine
    """Where."""
    trust: Trust
    """Whether to believe it."""
    trust_why: tuple[str, ...]
    """What lowered the trust."""
    noise_floor: float | None
    """|ratio − 1| of the placebo pair."""
    tie_zone: float
    """δ used for the verdicts."""
    reference: str
    """Run id of the reference arm."""
    rounds: int
    """Rounds completed."""
    seed: int
    """Seed of every draw."""
    runs: tuple[Run, ...]
    """One per arm, failed ones included."""
    comparisons: tuple[Comparison, ...]
    """Against the leader and against the reference arm."""
    method: str = ""
    """One paragraph: how it was measured, for whoever imports it."""
    schema: int = 1
    """Version of this record."""
