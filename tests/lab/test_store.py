"""The store keeps every sample, travels as a hashed bundle, and refuses what it cannot read."""

from __future__ import annotations

import sqlite3
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError, StoreError
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.lab import bundle, migrations, results
from bakeoff.lab.adapters import load_all
from bakeoff.lab.bridge import measured_claims, points
from bakeoff.lab.campaign import Lab, run
from bakeoff.lab.cells import Campaign, Trust
from bakeoff.lab.offers import estimate, expected_width
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.store import Store
from bakeoff.lab.workload import load
from tests.lab.simulated import Behaviour, lab

REQUEST = Request("toy", threads=2, budget_s=0.3, launches=3, finalists=3, extras=False)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Campaign]:
    """One finished campaign; tests only read it."""
    folder = tmp_path_factory.mktemp("measured")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    made, _ = lab(folder, {"fast": Behaviour(1e-3, 0.003, 0.003), "slow": Behaviour(8e-3, 0.003, 0.003)})
    campaign = run(REQUEST, made)
    monkeypatch.undo()
    return made, campaign


def run_of(campaign: Campaign, system: str) -> str:
    return next(one.id for one in campaign.runs if one.arm.system == system and not one.arm.placebo)


def test_what_was_stored_comes_back(measured: tuple[Lab, Campaign]) -> None:
    made, campaign = measured
    raw = made.store.raw(campaign.id)
    assert made.store.campaign(campaign.id) == campaign
    assert made.store.campaigns(workload="toy") == (campaign,)
    assert made.store.campaigns(workload="other") == ()
    assert all(block.samples.ns for block in raw.blocks)
    assert all(sum(block.samples.iterations) + len(block.first_ns) == len(block.order) for block in raw.blocks)
    (listed,) = made.store.listed()
    assert listed.arms[0] == "numpy/only"
    assert made.store.resolve(campaign.id[:15]) == campaign.id
    assert made.store.resolve(f"run:{campaign.reference}") == campaign.id
    with pytest.raises(InputError, match="no campaign or run 'nothing'"):
        made.store.raw("nothing")


def test_a_run_answers_a_sceptic(measured: tuple[Lab, Campaign]) -> None:
    made, campaign = measured
    shown = results.show(made.store, f"run:{run_of(campaign, 'slow')}")
    assert shown.run.arm.system == "slow"
    assert shown.points
    assert all(point.samples_s for point in shown.points)
    assert shown.launches[0].number == 0
    assert shown.command.startswith("bakeoff measure toy --size small --only slow/only --threads 2 --seed 0")
    assert results.show(made.store, campaign.id).run.arm.system == "fast", "a campaign shows its fastest run"


def test_two_runs_are_compared_in_their_rounds(measured: tuple[Lab, Campaign]) -> None:
    made, campaign = measured
    compared = results.compare(made.store, run_of(campaign, "slow"), run_of(campaign, "fast"))
    assert compared.basis == "same rounds"
    assert compared.ratio.low <= 8.0 <= compared.ratio.high * 1.05
    back = results.compare(made.store, run_of(campaign, "fast"), run_of(campaign, "slow"))
    assert back.ratio.mid * compared.ratio.mid == pytest.approx(1.0)


def test_two_campaigns_are_compared_through_the_reference_arm(tmp_path: Path) -> None:
    made, world = lab(tmp_path, {"fast": Behaviour(1e-3, 0.003, 0.003)})
    first = run(REQUEST, made)
    world.systems["fast"].step_s = 1.5e-3
    second = run(replace(REQUEST, seed=1, cells=(Cell("fast", requires=("fast==2",)),)), made)
    compared = results.compare(made.store, run_of(second, "fast"), run_of(first, "fast"))
    assert compared.basis == "through the reference arm"
    assert compared.ratio.mid == pytest.approx(1.5, rel=0.03)
    assert compared.ratio.low < 1.5 < compared.ratio.high
    assert second.runs[1].arm.key == "fast/only==2"


def test_a_bundle_travels_and_is_checked(measured: tuple[Lab, Campaign], tmp_path: Path) -> None:
    made, campaign = measured
    path = tmp_path / "theirs.bakeoff"
    manifest = bundle.export(made.store, campaign.id, path)
    content = path.read_bytes()
    bundle.export(made.store, campaign.id, path)
    assert path.read_bytes() == content, "the same campaign gives the same bytes"
    with Store(tmp_path / "other" / "results.sqlite") as other:
        assert bundle.load(other, path, origin="another team") == campaign
        assert other.origin(campaign.id) == "another team"
        assert results.verify(other, campaign.id).exact
        with pytest.raises(StoreError, match="already"):
            bundle.load(other, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    forged = tmp_path / "forged.bakeoff"
    for name, old, new, word in (
        ("raw.json", '"launch":1', '"launch":2', "sha256"),
        ("manifest.json", manifest.sha256, "0" * 64, "sha256"),
        ("manifest.json", '"format": 1', '"format": 9', "upgrade"),
    ):
        with zipfile.ZipFile(forged, "w") as archive:
            for part, text in parts.items():
                archive.writestr(
                    part, text.replace(old, new).replace('"launch": 1', '"launch": 2') if part == name else text
                )
        with Store(tmp_path / "third" / "results.sqlite") as third, pytest.raises(InputError, match=word):
            bundle.load(third, forged)
    forged.write_text("no zip")
    with Store(tmp_path / "third" / "results.sqlite") as third, pytest.raises(InputError, match="not a bundle"):
        bundle.load(third, forged)


def test_numbers_that_do_not_follow_are_refused(measured: tuple[Lab, Campaign], tmp_path: Path) -> None:
    made, campaign = measured
    speed = campaign.runs[1].step_s
    assert speed is not None
    runs = (campaign.runs[0], replace(campaign.runs[1], step_s=speed.scaled(0.5)), *campaign.runs[2:])
    lied = replace(campaign, runs=runs)
    with Store(tmp_path / "liar" / "results.sqlite") as liar:
        liar.insert(made.store.raw(campaign.id), lied, origin="")
        check = results.verify(liar, campaign.id)
        assert not check.ok
        assert any("runs[1].step_s.mid" in one for one in check.differences)
        bundle.export(liar, campaign.id, tmp_path / "lie")
    with Store(tmp_path / "mine.sqlite") as mine, pytest.raises(InputError, match="do not follow"):
        bundle.load(mine, tmp_path / "lie")


def test_stores_merge_by_appending(measured: tuple[Lab, Campaign], tmp_path: Path) -> None:
    made, campaign = measured
    with Store(tmp_path / "lab-two" / "results.sqlite") as other:
        assert bundle.merge(other, made.store) == (campaign.id,)
        assert bundle.merge(other, made.store) == ()
        assert other.campaign(campaign.id) == campaign
        other.remove(campaign.id)
        assert other.listed() == ()


def test_a_store_of_the_future_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {migrations.VERSION + 1}")
    with pytest.raises(StoreError, match="schema version"):
        Store(path)
    (tmp_path / "broken.sqlite").write_text("not a database, not even near one, but long enough to be read")
    with pytest.raises(StoreError, match="cannot open"):
        Store(tmp_path / "broken.sqlite")


def test_old_interrupted_campaigns_are_not_continued(measured: tuple[Lab, Campaign], tmp_path: Path) -> None:
    made, campaign = measured
    header = made.store.raw(campaign.id).header
    with Store(tmp_path / "results.sqlite") as store:
        store.begin(header)
        now = header.started + timedelta(hours=1)
        assert store.unfinished(header.request_key, now=now) == header.id
        assert store.unfinished("another", now=now) is None
        assert store.unfinished(header.request_key, now=now + timedelta(days=2)) is None
        assert header.started.tzinfo is UTC or header.started.utcoffset() == datetime.now(UTC).utcoffset()


def test_measured_claims_stand_on_the_anchor(measured: tuple[Lab, Campaign]) -> None:
    made, campaign = measured
    workload = load(made.workloads / "toy")
    claims = measured_claims(campaign, workload)
    assert {claim.subject for claim in claims} == {"numpy", "fast", "slow"}
    ours = [claim for claim in claims if claim.subject == "fast"]
    assert [claim.scope.domain for claim in ours] == [("embeddings",), ("vision",)]
    (evidence,) = ours[0].evidence
    assert evidence.kind is EvidenceKind.MEASURED_HERE
    assert evidence.run == run_of(campaign, "fast")
    assert evidence.source == f"run:{evidence.run}"
    assert evidence.method
    # Four times the throughput of the reference arm: (2 - -2) / (4 - -2) of the way.
    assert evidence.value == pytest.approx(100 * 4 / 6, abs=1.5)
    assert evidence.interval is not None
    assert 6.0 <= evidence.interval.half_width <= 9.0
    wide = ours[1].evidence[0].interval
    assert wide is not None
    assert wide.half_width == pytest.approx(evidence.interval.half_width + 4.0)
    reference = next(claim for claim in claims if claim.subject == "numpy")
    assert reference.value == pytest.approx(100 * 2 / 6)
    foreign = measured_claims(campaign, workload, elsewhere="another team")
    assert {one.kind for claim in foreign for one in claim.evidence} == {EvidenceKind.MEASURED_ELSEWHERE}
    assert measured_claims(replace(campaign, trust=Trust.INVALID), workload) == ()


def test_points_are_not_clipped(measured: tuple[Lab, Campaign]) -> None:
    informs = load(measured[0].workloads / "toy").informs
    assert points(Interval(0.25, 0.25, 0.25), informs).mid == pytest.approx(0)
    assert points(Interval(16, 16, 16), informs).mid == pytest.approx(100)
    assert points(Interval(32, 64, 128), informs).mid > 130
    assert points(Interval(0.1, 0.1, 0.1), informs).low < 0


def test_the_cost_of_a_campaign_is_estimated(measured: tuple[Lab, Campaign]) -> None:
    made, _ = measured
    workload = load(made.workloads / "toy")
    adapters = load_all(made.adapters)
    small = estimate(replace(REQUEST, budget_s=60.0), workload, adapters, made.environments)
    assert small.unknown == ("slow",)
    assert small.download_bytes >= 50_000_000
    brought = estimate(
        replace(REQUEST, budget_s=60.0, pythons=dict.fromkeys(adapters, "python")),
        workload,
        adapters,
        made.environments,
    )
    assert brought.environments_s == 0
    longer = estimate(replace(REQUEST, budget_s=600.0), workload, adapters, made.environments)
    assert longer.cost_s > small.cost_s > brought.cost_s
    assert expected_width(workload, "embeddings") < expected_width(workload, "vision")
    assert expected_width(workload, launches=3) > expected_width(workload, launches=10)
