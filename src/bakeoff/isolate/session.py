"""One live worker process: started, talked to over a pipe, stopped between its turns, never left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bakeoff.isolate.env import Env
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Block, Hello, Limits, Memory, Outputs, Prepared, Work


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a worker."""

    threads: int
    """Threads it is given; the thread variables are set to this."""
    log: Path
    """File for everything it prints."""
    limits: Limits = Limits()
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

    @classmethod
    def open(cls, env: Env, adapter: Path, launch: Launch) -> Session | Fault:
        """Starts a worker in `env` on the adapter folder `adapter`. It has imported nothing foreign yet."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        raise NotImplementedError

    @property
    def alive(self) -> bool:
        """Whether the worker can be asked something."""
        raise NotImplementedError

    def hello(self) -> Hello | Fault:
        """Imports the adapter, and with it the system."""
        raise NotImplementedError

    def prepare(self, work: Work) -> Prepared | Fault:
        """Builds a workload and makes two steps; may be called again for another. Ends with a reset."""
        raise NotImplementedError

    def outputs(self, order: Sequence[int]) -> Outputs | Fault:
        """Resets, steps through the slots of `order` and returns every output and the final state."""
        raise NotImplementedError

    def reset(self) -> Fault | None:
        """Restores weights and optimiser state."""
        raise NotImplementedError

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
        raise NotImplementedError

    def memory(self, order: Sequence[int] = ()) -> Memory | Fault:
        """Resets the peak mark, plays `order` untimed, reads the peak."""
        raise NotImplementedError

    def pause(self) -> Fault | None:
        """Stops the worker and everything it started; returns when they no longer run."""
        raise NotImplementedError

    def resume(self) -> Fault | None:
        """Lets them continue."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the worker and everything it started; safe to call twice."""
        raise NotImplementedError

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
