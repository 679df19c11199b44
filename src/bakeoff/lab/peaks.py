"""What the machine itself can do: a matrix product and a copy, measured in a worker around the campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bakeoff.isolate.env import Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Work
from bakeoff.isolate.session import Launch
from bakeoff.isolate.worker import arrays
from bakeoff.lab.guards import CLEAN_DELAY
from bakeoff.lab.players import Opener, Worker
from bakeoff.lab.raw import Peaks

FOLDER = Path(__file__).parent / "probe"
"""Foreign code of the probe; it runs in the reference arm's environment."""
# The smaller product fits between two disturbances of a busy machine, the larger one is nearer to the peak.
_ORDERS = (512, 1024)
_SMALLEST, _LARGEST = 1 << 16, 1 << 28
_STEPS = 40
_WIDE_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")
# A store first reads the line it overwrites, so a copy moves three bytes for every byte copied.
_MOVED = 3


def measure(
    open_worker: Opener, env: Env, launch: Launch, *, footprint_bytes: float, flags: Sequence[str], scratch: Path
) -> Peaks | None:
    """Measures both peaks; None when the probe cannot run, for whatever reason: it is a guard, not a result.

    Args:
        open_worker: Starts workers.
        env: The reference arm's environment.
        launch: How to start it, with the campaign's threads.
        footprint_bytes: Bytes one step of the workload moves: the copy has the same size, so the same caches.
        flags: Features of the processor.
        scratch: Folder for the worker's files.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    arrays.save_named(str(scratch / "none.npz"), {})
    arrays.save_steps(str(scratch / "slot.npz"), [{"x": np.zeros(1, np.float32)}])
    worker = open_worker(env, FOLDER, launch)
    if isinstance(worker, Fault):
        return None
    size = int(min(max(footprint_bytes / 2, _SMALLEST), _LARGEST))
    try:
        hello = worker.hello()
        if isinstance(hello, Fault):
            return None
        rates = []
        for order in _ORDERS:
            product = _best(worker, _work(scratch, "peak_product.py", {"n": order}))
            rates += [2 * order**3 / product] if product else []
        copied = _best(worker, _work(scratch, "peak_copy.py", {"bytes": size, "threads": launch.threads}))
    finally:
        worker.close()
    if not rates or copied is None:
        return None
    best = max(rates)
    return Peaks(best, best * _unused_width(hello.build, flags), _MOVED * size / copied)


def larger(one: Peaks | None, other: Peaks | None) -> Peaks | None:
    """The better of two measurements of each peak: a disturbed probe must accuse nobody."""
    if one is None or other is None:
        return one or other
    return Peaks(
        max(one.flops_per_s, other.flops_per_s),
        max(one.ceiling_flops_per_s, other.ceiling_flops_per_s),
        max(one.bytes_per_s, other.bytes_per_s),
    )


def _unused_width(build: str, flags: Sequence[str]) -> float:
    """How many times wider the processor's vectors are than those of the BLAS that was measured.

    OpenBLAS runs its Haswell and Zen kernels, 256 bits wide, on processors of AMD that have 512: another library's
    product is then honestly up to twice as fast as the "peak".
    """
    return 2.0 if "avx512f" in flags and not any(name in build for name in _WIDE_KERNELS) else 1.0


def _work(scratch: Path, name: str, spec: dict[str, object]) -> Work:
    return Work(
        workload=FOLDER / name, spec=spec, weights=scratch / "none.npz", inputs=scratch / "slot.npz", setting="probe"
    )


def _best(worker: Worker, work: Work) -> float | None:
    """Seconds of the fastest undisturbed step (here the minimum is what is asked for); None when there was none."""
    if isinstance(worker.prepare(work), Fault):
        return None
    block = worker.run([0] * _STEPS, min_sample_s=0.0, drop=2)
    if isinstance(block, Fault):
        return None
    if block.samples and block.samples[0].ns < 1_000_000:
        block = worker.run([0] * (_STEPS * 20), min_sample_s=2e-4, drop=2)
        if isinstance(block, Fault):
            return None
    clean = [one for one in block.samples if (one.delay_ns or 0) <= CLEAN_DELAY * one.ns]
    return min((one.ns / one.iterations for one in clean), default=0.0) * 1e-9 or None
