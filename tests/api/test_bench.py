"""What was measured speaks for the machine it was measured on, and a repetition promises nothing new."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bakeoff.api.bench import Bench
from bakeoff.api.workspace import Workspace
from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.decide.model import Profile
from bakeoff.lab.cells import Arm, Campaign, Comparison, Machine, Phases, Run, Trust, Verdict

STARTED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PROFILE = Profile(domain="embeddings", activity="serving", serve_on=("cpu-only",), languages=("python",))


class Shelf:
    """A store of finished campaigns, newest first."""

    def __init__(self, *campaigns: Campaign) -> None:
        self._campaigns = campaigns

    def campaigns(self, *, workload: str = "") -> tuple[Campaign, ...]:
        return tuple(one for one in self._campaigns if workload in ("", one.workload))

    def origin(self, _campaign: str) -> str:
        return ""


def run(campaign: str, system: str, step_s: float) -> Run:
    arm = Arm("encoder-infer", 1, "small", system, "x", 1, "float32", 2, "env")
    interval = Interval(step_s, step_s, step_s)
    return Run(f"{campaign}.{system}", campaign, arm, Outcome.OK, "", None, interval, 5, 100, 0.0, Phases(), (), {})


def campaign(name: str, machine: Machine, *, ratio: Interval, trust: Trust = Trust.OK, hours: float = 0) -> Campaign:
    runs = (run(name, "numpy", 3e-3), run(name, "openvino", 1.5e-3))
    beside = Comparison(runs[1].id, runs[0].id, ratio, Verdict.FASTER, 5)
    return Campaign(
        id=name,
        workload="encoder-infer",
        size="small",
        started=STARTED + timedelta(hours=hours),
        finished=STARTED,
        machine=machine,
        trust=trust,
        trust_why=(),
        noise_floor=0.01,
        tie_zone=0.03,
        reference=runs[0].id,
        rounds=30,
        seed=0,
        runs=runs,
        comparisons=(beside,),
        method="a method",
    )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(Workspace(tmp_path))
    made.store_path.touch()
    return made


def here(bench: Bench) -> Machine:
    found = bench.fingerprint
    return Machine(found.id, found.cpu, found.cores, found.memory_bytes, found.os)


def stock(bench: Bench, *campaigns: Campaign) -> None:
    bench.__dict__["store"] = Shelf(*campaigns)


def cited(bench: Bench) -> set[str]:
    return {item.run or "" for claim in bench.measured() for item in claim.evidence}


def test_nothing_measured_says_nothing(tmp_path: Path) -> None:
    assert Bench(Workspace(tmp_path)).measured() == ()


def test_the_newest_trusted_campaign_speaks_even_after_a_contended_one(bench: Bench) -> None:
    ratio = Interval(0.48, 0.5, 0.52)
    newest = campaign("c", here(bench), ratio=ratio, trust=Trust.CONTENDED, hours=2)
    stock(bench, newest, campaign("b", here(bench), ratio=ratio, hours=1), campaign("a", here(bench), ratio=ratio))
    assert cited(bench) == {"b.numpy", "b.openvino"}


def test_another_machine_does_not_speak_for_this_one(bench: Bench) -> None:
    stock(bench, campaign("a", dataclasses.replace(here(bench), id="elsewhere"), ratio=Interval(0.48, 0.5, 0.52)))
    assert bench.measured() == ()


def test_a_repetition_is_offered_at_the_width_already_reached(bench: Bench) -> None:
    def width() -> float:
        (offer,) = [one for one in bench.offers(PROFILE) if one.workload == "encoder-infer"]
        return offer.expected_width

    stock(bench)
    first = width()
    wide = campaign("a", here(bench), ratio=Interval(0.4, 0.5, 0.62))
    stock(bench, dataclasses.replace(wide, trust=Trust.CONTENDED))
    assert width() == first, "a contended campaign is worth repeating"
    stock(bench, wide)
    reached = [
        item.interval for claim in bench.measured() for item in claim.evidence if "embeddings" in claim.scope.domain
    ]
    assert width() == pytest.approx(max(one.half_width for one in reached if one is not None))
    assert width() > first


def test_a_question_about_other_hardware_is_offered_elsewhere(bench: Bench) -> None:
    (offer,) = [
        one for one in bench.offers(replace(PROFILE, serve_on=("nvidia-single",))) if one.workload == "encoder-infer"
    ]
    assert not offer.here
    assert offer.title.startswith("on ")
