"""Version ranges: what is told from plain numbers alone is what the library says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from bakeoff.catalog import scope

NUMBERS = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
PARTS = st.lists(st.tuples(st.sampled_from([">=", "<=", "==", "!=", "~=", ">", "<"]), NUMBERS), min_size=1, max_size=3)


@given(PARTS, NUMBERS)
def test_plain_ranges_are_read_as_the_library_reads_them(parts: list[tuple[str, str]], version: str) -> None:
    parts = [(sign, bound) for sign, bound in parts if sign != "~=" or "." in bound]
    text = ",".join(sign + bound for sign, bound in parts)
    assert scope.contains(text, version) == SpecifierSet(text).contains(version, prereleases=True)


@given(PARTS, NUMBERS, st.sampled_from(["rc1", ".dev0", ".post2", "+local", "a"]))
def test_versions_that_are_more_than_numbers_are_left_to_the_library(
    parts: list[tuple[str, str]], version: str, more: str
) -> None:
    parts = [(sign, bound) for sign, bound in parts if sign != "~=" or "." in bound]
    text = ",".join(sign + bound for sign, bound in parts)
    assert scope.contains(text, version + more) == SpecifierSet(text).contains(version + more, prereleases=True)


def test_what_is_no_version_lies_in_no_range() -> None:
    assert not scope.contains(">=1", "nightly build")
