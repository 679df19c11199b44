"""Watches over one worker: the process that stays awake so that nothing is ever left behind.

One file, standard library only, run by path as `python -I -S supervisor.py FD` with a socket to the host as FD.

- It is the worker's parent and the sub-reaper of everything the worker starts, so no descendant escapes its sight.
- Its own death kills the worker (parent-death signal); the host's death, seen as the end of the socket, makes it kill
  the whole tree, stopped or not, and end. Worker and supervisor are process groups in the host's session, so that the
  kernel ends stopped orphans even if every one of us was killed at once.
- It copies the worker's output to the log and caps it, stops and continues the tree, and keeps its limits: by a
  control group (cgroup v2) where that is writable, else by looking ten times a second while the worker is awake.

Messages are JSON lines. Host to supervisor: the start message, then `{"do": "stop" | "continue" | "kill"}`. Supervisor
to host: `started`, `stopped`, `continued`, and at last `ended` with how.
"""

# ruff: noqa: PTH102, PTH106, PTH110, PTH118, PTH120, PTH123, PTH208
# pathlib is not imported: this process starts once per worker and looks at /proc ten times a second.

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1  # prctl(2)
PR_SET_CHILD_SUBREAPER = 36
POLL_S = 0.1
TAIL_BYTES = 64_000
PAGE = os.sysconf("SC_PAGE_SIZE")


def prctl(option: int, value: int) -> None:
    """Asks the kernel; other systems have no such call and keep only the process groups."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


class Log:
    """The worker's output: its first part as it comes, then only the last of it."""

    def __init__(self, path: str, most: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._room = most
        self._tail = b""
        self._left_out = 0

    def write(self, data: bytes) -> None:
        """Keeps what there is room for. A full disk loses output, never the worker."""
        head, rest = data[: self._room], data[self._room :]
        self._room -= len(head)
        self._put(head)
        if rest:
            kept = (self._tail + rest)[-TAIL_BYTES:]
            self._left_out += len(self._tail) + len(rest) - len(kept)
            self._tail = kept

    def close(self) -> None:
        """Writes the end of what did not fit."""
        if self._left_out:
            self._put(f"\n[… {self._left_out} bytes of output left out …]\n".encode())
        self._put(self._tail)
        os.close(self._file)

    def _put(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            self._room = 0


class Group:
    """A control group of version 2 for one worker. `path` is empty where none can be made with both limits."""

    def __init__(self, name: str, memory_bytes: int | None, tasks: int | None) -> None:
        self.path = ""
        if LINUX and (memory_bytes or tasks):
            for parent in self._parents():
                if self._make(os.path.join(parent, name), memory_bytes, tasks):
                    self.path = os.path.join(parent, name)
                    return

    @staticmethod
    def _parents() -> list[str]:
        try:
            with open("/proc/self/cgroup", encoding="ascii") as stream:
                own = next((line.strip()[3:] for line in stream if line.startswith("0::")), "")
        except OSError:
            return []
        # A group with processes cannot hand its controllers down, so the place is mostly beside our own, not below.
        folder = "/sys/fs/cgroup" + own.rstrip("/")
        return [folder, os.path.dirname(folder)] if own.strip("/") else [folder]

    @staticmethod
    def _make(path: str, memory_bytes: int | None, tasks: int | None) -> bool:
        try:
            os.mkdir(path)
        except OSError:
            return False
        limits = {"memory.max": memory_bytes, "memory.swap.max": memory_bytes and 0, "pids.max": tasks}
        try:
            for file, limit in limits.items():
                if limit is not None and (limit or os.path.exists(os.path.join(path, file))):
                    _write(os.path.join(path, file), str(limit))
            Group._probe(path)
        except OSError:
            os.rmdir(path)
            return False
        return True

    @staticmethod
    def _probe(path: str) -> None:
        """Raises OSError when a process may not be moved in: that takes rights above the group too."""
        pid = os.fork()
        if pid == 0:
            try:
                _write(os.path.join(path, "cgroup.procs"), "0")
            except OSError:
                os._exit(1)
            finally:
                os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise PermissionError(path)

    def enter(self) -> None:
        """Moves the calling process in."""
        if self.path:
            _write(os.path.join(self.path, "cgroup.procs"), "0")

    def broke(self) -> str:
        """Which limit the kernel enforced: `memory`, `tasks` or nothing."""
        for file, key, why in (("memory.events", "oom_kill", "memory"), ("pids.events", "max", "tasks")):
            if self.path and _counter(os.path.join(self.path, file), key):
                return why
        return ""

    def remove(self) -> None:
        """Kills whatever is still inside and removes it."""
        if self.path:
            for attempt in range(50):
                with contextlib.suppress(OSError):
                    _write(os.path.join(self.path, "cgroup.kill"), "1")
                try:
                    os.rmdir(self.path)
                except OSError:
                    time.sleep(0.01 * (attempt < 49))
                else:
                    return


class Supervisor:
    """One worker and everything it starts."""

    def __init__(self, host: socket.socket, start: dict[str, Any]) -> None:
        self._host = host
        self._start = start
        self._log = Log(start["log"], start["log_bytes"])
        self._group = Group(f"bakeoff-{os.getpid()}", start["memory_bytes"], start["tasks"])
        self._oom_kills = _counter("/proc/vmstat", "oom_kill")
        self._pid = os.getpid()
        self._heard = b""
        self._status: int | None = None
        self._stopped = False
        self._next_check_s = 0.0
        self._over = ""
        self._peak = 0
        self._output, output = os.pipe()
        self._wake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self._wake, False)
        os.set_blocking(self._output, False)
        for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self._note)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.worker = self._spawn(output)
        os.close(output)
        for inherited in start["worker_fds"]:
            os.close(inherited)

    def _note(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD and (number != signal.SIGUSR1 or os.getppid() != self._start["host"]):
            # SIGUSR1 is the parent-death signal: it also comes when only the starting thread of the host ended.
            self._over = self._over or "host"

    def _spawn(self, output: int) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setpgid(0, 0)
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            self._group.enter()
            _prefer_for_oom()
            if self._start["cpus"] and LINUX:
                os.sched_setaffinity(0, self._start["cpus"])
            if os.getppid() != self._pid:  # it died before the kernel was told whose death to watch for
                return pid
            nowhere = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nowhere, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            for inherited in self._start["worker_fds"]:
                os.set_inheritable(inherited, True)  # noqa: FBT003
            os.chdir(self._start["folder"])
            os.execve(self._start["argv"][0], self._start["argv"], self._start["environ"])  # noqa: S606
        except OSError as error:
            os.write(2, f"cannot start {self._start['argv'][0]}: {error}\n".encode())
        finally:
            os._exit(127)

    def watch(self) -> None:
        """Until the worker is gone, or the host."""
        self.tell({"event": "started", "pid": self.worker, "limits": self._limits()})
        with selectors.DefaultSelector() as waiting:
            for source in (self._host, self._output, self._wake):
                waiting.register(source, selectors.EVENT_READ)
            while self._status is None and not self._over:
                ready = [key.fileobj for key, _ in waiting.select(self._patience())]
                if self._wake in ready:
                    _drain(self._wake)
                if self._output in ready and not self._copy_output(pieces=16):
                    waiting.unregister(self._output)
                if self._host in ready:
                    self._obey()
                self._check_limits()
                self._reap()
        self._finish()

    def _limits(self) -> str:
        if self._group.path:
            return "cgroup"
        return "advisory" if self._start["memory_bytes"] or self._start["tasks"] else "none"

    def _patience(self) -> float | None:
        return POLL_S if self._limits() == "advisory" and not self._stopped else None

    def _obey(self) -> None:
        data = self._host.recv(65536)
        if not data:
            self._over = "host"
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            wish = json.loads(line)["do"]
            if wish == "stop":
                self._stop()
                self.tell({"event": "stopped"})
            elif wish == "continue":
                self._continue()
                self.tell({"event": "continued"})
            else:
                self._over = "asked"

    def _stop(self) -> None:
        self._stopped = True
        deadline = time.monotonic() + 0.5
        stopped: set[int] = set()
        while time.monotonic() < deadline:
            pids = self._tree()
            for pid in set(pids) - stopped:
                _signal(pid, signal.SIGSTOP)
            stopped.update(pids)
            # The list is read again after all have stopped: one may have started another before its signal arrived.
            if all(_is_still(pid) for pid in pids) and set(self._tree()) <= stopped:
                return
            time.sleep(0.0002)

    def _continue(self) -> None:
        self._stopped = False
        for pid in reversed(self._tree()):
            _signal(pid, signal.SIGCONT)

    def _tree(self) -> list[int]:
        return descendants(self._pid) if LINUX else [self.worker]

    def _check_limits(self) -> None:
        now = time.monotonic()
        if self._limits() != "advisory" or self._stopped or self._over or now < self._next_check_s:
            return
        self._next_check_s = now + POLL_S / 2
        pids = self._tree()
        memory_bytes, tasks = self._start["memory_bytes"], self._start["tasks"]
        if tasks and sum(_tasks(pid) for pid in pids) > tasks:
            self._over = "tasks"
        elif memory_bytes:
            used = sum(_resident(pid) for pid in pids)
            if used > memory_bytes and len(pids) > 1:
                used = sum(_proportional(pid) for pid in pids)
            self._peak = max(self._peak, used)
            self._over = "memory" if used > memory_bytes else ""

    def _reap(self) -> bool:
        """Takes in what has ended, the orphans handed to us included; whether any child is left.

        A sub-reaper without children has no descendants: whoever dies hands its children up before it can be waited
        for. Looking through /proc instead can miss a process while it is being handed up.
        """
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.worker:
                self._status = status

    def _finish(self) -> None:
        self._kill_tree()
        status = self._status
        self._copy_output(pieces=1 << 16)
        broke = self._group.broke()
        self._group.remove()
        self._log.close()
        killed = status is not None and os.WIFSIGNALED(status)
        number = os.WTERMSIG(status) if killed and status is not None else 0
        starved = number == signal.SIGKILL and not self._over and _counter("/proc/vmstat", "oom_kill") > self._oom_kills
        why = self._over or (broke if killed or broke == "tasks" else "") or ("memory" if starved else "")
        code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
        self.tell({"event": "ended", "why": why, "signal": number, "code": code, "peak_bytes": self._peak})

    def _kill_tree(self) -> None:
        """Kills until nothing is left: first all are stopped, so that a fork bomb cannot outrun us."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            self._stop()
            for pid in self._tree():
                _signal(pid, signal.SIGKILL)
            if not self._reap():
                return
            time.sleep(0.001)

    def _copy_output(self, pieces: int) -> bool:
        """Copies what is there; False once everybody has closed it."""
        for _ in range(pieces):
            try:
                data = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._log.write(data)
        return True

    def tell(self, message: dict[str, Any]) -> None:
        """Sends the host a line; a host that is gone hears nothing."""
        try:
            self._host.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self._over = self._over or "host"


def descendants(pid: int) -> list[int]:
    """Living and unreaped descendants, parents first.

    Falls back to every process's parent where the kernel lists no children (CONFIG_PROC_CHILDREN), and to nothing
    where there is no /proc.
    """
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        return _descendants_by_parent(pid)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        for thread in _listed(f"/proc/{parent}/task"):
            children = [int(child) for child in _text(f"/proc/{parent}/task/{thread}/children").split()]
            found += children
            waiting += children
    return found


def _descendants_by_parent(pid: int) -> list[int]:
    parents = {int(name): _stat(int(name)) for name in _listed("/proc") if name.isdigit()}
    found: list[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, fields in parents.items() if len(fields) > 1 and fields[1] == str(parent)]
        found += children
        waiting += children
    return found


def _stat(pid: int) -> list[str]:
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _is_still(pid: int) -> bool:
    """Whether no thread of a process runs. A thread on another processor runs on for some µs after the first stops."""
    states = (
        _text(f"/proc/{pid}/task/{thread}/stat").rpartition(")")[2].split() for thread in _listed(f"/proc/{pid}/task")
    )
    return all(fields[0] in "TtZX" for fields in states if fields)


def _resident(pid: int) -> int:
    fields = _text(f"/proc/{pid}/statm").split()
    return int(fields[1]) * PAGE if len(fields) > 1 else 0


def _proportional(pid: int) -> int:
    """Memory with each shared page divided among its users: forked children share most of theirs. Slow to read."""
    for line in _text(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return _resident(pid)


def _tasks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[17]) if len(fields) > 17 else 0


def _prefer_for_oom() -> None:
    """When the whole machine runs out of memory, the kernel should take the worker, not the host."""
    with contextlib.suppress(OSError):
        _write("/proc/self/oom_score_adj", "800")


def _counter(path: str, key: str) -> int:
    for line in _text(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return 0


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _write(path: str, text: str) -> None:
    # Never creates: where control groups are of version 1, their folder is an ordinary one.
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def _signal(pid: int, number: int) -> None:
    # Where children cannot be listed, the worker's process group is all that can be reached.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        (os.kill if LINUX else os.killpg)(pid, number)


def _drain(file: int) -> None:
    with contextlib.suppress(BlockingIOError):
        while os.read(file, 4096):
            continue


def main() -> None:
    """Reads the start message, then watches."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)
    os.setpgid(0, 0)
    with socket.socket(fileno=int(sys.argv[1])) as host:
        text = b""
        while not text.endswith(b"\n"):
            data = host.recv(1 << 20)
            if not data:
                return
            text += data
        start = json.loads(text)
        if os.getppid() == start["host"]:
            Supervisor(host, start).watch()


if __name__ == "__main__":
    main()
