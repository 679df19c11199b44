"""Every number on a page carries a claim, a run, or a place in the decision, and each of them resolves on that page."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest

from bakeoff.base.record import replace
from bakeoff.base.records import to_plain
from bakeoff.report.html import page
from tests.report import samples
from tests.report.walk import Page, walk

PAGES = {
    "full": page(
        samples.decision(),
        catalog=samples.catalog(),
        campaigns=[samples.campaign()],
        plan=samples.plan(),
        moved=["kiln rose from 41 % to 62 %"],
    ),
    "bare": page(samples.decision(), catalog=samples.catalog()),
    "confirmed": page(samples.decision(), catalog=samples.catalog(), moved=[]),
    "nothing to measure": page(
        samples.decision(),
        catalog=samples.catalog(),
        plan=replace(samples.plan(), measurements=(), note="On an H200: llm-decode, 0.4 points."),
    ),
    "impossible": page(samples.impossible(), catalog=samples.catalog(), campaigns=[samples.campaign()]),
}


@pytest.fixture(params=PAGES)
def shown(request: pytest.FixtureRequest) -> Page:
    return walk(PAGES[request.param])


def test_every_number_is_attributed(shown: Page) -> None:
    bare = [
        one.said
        for one in shown.texts
        if re.search(r"\d", one.said) and not (one.claims or one.runs or one.inputs or one.system)
    ]
    assert bare == []


def test_every_claim_and_run_resolves(shown: Page) -> None:
    claims = {f"claim:{one}" for text in shown.texts for one in text.claims}
    runs = {f"run:{one}" for text in shown.texts for one in text.runs}
    assert (claims | runs) - set(shown.ids) == set()


def test_every_claim_shown_exists_or_says_that_nothing_is_stated(shown: Page) -> None:
    known = {claim.id for system in samples.catalog().systems.values() for claim in system.claims}
    entries = {one.removeprefix("claim:") for one in shown.ids if one.startswith("claim:")}
    for entry in entries - known:
        assert any(entry in text.claims and "Nothing is stated" in text.said for text in shown.texts), entry


def test_every_input_is_a_place_in_the_embedded_decision(shown: Page) -> None:
    decision = json.loads(shown.embedded)
    for path in {one for text in shown.texts for one in text.inputs}:
        here = decision
        for key in path.split("."):
            assert key in here, path
            here = here[key]


def test_every_link_leads_somewhere(shown: Page) -> None:
    inside = {unquote(link[1:]) for link in shown.links if link.startswith("#")}
    assert inside - set(shown.ids) == set()
    assert len(shown.ids) == len(set(shown.ids))


def test_nothing_is_loaded(shown: Page) -> None:
    assert shown.loads == []


def test_the_embedded_decision_is_the_decision() -> None:
    assert json.loads(walk(PAGES["full"]).embedded) == to_plain(samples.decision())


def test_figures_shown_are_those_of_the_records() -> None:
    said = {one.said for one in walk(PAGES["full"]).texts}
    first = samples.decision().stacks[0]
    kiln = next(one for one in samples.campaign().comparisons if one.run == "c1-kiln" and one.against == "c1-slate")
    assert f"{100 * first.first_share:.0f}\u202f%" in said
    assert f"{1 / kiln.ratio.mid:.2f}×" in said
    assert "10\u202f000" in said


def test_every_run_is_a_row_whatever_became_of_it() -> None:
    said = " ".join(one.said for one in walk(PAGES["full"]).texts)
    for run in samples.campaign().runs:
        assert run.arm.system in said
    assert "signal 11" in said
    assert "gap" in said


def test_hostile_text_stays_text() -> None:
    evil = '</script><img src="https://example.org/x"> "\' & <b>'
    decision = samples.decision()
    decision = replace(decision, profile=replace(decision.profile, name=evil, notes=evil), catalog=evil)
    shown = walk(page(decision, catalog=samples.catalog(), moved=[evil]))
    assert shown.loads == []
    assert json.loads(shown.embedded)["profile"]["name"] == evil
    assert evil.strip() in {one.said for one in shown.texts}


def test_a_page_is_the_same_twice() -> None:
    again = page(samples.decision(), catalog=samples.catalog())
    assert again == PAGES["bare"]
