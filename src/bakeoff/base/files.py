"""Where state lives, and how it is written so that a killed process never leaves half a file."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.base.errors import MachineError
from bakeoff.base.later import later

if TYPE_CHECKING:
    import tempfile
else:
    tempfile = later("tempfile")


def home() -> Path:
    """The folder of bakeoff's state: `BAKEOFF_HOME`, else the XDG data folder. Not created here."""
    chosen = os.environ.get("BAKEOFF_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME")
    root = Path(data) if data else Path.home() / ".local" / "share"
    return root.expanduser().absolute() / "bakeoff"


def write_atomic(path: Path, content: str | bytes) -> None:
    """Writes `path` so that readers see the old content or the new, never a part.

    Raises:
        MachineError: If the disk is full or the folder cannot be written; nothing is left behind.
    """
    data = content.encode() if isinstance(content, str) else content
    staged: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        staged = Path(name)
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(handle, 0o666 & ~_umask())
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        staged.replace(path)
    except OSError as error:
        if staged is not None:
            staged.unlink(missing_ok=True)
        raise _machine_error(path, error) from error


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds an exclusive lock on `path` across processes; the kernel drops it when the holder dies.

    Raises:
        MachineError: If `wait` is false and another process holds the lock, or the lock cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a+")
    except OSError as error:
        raise _machine_error(path, error) from error
    with opened as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            stream.seek(0)
            holder = stream.read().strip() or "another process"
            raise MachineError(f"{path.name} is held by {holder}", advice="wait for it to end") from error
        stream.seek(0)
        stream.truncate()
        stream.write(f"process {os.getpid()}")
        stream.flush()
        yield


def _umask() -> int:
    """The process's mask, which can only be read by setting it: `mkstemp` makes private files, ours are for readers."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _machine_error(path: Path, error: OSError) -> MachineError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = "free some space: `bakeoff env size` lists what bakeoff holds, `bakeoff env prune` removes it"
        return MachineError(f"no space left to write {path}", advice=advice)
    ours = path.is_relative_to(home())
    advice = "set BAKEOFF_HOME to a folder you can write" if ours else "name a file in a folder you can write"
    return MachineError(f"cannot write {path}: {error.strerror}", advice=advice)
