"""What pages show, worked out from records: scales, groups, summaries, charts."""

from __future__ import annotations

import dataclasses
import html
import json
import math
import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.catalog.rulebook import load_rules
from bakeoff.report import markdown, rounds, strips, vega, views, wording
from bakeoff.report.html import page
from bakeoff.report.ledger import Ledger
from tests.report import samples


def test_arms_are_fastest_first_and_failures_last() -> None:
    rows = views.arm_rows(samples.campaign())
    assert [row.run.arm.system for row in rows] == ["kiln", "kiln", "anvil", "basalt", "slate", "flint", "ledger9"]
    assert [row.role for row in rows] == ["leader", "placebo", "", "", "reference", "", ""]
    assert [row.speed is None for row in rows[-2:]] == [True, True]


def test_the_placebo_is_never_the_leader() -> None:
    campaign = samples.campaign()
    runs = tuple(
        dataclasses.replace(run, step_s=Interval(0.0009, 0.001, 0.0011)) if run.arm.placebo else run
        for run in campaign.runs
    )
    rows = views.arm_rows(dataclasses.replace(campaign, runs=runs))
    assert [row.run.id for row in rows if row.role == "leader"] == ["c1-kiln"]


@given(st.floats(0.01, 100), st.floats(1, 1.9), st.floats(1, 1.9))
def test_speed_is_time_turned_round(ratio: float, below: float, above: float) -> None:
    speed = wording.speed_of(Interval(ratio / below, ratio, ratio * above))
    assert math.isclose(speed.mid * ratio, 1)
    assert speed.low <= speed.mid <= speed.high


@given(st.floats(0.02, 50), st.floats(0.02, 50))
def test_a_scale_of_ratios_holds_what_it_shows_and_one(first: float, second: float) -> None:
    low, high = sorted((first, second))
    scale, labels = strips.powers(low, high)
    assert scale.low <= min(low, 1) <= max(high, 1) <= scale.high
    assert 1.0 in {value for value, _ in labels}
    assert 1 <= len(labels) <= 8
    assert 0 <= scale.at(low) <= scale.at(high) <= 100


def test_a_rule_that_is_cited_is_shown_with_its_evidence() -> None:
    rules = load_rules()
    first = rules.heuristics[0]
    ledger = Ledger(samples.catalog(), (), rules)
    (entry,) = ledger.cite([f"rule:{first.id}"])
    assert (entry.claim, entry.rule) == (None, first)
    assert ledger.strongest([entry.id]) is first.evidence[0].kind
    decision = samples.decision()
    reasons = (replace(decision.reasons[0], claims=(entry.id,)), *decision.reasons[1:])
    shown = page(replace(decision, reasons=reasons), catalog=samples.catalog(), rules=rules)
    assert first.text in html.unescape(shown)
    assert first.evidence[0].source in html.unescape(shown)


def test_kinds_are_in_order_and_complete() -> None:
    ledger = Ledger(samples.catalog(), ())
    rows = views.kind_rows(ledger, ledger.known)
    assert [row.kind for row in rows] == [kind for kind in EvidenceKind if kind in {row.kind for row in rows}]
    known = [claim for claim in ledger.known.values() if claim.evidence]
    assert sum(len(row.claims) for row in rows) == len(known)
    assert all(sum(len(age.claims) for age in row.ages) == len(row.claims) for row in rows)


def test_superseded_evidence_is_no_basis() -> None:
    claim = samples.measure("slate", "api_quality", 50, EvidenceKind.REPORTED)
    old = samples.evidence(EvidenceKind.MEASURED_HERE, superseded=True)
    assert views.basis_of(replace(claim, evidence=(old, *claim.evidence))) == views.basis_of(claim)
    assert views.basis_of(replace(claim, evidence=(old,))) is None


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_older_is_never_nearer(first: int, second: int) -> None:
    oldest = samples.TODAY - timedelta(days=5000)
    near, far = sorted((first, second))
    places = [views.age_position(samples.TODAY - timedelta(days=days), samples.TODAY, oldest) for days in (near, far)]
    assert 0 <= places[0] <= places[1] <= 1


@given(st.floats(0, 1))
def test_a_share_is_only_whole_when_it_is(share: float) -> None:
    shown = wording.percent(share)
    assert (shown == f"0{wording.THIN}%") == (share == 0)
    assert (shown == f"100{wording.THIN}%") == (share == 1)


def test_what_an_offer_settles_is_a_claim_or_the_place_of_one() -> None:
    ledger = Ledger(samples.catalog(), ())
    assert views.settled(ledger, samples.offer("x")) == ("slate.speed_infer@device=x86-cpu", "flint.speed_train")


def test_the_summary_is_short_and_cites() -> None:
    text = markdown.summary(samples.decision(), samples.catalog())
    assert text.startswith("# Serve a small encoder on this CPU\n\n**Leaning**: Slate (framework)")
    assert len(text.splitlines()) < 45
    assert "`kiln.speed_infer@device=x86-cpu`" in text
    assert "~~at least 2×" in text
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {8}


def test_the_summary_of_the_impossible_says_what_to_drop() -> None:
    text = markdown.summary(samples.impossible(), samples.catalog())
    assert "latency-p99-10ms (nothing known does this)" in text
    assert "| latency-p99-10ms | 4 |" in text


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert markdown.table(["a"], [["x|y"]])[2] == "| x\\|y |"


@pytest.mark.parametrize(
    "spec",
    [
        vega.acceptability(samples.decision()),
        vega.values(samples.decision(), samples.catalog()),
        vega.speeds(samples.campaign()),
    ],
)
def test_charts_are_json_and_every_row_is_attributed(spec: vega.Spec) -> None:
    read = json.loads(json.dumps(spec, allow_nan=False))
    rows = read["data"]["values"]
    assert rows
    assert all(row.get("claims") or row.get("run") for row in rows)
    named = set(re.findall(r'"field": "(\w+)"', json.dumps(read)))
    assert named <= set(rows[0])


def test_every_block_is_a_dot_in_its_arm() -> None:
    blocks = [
        rounds.Block(run, f"arm {run}", turn, turn % 3, 0.001 * (1 + 0.1 * turn), clean=turn != 2)
        for run in ("a", "b")
        for turn in range(5)
    ]
    drawn = rounds.plot(blocks)
    assert drawn.count("<circle") == 10
    assert drawn.count('fill="none"') == 2
    assert re.findall(r'data-run="(\w)"', drawn) == ["a", "b"]
    heights = [float(one) for one in re.findall(r'cy="([\d.]+)"', drawn)][:5]
    assert heights == sorted(heights, reverse=True)
    assert rounds.plot([]) == ""


def test_ages_are_words() -> None:
    assert [wording.age(day, date(2026, 11, 22)) for day in (date(2026, 11, 21), date(2021, 1, 1))] == [
        "1 day ago",
        "6 years ago",
    ]
