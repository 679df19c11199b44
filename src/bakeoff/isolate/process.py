"""A worker process under supervision: its pipes, its time limits, and what its end means."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff.base.errors import MachineError
from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import show_bytes, show_seconds
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Limits

Message = dict[str, Any]

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_REPLY_MOST_BYTES = 256_000_000  # a reply is a few kilobytes; more means something else writes to the pipe
_LOG_END_BYTES = 4_000
_CONTROL_S = 30.0  # stopping a tree takes under a millisecond; this long means the supervisor itself is gone


@dataclass(frozen=True, slots=True)
class Command:
    """What to run."""

    argv: Sequence[str]
    """Interpreter and its flags, then the script; the pipes' numbers are added as the last argument."""
    options: Mapping[str, object]
    """Sent to the script as JSON, with the numbers of its pipes."""
    environ: Mapping[str, str]
    """All of its variables."""
    folder: Path
    """Its working folder."""
    log: Path
    """File for its output."""
    cpus: tuple[int, ...] | None
    """Logical processors it may use; None for all of ours."""


class Process:
    """A supervised process that answers one JSON line with one JSON line."""

    def __init__(self, command: Command, limits: Limits) -> None:
        self._command = command
        self._limits = limits
        self._sent = 0
        self._heard = b""
        self._told = b""
        self._paused = False
        self._end: Fault | None = None
        worker_reads, self._requests = os.pipe()
        self._replies, worker_writes = os.pipe()
        self._control, theirs = socket.socketpair()
        try:
            self._supervisor = self._start(theirs, (worker_reads, worker_writes))
        except OSError as error:
            self._release()
            raise MachineError(f"cannot start a process: {error.strerror}", advice="see `ulimit -u`") from error
        finally:
            theirs.close()
            os.close(worker_reads)
            os.close(worker_writes)
        started = self._event("started", _CONTROL_S)
        self.pid = int(started["pid"]) if started else 0
        self.limits_kept = str(started["limits"]) if started else "none"

    def _start(self, control: socket.socket, pipes: tuple[int, int]) -> subprocess.Popen[bytes]:
        command, limits = self._command, self._limits
        supervisor = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(_SUPERVISOR), str(control.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(control.fileno(), *pipes),
            cwd="/",
        )
        options = {**command.options, "requests": pipes[0], "replies": pipes[1]}
        start = {
            "host": os.getpid(),
            "argv": [*command.argv, json.dumps(options)],
            "environ": dict(command.environ),
            "folder": str(command.folder),
            "log": str(command.log),
            "log_bytes": limits.log_bytes,
            "memory_bytes": limits.memory_bytes,
            "tasks": limits.tasks,
            "cpus": list(command.cpus or ()),
            "worker_fds": list(pipes),
        }
        self._control.sendall(json.dumps(start).encode() + b"\n")
        return supervisor

    @property
    def end(self) -> Fault | None:
        """Why the process is gone; None while it lives."""
        return self._end

    @property
    def paused(self) -> bool:
        """Whether it is stopped."""
        return self._paused

    def ask(self, op: str, message: Mapping[str, object], limit_s: float) -> Message | Fault:
        """One request and its reply, or why there is none; after a Fault the process is gone."""
        if self._end is not None:
            return self._end
        self._sent += 1
        request = json.dumps({**message, "op": op, "id": self._sent}, allow_nan=False)
        deadline = time.monotonic() + limit_s
        line = self._exchange(request.encode() + b"\n", deadline)
        if line is None:
            if time.monotonic() >= deadline:
                return self._kill(Outcome.TIMEOUT, f"no reply to `{op}` within {show_seconds(limit_s)}")
            return self._died(op)
        return self._understand(op, line)

    def pause(self) -> Fault | None:
        """Stops the whole tree; returns when it no longer runs."""
        return self._control_tree("stop", "stopped", paused=True)

    def resume(self) -> Fault | None:
        """Lets the whole tree continue."""
        return self._control_tree("continue", "continued", paused=False)

    def close(self) -> None:
        """Ends the whole tree, politely when it is awake."""
        if self._end is None:
            if not self._paused:
                self.ask("bye", {}, 1.0)
            if self._end is None:
                self._kill(Outcome.SKIPPED, "it was closed")

    def _understand(self, op: str, line: bytes) -> Message | Fault:
        try:
            reply = json.loads(line)
            ours, ok = reply["id"] == self._sent, bool(reply["ok"])
            outcome = Outcome.OK if ok else Outcome(reply["outcome"])
            detail, trace = ("", "") if ok else (str(reply["detail"]), str(reply["trace"]))
        except (ValueError, KeyError, TypeError):
            ours = False
        if not ours:
            words = line[:80].decode(errors="replace")
            detail = f"it wrote to the reply pipe, which is not its to use, during `{op}`: {words!r}"
            return self._kill(Outcome.FAILED, detail)
        if ok:
            return dict(reply)
        fault = self._kill(outcome, detail)
        return Fault(fault.outcome, fault.detail, trace or fault.log)

    def _exchange(self, request: bytes, deadline: float) -> bytes | None:
        """Writes the request while reading the reply's line; None at the deadline or at the end of the pipe."""
        try:
            if not self._write(request, deadline):
                return None
        except BrokenPipeError:
            return None
        while b"\n" not in self._heard:
            if not self._readable(self._replies, deadline):
                return None
            data = os.read(self._replies, 1 << 20)
            self._heard += data
            if not data or len(self._heard) > _REPLY_MOST_BYTES:
                line, self._heard = self._heard[:100], b""
                return line or None
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _write(self, data: bytes, deadline: float) -> bool:
        os.set_blocking(self._requests, False)
        while data:
            room = select.poll()
            room.register(self._requests, select.POLLOUT)
            if not room.poll(_left_ms(deadline)):
                return False
            data = data[os.write(self._requests, data[:65536]) :]
        return True

    def _readable(self, file: int, deadline: float) -> bool:
        waiting = select.poll()
        waiting.register(file, select.POLLIN)
        return bool(waiting.poll(_left_ms(deadline)))

    def _control_tree(self, wish: str, event: str, *, paused: bool) -> Fault | None:
        if self._end is None:
            self._say(wish)
            if self._event(event, _CONTROL_S) is None:
                return self._died(wish)
            self._paused = paused
        return self._end

    def _say(self, wish: str) -> None:
        try:
            self._control.sendall(json.dumps({"do": wish}).encode() + b"\n")
        except OSError:
            return  # the supervisor is gone: the next event says so

    def _event(self, name: str, limit_s: float) -> Message | None:
        """The next event of that name; None when the supervisor ended, or told of the end, instead."""
        deadline = time.monotonic() + limit_s
        while True:
            while b"\n" not in self._told:
                if not self._readable(self._control.fileno(), deadline):
                    return None
                try:
                    data = self._control.recv(65536)
                except ConnectionError:
                    return None
                if not data:
                    return None
                self._told += data
            line, _, rest = self._told.partition(b"\n")
            event: Message = json.loads(line)
            if event["event"] == "ended" and name != "ended":
                return None  # left in place for whoever asks how it ended
            self._told = rest
            if event["event"] == name:
                return event

    def _kill(self, outcome: Outcome, detail: str) -> Fault:
        """Ends the tree for our own reason."""
        self._say("kill")
        self._event("ended", _CONTROL_S)
        return self._finished(outcome, detail)

    def _died(self, op: str) -> Fault:
        """The process gave no reply: asks how it ended."""
        ended = self._event("ended", _CONTROL_S)
        if ended is None:
            return self._kill(Outcome.CRASHED, f"its supervisor was killed during `{op}`, and it with it")
        outcome, detail = explain_end(ended, self._limits)
        return self._finished(outcome, f"{detail} during `{op}`")

    def _finished(self, outcome: Outcome, detail: str) -> Fault:
        self._release()
        try:
            self._supervisor.wait(10)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()  # the worker's parent-death signal ends the worker too
            self._supervisor.wait()
        self._end = Fault(outcome, detail, log_end(self._command.log))
        return self._end

    def _release(self) -> None:
        os.close(self._requests)
        os.close(self._replies)
        self._control.close()


def explain_end(ended: Mapping[str, Any], limits: Limits) -> tuple[Outcome, str]:
    """What the supervisor's last words mean for the cell."""
    if ended["why"] == "memory":
        limit, peak = limits.memory_bytes, int(ended["peak_bytes"])
        if limit is None:
            return Outcome.OUT_OF_MEMORY, "the machine ran out of memory and the kernel killed it"
        seen = f" ({show_bytes(peak)} seen)" if peak > limit else ""
        return Outcome.OUT_OF_MEMORY, f"went over its limit of {show_bytes(limit)} of memory{seen}"
    if ended["why"] == "tasks":
        return Outcome.CRASHED, f"killed: it started more than {limits.tasks} processes and threads"
    if ended["signal"]:
        return Outcome.CRASHED, f"killed by {_signal_name(int(ended['signal']))}"
    return Outcome.CRASHED, f"ended with exit code {ended['code']} without a reply"


def log_end(log: Path) -> str:
    """The last few kilobytes of a log, as text; empty when there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _LOG_END_BYTES))
            return stream.read().decode(errors="replace")
    except OSError:
        return ""


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({signal.strsignal(number)})"
    except ValueError:
        return f"signal {number}"


def _left_ms(deadline: float) -> int:
    return max(0, int((deadline - time.monotonic()) * 1000) + 1)
