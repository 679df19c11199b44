"""Decision records: front matter that any YAML reader and our own understand alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bakeoff.base.errors import InputError
from bakeoff.base.record import replace
from bakeoff.base.records import to_plain
from bakeoff.decide import check
from bakeoff.report import adr
from tests.report import samples


@pytest.fixture
def written(tmp_path: Path) -> Path:
    decision = samples.decision()
    file = tmp_path / adr.file_name(decision, 7)
    file.write_text(adr.record(decision, samples.catalog(), 7))
    return file


def test_what_is_written_is_read_back(written: Path) -> None:
    expected = check.record(samples.decision(), samples.catalog())
    assert adr.read(written) == expected
    assert adr.read_folder(written.parent) == ((written, expected),)


def test_a_yaml_reader_sees_the_same(written: Path) -> None:
    front = yaml.safe_load(written.read_text().split("---\n")[1])
    expected = check.record(samples.decision(), samples.catalog())
    assert front["revisit_when"] == to_plain(expected.revisit_when)
    assert front["components"] == to_plain(expected.components)
    assert (front["status"], front["decided"]) == ("accepted", "2026-11-22")


def test_the_body_holds_the_answer_the_reasons_and_the_costs(written: Path) -> None:
    body = written.read_text().split("---\n", 2)[2]
    for text in (
        "# 0007: Serve a small encoder",
        "Kiln Runtime (serving)",
        "1.9 times as fast",
        "### What it costs",
        "-1.4",
    ):
        assert text in body
    assert body.index("1.9 times") < body.index("### What it costs") < body.index("more pleasant")


def test_a_decision_without_a_stack_is_recorded_as_rejected(tmp_path: Path) -> None:
    file = tmp_path / "0001-x.md"
    file.write_text(adr.record(samples.impossible(), samples.catalog(), 1))
    assert yaml.safe_load(file.read_text().split("---\n")[1])["status"] == "rejected"
    assert adr.read(file) is None


def test_numbers_go_on(tmp_path: Path) -> None:
    assert adr.next_number(tmp_path / "absent") == 1
    (tmp_path / "0041-x.md").touch()
    (tmp_path / "notes.md").touch()
    assert adr.next_number(tmp_path) == 42


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Serve: a *Small* Encoder!", "0003-serve-a-small-encoder.md"),
        ("日本", "0003-decision.md"),
        ("x" * 200, f"0003-{'x' * 60}.md"),
    ],
)
def test_file_names_are_plain(name: str, expected: str) -> None:
    decision = samples.decision()
    assert adr.file_name(replace(decision, profile=replace(decision.profile, name=name)), 3) == expected


def test_other_documents_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "0001-by-hand.md").write_text("---\nstatus: accepted\n---\n# By hand\n")
    (tmp_path / "README.md").write_text("# Records\n")
    assert adr.read_folder(tmp_path) == ()


def test_a_superseded_record_is_not_checked(written: Path) -> None:
    written.write_text(written.read_text().replace('status: "accepted"', 'status: "superseded"'))
    assert adr.read(written) is None


def test_every_damaged_line_is_reported_with_its_number(written: Path) -> None:
    lines = written.read_text().splitlines()
    seed = next(index for index, line in enumerate(lines) if line.startswith("seed:"))
    first = lines.index("revisit_when:") + 1
    lines[seed], lines[first] = "seed: seven", "  - kind: date"
    written.write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        adr.read_folder(written.parent)
    assert [problem.line for problem in caught.value.problems] == [seed + 1, first + 1]


def test_an_unknown_key_of_a_condition_is_an_error(written: Path) -> None:
    written.write_text(written.read_text().replace('{"kind": "winner"', '{"sort": "winner"'))
    with pytest.raises(InputError, match="sort"):
        adr.read(written)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        adr.read_folder(tmp_path / "absent")
