"""One live worker: started, asked, stopped between its turns, never left behind. The typed face of the protocol."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bakeoff.base.errors import MachineError
from bakeoff.base.outcome import Outcome
from bakeoff.isolate.env import Env
from bakeoff.isolate.environ import Variables, absent_program, compose
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.process import Command, Process
from bakeoff.isolate.protocol import (
    PROTOCOL,
    ArrayDigest,
    Arrays,
    Block,
    Digest,
    Hello,
    Limits,
    Memory,
    Outputs,
    Prepared,
    Sample,
    Work,
)
from bakeoff.isolate.worker import arrays

_WORKER = Path(__file__).parent / "worker" / "worker.py"


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a worker."""

    threads: int
    """Threads it is given; the thread variables are set to this."""
    log: Path
    """File for everything it prints."""
    limits: Limits = field(default_factory=Limits)
    """What it may use."""
    environ: Mapping[str, str] | None = None
    """The setting's own variables; `{threads}` in a value is replaced."""
    cpus: tuple[int, ...] | None = None
    """Logical processors it may use; None for all of this process's."""
    needs: tuple[str, ...] = ()
    """Programs that must be on PATH, alternatives joined by `|`."""


class Session:
    """A worker process; every method returns a `Fault` instead of raising, and after a Fault the worker is gone.

    Use as a context manager, or call `close`. Methods wait without using the processor. Not for several threads.
    """

    def __init__(self, process: Process, launch: Launch, variables: Variables, scratch: Path) -> None:
        self._process = process
        self._launch = launch
        self._variables = variables
        self._scratch = scratch

    @classmethod
    def open(cls, env: Env, adapter: Path, launch: Launch) -> Session | Fault:
        """Starts a worker in `env` on the adapter folder `adapter`. It has imported nothing foreign yet.

        Raises:
            MachineError: If this machine starts no process or has no room for its scratch folder.
        """
        variables = compose(env, threads=launch.threads, extra=launch.environ or {})
        if absent := absent_program(launch.needs, variables.all):
            return Fault(Outcome.MISSING, f"needs {absent}, which is not on PATH; install it and run again")
        if not env.python.exists():
            return Fault(Outcome.MISSING, f"the environment of {env.name or env.key} is gone; run again to rebuild it")
        try:
            launch.log.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=launch.log.parent.absolute()))
        except OSError as error:
            raise MachineError(f"cannot write to {launch.log.parent}: {error.strerror}") from error
        options = {"protocol": PROTOCOL, "adapter": str(adapter.resolve()), "threads": launch.threads}
        command = Command(
            argv=[str(env.python), *_flags(env), str(_WORKER)],
            options=options,
            environ=variables.all,
            folder=scratch,
            log=launch.log.absolute(),
            cpus=launch.cpus,
        )
        return cls(Process(command, launch.limits), launch, variables, scratch)

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the worker can be asked something."""
        return self._process.end is None

    def hello(self) -> Hello | Fault:
        """Imports the adapter, and with it the system."""
        reply = self._ask("hello", {}, self._launch.limits.start_s)
        if isinstance(reply, Fault):
            return reply
        return Hello(
            pid=reply["pid"],
            python=reply["python"],
            versions=reply["versions"],
            build=reply["build"],
            devices=tuple(reply["devices"]),
            import_cpu_s=reply["import_cpu_s"],
            cpus=tuple(reply["cpus"]),
            limits=self._process.limits_kept,
            environ=self._variables.set,
            stripped=self._variables.stripped,
        )

    def prepare(self, work: Work) -> Prepared | Fault:
        """Builds a workload and makes two steps; may be called again for another. Ends with a reset."""
        message = {
            "workload": str(work.workload.resolve()),
            "spec": dict(work.spec),
            "weights": str(work.weights.resolve()),
            "inputs": str(work.inputs.resolve()),
            "setting": work.setting,
            "dtype": work.dtype,
            "device": work.device,
            "episode": work.episode,
            "digest_seed": work.digest_seed,
        }
        reply = self._ask("prepare", message, self._launch.limits.start_s)
        if isinstance(reply, Fault):
            return reply
        return Prepared(reply["build_s"], reply["first_call_s"], reply["second_call_s"])

    def outputs(self, order: Sequence[int]) -> Outputs | Fault:
        """Resets, steps through the slots of `order` and returns every output and the final state."""
        path = self._scratch / "outputs.npz"
        reply = self._ask("outputs", {"order": list(order), "path": str(path)})
        if isinstance(reply, Fault):
            return reply
        steps: list[Arrays] = [{} for _ in range(reply["count"])]
        state: Arrays = {}
        for key, value in arrays.load_named(str(path)).items():
            place, _, name = key.partition("/")
            (state if place == "state" else steps[int(place)])[name] = value
        path.unlink()
        return Outputs(tuple(steps), state, reply["dtypes"])

    def reset(self) -> Fault | None:
        """Restores weights and optimiser state."""
        reply = self._ask("reset", {})
        return reply if isinstance(reply, Fault) else None

    def run(
        self, order: Sequence[int], *, min_sample_s: float = 1e-3, digest_at: Sequence[int] = (), drop: int = 5
    ) -> Block | Fault:
        """Plays one block: the slots of `order`, the first `drop` of which are timed one by one and are no samples.

        Begins with a reset (training), and resets after each episode, outside the clock.

        Args:
            order: Slot numbers, drawn by the caller.
            min_sample_s: Least duration of a sample.
            digest_at: Positions in `order` whose outputs are to be digested.
            drop: Iterations before the first sample.
        """
        message = {"order": list(order), "min_sample_s": min_sample_s, "digest_at": list(digest_at), "drop": drop}
        reply = self._ask("run", message)
        return reply if isinstance(reply, Fault) else _block(reply)

    def memory(self, order: Sequence[int] = ()) -> Memory | Fault:
        """Resets the peak mark, plays `order` untimed from fresh weights, reads the peak."""
        reply = self._ask("memory", {"order": list(order)})
        if isinstance(reply, Fault):
            return reply
        return Memory(reply["before_bytes"], reply["peak_bytes"], reply["exact"], reply["own"])

    def pause(self) -> Fault | None:
        """Stops the worker and everything it started; returns when they no longer run."""
        return self._checked(self._process.pause())

    def resume(self) -> Fault | None:
        """Lets them continue."""
        return self._checked(self._process.resume())

    def close(self) -> None:
        """Ends the worker and everything it started; safe to call twice."""
        self._process.close()
        self._tidy()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, op: str, message: Mapping[str, object], limit_s: float | None = None) -> dict[str, Any] | Fault:
        if self._process.paused and (fault := self.resume()):
            return fault
        reply = self._process.ask(op, message, self._launch.limits.call_s if limit_s is None else limit_s)
        if isinstance(reply, Fault):
            self._tidy()
        return reply

    def _checked(self, fault: Fault | None) -> Fault | None:
        if fault is not None:
            self._tidy()
        return fault

    def _tidy(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)


def _flags(env: Env) -> list[str]:
    """Ours start isolated; a brought interpreter keeps its PYTHONPATH but never sees our working folder."""
    if not env.brought:
        return ["-I", "-u"]
    minor = int(env.python_version.split(".")[1])
    return ["-s", "-P", "-u"] if minor >= 11 else ["-s", "-u"]  # -P came with 3.11; the worker clears its path itself


def _block(reply: Mapping[str, Any]) -> Block:
    return Block(
        first_ns=tuple(reply["first_ns"]),
        samples=tuple(Sample(*sample) for sample in reply["samples"]),
        wall_ns=reply["wall_ns"],
        outside_ns=reply["outside_ns"],
        readback_ns=reply["readback_ns"],
        cpu_ns=reply["cpu_ns"],
        outside_cpu_ns=reply["outside_cpu_ns"],
        steal_ns=reply["steal_ns"],
        threads=reply["threads"],
        escaped=reply["escaped"],
        digests=tuple(_digest(digest) for digest in reply["digests"]),
    )


def _digest(reply: Mapping[str, Any]) -> Digest:
    found = {
        name: ArrayDigest(
            shape=tuple(array["shape"]),
            dtype=array["dtype"],
            sums=None if array["sums"] is None else tuple(array["sums"]),
            nonfinite=array["nonfinite"],
        )
        for name, array in reply["arrays"].items()
    }
    return Digest(reply["at"], reply["slot"], reply["step"], reply["first"], found)
