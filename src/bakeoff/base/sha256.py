"""SHA-256 as the interpreter has it: importing `hashlib` loads OpenSSL, which takes longer than all our digests do."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def _from_interpreter() -> Callable[[bytes], Any]:
    # Where the standard library's own `random` takes it from, by version; `hashlib` is there in every build.
    for name in ("_sha2", "_sha256"):
        try:
            found: Callable[[bytes], Any] = importlib.import_module(name).sha256
        except ImportError:
            continue
        return found
    return importlib.import_module("hashlib").sha256  # type: ignore[no-any-return]


_sha256 = _from_interpreter()


def sha256(data: bytes) -> bytes:
    """The digest of some bytes, 32 bytes long."""
    return _sha256(data).digest()  # type: ignore[no-any-return]
