"""The machine: what it is, how much of it is ours, and how quiet it is. Everything unreadable says `unknown`."""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff.base.records import digest
from bakeoff.isolate.worker import clock

UNKNOWN = "unknown"
"""What a detail says that could not be read."""

_LINUX = sys.platform == "linux"
_CPU = Path("/sys/devices/system/cpu")
# Only features that choose between kernels: the whole list has over a hundred, most of them for the operating system.
_FLAGS = frozenset(
    {"sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni"}
    | {"avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16"}
    | {"asimd", "asimdhp", "asimddp", "sve", "sve2", "i8mm", "bf16", "sme"}
)
_TOOL_S = 20


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
    model, flags = _cpu()
    memory = _memory_bytes()
    found = accelerators()
    lasting = [model, platform.machine(), os.cpu_count(), flags, round(memory / 1e9), found, _machine_name()]
    return Fingerprint(
        id=digest(lasting),
        cpu=model,
        cores=len(usable_cpus()),
        memory_bytes=memory,
        os=f"{platform.system()} {platform.release()}, {_distribution()}",
        flags=flags,
        accelerators=found,
        details=_details(),
    )


def usable_cpus() -> tuple[int, ...]:
    """The logical processors this process may use, by number."""
    return tuple(sorted(os.sched_getaffinity(0))) if sys.platform == "linux" else tuple(range(os.cpu_count() or 1))


@functools.cache
def accelerators() -> tuple[str, ...]:
    """Accelerators that programs can use here, vendor and model; empty for none."""
    found = []
    if shutil.which("nvidia-smi"):
        found += _lines("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    elif any(Path("/dev").glob("nvidia[0-9]*")):
        found.append("NVIDIA (model unknown)")
    if Path("/dev/kfd").exists():
        found.append("AMD (model unknown)")
    if sys.platform == "darwin" and platform.machine() == "arm64":
        found.append(_cpu()[0])
    return tuple(found)


def probe_delay(seconds: float = 1.0, *, threads: int | None = None) -> float | None:
    """How crowded the processors are: the mean share of `seconds` that busy threads waited for a processor.

    Args:
        seconds: How long to listen, with every processor kept busy.
        threads: How many threads; one per usable processor when None, each tied to its own.

    Returns:
        0 for a quiet machine, near 1 for a hopeless one; None where the kernel does not say.
    """
    if not _LINUX or not Path("/proc/thread-self/schedstat").exists():
        return None
    cpus = usable_cpus()[:threads]
    shares: list[float] = []
    listeners = [threading.Thread(target=_listen, args=(cpu, seconds, shares)) for cpu in cpus]
    for listener in listeners:
        listener.start()
    for listener in listeners:
        listener.join()
    return statistics.fmean(shares) if shares else None


def steal_ns() -> int | None:
    """Time the hypervisor has taken from this machine since boot, all processors; None where unknown."""
    return clock.steal_ns()


def timer_resolution_ns() -> int:
    """Smallest step of the clock seen in many readings."""
    readings = [time.perf_counter_ns() for _ in range(20_000)]
    return min(after - before for before, after in itertools.pairwise(readings) if after > before)


def null_cost_ns() -> float:
    """Median time the worker's clock gives a step that does nothing: what it adds to every sample."""
    return statistics.median(clock.timed(_nothing, _nothing, (0,))[0] for _ in range(2_000))


def memory_available_bytes() -> int | None:
    """Memory that can be used now without swapping; None where unknown."""
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return min(int(line.split()[1]) * 1024, _memory_bytes())
    return None


def _nothing(_argument: object) -> None:
    return


def _listen(cpu: int, seconds: float, shares: list[float]) -> None:
    if sys.platform != "linux":
        return
    # Of the calling thread only. SHA-256 of a large buffer runs outside Python's global lock.
    os.sched_setaffinity(0, {cpu})
    work = bytes(1 << 20)
    before, began = _waited_ns(), time.monotonic()
    while time.monotonic() - began < seconds:
        hashlib.sha256(work)
    shares.append((_waited_ns() - before) / 1e9 / (time.monotonic() - began))


def _waited_ns() -> int:
    return int(_read(Path("/proc/thread-self/schedstat")).split()[1])


def _cpu() -> tuple[str, tuple[str, ...]]:
    """Model name and the features that matter."""
    if sys.platform == "darwin":
        names = _lines("sysctl", "-n", "machdep.cpu.brand_string")
        return (names[0] if names else UNKNOWN), ()
    fields: dict[str, str] = {}
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    words = fields.get("flags", fields.get("Features", "")).split()
    model = fields.get("model name") or fields.get("Processor") or platform.processor() or platform.machine()
    return model, tuple(sorted(_FLAGS.intersection(words)))


def _memory_bytes() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [
        int(text) for text in (_group("memory.max"), _group_1("memory", "memory.limit_in_bytes")) if text.isdigit()
    ]
    return min([physical, *limits])


def _details() -> dict[str, str]:
    cpus = usable_cpus()
    here = _CPU / f"cpu{cpus[0]}" / "cpufreq"
    return {
        "governor": _detail(here / "scaling_governor"),
        "boost": _detail(_CPU / "cpufreq" / "boost", _CPU / "intel_pstate" / "no_turbo"),
        "smt": _detail(_CPU / "smt" / "active"),
        "quota": _quota(),
        "cpuset": _ranges(cpus),
        "virtual": "yes" if " hypervisor" in _read(Path("/proc/cpuinfo")) else "not said",
        "huge pages": _detail(Path("/sys/kernel/mm/transparent_hugepage/enabled")),
        "memory groups": "cgroup" if _can_limit() else "advisory",
        "libc": " ".join(platform.libc_ver()) or UNKNOWN,
    }


def _quota() -> str:
    """Processors' worth of time the control group allows in a period."""
    quota, _, period = _group("cpu.max").partition(" ")
    if not quota:
        quota, period = _group_1("cpu", "cpu.cfs_quota_us"), _group_1("cpu", "cpu.cfs_period_us")
    if not quota:
        return UNKNOWN
    return f"{int(quota) / int(period):.2f} processors" if quota.isdigit() and period.isdigit() else "none"


def _can_limit() -> bool:
    folder = _group_folder()
    return any(
        "memory" in _read(place / "cgroup.subtree_control").split() and os.access(place, os.W_OK)
        for place in (folder, folder.parent)
    )


def _group_folder() -> Path:
    own = next((line[3:] for line in _read(Path("/proc/self/cgroup")).splitlines() if line.startswith("0::")), "/")
    return Path("/sys/fs/cgroup") / own.strip("/")


def _group(name: str) -> str:
    """A setting of our control group, version 2; empty where there is none."""
    return _read(_group_folder() / name).strip()


def _group_1(controller: str, name: str) -> str:
    """A setting of our control group, version 1; empty where there is none."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            root = Path("/sys/fs/cgroup") / controller
            return (_read(root / path.strip("/") / name) or _read(root / name)).strip()
    return ""


def _ranges(numbers: tuple[int, ...]) -> str:
    """`0-3,8` for 0, 1, 2, 3, 8."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def _distribution() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", UNKNOWN)
    except OSError:
        return UNKNOWN


def _machine_name() -> str:
    return _read(Path("/etc/machine-id")).strip() or platform.node()


def _detail(*paths: Path) -> str:
    return next((f"{text}" for text in (_read(path).strip() for path in paths) if text), UNKNOWN)


def _lines(*command: str) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_S, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
