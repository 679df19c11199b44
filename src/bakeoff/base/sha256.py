"""SHA-256 as the interpreter has it: importing `hashlib` loads OpenSSL, which takes longer than all our digests do."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any


def _from_interpreter() -> Callable[[bytes], Any]:
    # Where the standard library's own `random` takes such digests from; `hashlib` is there in every build.
    try:
        own = importlib.import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256")
    except ImportError:
        own = importlib.import_module("hashlib")
    return own.sha256  # type: ignore[no-any-return]


_sha256 = _from_interpreter()


def sha256(data: bytes) -> bytes:
    """The digest of some bytes, 32 bytes long."""
    return _sha256(data).digest()  # type: ignore[no-any-return]
