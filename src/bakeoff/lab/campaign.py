"""A campaign from request to published record: preflight, environments, correctness, rounds, verdicts, trust."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import bakeoff
from bakeoff.base.errors import InputError, MachineError, unknown_name
from bakeoff.base.files import locked
from bakeoff.base.outcome import Outcome
from bakeoff.base.records import digest
from bakeoff.isolate import machine
from bakeoff.isolate.env import Env, EnvSpec
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Limits
from bakeoff.isolate.session import Launch, Session
from bakeoff.lab import adapters as adapter_files
from bakeoff.lab import peaks, rounds, watch
from bakeoff.lab import workload as workload_files
from bakeoff.lab.adapters import Adapter
from bakeoff.lab.cells import Campaign, Machine
from bakeoff.lab.conclude import conclude, roles_of
from bakeoff.lab.contenders import (
    Contender,
    Environments,
    chosen,
    contender,
    placebo_of,
    request_key,
    settle_environment,
)
from bakeoff.lab.correct import Truth, truth
from bakeoff.lab.events import Event, Progress, Stage, silent
from bakeoff.lab.players import Opener, check, warm
from bakeoff.lab.raw import Cell, Header, Peaks, Raw, Request
from bakeoff.lab.rounds import Game
from bakeoff.lab.store import Store
from bakeoff.lab.workload import Workload

_SHARE_OF_MEMORY = 0.6
_PROBE_S = 1.0


@dataclass(frozen=True, slots=True)
class Lab:
    """What a campaign needs besides the request."""

    environments: Environments
    """Where environments come from."""
    store: Store
    """Where results go."""
    home: Path
    """bakeoff's home; a folder of the campaign is made in it and removed at its end."""
    open_worker: Opener = Session.open
    """Starts workers."""
    adapters: Path = adapter_files.ROOT
    """Folder of adapters."""
    workloads: Path = workload_files.ROOT
    """Folder of workloads."""
    probe_s: float = _PROBE_S
    """How long the machine is listened to before anything starts."""


def measure(
    request: Request, *, builder: Environments, store: Store, home: Path, progress: Progress = silent
) -> Campaign:
    """Measures a request on this machine and returns what was concluded; continues it if it was interrupted before.

    A cell that fails is a run with its word; only bad input and an unusable machine raise.

    Args:
        request: What to measure.
        builder: Where environments come from.
        store: Where every sample goes.
        home: bakeoff's home.
        progress: Told what happens, between rounds only.

    Raises:
        InputError: If the request names something that does not exist.
        MachineError: If another campaign runs on this machine, or the reference arm cannot run.
        StoreError: If results cannot be written.
    """
    return run(request, Lab(environments=builder, store=store, home=home), progress=progress)


def run(request: Request, lab: Lab, *, progress: Progress = silent) -> Campaign:
    """`measure` with every collaborator given."""
    workloads = workload_files.load_all(lab.workloads)
    adapters = adapter_files.load_all(lab.adapters)
    if request.workload not in workloads:
        raise InputError([unknown_name("request", "workload", request.workload, workloads, what="workload")])
    workload = workloads[request.workload]
    cells = chosen(request, adapters)
    with _alone():
        print_of = machine.fingerprint()
        here = Machine(**asdict(print_of))
        whole = replace(
            request,
            size=workload.size(request.size),
            threads=request.threads or here.cores,
            cells=cells,
        )
        return _campaign(
            whole, lab, workload, {name: adapters[name] for name in {cell.system for cell in cells}}, here, progress
        )


def _alone() -> ExitStack:
    """One campaign per machine, whatever the home: two would measure each other."""
    stack = ExitStack()
    path = Path(tempfile.gettempdir()) / "bakeoff-campaign.lock"
    try:
        stack.enter_context(locked(path, wait=False))
    except MachineError as error:
        if isinstance(error.__cause__, PermissionError):
            advice = "a campaign of another user may be running; if not, ask them to remove that file"
            raise MachineError(f"cannot lock {path}", advice=advice) from error
        if not isinstance(error.__cause__, BlockingIOError):
            raise
        raise MachineError(
            f"another campaign is running on this machine ({error.message})", advice=error.advice
        ) from error
    return stack


def _campaign(
    request: Request, lab: Lab, workload: Workload, adapters: dict[str, Adapter], here: Machine, progress: Progress
) -> Campaign:
    key = request_key(request, workload, adapters, request.cells)
    now = datetime.now(UTC)
    old = lab.store.unfinished(f"{key}@{here.id}", now=now)
    header = lab.store.raw(old).header if old else _header(request, workload, here, f"{key}@{here.id}", now, lab)
    scratch = lab.home / "campaigns" / header.id
    with ExitStack() as stack:
        contenders = _contenders(header, adapters, workload, scratch)
        if old:
            _restore(contenders, lab.store.raw(old))
            progress(Event(Stage.ENVIRONMENT, f"continuing campaign {old}"))
        else:
            lab.store.begin(header)
        _environments(contenders, lab, progress)
        progress(Event(Stage.CHECK, "what this machine can do at most"))
        header = _with_peaks(header, contenders[0], lab, scratch)
        lab.store.amend(header)
        progress(Event(Stage.CHECK, "the oracle's results, in float64"))
        game = _game(header, contenders, lab, progress, scratch=scratch, workload=workload)
        stack.callback(game.close)
        _check(game)
        game.began_s = time.monotonic()
        rounds.race(game)
        if request.extras:
            _extras(game, lab)
        game.close()
    return _finish(header, lab, scratch, progress)


def _header(request: Request, workload: Workload, here: Machine, key: str, now: datetime, lab: Lab) -> Header:
    spec = workload.sizes[request.size]
    cost = workload.oracle.cost(spec)
    usable = machine.usable_cpus()
    return Header(
        id=f"{now:%Y%m%d-%H%M%S}-{workload.id}-{digest([key, now])[:4]}",
        request=request,
        request_key=key,
        workload_version=workload.version,
        unit=workload.unit,
        flops=float(cost["flops"]),
        bytes=float(cost["bytes"]),
        units=float(cost["units"]),
        started=now,
        machine=here,
        threads=request.threads,
        cpus=watch.spread_out(usable, request.threads) if request.threads <= len(usable) else usable,
        probe_delay=machine.probe_delay(lab.probe_s) if lab.probe_s > 0 else None,
        timer_ns=machine.timer_resolution_ns(),
        null_ns=machine.null_cost_ns(),
        peaks=None,
        software=bakeoff.__version__,
    )


def _contenders(header: Header, adapters: dict[str, Adapter], workload: Workload, scratch: Path) -> list[Contender]:
    cells: Sequence[Cell] = header.request.cells
    return [
        contender(
            index,
            cell,
            header=header,
            adapter=adapters[cell.system],
            workload=workload,
            folder=scratch,
        )
        for index, cell in enumerate(cells)
    ]


def _restore(contenders: list[Contender], raw: Raw) -> None:
    """Takes over what an interrupted campaign knows: failed arms stay failed, launches are counted on."""
    stored = {run.id: run for run in raw.runs}
    for one in contenders:
        facts = stored.get(one.facts.id)
        if facts is None:
            continue
        launches = raw.launches.get(facts.id, ())
        one.known = launches
        one.launched = max((launch.number for launch in launches), default=0)
        one.facts = replace(facts, environment_s=facts.environment_s)
        if not facts.outcome.measured:
            one.seat = None


def _environments(contenders: list[Contender], lab: Lab, progress: Progress) -> None:
    known: dict[tuple[str, EnvSpec], Env | Fault] = {}
    for done, one in enumerate(contenders):
        if one.running:
            before = one.facts
            key = one.facts.arm.key
            progress(Event(Stage.ENVIRONMENT, "environment", arm=key, done=done, total=len(contenders)))

            def tell(text: str, key: str = key, done: int = done) -> None:
                progress(Event(Stage.ENVIRONMENT, text, arm=key, done=done, total=len(contenders)))

            settle_environment(one, lab.environments, tell, known)
            if one.facts.environment_s is None:
                one.facts = replace(one.facts, environment_s=before.environment_s)
        if one is contenders[0] and not one.running:
            # Nothing can be said without it: an index that does not answer is not asked for every other system.
            raise MachineError(
                f"the reference arm cannot run ({one.facts.outcome.value}): {one.facts.detail}",
                advice="every ratio is taken against it: `bakeoff doctor` says what is missing",
            )


def _with_peaks(header: Header, reference: Contender, lab: Lab, scratch: Path) -> Header:
    if reference.seat is None or not header.request.extras:
        return header
    found = _peaks(header, reference.seat.env, lab, scratch)
    return replace(header, peaks=peaks.larger(header.peaks, found))


def _peaks(header: Header, env: Env, lab: Lab, scratch: Path) -> Peaks | None:
    scratch.mkdir(parents=True, exist_ok=True)
    launch = Launch(
        threads=header.threads, log=scratch / "peaks.log", limits=Limits(call_s=60.0), cpus=header.cpus or None
    )
    flags = header.machine.flags
    return peaks.measure(
        lab.open_worker, env, launch, footprint_bytes=header.bytes, flags=flags, scratch=scratch / "probe"
    )


def _game(
    header: Header, contenders: list[Contender], lab: Lab, progress: Progress, *, scratch: Path, workload: Workload
) -> Game:
    request = header.request
    answers = truth(workload, workload.sizes[request.size], seed=request.seed, folder=scratch / "main")
    available = machine.memory_available_bytes() or header.machine.memory_bytes
    together = request.memory_bytes or int(_SHARE_OF_MEMORY * available)
    return Game(
        header=header,
        truth=answers,
        store=lab.store,
        contenders=contenders,
        roles=roles_of([one.facts for one in contenders]),
        open_worker=lab.open_worker,
        progress=progress,
        limits=Limits(memory_bytes=together),
        memory_bytes=together,
        scratch=scratch,
    )


def _check(game: Game) -> None:
    """Holds every arm against the oracle in a launch of its own; then adds the placebo and what was stored before."""
    workload = game.truth.workload
    edges = [
        truth(workload, spec, seed=game.header.request.seed, folder=game.scratch / f"edge{number}", edge=True)
        for number, spec in enumerate(workload.edges)
    ]
    for one in game.contenders:
        if one.running:
            game.tell(
                Stage.CHECK,
                "outputs against the oracle",
                arm=one.facts.arm.key,
                done=one.index,
                total=len(game.contenders),
            )
            _check_one(game, one, edges)
        game.store_run(one)
    reference = game.contenders[0]
    if not reference.running:
        raise MachineError(
            f"the reference arm failed ({reference.facts.outcome.value}): {reference.facts.detail}",
            advice="every ratio is taken against it",
        )
    placebo = placebo_of(reference, len(game.contenders), campaign=game.header.id)
    game.contenders.append(placebo)
    game.store_run(placebo)
    game.roles = roles_of([one.facts for one in game.contenders])
    _continue(game)


def _check_one(game: Game, one: Contender, edges: list[Truth]) -> None:
    seat = one.seat
    if seat is None:
        return
    cold = not seat.cache.exists()
    launch = seat.launch(
        name=f"{one.index}-check", threads=game.header.threads, cpus=game.header.cpus or None, limits=game.limits
    )
    worker = game.open_worker(seat.env, seat.adapter.folder, launch)
    if isinstance(worker, Fault):
        one.fail(worker)
        return
    try:
        checked = check(worker, seat, game.truth, edges, cold=cold)
    finally:
        worker.close()
    if isinstance(checked, Fault):
        one.fail(checked)
        return
    hello = checked.hello
    one.peak_bytes = checked.facts.peak_bytes or 0
    one.facts = replace(
        one.facts,
        agreement=checked.agreement,
        versions=dict(hello.versions),
        build_flags=hello.build[:400],
        environ=dict(hello.environ),
        limits=hello.limits,
    )
    if not checked.agreement.passed:
        one.fail(Fault(Outcome.WRONG, checked.agreement.detail))
    game.store_run(one)
    game.store.put_launch(one.facts.id, checked.facts)


def _continue(game: Game) -> None:
    """Takes over the rounds of an interrupted campaign."""
    raw = game.store.raw(game.header.id)
    index = {run.id: number for number, run in enumerate(raw.runs)}
    placebo = game.contenders[-1]
    launches = raw.launches.get(placebo.facts.id, ())
    placebo.launched = max((launch.number for launch in launches), default=0)
    playing = {one.index for one in game.contenders if one.running}
    game.rows = [rounds.row_of(block, index[block.run]) for block in raw.blocks if index[block.run] in playing]
    game.number = max((one.number for one in raw.rounds), default=-1) + 1
    game.spent_before_s = sum(one.wall_s for one in raw.rounds)


def _extras(game: Game, lab: Lab) -> None:
    """One thread, for the arms that stayed, and the peaks once more."""
    staying = [game.contenders[arm] for arm in sorted(game.live) if not game.contenders[arm].facts.arm.placebo]
    game.close()
    if game.header.threads > 1:
        for done, one in enumerate(staying):
            game.tell(Stage.EXTRAS, "one thread", arm=one.facts.arm.key, done=done, total=len(staying))
            _one_thread(game, one)
    seat = game.contenders[0].seat
    if seat is not None:
        found = _peaks(game.header, seat.env, lab, game.scratch)
        game.store.amend(replace(game.header, peaks=peaks.larger(game.header.peaks, found)))


def _one_thread(game: Game, one: Contender) -> None:
    """Median step of a launch with one thread. A fault here says nothing about the arm and is not kept."""
    seat = one.seat
    if seat is None:
        return
    cpus = game.header.cpus[:1] or None
    launch = seat.launch(name=f"{one.index}-one-thread", threads=1, cpus=cpus, limits=game.limits)
    worker = game.open_worker(seat.env, seat.adapter.folder, launch)
    if isinstance(worker, Fault):
        return
    try:
        player = warm(worker, seat, game.truth, 1, seed=game.header.request.seed)
        if isinstance(player, Fault):
            return
        one.facts = replace(one.facts, one_thread_s=player.facts.step_s)
        game.store_run(one)
    finally:
        worker.close()


def _finish(header: Header, lab: Lab, scratch: Path, progress: Progress) -> Campaign:
    raw = lab.store.raw(header.id)
    campaign = conclude(replace(raw, finished=datetime.now(UTC)))
    lab.store.publish(campaign)
    shutil.rmtree(scratch, ignore_errors=True)
    progress(Event(Stage.DONE, f"campaign {campaign.id}: {campaign.trust.value}"))
    return campaign
