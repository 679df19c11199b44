"""Whole campaigns of simulated systems: right winners, every failure a row, nothing lost, numbers made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bakeoff.base.errors import InputError, MachineError
from bakeoff.base.files import locked
from bakeoff.base.outcome import Outcome
from bakeoff.isolate.fault import Fault
from bakeoff.lab import results
from bakeoff.lab.campaign import run
from bakeoff.lab.cells import Campaign, Run, Trust, Verdict
from bakeoff.lab.events import Event, Stage
from bakeoff.lab.raw import Cell, Request
from tests.lab.simulated import Behaviour, lab, write_adapter

QUICK = Request("toy", threads=2, budget_s=1.0, launches=3, finalists=3, extras=False)


def by_system(campaign: Campaign) -> dict[str, Run]:
    return {one.arm.system: one for one in campaign.runs if not one.arm.placebo}


def verdict(campaign: Campaign, system: str, against: str) -> Verdict:
    runs = {one.id: one.arm.key for one in campaign.runs}
    found = [
        one.verdict
        for one in campaign.comparisons
        if runs[one.run] == f"{system}/only" and runs[one.against] == f"{against}/only"
    ]
    assert len(found) == 1
    return found[0]


def quiet(step_s: float, **others: object) -> Behaviour:
    return Behaviour(step_s=step_s, launch_sd=0.003, noise_sd=0.003, **others)  # type: ignore[arg-type]


def test_a_campaign_finds_the_winner_and_its_numbers_can_be_made_again(tmp_path: Path) -> None:
    made, world = lab(tmp_path, {"fast": quiet(1e-3), "slow": quiet(3e-3)})
    events: list[Event] = []
    campaign = run(replace(QUICK, finalists=4), made, progress=events.append)

    assert campaign.trust is Trust.OK, campaign.trust_why
    assert verdict(campaign, "fast", "numpy") is Verdict.FASTER
    assert verdict(campaign, "slow", "fast") is Verdict.SLOWER
    placebo = next(one for one in campaign.runs if one.arm.placebo)
    same = next(one for one in campaign.comparisons if one.run == placebo.id and one.against == campaign.reference)
    assert same.verdict is Verdict.SAME
    assert campaign.noise_floor is not None
    assert campaign.noise_floor < campaign.tie_zone
    fast = by_system(campaign)["fast"]
    assert fast.launches == 4, "finalists get their final launches"
    assert by_system(campaign)["slow"].launches == 3, "who left does not"
    assert fast.step_s is not None
    assert fast.step_s.mid == pytest.approx(1e-3, rel=0.05)
    assert fast.agreement is not None
    assert fast.agreement.passed
    assert fast.phases.first_call_cold_s == 0.02
    assert fast.phases.threads_used == pytest.approx(2.0)

    check = results.verify(made.store, campaign.id)
    assert check.ok
    assert check.exact
    assert check.numbers > 100
    assert world.alive == 0, "every worker was closed"
    stages = [event.stage for event in events]
    assert stages == sorted(stages, key=list(Stage).index) or Stage.LAUNCH in stages
    assert events[-1].stage is Stage.DONE
    rounds = [event for event in events if event.stage is Stage.ROUND]
    assert rounds[-1].standings[0].arm == "fast/only"
    assert not (made.home / "campaigns" / campaign.id).exists(), "scratch files are gone"


def test_training_is_checked_and_timed_by_known_episodes(tmp_path: Path) -> None:
    made, world = lab(tmp_path, {"fast": quiet(1e-3)})
    campaign = run(replace(QUICK, workload="toy-train"), made)
    assert all(one.outcome is Outcome.OK for one in campaign.runs)
    assert verdict(campaign, "fast", "numpy") is Verdict.FASTER
    assert world.blocks["fast"] >= 12


def test_a_failed_cell_is_a_row_and_the_campaign_goes_on(tmp_path: Path) -> None:
    systems = {
        "fast": quiet(1e-3),
        "wrong": quiet(1e-3, distort=lambda value: value * np.float32(1.01)),
        "nan": quiet(1e-3, distort=lambda value: value * np.float32(np.nan)),
        "typed": quiet(1e-3, distort=lambda value: value.astype(np.float64)),
        "absent": quiet(1e-3, fault=Fault(Outcome.MISSING, "no clang on PATH")),
        "dying": quiet(1e-3, fault=Fault(Outcome.CRASHED, "SIGSEGV", "last words"), fault_at=20),
        "stale": quiet(1e-3, stale=True),
        "unsynced": quiet(1e-3, hidden=0.6),
        "greedy": quiet(1e-3, threads=3.5),
    }
    made, _ = lab(tmp_path, systems)
    write_adapter(
        made.adapters, "unable", gaps='[gaps.toy]\nkind = "never"\nwhy = "it trains only"\ndate = 2026-11-22\n'
    )
    campaign = run(QUICK, made)
    runs = by_system(campaign)
    outcomes = {system: one.outcome for system, one in runs.items()}
    assert outcomes == {
        "numpy": Outcome.OK,
        "fast": Outcome.OK,
        "wrong": Outcome.WRONG,
        "nan": Outcome.WRONG,
        "typed": Outcome.WRONG,
        "absent": Outcome.MISSING,
        "dying": Outcome.CRASHED,
        "stale": Outcome.WRONG,
        "unsynced": Outcome.WRONG,
        "greedy": Outcome.WRONG,
        "unable": Outcome.UNSUPPORTED,
    }
    for system, words in {
        "nan": "NaN",
        "typed": "declared float32",
        "stale": "wrong while timed",
        "unsynced": "no sync",
        "greedy": "threads: used 3.50 of 2",
        "unable": "it is not made for this: it trains only",
        "dying": "SIGSEGV",
    }.items():
        assert words in runs[system].detail
    assert all(runs[system].step_s is None for system, outcome in outcomes.items() if not outcome.measured)
    believed = {one.id for one in campaign.runs if one.outcome.measured}
    assert all(one.run in believed and one.against in believed for one in campaign.comparisons)
    assert results.verify(made.store, campaign.id).exact


def test_an_arm_that_queues_behind_itself_is_noisy_and_accuses_no_machine(tmp_path: Path) -> None:
    made, _ = lab(tmp_path, {"fast": quiet(1e-3, dirty=0.97), "calm": quiet(2e-3)})
    campaign = run(replace(QUICK, budget_s=0.5), made)
    fast = by_system(campaign)["fast"]
    assert fast.outcome is Outcome.NOISY
    assert fast.dirty_share > 0.5
    assert not any("undisturbed" in why for why in campaign.trust_why)


def test_a_machine_that_disturbs_most_arms_is_contended(tmp_path: Path) -> None:
    made, _ = lab(tmp_path, {"fast": quiet(1e-3, dirty=0.97), "slow": quiet(2e-3, dirty=0.97)})
    campaign = run(replace(QUICK, budget_s=0.5), made)
    fast = by_system(campaign)["fast"]
    assert fast.outcome is Outcome.NOISY
    assert fast.step_s is not None
    assert fast.dirty_share > 0.5
    assert campaign.trust is Trust.CONTENDED
    assert any("too few undisturbed blocks: fast/only" in why for why in campaign.trust_why)


class Killed(BaseException):
    """Stands for a kill at any moment."""


def test_an_interrupted_campaign_goes_on_where_it_stopped(tmp_path: Path) -> None:
    made, world = lab(
        tmp_path, {"fast": quiet(1e-3), "wrong": quiet(1e-3, distort=lambda value: value + np.float32(1))}
    )
    done: list[int] = []

    def kill(event: Event) -> None:
        if event.stage is Stage.ROUND:
            done.append(event.done)
            if event.done == 7:
                raise Killed

    with pytest.raises(Killed):
        run(QUICK, made, progress=kill)
    assert world.alive == 0
    (listed,) = made.store.listed()
    assert listed.finished is None
    assert len(made.store.raw(listed.id).rounds) == 7
    with pytest.raises(InputError, match="interrupted"):
        results.verify(made.store, listed.id)

    campaign = run(QUICK, made)
    assert campaign.id == listed.id
    raw = made.store.raw(campaign.id)
    numbers = [one.number for one in raw.rounds]
    assert numbers == list(range(len(numbers))), "no round is lost and none is played twice"
    assert len(numbers) > 7
    assert by_system(campaign)["wrong"].outcome is Outcome.WRONG
    assert by_system(campaign)["fast"].launches >= 3
    assert results.verify(made.store, campaign.id).exact

    again = run(QUICK, made)
    assert again.id != campaign.id, "a finished campaign is not continued"


def test_another_request_is_another_campaign(tmp_path: Path) -> None:
    made, _ = lab(tmp_path, {"fast": quiet(1e-3)})

    def kill(event: Event) -> None:
        if event.stage is Stage.ROUND:
            raise Killed

    with pytest.raises(Killed):
        run(QUICK, made, progress=kill)
    run(replace(QUICK, seed=5), made)
    assert len(made.store.listed()) == 2


def test_memory_bounds_how_many_workers_live(tmp_path: Path) -> None:
    made, world = lab(tmp_path, {"fast": quiet(1e-3), "slow": quiet(1.3e-3)})
    campaign = run(replace(QUICK, memory_bytes=850_000_000, full_ranking=True), made)
    assert world.most_alive <= 8
    assert {one.launches for one in campaign.runs} <= {3, 4}
    assert verdict(campaign, "slow", "fast") is Verdict.SLOWER


def test_groups_take_turns_beside_the_reference_arm(tmp_path: Path) -> None:
    made, world = lab(tmp_path, {"fast": quiet(1e-3), "slow": quiet(2e-3), "huge": quiet(1e-3, peak_bytes=10**9)})
    campaign = run(replace(QUICK, memory_bytes=320_000_000, budget_s=2.0), made)
    runs = by_system(campaign)
    assert world.most_alive <= 4
    assert runs["huge"].outcome is Outcome.OUT_OF_MEMORY
    assert "raise --memory" in runs["huge"].detail
    assert runs["fast"].outcome is runs["slow"].outcome is Outcome.OK
    assert runs["slow"].step_s is not None


def test_the_same_seed_draws_the_same_turns(tmp_path: Path) -> None:
    orders = []
    for name in ("a", "b"):
        made, _ = lab(tmp_path / name, {"fast": quiet(1e-3)})
        campaign = run(replace(QUICK, budget_s=60.0), made)
        blocks = made.store.raw(campaign.id).blocks
        orders.append([(block.round, block.position, block.launch, block.order) for block in blocks][:40])
    assert orders[0] == orders[1]


def test_bad_requests_are_refused_at_once(tmp_path: Path) -> None:
    made, _ = lab(tmp_path, {"fast": quiet(1e-3)})
    with pytest.raises(InputError, match="did you mean toy"):
        run(replace(QUICK, workload="tyo"), made)
    cells = (Cell("fats"), Cell("fast", "olny"))
    with pytest.raises(InputError) as caught:
        run(replace(QUICK, cells=cells, pythons={"fsat": "x"}), made)
    assert len(caught.value.problems) == 3
    with pytest.raises(InputError, match="unknown size"):
        run(replace(QUICK, size="huge"), made)


def test_no_reference_arm_no_campaign(tmp_path: Path) -> None:
    made, _ = lab(tmp_path, {"fast": quiet(1e-3)})
    with pytest.raises(MachineError, match="reference arm cannot run"):
        run(replace(QUICK, pythons={"numpy": "/absent"}), made)


def test_two_campaigns_at_once_are_refused(tmp_path: Path) -> None:
    made, _ = lab(tmp_path, {"fast": quiet(1e-3)})
    with locked(tmp_path / "bakeoff-campaign.lock"), pytest.raises(MachineError, match="another campaign"):
        run(QUICK, made)
