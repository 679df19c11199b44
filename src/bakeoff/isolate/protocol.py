"""What host and worker say to each other: limits going in, measurements coming out; clock times in ns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PROTOCOL = 1
"""Version of the messages; a worker of another version refuses to start."""

Arrays = dict[str, np.ndarray]
"""Named arrays of one step, or of a state."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use. Kept by a control group where that is writable, else by polling (`Hello.limits`)."""

    memory_bytes: int | None = None
    """Resident memory of the whole process tree; None for no limit."""
    tasks: int | None = 4096
    """Processes and threads of the whole tree; None for no limit."""
    start_s: float = 600.0
    """Wall time for `hello` and for `prepare`, where imports and compilation happen."""
    call_s: float = 120.0
    """Wall time for every other call."""
    log_bytes: int = 4_000_000
    """What is kept of its output: the first part as it comes, then the last 64 kB."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker is asked to prepare: one workload at one size in one setting."""

    workload: Path
    """The adapter's file for the workload."""
    spec: Mapping[str, object]
    """The size's parameters, JSON values only."""
    weights: Path
    """`.npz` of the initial weights."""
    inputs: Path
    """`.npz` of the ring, keys `<slot>/<name>` (written by `bakeoff.isolate.worker.arrays.save_steps`)."""
    setting: str
    """Name of the adapter's setting."""
    dtype: str = "float32"
    """Declared numeric type."""
    device: str = "cpu"
    """Device id."""
    episode: int = 0
    """Training: steps between two resets; 0 for inference."""
    digest_seed: int = 0
    """Seed of the ±1 projections of every digest."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a freshly started worker says of itself."""

    pid: int
    """Process id of the worker."""
    python: str
    """Version of its interpreter."""
    versions: Mapping[str, str]
    """Package versions by distribution, as the adapter names them."""
    build: str
    """What the system says about how it was built (BLAS, SIMD)."""
    devices: tuple[str, ...]
    """Devices it sees."""
    import_cpu_s: float
    """CPU seconds, all threads, to import the adapter and with it the system."""
    cpus: tuple[int, ...]
    """Logical processors it may use, read back from the kernel after importing; empty where that cannot be read."""
    limits: str
    """`cgroup` when the kernel keeps the limits, `advisory` when they are polled, `none` without limits."""
    environ: Mapping[str, str]
    """Variables bakeoff set for it: thread counts, the setting's own, and a kept PYTHONPATH."""
    stripped: tuple[str, ...] = ()
    """Names of the variables bakeoff removed because they change results."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Cost of getting ready."""

    build_s: float
    """Wall time of the adapter's `build`, weights and inputs placed."""
    first_call_s: float
    """Wall time of the first step, synchronised: compilation shows here."""
    second_call_s: float
    """Wall time of the second step, synchronised."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the steps of an order gave, from fresh weights. Compared by value, never timed."""

    steps: tuple[Arrays, ...]
    """Outputs after each step, in order."""
    state: Arrays
    """Named weights after the last step; empty for inference."""
    dtypes: Mapping[str, str]
    """Numeric type as the system gave it, by `<step>/<name>`; types NumPy lacks arrive widened to float32."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The fewest iterations in a row that last the asked time."""

    start: int
    """Position of its first iteration in the order."""
    iterations: int
    """How many; the slots used are `order[start : start + iterations]`."""
    ns: int
    """Time inside the clock: the steps and their synchronisation, nothing else."""
    delay_ns: int | None
    """Time its threads waited in run queues meanwhile, summed over threads; None where the kernel does not say."""


@dataclass(frozen=True, slots=True)
class ArrayDigest:
    """A fingerprint of one array that tolerates rounding."""

    shape: tuple[int, ...]
    """Shape."""
    dtype: str
    """Numeric type as the system gave it."""
    sums: tuple[float, ...] | None
    """Its 8 seeded ±1 projections in float64; None when it holds NaN or an infinity."""
    nonfinite: int
    """How many of its elements are NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Fingerprints of the outputs of one timed iteration, taken outside the clock."""

    at: int
    """Position in the order."""
    slot: int
    """Input used."""
    step: int
    """Steps since the last reset, this one included: 1 is the first step on fresh weights. For inference, 1."""
    first: int
    """Training: position in the order where this episode began, a block beginning with a reset. Inference: `at`."""
    arrays: Mapping[str, ArrayDigest]
    """By output name."""


@dataclass(frozen=True, slots=True)
class Block:
    """One uninterrupted turn of a worker.

    Closure: `wall_ns - outside_ns` is the sum of `first_ns`, of the samples' `ns`, and `readback_ns`. Read-backs copy
    results that should be ready; a missing synchronisation makes them wait for the work, and their share large.
    """

    first_ns: tuple[int, ...]
    """Each of the first, dropped iterations on its own; the first of all is the latency after idling."""
    samples: tuple[Sample, ...]
    """In the order taken."""
    wall_ns: int
    """From the start of the first iteration until the last result was read back."""
    outside_ns: int
    """Part of `wall_ns` spent between clock pairs: reading delays, arithmetic of digests, resets."""
    readback_ns: int
    """Part of `wall_ns` spent copying results to the host; not part of `outside_ns`."""
    cpu_ns: int
    """CPU time of the process and its live children within `wall_ns`, bookkeeping included."""
    outside_cpu_ns: int
    """Part of `cpu_ns` spent in bookkeeping and read-back."""
    steal_ns: int | None
    """Time the hypervisor took from the whole machine meanwhile (10 ms steps); None where unknown."""
    threads: int
    """Threads alive at the end."""
    escaped: int | None
    """Threads at the end that may run on a processor they were not given; None where unknown."""
    digests: tuple[Digest, ...]
    """One per position asked for."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the worker process."""

    before_bytes: int
    """Resident when the mark was reset."""
    peak_bytes: int
    """Highest since (VmHWM)."""
    exact: bool
    """False where the kernel would not reset the mark: then the peak is of the process's whole life."""
    own: Mapping[str, float] = field(default_factory=dict)
    """What the system's own allocator reports, under its own names."""
