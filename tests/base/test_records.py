"""Records survive the trip to JSON and back, and refuse what they cannot hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, replace
from bakeoff.base.records import decoded, digest, dumps, from_plain, to_plain


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    day: date
    share: float
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    colour: Colour
    inner: Inner | None = None
    pairs: tuple[tuple[str, int], ...] = ()
    table: dict[str, tuple[Inner, ...]] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()


class Small(Struct, frozen=True):
    """A record as a decision makes them, of both kinds."""

    colour: Colour
    inner: Inner | None = None
    twins: tuple[Small, ...] = ()


inners = st.builds(
    Inner,
    day=st.dates(),
    share=st.floats(allow_nan=False, allow_infinity=False),
    tags=st.lists(st.text()).map(tuple),
)
outers = st.builds(
    Outer,
    name=st.text(),
    colour=st.sampled_from(Colour),
    inner=st.none() | inners,
    pairs=st.lists(st.tuples(st.text(), st.integers(-(2**63), 2**63))).map(tuple),
    table=st.dictionaries(st.text(), st.lists(inners).map(tuple), max_size=3),
    kinds=st.frozensets(st.text(), max_size=4),
)
smalls = st.builds(
    Small,
    colour=st.sampled_from(Colour),
    inner=st.none() | inners,
    twins=st.lists(st.builds(Small, colour=st.sampled_from(Colour)), max_size=3).map(tuple),
)


@given(outers)
def test_a_record_survives_the_round_trip_through_json_text(record: Outer) -> None:
    assert from_plain(Outer, json.loads(dumps(record))) == record
    assert decoded(Outer, dumps(record)) == record


@given(smalls)
def test_so_does_a_struct(record: Small) -> None:
    assert from_plain(Small, json.loads(dumps(record))) == record
    assert decoded(Small, dumps(record)) == record
    assert hash(replace(record, inner=record.inner)) == hash(record)


@given(outers, outers)
def test_the_digest_tells_records_apart_exactly_when_they_differ(one: Outer, other: Outer) -> None:
    assert (digest(one) == digest(other)) == (dumps(one) == dumps(other))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_json_cannot_hold_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no JSON form"):
        to_plain(Inner(date(2026, 1, 1), value))


def test_objects_without_a_json_form_are_refused() -> None:
    with pytest.raises(TypeError, match="complex has no JSON form"):
        to_plain([1j])


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"day": "2026-01-01", "share": 1, "tagz": []}, "unknown keys tagz; known: day, share, tags"),
        ({"day": "2026-01-01"}, "missing keys share"),
        ({"day": "yesterday", "share": 1}, "yesterday"),
        ({"day": "2026-01-01", "share": True}, r"Inner\.share: expected a number, found True"),
        ({"day": "2026-01-01", "share": 1, "tags": ["a", 2]}, r"Inner\.tags\[1\]: expected str, found 2"),
        ([], "expected dict"),
    ],
)
def test_wrong_data_is_refused_with_its_place(data: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        from_plain(Inner, data)


def test_an_enum_is_read_by_value_only() -> None:
    with pytest.raises(ValueError, match="RED"):
        from_plain(Outer, {"name": "x", "colour": "RED"})


def test_evidence_with_an_interval_survives() -> None:
    evidence = Evidence(
        EvidenceKind.MEASURED_HERE, "run:1", date(2026, 1, 2), date(2026, 1, 2), interval=Interval(1, 2, 3), run="1"
    )
    assert from_plain(Evidence, to_plain(evidence)) == evidence
