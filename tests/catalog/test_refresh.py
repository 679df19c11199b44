"""Refreshing against an index of our own on loopback, and against readers that lie."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.base import record
from bakeoff.base.errors import InputError
from bakeoff.catalog import refresh, registries
from bakeoff.catalog.load import Sources, read_sources
from bakeoff.catalog.registries import Reader, Refusal
from bakeoff.catalog.registries_pypi import PyPI
from bakeoff.catalog.registries_wheels import WheelFolders
from bakeoff.catalog.registry import PackageFacts, Release, claims, floors, parse, release_cadence
from tests.catalog.small import ALPHA, TODAY, sources, write

A = "systems/framework/alpha.toml"
PURL = "pkg:pypi/alpha"


def file(name: str, day: str, *, yanked: bool = False) -> dict[str, object]:
    """A file of an index whose addresses are relative, as a mirror's are."""
    return {
        "filename": name,
        "url": f"../../packages/{name}",
        "hashes": {},
        "size": 1000,
        "upload-time": f"{day}T10:00:00Z",
        "yanked": yanked,
        "requires-python": ">=3.11",
        "core-metadata": True,
    }


PAGES = {
    "packaging": [file("packaging-24.0-py3-none-any.whl", "2024-03-10")],
    "alpha": [
        file("alpha-2.0-py3-none-any.whl", "2026-09-01"),
        file("alpha-2.1-cp312-cp312-manylinux_2_28_x86_64.whl", "2026-10-01"),
        file("alpha-2.1.tar.gz", "2026-10-01"),
        file("alpha-2.2-cp312-cp312-manylinux_2_28_x86_64.whl", "2026-11-01"),
        file("alpha-2.3-py3-none-any.whl", "2026-11-05", yanked=True),
        file("alpha-3.0rc1-py3-none-any.whl", "2026-11-10"),
        file("alpha-not.a.version-py3-none-any.whl", "2026-11-11"),
    ],
}


class _Index(BaseHTTPRequestHandler):
    """The simple protocol in JSON, and metadata beside the files."""

    pages: dict[str, list[dict[str, object]]]

    def do_GET(self) -> None:
        """Serves one page."""
        parts = self.path.strip("/").split("/")
        if self.path.endswith(".metadata"):
            self._send("text/plain", b"Metadata-Version: 2.1\nName: alpha\nLicense-Expression: Apache-2.0\n")
        elif parts[0] == "simple" and parts[-1] in self.pages:
            page = {"meta": {"api-version": "1.1"}, "name": parts[-1], "files": self.pages[parts[-1]], "versions": []}
            self._send("application/vnd.pypi.simple.v1+json", json.dumps(page).encode())
        else:
            self.send_error(404)

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Says nothing."""


@contextmanager
def index(pages: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    handler = type("_Served", (_Index,), {"pages": pages})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_an_index_is_read_for_what_it_proves() -> None:
    with index(PAGES) as address:
        reader = PyPI(address)
        assert reader.canary() is None
        facts = reader.read(PURL)
        unknown = reader.read("pkg:pypi/omega")
        reader.close()
    assert isinstance(facts, PackageFacts)
    assert facts.latest == "2.2"
    assert facts.lines == (
        "2.0 2026-09-01",
        "2.1 2026-10-01",
        "2.2 2026-11-01",
        "2.3 2026-11-05 yanked",
        "3.0rc1 2026-11-10 pre",
    )
    assert facts.wheel_tags == ("cp312-cp312-manylinux_2_28_x86_64",)
    assert (facts.requires_python, facts.licence, facts.download_bytes) == (">=3.11", "Apache-2.0", (1000, 1000))
    assert isinstance(unknown, Refusal)


def test_an_index_that_dates_by_copying_is_not_trusted() -> None:
    copied = {**PAGES, "packaging": [file("packaging-24.0-py3-none-any.whl", "2026-11-01")]}
    with index(copied) as address:
        reader = PyPI(address)
        refusal = reader.canary()
        reader.close()
    assert refusal is not None
    assert "2024-03-10" in refusal.why


@dataclass
class Told:
    """A reader that says what it is told to."""

    facts: dict[str, PackageFacts | Refusal] = field(default_factory=dict)
    doubt: Refusal | None = None
    scheme: str = "pkg:pypi/"

    def canary(self) -> Refusal | None:
        """As told."""
        return self.doubt

    def read(self, purl: str) -> PackageFacts | Refusal:
        """As told."""
        return self.facts.get(purl, Refusal(purl, "not told"))


def before(held: Sources) -> PackageFacts:
    return held.registry[0].packages[0]


def run(held: Sources, folder: Path, *readers: Reader) -> refresh.RefreshReport:
    return refresh.refresh(held, readers, today=TODAY, data=folder)


def test_a_refresh_writes_what_changed_and_says_so(tmp_path: Path) -> None:
    held = sources(tmp_path)
    new = replace(before(held), latest="2.2", lines=(*before(held).lines, "2.2 2026-11-20"))
    report = run(held, tmp_path, Told({PURL: new}))
    assert [(item.system, item.what) for item in report.changes] == [("alpha", "newest release: 2.1 -> 2.2")]
    assert (report.packages, report.refused, report.written) == (1, (), ("registry/alpha.json",))
    assert report.snapshot == date(2026, 11, 20)
    again = read_sources(tmp_path)
    assert before(again) == new
    assert again.registry[0].read == TODAY


def test_a_second_refresh_that_finds_the_same_reports_nothing(tmp_path: Path) -> None:
    held = sources(tmp_path)
    assert run(held, tmp_path, Told({PURL: before(held)})).changes == ()


FUTURE = ("2.0 2026-09-01", "2.1 2026-10-01", "9.9 2027-01-01")
OTHER_DAYS = ("2.0 2026-09-02", "2.1 2026-10-02")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"lines": FUTURE, "latest": "9.9"}, "future"),
        ({"lines": OTHER_DAYS}, "dated otherwise"),
        ({"lines": (), "latest": ""}, "no release"),
        ({"lines": ("2.0 2026-09-01", "1.9 2026-01-01"), "latest": "2.0"}, "went back from 2.1 to 2.0"),
    ],
)
def test_what_cannot_be_is_refused_and_the_old_facts_stay(
    tmp_path: Path, changed: dict[str, object], word: str
) -> None:
    held = sources(tmp_path)
    report = run(held, tmp_path, Told({PURL: replace(before(held), **changed)}))  # type: ignore[arg-type]
    assert [word in item.why for item in report.refused] == [True]
    assert report.written == ()
    assert before(read_sources(tmp_path)) == before(held)


def test_many_releases_do_not_vanish_at_once() -> None:
    lines = tuple(f"{index}.0 2026-01-{index:02}" for index in range(1, 21))
    old = PackageFacts(PURL, "20.0", lines)
    assert refresh.doubts(old, replace(old, lines=lines[1:]), TODAY) is None
    refusal = refresh.doubts(old, replace(old, lines=lines[5:]), TODAY)
    assert refusal is not None
    assert "5 of 20" in refusal.why


def test_a_withdrawn_newest_release_may_go_back() -> None:
    old = PackageFacts(PURL, "2.1", ("2.0 2026-09-01", "2.1 2026-10-01"))
    new = PackageFacts(PURL, "2.0", ("2.0 2026-09-01", "2.1 2026-10-01 yanked"))
    assert refresh.doubts(old, new, TODAY) is None


def test_a_registry_whose_canary_lies_is_not_asked(tmp_path: Path) -> None:
    held = sources(tmp_path)
    liar = Told({PURL: replace(before(held), latest="9.9")}, doubt=Refusal("pkg:pypi/", "dates it otherwise"))
    report = run(held, tmp_path, liar)
    assert (report.packages, report.written) == (0, ())
    assert [item.why for item in report.refused] == ["dates it otherwise"]


def test_a_wheel_folder_stands_in_for_an_index_that_is_away(tmp_path: Path) -> None:
    held = sources(tmp_path / "data")
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "alpha-2.2-cp312-cp312-linux_x86_64.whl", "w") as wheel:
        wheel.writestr("alpha-2.2.dist-info/METADATA", "Name: alpha\nVersion: 2.2\nLicense: MIT\n")
    away = Told(doubt=Refusal("pkg:pypi/", "no route"))
    report = run(held, tmp_path / "data", away, WheelFolders([folder]))
    assert report.changes[0].what == "newest release: 2.1 -> 2.2"
    assert report.refused == ()
    kept = before(read_sources(tmp_path / "data"))
    # A folder knows no days and no history: what was known before stays.
    assert kept.lines == ("2.0 2026-09-01", "2.1 2026-10-01", "2.2 undated")
    assert kept.licence == "MIT"


def test_only_catalogued_systems_can_be_asked_for(tmp_path: Path) -> None:
    held = sources(tmp_path)
    with pytest.raises(InputError, match="did you mean alpha"):
        refresh.refresh(held, [Told()], today=TODAY, only=["alfa"], data=tmp_path)
    report = refresh.refresh(held, [Told()], today=TODAY, only=["beta"], data=tmp_path)
    assert report.packages == 0


def test_a_refresh_says_how_far_it_is(tmp_path: Path) -> None:
    held = sources(tmp_path)
    said: list[str] = []
    refresh.refresh(held, [Told()], today=TODAY, data=tmp_path, progress=said.append)
    packages = [purl for system in held.catalog.systems.values() for purl in system.packages]
    assert said[0] == f"0 of {len(packages)} packages read; next {packages[0]}"


@pytest.mark.parametrize(("tags", "says"), [(("py3-none-any",), "Files of these tags"), ((), "No wheel")])
def test_files_are_said_to_exist_only_where_they_do(tags: tuple[str, ...], says: str, tmp_path: Path) -> None:
    (facts,) = sources(tmp_path).registry[0].packages
    file = replace(sources(tmp_path).registry[0], packages=(replace(facts, wheel_tags=tags, source_only=not tags),))
    (claim,) = (item for item in claims(file) if item.property == "wheel_tags")
    assert claim.evidence[0].says.startswith(says)


def test_facts_of_a_system_that_is_gone_are_removed(tmp_path: Path) -> None:
    held = sources(tmp_path)
    rest = {name: system for name, system in held.catalog.systems.items() if name != "alpha"}
    gone = record.replace(held, catalog=replace(held.catalog, systems=rest))
    assert run(gone, tmp_path, Told()).written == ("registry/alpha.json",)
    assert not (tmp_path / "registry" / "alpha.json").exists()


def test_a_mirror_that_dates_old_versions_by_copying_loses_its_dates() -> None:
    answer = {
        "name": "@scope/alpha",
        "versions": ["1.0.0", "1.1.0", "1.2.0", "2.0.0-beta.1", "2.0.0"],
        "time": {
            "1.0.0": "2026-05-05T00:00:00Z",
            "1.1.0": "2026-05-04T00:00:00Z",
            "1.2.0": "2026-05-03T00:00:00Z",
            "2.0.0": "2026-05-02T00:00:00Z",
        },
        "license": "MIT",
    }
    facts = registries.npm_facts("pkg:npm/%40scope/alpha", answer)
    assert isinstance(facts, PackageFacts)
    assert (facts.latest, facts.licence) == ("2.0.0", "MIT")
    assert facts.lines == (
        "1.0.0 undated",
        "1.1.0 undated",
        "1.2.0 undated",
        "2.0.0-beta.1 undated pre",
        "2.0.0 undated",
    )
    assert isinstance(registries.npm_facts("pkg:npm/other", answer), Refusal)


def test_cargo_tells_the_newest_version_and_the_licence() -> None:
    text = "alpha #tag\nOf some use.\nversion: 0.9.2\nlicense: MIT OR Apache-2.0\nfeatures:\n +default = []\n"
    facts = registries.cargo_facts("pkg:cargo/alpha", text)
    assert isinstance(facts, PackageFacts)
    assert (facts.latest, facts.lines, facts.licence) == ("0.9.2", ("0.9.2 undated",), "MIT OR Apache-2.0")
    assert isinstance(registries.cargo_facts("pkg:cargo/beta", text), Refusal)
    assert isinstance(registries.cargo_facts("pkg:cargo/alpha", "alpha\n"), Refusal)


def test_cargo_tells_what_its_compiler_takes_and_that_is_not_taken_for_the_newest() -> None:
    text = "alpha #tag\nOf some use.\nversion: 0.4.0 (latest {})\nlicense: MIT\n"
    facts = registries.cargo_facts("pkg:cargo/alpha", text.format("0.12.0"))
    assert isinstance(facts, PackageFacts)
    assert facts.latest == "0.12.0"
    assert isinstance(registries.cargo_facts("pkg:cargo/alpha", text.format("0.12.0-pre.1")), Refusal)


def test_a_package_with_nothing_but_prereleases_has_no_newest_release() -> None:
    facts = registries.cargo_facts("pkg:cargo/alpha", "alpha\nversion: 0.2.0-pre.1\nlicense: MIT\n")
    assert isinstance(facts, PackageFacts)
    assert (facts.latest, facts.lines) == ("", ("0.2.0rc1 undated pre",))
    assert refresh.doubts(None, facts, TODAY) is None


def test_a_slip_that_looks_like_a_day_does_not_hide_what_came_after() -> None:
    finals = [Release(text, None, final=True) for text in (*(f"0.{minor}.0" for minor in range(10)), "20230920.0.0")]
    assert registries.listed(finals)[0] == "0.9.0"
    calendar = [Release(text, None, final=True) for text in ("20230101", "20230202", "20230303", "20230404")]
    assert registries.listed(calendar)[0] == "20230404"


def test_a_client_that_is_absent_or_fails_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    absent = registries.ask("npm", ["view"], "pkg:npm/x")
    assert isinstance(absent, Refusal)
    assert "not installed" in absent.why
    script = tmp_path / "cargo"
    script.write_text("#!/bin/sh\necho 'no such crate' >&2\nexit 101\n", encoding="utf-8")
    script.chmod(0o755)
    failed = registries.Cargo().read("pkg:cargo/x")
    assert isinstance(failed, Refusal)
    assert "no such crate" in failed.why


@given(
    days=st.lists(st.integers(0, 2000), min_size=1, max_size=30),
    extra=st.integers(1, 200),
)
def test_cadence_stays_on_its_anchors_and_silence_never_raises_it(days: list[int], extra: int) -> None:
    releases = tuple(
        Release(f"1.{index}", date.fromordinal(738000 + day), final=True) for index, day in enumerate(days)
    )
    snapshot = date.fromordinal(738000 + max(days))
    now = release_cadence(releases, snapshot)
    later = release_cadence(releases, date.fromordinal(snapshot.toordinal() + extra + 730))
    assert now is not None
    assert later is not None
    assert 0 <= later[0] <= now[0] <= 100


@pytest.mark.parametrize(("gap", "expected"), [(10, 100.0), (30, 100.0), (1095, 0.0), (2000, 0.0), (181, 50.0)])
def test_cadence_is_linear_in_the_logarithm_of_the_gap(gap: int, expected: float) -> None:
    snapshot = date(2026, 11, 1)
    releases = (Release("1.0", date.fromordinal(snapshot.toordinal() - gap), final=True),)
    found = release_cadence(releases, snapshot)
    assert found is not None
    assert found[0] == pytest.approx(expected, abs=0.2)


def test_a_prerelease_shows_life_but_is_no_final_release() -> None:
    old = Release("1.0", date(2026, 1, 1), final=True)
    alive = Release("2.0rc1", date(2026, 10, 25), final=False)
    snapshot = date(2026, 11, 1)
    silent, lively = release_cadence((old,), snapshot), release_cadence((old, alive), snapshot)
    assert silent is not None
    assert lively is not None
    assert lively[0] > silent[0]
    assert release_cadence((alive,), snapshot) is None


def test_floors_are_the_oldest_systems_the_wheels_accept() -> None:
    tags = ("cp311-cp311-manylinux2014_x86_64", "cp311-cp311-manylinux_2_35_aarch64", "cp311-cp311-macosx_11_0_arm64")
    assert floors(tags) == " (glibc 2.17 or newer, macOS 11.0 or newer)"
    assert floors(("py3-none-any",)) == ""


def test_a_registry_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown keys"):
        parse('{"schema": 1, "surprise": 2}', "registry/x.json")
    with pytest.raises(InputError, match=r"registry/alpha\.json"):
        read_sources(write(tmp_path, {"registry/alpha.json": "{", A: ALPHA}))
