"""The process in which foreign code runs: answers one JSON line with one JSON line, on pipes of its own.

Started by path as `python -I worker.py '<options as JSON>'`; standard library only, Python >= 3.10. Standard output and
error belong to whoever wants to print; nothing read from them is ever believed.
"""

# ruff: noqa: PTH100, PTH110, PTH118, PTH119, PTH120, PTH123, PTH208
# pathlib is not imported: its cost would be part of a framework's import time.

from __future__ import annotations

import errno
import faulthandler
import gc
import importlib.util
import json
import math
import os
import resource
import sys
import time
import traceback
from typing import Any

PROTOCOL = 1
_LINUX = sys.platform == "linux"
_TRACE_CHARS = 4000


class RefusalError(Exception):
    """A request that cannot be done, with the outcome it means for the cell."""

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


def load(path: str, name: str) -> Any:
    """Runs a file as a module under `name`, without putting its folder on the path."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RefusalError("failed", f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Worker:
    """What this process holds between requests."""

    def __init__(self, adapter: str, threads: int) -> None:
        self._folder = adapter
        self._threads = threads
        self._cpus = frozenset(os.sched_getaffinity(0)) if _LINUX else frozenset()
        here = os.path.dirname(os.path.abspath(__file__))
        self._clock = load(os.path.join(here, "clock.py"), "bakeoff_clock")
        self._arrays_path = os.path.join(here, "arrays.py")
        self._arrays: Any = None
        self._adapter: Any = None
        self._settings: dict[str, Any] = {}
        self._program: Any = None
        self._read: Any = None

    def hello(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Imports the adapter first, so that its import cost is what a user pays, NumPy included."""
        before = _cpu_s()
        self._adapter = load(os.path.join(self._folder, "adapter.py"), "bakeoff_adapter")
        import_cpu_s = _cpu_s() - before
        self._arrays = load(self._arrays_path, "bakeoff_arrays")
        told = self._adapter.describe()
        return {
            "pid": os.getpid(),
            "python": ".".join(map(str, sys.version_info[:3])),
            "versions": {str(name): str(version) for name, version in told.get("versions", {}).items()},
            "build": str(told.get("build", "")),
            "devices": [str(device) for device in told.get("devices", [])],
            "import_cpu_s": import_cpu_s,
            "cpus": sorted(os.sched_getaffinity(0)) if _LINUX else [],
        }

    def prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        """Builds the workload, makes two synchronised steps, and goes back to fresh weights."""
        path = request["workload"]
        if not os.path.exists(path):
            raise RefusalError("unsupported", f"the adapter has no file {os.path.basename(path)}")
        self._configure(request)
        module = load(path, "bakeoff_workload")
        weights = self._arrays.load_named(request["weights"])
        inputs = self._arrays.load_steps(request["inputs"])
        begin = time.perf_counter()
        step, reset, self._read = module.build(request["spec"], weights, inputs, request["setting"])
        built = time.perf_counter()
        self._program = self._as_program(step, reset, request)
        first = self._clock.timed(step, self._adapter.sync, (0,))[0]
        second = self._clock.timed(step, self._adapter.sync, (1 % len(inputs),))[0]
        self._program.restart()
        # What exists now lives as long as the process: keep the collector, as users do, but not for this.
        gc.collect()
        gc.freeze()
        return {"build_s": built - begin, "first_call_s": first / 1e9, "second_call_s": second / 1e9}

    def outputs(self, request: dict[str, Any]) -> dict[str, Any]:
        """Outputs after each step of an order from fresh weights, and the state after the last, into a file."""
        program = self._prepared()
        program.restart()
        steps = []
        for slot in request["order"]:
            out = program.step(slot)
            self._adapter.sync(out)
            # Copied at once: a system may hand out the same buffer at every step.
            steps.append({name: value.copy() for name, value in program.read_back(out).items()})
        state = program.read_back(self._read())
        named = {f"{index}/{name}": value for index, out in enumerate(steps) for name, value in out.items()}
        named.update({f"state/{name}": value for name, value in state.items()})
        dtypes = {name: value.dtype.name for name, value in named.items()}
        wide = {name: self._arrays.widened(value) for name, value in named.items()}
        self._arrays.save_named(request["path"], wide)
        return {"count": len(steps), "dtypes": dtypes}

    def reset(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Fresh weights."""
        self._prepared().restart()
        return {}

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """One block."""
        plan = self._clock.Plan(
            order=request["order"],
            drop=request["drop"],
            min_ns=int(request["min_sample_s"] * 1e9),
            digest_at=request["digest_at"],
        )
        block: dict[str, Any] = self._clock.Player(self._prepared(), plan).play()
        block["threads"], block["escaped"] = self._threads_now()
        return block

    def memory(self, request: dict[str, Any]) -> dict[str, Any]:
        """Peak resident memory over an order of steps."""
        program = self._prepared()
        program.restart()
        gc.collect()
        exact = _reset_peak()
        before = _status_bytes("VmRSS")
        for index, slot in enumerate(request["order"]):
            if program.episode and index and index % program.episode == 0:
                program.restart()
            program.sync(program.step(slot))
        peak = _status_bytes("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
        own = {str(name): float(value) for name, value in self._adapter.memory().items() if _is_finite(value)}
        return {"before_bytes": before, "peak_bytes": peak, "exact": exact, "own": own}

    def _configure(self, request: dict[str, Any]) -> None:
        settings = {"threads": self._threads, **{key: request[key] for key in ("device", "dtype", "setting")}}
        if not self._settings:
            self._adapter.device(dict(settings))
            self._settings = settings
        elif settings != self._settings:
            raise RefusalError("failed", f"this worker is set to {self._settings}; start another for {settings}")

    def _as_program(self, step: Any, reset: Any, request: dict[str, Any]) -> Any:
        sync, read, seed = self._adapter.sync, self._read, request["digest_seed"]
        digest = self._arrays.digest

        def restart() -> None:
            reset()
            sync(read())

        def digests(host: dict[str, Any]) -> dict[str, Any]:
            return {name: digest(value, seed, name) for name, value in host.items()}

        return self._clock.Program(
            step=step,
            sync=sync,
            restart=restart,
            read_back=self._adapter.to_numpy,
            digest=digests,
            episode=request["episode"],
        )

    def _prepared(self) -> Any:
        if self._program is None:
            raise RefusalError("failed", "nothing is prepared yet")
        return self._program

    def _threads_now(self) -> tuple[int, int | None]:
        if not _LINUX:
            return 0, None
        threads = os.listdir("/proc/self/task")
        escaped = 0
        for thread in threads:
            try:
                escaped += not self._cpus.issuperset(os.sched_getaffinity(int(thread)))
            except OSError:  # it just ended
                continue
        return len(threads), escaped


_MAXRSS_UNIT = 1024 if _LINUX else 1  # getrusage(2): kilobytes on Linux, bytes on macOS


def answer(worker: Worker, request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request. What foreign code raises becomes an outcome."""
    operations = {
        "hello": worker.hello,
        "prepare": worker.prepare,
        "outputs": worker.outputs,
        "reset": worker.reset,
        "run": worker.run,
        "memory": worker.memory,
    }
    try:
        return {"ok": True, **operations[request["op"]](request)}
    except RefusalError as error:
        return {"ok": False, "outcome": error.outcome, "detail": str(error), "trace": ""}
    except (Exception, SystemExit) as error:  # noqa: BLE001  (foreign code may raise anything)
        outcome, detail = explain(error)
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return {"ok": False, "outcome": outcome, "detail": detail, "trace": trace[-_TRACE_CHARS:]}


def explain(error: BaseException) -> tuple[str, str]:
    """The outcome an exception of foreign code means, and its own words."""
    words = f"{type(error).__name__}: {error}".strip()
    if isinstance(error, MemoryError):
        return "out_of_memory", words
    if isinstance(error, NotImplementedError):
        return "unsupported", words
    if isinstance(error, ImportError):
        return "missing", words
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "failed", f"no space left on the disk: {words}"
    return "failed", words


def serve(worker: Worker, requests: int, replies: int) -> None:
    """Answers requests until the other side closes its end."""
    with os.fdopen(requests, "r", encoding="utf-8") as lines, os.fdopen(replies, "w", encoding="utf-8") as out:
        for line in lines:
            request = json.loads(line)
            bye = request["op"] == "bye"
            reply = {"ok": True} if bye else answer(worker, request)
            reply["id"] = request["id"]
            try:
                text = json.dumps(reply, allow_nan=False)
            except ValueError as error:
                failure = {"ok": False, "outcome": "failed", "detail": f"its reply has no JSON form: {error}"}
                text = json.dumps({**failure, "trace": "", "id": request["id"]})
            sys.stdout.flush()
            out.write(text + "\n")
            out.flush()
            if bye:
                return


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _reset_peak() -> bool:
    """Sets VmHWM back to what is resident now (proc_pid_clear_refs(5)); whether the kernel did."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as stream:
            stream.write("5")
    except OSError:
        return False
    return True


def _status_bytes(field: str) -> int:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as stream:
            for line in stream:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def main() -> None:
    """Takes the pipes out of foreign reach, then serves."""
    options = json.loads(sys.argv[1])
    if options["protocol"] != PROTOCOL:
        sys.exit(f"this worker speaks protocol {PROTOCOL}, not {options['protocol']}")
    requests, replies = options["requests"], options["replies"]
    os.set_inheritable(requests, False)  # noqa: FBT003
    os.set_inheritable(replies, False)  # noqa: FBT003
    faulthandler.enable()
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    sys.argv[:] = [sys.argv[0]]
    serve(Worker(options["adapter"], options["threads"]), requests, replies)
    # Not sys.exit: a framework's own exit handlers may hang or crash, and nothing of theirs is wanted any more.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
