"""Arrays in files, and fingerprints of arrays. NumPy only; the one file that both sides of the pipe use.

A fingerprint is 8 projections on seeded vectors of ±1, summed in float64. Rounding moves a projection of n elements by
about its root-mean-square error times sqrt(n), so fingerprints are compared with the tolerance of the arrays
themselves, and an array that differs by more than rounding differs in nearly every projection.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

PROJECTIONS = 8
"""Number of ±1 projections in a fingerprint."""

_CHUNK = 16_384  # elements at a time: the unpacked signs (1 MB) stay in the second-level cache


def digest(value: np.ndarray, seed: int, name: str) -> dict[str, Any]:
    """The fingerprint of one array: a JSON value with shape, dtype, sums (None if not all finite), nonfinite.

    No BLAS is used: its idle threads would go on spinning into the next timed step.

    Args:
        value: Any shape; real or complex (real and imaginary parts then alternate). Elements are taken in C order.
        seed: Seed of the ±1 vectors.
        name: Name of the output; arrays of different names get different vectors.
    """
    value = np.asarray(value)
    flat = np.asarray(value, order="C").reshape(-1)
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    flat = flat.astype(np.float64)
    nonfinite = int(flat.size - np.count_nonzero(np.isfinite(flat)))
    sums = None if nonfinite else project(flat, seed, name).tolist()
    return {"shape": list(value.shape), "dtype": value.dtype.name, "sums": sums, "nonfinite": nonfinite}


def project(flat: np.ndarray, seed: int, name: str) -> np.ndarray:
    """The 8 projections, float64, of a flat float64 array (n,)."""
    packed = _packed_signs(seed, name, flat.size)
    sums = np.zeros(PROJECTIONS)
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        bits = np.unpackbits(packed[start : start + part.size, None], axis=1, count=PROJECTIONS)
        sums += np.einsum("nk,n->k", bits * 2.0 - 1.0, part)
    return sums


@functools.lru_cache(maxsize=64)
def _packed_signs(seed: int, name: str, size: int) -> np.ndarray:
    # random_raw of a bit generator is the one stream NumPy promises to keep between its versions (NEP 19), and the
    # two sides of the pipe rarely have the same version. One byte holds an element's 8 signs.
    source = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))
    words = source.random_raw(-(-size // 8))
    return words.astype("<u8").view(np.uint8)[:size]


def save_named(path: str, named: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays to an uncompressed `.npz`."""
    with open(path, "wb") as stream:  # noqa: PTH123  (the foreign side imports no pathlib)
        np.savez(stream, **{name: np.asarray(value) for name, value in named.items()})  # type: ignore[arg-type]


def load_named(path: str) -> dict[str, np.ndarray]:
    """Reads what `save_named` wrote; never unpickles."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: np.asarray(archive[name], order="C") for name in archive.files}


def save_steps(path: str, steps: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Writes one set of named arrays per step, or per slot of a ring, under `<number>/<name>`."""
    save_named(path, {f"{index}/{name}": value for index, named in enumerate(steps) for name, value in named.items()})


def load_steps(path: str) -> list[dict[str, np.ndarray]]:
    """Reads what `save_steps` wrote, in its order."""
    steps: list[dict[str, np.ndarray]] = []
    for key, value in load_named(path).items():
        index, _, name = key.partition("/")
        while len(steps) <= int(index):
            steps.append({})
        steps[int(index)][name] = value
    return steps


def widened(value: np.ndarray) -> np.ndarray:
    """The array in a type every NumPy can store: bfloat16 and the 8-bit floats become float32, exactly."""
    value = np.asarray(value)
    return value if value.dtype.isbuiltin == 1 else value.astype(np.float32)
