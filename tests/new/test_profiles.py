"""Profiles written as files are read back as what they said."""

from __future__ import annotations

import tomllib

from bakeoff.catalog.load import load
from bakeoff.catalog.rulebook import load_rules
from bakeoff.decide.profile import parse
from bakeoff.new import profiles
from bakeoff.new.survey import Question


def test_a_written_profile_reads_back_as_it_was() -> None:
    profile: dict[str, profiles.Field] = {"name": 'A "b"', "domain": "vision", "serve_on": ("cpu-only", "android")}
    table = tomllib.loads(profiles.text(profile))
    assert table == {"name": 'A "b"', "domain": "vision", "serve_on": ["cpu-only", "android"]}


def test_an_open_question_stays_as_a_comment_that_becomes_valid() -> None:
    text = profiles.text({"name": "x"}, (Question("domain", "What is it about?", ("vision", "audio")),))
    assert "# What is it about? One of: vision, audio" in text
    assert tomllib.loads(text.replace("# domain", "domain"))["domain"] == "vision"


def test_the_blank_profile_becomes_valid_by_removing_its_comment_signs() -> None:
    rules = load_rules()
    fields = [line.removeprefix("# ") for line in profiles.blank(rules).splitlines() if " = " in line]
    table = tomllib.loads("\n".join(fields))
    profile = parse(table, rules, load())
    assert profile.domain in rules.domains
    assert set(table) == {line.split(" = ")[0] for line in fields}


def test_answers_take_the_form_of_their_field() -> None:
    assert profiles.as_field("domain", "vision") == "vision"
    assert profiles.as_field("serve_on", "cpu-only") == ("cpu-only",)
