"""The machine: what it is, how much of it is ours, and how quiet it is. Everything unreadable says `unknown`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies a machine, with the fields of `lab.cells.Machine`."""

    id: str
    """Digest of what does not change between boots."""
    cpu: str
    """Model name."""
    cores: int
    """Logical processors this process may use."""
    memory_bytes: int
    """Physical memory, or the control group's limit where lower."""
    os: str
    """Kernel and distribution."""
    flags: tuple[str, ...] = ()
    """CPU features that matter to kernels."""
    accelerators: tuple[str, ...] = ()
    """Accelerators found, vendor and model."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Governor, SMT, quota, cpuset, kernel … as text."""


def fingerprint() -> Fingerprint:
    """Reads the machine; takes milliseconds, seconds where an accelerator's tool must be asked."""
    raise NotImplementedError


def probe_delay(seconds: float = 1.0, *, threads: int | None = None) -> float | None:
    """Share of `seconds` that busy threads (one per processor) wait in run queues: 0 when quiet; None if unknown."""
    raise NotImplementedError


def steal_ns() -> int | None:
    """Time the hypervisor has taken from this machine since boot, all processors; None where unknown."""
    raise NotImplementedError


def timer_resolution_ns() -> int:
    """Smallest step of the clock seen in many readings."""
    raise NotImplementedError


def null_cost_ns() -> float:
    """Median time the worker's clock gives a step that does nothing: what it adds to every sample."""
    raise NotImplementedError


def memory_available_bytes() -> int | None:
    """Memory that can be used now without swapping; None where unknown."""
    raise NotImplementedError
