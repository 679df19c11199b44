"""The rounds of a campaign: launches opened, turns played, arms dropped, until everything is settled or time is up."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import NamedTuple

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.protocol import Limits
from bakeoff.lab import schedule, watch
from bakeoff.lab.contenders import Contender, too_large
from bakeoff.lab.correct import Truth
from bakeoff.lab.events import Event, Progress, Stage, Standing
from bakeoff.lab.guards import block_value, counting
from bakeoff.lab.players import Opener, facts_of, play, turn, warm
from bakeoff.lab.raw import BlockFacts, Header, RoundFacts
from bakeoff.lab.store import Store
from bakeoff.lab.verdicts import Roles, Standings, leaving, settled, standings
from bakeoff.numerics.effects import Table

LEAST_ROUNDS = 12
"""Rounds every campaign plays, whatever its budget, so that there is something to say."""
ROOM_ROUNDS = 40
"""Rounds that a stage's budget should have room for; blocks are shorter where it has not: verdicts rest on rounds."""
ROUNDS_PER_LAUNCH = 4
"""Rounds every launch plays on average before a stage can end."""
FINAL_SHARE = 0.5
"""Share of the budget after which the arms still in the race get their final launches, settled or not."""
LATE_SHARE = 0.9
"""Share of the budget after which final launches are no longer started."""


class Row(NamedTuple):
    """What one block says."""

    arm: int
    """Arm number."""
    launch: int
    """Launch that played."""
    round: int
    """Round."""
    step_s: float
    """Seconds per step."""
    waited: float
    """Share of their time that the samples behind it waited for a processor."""


@dataclass(slots=True)
class Game:
    """A campaign while it runs."""

    header: Header
    """What is true of all of it."""
    truth: Truth
    """What every arm computes."""
    store: Store
    """Where it is kept."""
    contenders: list[Contender]
    """Every arm, by number; failed ones included."""
    roles: Roles
    """What the arms are for."""
    open_worker: Opener
    """Starts workers."""
    progress: Progress
    """Told what happens."""
    limits: Limits
    """What each worker may use."""
    memory_bytes: int
    """What all of them may use together."""
    scratch: Path
    """Folder that goes away with the campaign."""
    rows: list[Row] = field(default_factory=list)
    """Block values so far."""
    number: int = 0
    """Next round."""
    now: Standings | None = None
    """What could be said after the last round."""
    live: set[int] = field(default_factory=set)
    """Arms in the race."""
    shifts: int = 0
    """How many times seats have changed."""
    shifted_at: int = -1
    """Round before which they last changed."""
    stretch: float = 1.0
    """Wall time of the last round over what its steps take undisturbed."""
    began_s: float = 0.0
    """Monotonic time at which the budget began to run."""
    spent_before_s: float = 0.0
    """Budget used before an interruption."""

    @property
    def spent_s(self) -> float:
        """Budget used; nothing before the race."""
        return self.spent_before_s + (time.monotonic() - self.began_s if self.began_s else 0.0)

    def store_run(self, one: Contender) -> None:
        """Writes what is known of an arm."""
        self.store.put_run(self.header.id, one.index, one.facts)

    def tell(self, stage: Stage, text: str, *, arm: str = "", done: int = 0, total: int = 0) -> None:
        """Reports an event."""
        budget = self.header.request.budget_s
        self.progress(Event(stage, text, arm, done, total, min(self.spent_s, budget), budget))

    def close(self) -> None:
        """Ends every worker."""
        for one in self.contenders:
            one.leave()


def race(game: Game) -> None:
    """Plays until the budget is spent or nothing more can change.

    First every arm has its launches and the slow ones leave; then the arms that stay get their final launches, because
    a bar of a finalist rests on the number of its launches. Writes each round before the next begins.
    """
    request = game.header.request
    game.live = {one.index for one in game.contenders if one.running}
    _refuse_too_large(game)
    stages = [(request.launches, FINAL_SHARE if request.finalists > request.launches else 1.0)]
    if request.finalists > request.launches:
        stages.append((request.finalists, 1.0))
    for wanted, share in stages:
        first = game.number
        if wanted > request.launches and game.spent_s > LATE_SHARE * request.budget_s:
            break
        while _needed(game.roles, game.live):
            if not _seated(game, wanted):
                continue
            least = (
                max(LEAST_ROUNDS, ROUNDS_PER_LAUNCH * wanted)
                if share < 1 or len(stages) == 1
                else ROUNDS_PER_LAUNCH * 2
            )
            done = game.number - first
            if done >= LEAST_ROUNDS and game.spent_s > share * request.budget_s:
                break
            now = _play_round(game, _allowed_s(game, share, done))
            if now is None:
                continue
            _drop(game, now)
            everyone = all(game.contenders[arm].launched >= wanted for arm in game.live)
            if done + 1 >= least and everyone and settled(now, game.roles, game.live):
                break


def _allowed_s(game: Game, share: float, done: int) -> float:
    """Seconds of undisturbed steps a turn may last, so that rounds enough for a verdict fit into the stage's budget.

    On a loaded machine turns take several times as long as their steps would alone: a short campaign then plays as many
    rounds with shorter blocks instead of lasting several times its budget.
    """
    left_s = share * game.header.request.budget_s - game.spent_s
    turns = max(1, ROOM_ROUNDS - done) * max(1, len(game.live))
    return left_s / turns / max(1.0, game.stretch)


def _needed(roles: Roles, live: set[int]) -> bool:
    """Whether there is anything left to compare: the reference arm and one more."""
    return roles.reference in live and len(live) > 1


def _refuse_too_large(game: Game) -> None:
    always = sum(game.contenders[arm].peak_bytes for arm in game.roles.staying if arm in game.live)
    for arm in sorted(game.live - game.roles.staying):
        one = game.contenders[arm]
        if one.peak_bytes + always > game.memory_bytes:
            one.fail(too_large(one, always, game.memory_bytes))
            game.store_run(one)
            game.live.discard(arm)


def _seated(game: Game, wanted: int) -> bool:
    """Opens and closes launches until those that should live do. False when a launch failed and its arm left."""
    shared = set(game.roles.staying)
    if game.now is not None:
        shared.add(game.now.leader)
    peaks = {arm: max(1, game.contenders[arm].peak_bytes) for arm in game.live}
    seats = schedule.seats(sorted(game.live), sorted(shared), peaks, game.memory_bytes, wanted, game.shifts)
    scarce = seats.alive < wanted or len(seats.arms) < len(game.live)
    shift = scarce and game.number % schedule.SHIFT_ROUNDS == 0 and game.shifted_at != game.number
    if shift:
        game.shifts += 1
        game.shifted_at = game.number
    for one in game.contenders:
        players = one.players if one.players is not None else {}
        one.players = players
        if one.index not in seats.arms:
            one.leave()
            continue
        if shift and one.launched < wanted and len(players) >= seats.alive:
            oldest = min(players)
            players.pop(oldest).worker.close()
        target = seats.alive if scarce else max(1, len(players) + max(wanted - one.launched, 0))
        while len(players) < target:
            if not _open(game, one):
                return False
    return True


def _open(game: Game, one: Contender) -> bool:
    """Starts one more launch of an arm."""
    if one.seat is None:
        return False
    number = one.launched + 1
    game.tell(Stage.LAUNCH, f"launch {number}", arm=one.facts.arm.key, done=one.launched, total=0)
    launch = one.seat.launch(
        name=f"{one.index}-{number}",
        threads=game.header.threads,
        cpus=game.header.cpus or None,
        limits=game.limits,
    )
    worker = game.open_worker(one.seat.env, one.seat.adapter.folder, launch)
    if isinstance(worker, Fault):
        _failed(game, one, worker)
        return False
    player = warm(worker, one.seat, game.truth, number, seed=game.header.request.seed)
    if isinstance(player, Fault):
        worker.close()
        _failed(game, one, player)
        return False
    one.launched = number
    if one.players is None:
        one.players = {}
    one.players[number] = player
    game.store.put_launch(one.facts.id, player.facts)
    return True


def _failed(game: Game, one: Contender, fault: Fault) -> None:
    one.fail(fault)
    game.store_run(one)
    game.live.discard(one.index)
    game.rows = [row for row in game.rows if row.arm != one.index]
    game.tell(
        Stage.LAUNCH,
        f"{fault.outcome.value}: {fault.detail.splitlines()[0] if fault.detail else ''}",
        arm=one.facts.arm.key,
    )


def _play_round(game: Game, allowed_s: float) -> Standings | None:
    """Plays one round of turns that long and writes it; None when it left nothing to judge."""
    seed = game.header.request.seed
    playing = [arm for arm in game.live if game.contenders[arm].players]
    cpus = game.header.cpus or tuple(range(os.cpu_count() or 1))
    before = watch.glance(cpus)
    blocks: list[BlockFacts] = []
    faults: list[tuple[Contender, Fault]] = []
    host_s = planned_s = 0.0
    for position, arm in enumerate(schedule.permutation(seed, game.number, playing)):
        one = game.contenders[arm]
        players = one.players or {}
        chosen = schedule.launch(seed, game.number, arm, {number: player.played for number, player in players.items()})
        player = players[chosen]
        size = schedule.block_size(player.facts.step_s, allowed_s=allowed_s)
        planned_s += (size.iterations + size.drop) * player.facts.step_s
        drawn = turn(game.truth, (seed, game.number, arm), size)
        cpu_s = time.process_time()
        block = play(player, game.truth, drawn, size.drop)
        host_s += time.process_time() - cpu_s
        if isinstance(block, Fault):
            faults.append((one, block))
            continue
        blocks.append(facts_of(block, drawn, game.truth, (one.facts.id, chosen, game.number, position)))
    after = watch.glance(cpus)
    game.stretch = (after.at_s - before.at_s) / max(planned_s, 1e-9)
    workers_s = sum(block.cpu_ns for block in blocks) * 1e-9
    counters = (before.throttled, after.throttled)
    facts = RoundFacts(
        number=game.number,
        wall_s=after.at_s - before.at_s,
        foreign=watch.foreign_share(before, after, workers_s=workers_s, cpus=len(cpus)),
        throttled=None if counters[0] is None or counters[1] is None else counters[1] - counters[0],
        host_cpu_s=host_s,
    )
    for one, fault in faults:
        _failed(game, one, fault)
    game.store.put_round(game.header.id, facts, blocks)
    game.number += 1
    index = {game.contenders[arm].facts.id: arm for arm in playing}
    game.rows.extend(row_of(block, index[block.run]) for block in blocks)
    game.rows = [row for row in game.rows if game.contenders[row.arm].facts.outcome is Outcome.OK]
    if not game.rows:
        return None
    game.now = standings(_table(game.rows), game.roles)
    _show(game, game.now)
    return game.now


def row_of(block: BlockFacts, arm: int) -> Row:
    """What a block says, for the race."""
    value = block_value(block)
    return Row(arm, block.launch, block.round, value.step_s, value.waited)


def _table(rows: list[Row]) -> Table:
    """The rows that count, chosen as the published numbers choose them."""
    by_arm: dict[int, list[Row]] = {}
    for row in rows:
        by_arm.setdefault(row.arm, []).append(row)
    counted = (compress(own, counting([row.waited for row in own])) for own in by_arm.values())
    return Table.of([row[:4] for own in counted for row in own])


def _drop(game: Game, now: Standings) -> None:
    """Lets arms leave that lost to the leader, unless everybody is to be ranked."""
    if game.header.request.full_ranking:
        return
    for arm in leaving(now, game.roles, game.live):
        game.live.discard(arm)
        game.contenders[arm].leave()


def _show(game: Game, now: Standings) -> None:
    rows = []
    for arm in sorted(now.fit.arms, key=lambda one: now.fit.arms[one]):
        verdict = None if arm == now.leader else now.verdict(arm, now.leader)
        key = game.contenders[arm].facts.arm.key
        rows.append(Standing(key, now.ratios.get((arm, now.leader)), verdict, arm in game.live))
    budget = game.header.request.budget_s
    text = f"round {game.number}, {len(game.live)} arms"
    game.progress(
        Event(
            Stage.ROUND,
            text,
            done=game.number,
            spent_s=min(game.spent_s, budget),
            budget_s=budget,
            standings=tuple(rows),
        )
    )
