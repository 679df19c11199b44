"""The shipped profile on the shipped catalogue: the same rules for numbers hold on a page of real size."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bakeoff.api import Bakeoff
from bakeoff.catalog.load import load
from bakeoff.catalog.rulebook import load_rules
from bakeoff.report.html import page
from tests.report.walk import Page, walk

TOUR = Path(__file__).parents[2] / "src" / "bakeoff" / "new" / "tour" / "profile.toml"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("home")
    decision = Bakeoff(folder, today=date(2026, 11, 22)).decisions.decide(TOUR)
    return walk(page(decision, catalog=load(), rules=load_rules()))


def test_every_number_is_attributed(shown: Page) -> None:
    attributed = [one for one in shown.texts if one.claims or one.runs or one.inputs or one.system]
    assert [one.said for one in shown.texts if re.search(r"\d", one.said) and one not in attributed] == []


def test_everything_resolves(shown: Page) -> None:
    claims = {f"claim:{one}" for text in shown.texts for one in text.claims}
    runs = {f"run:{one}" for text in shown.texts for one in text.runs}
    assert (claims | runs) - set(shown.ids) == set()
    assert shown.loads == []
