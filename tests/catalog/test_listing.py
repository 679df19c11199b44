"""Lists, coverage, comparison, export and explanations of a small catalogue, and of the shipped one."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import date
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.record import replace
from bakeoff.catalog import coverage, diff, export, lint, listing, snapshot, why
from bakeoff.catalog.load import Sources
from bakeoff.catalog.model import Answer, Catalog, Context, Scope
from tests import shipped as shipped_files
from tests.catalog import small
from tests.catalog.small import ALPHA, TODAY, evidence, sources, stated

A = "systems/framework/alpha.toml"
REFUTED = """
[[claim]]
property = "training"
value = "no"

[[claim.evidence]]
kind = "impression"
source = "somebody, section 1"
observed = 2026-01-01
read = 2026-11-22
says = "It trains."
superseded = true

[[claim.evidence]]
from = "docs"
says = "It does not."

[[claim]]
property = "speed_infer"
value = 30
scope = { device = ["cpu"] }

[[claim.evidence]]
kind = "impression"
source = "somebody, section 2"
observed = 2026-01-01
read = 2026-11-22
says = "Fast."
value = 90

[[claim.evidence]]
kind = "measured-elsewhere"
source = "paper, table 1"
observed = 2026-06-01
read = 2026-11-22
says = "Slow."
method = "Ten runs."
value = 30

[[claim]]
property = "serves_on"
object = "gpu"
value = "unknown"
settled_by = "a run on one"
"""


@pytest.fixture
def held(tmp_path: Path) -> Catalog:
    return sources(tmp_path, {A: ALPHA + REFUTED}).catalog


def test_refuted_lists_what_was_said_and_what_is_known(held: Catalog) -> None:
    found = {item.claim: item for item in listing.refuted(held)}
    assert set(found) == {"alpha.training", "alpha.speed_infer@device=cpu"}
    assert found["alpha.training"].said == "It trains."
    assert found["alpha.training"].found == "no: It does not."
    assert found["alpha.speed_infer@device=cpu"].found_by == "paper, table 1"


def test_a_measurement_refutes_what_is_said_of_the_case_it_measured() -> None:
    said = stated("speed_infer", 90.0, evidence(EvidenceKind.IMPRESSION))
    elsewhere = stated("speed_infer", 90.0, evidence(EvidenceKind.IMPRESSION), scope=Scope(device=("gpu",)))
    close = stated("speed_infer", 45.0, evidence(EvidenceKind.IMPRESSION), scope=Scope(device=("x86",)))
    seen = evidence(EvidenceKind.MEASURED_HERE, interval=(39.0, 40.0, 41.0))
    measured = stated("speed_infer", 40.0, seen, scope=Scope(device=("intel",)))
    found = listing.refuted(small.catalog(said, elsewhere, close, measured))
    assert [(item.claim, item.found) for item in found] == [("it.speed_infer", "40 points: It says so.")]


def test_unknowns_tell_stated_ones_first_or_the_most_valuable(held: Catalog) -> None:
    plain = listing.unknowns(held)
    assert (plain[0].system, plain[0].object, plain[0].settled_by) == ("alpha", "gpu", "a run on one")
    valued = listing.unknowns(held, worth=lambda _, about: 5.0 if about == "nothing" else 1.0)
    assert {item.worth for item in valued} == {1.0}
    assert listing.unknowns(held, layer="format") == ()


def test_stale_lists_the_oldest_and_by_worth_the_most_valuable(held: Catalog) -> None:
    assert listing.stale(held, today=TODAY) == ()
    later = date(2031, 1, 1)
    plain = [item.claim for item in listing.stale(held, today=later)]
    assert "alpha.offline" in plain
    best = listing.stale(held, today=later, worth=lambda _, about: 9.0 if about == "offline" else 0.0)
    assert best[0].claim == "alpha.offline"


def test_where_filters_by_relation_field_and_value(held: Catalog) -> None:
    def ids(*conditions: str, layer: str = "") -> list[str]:
        return [system.id for system in listing.where(held, layer=layer, conditions=conditions)]

    assert ids("loads=box") == ["beta"]
    assert ids("works_with=first") == ["beta"]
    assert ids("offline=yes", "licence=MIT") == ["alpha"]
    assert ids("lifecycle=active", layer="serving") == ["beta"]
    assert ids("offline=no") == []
    for wrong in ("offlin=yes", "offline"):
        with pytest.raises(InputError):
            ids(wrong)
    with pytest.raises(InputError, match="did you mean serving"):
        ids(layer="servin")


def test_an_audit_draws_the_same_for_the_same_seed(held: Catalog) -> None:
    one, again, other = listing.audit(held, 3, 1), listing.audit(held, 3, 1), listing.audit(held, 3, 2)
    assert one == again
    assert one != other
    assert all(item.evidence for item in one)
    assert len(listing.audit(held, 1000, 1)) == len(
        [item for system in held.systems.values() for item in system.claims if item.evidence]
    )


def test_coverage_counts_each_claim_by_its_strongest_kind(held: Catalog) -> None:
    found = coverage.coverage(held, lint_errors=0)
    assert found.claims == sum(found.by_kind.values()) == sum(len(system.claims) for system in held.systems.values())
    assert found.by_kind["measured-elsewhere"] == 1
    assert found.by_kind["none"] == 1
    assert found.above_impression_share == pytest.approx(1 - 1 / found.claims)
    assert sum(layer.systems for layer in found.layers) == found.systems == len(held.systems)


def test_decisive_coverage_counts_what_decisions_read_once(held: Catalog) -> None:
    read = ["alpha.offline", "alpha.offline", "alpha.serves_on.gpu", "nobody.knows"]
    found = coverage.coverage(held, read=read)
    assert (found.claims, found.by_kind, found.above_impression_share) == (2, {"documented": 1, "none": 1}, 0.5)


def test_an_impression_does_not_count_as_above_one() -> None:
    assert coverage.kind_of(stated("offline", Answer.YES, evidence(EvidenceKind.IMPRESSION))) == "impression"
    struck = stated("offline", Answer.YES, evidence(EvidenceKind.IMPRESSION), evidence(superseded=True))
    assert coverage.kind_of(struck) == "impression"


def test_diff_tells_added_removed_changed_and_superseded(held: Catalog) -> None:
    alpha = held.systems["alpha"]
    claims = {item.id: item for item in alpha.claims}
    struck = replace(claims["alpha.exports.box"], evidence=(replace(evidence(), superseded=True),))
    changed = replace(
        alpha,
        claims=(
            replace(claims["alpha.offline"], value=Answer.NO),
            struck,
            stated("fit", 1.0, subject="alpha"),
            *[
                item
                for name, item in claims.items()
                if name not in ("alpha.offline", "alpha.exports.box", "alpha.training")
            ],
        ),
    )
    rest = {name: system for name, system in held.systems.items() if name != "beta"}
    found = diff.diff(held, dataclasses.replace(held, systems={**rest, "alpha": changed}))
    assert (found.systems_added, found.systems_removed) == ((), ("beta",))
    assert {(item.claim, item.what) for item in found.changes} == {
        ("alpha.offline", "value"),
        ("alpha.exports.box", "superseded"),
        ("alpha.fit", "added"),
        ("alpha.training", "removed"),
    }
    assert diff.diff(held, held).changes == ()


def test_a_json_export_reads_back(held: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(export.export(held, "json"), encoding="utf-8")
    again = export.read_export(path)
    assert dict(again.systems) == dict(held.systems)
    assert diff.diff(held, again).changes == ()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError):
        export.read_export(path)


def test_a_csv_export_has_a_row_for_each_source(held: Catalog) -> None:
    rows = list(csv.DictReader(io.StringIO(export.export(held, "csv"))))
    claims = [item for system in held.systems.values() for item in system.claims]
    assert len(rows) == sum(max(1, len(item.evidence)) for item in claims)
    assert {row["claim"] for row in rows} == {item.id for item in claims}


def test_a_markdown_export_names_every_system_and_an_unknown_format_is_told(held: Catalog) -> None:
    text = export.export(held, "md")
    assert all(f"`{name}`" in text for name in held.systems)
    with pytest.raises(InputError, match="known: csv, json, md"):
        export.export(held, "pdf")


def test_why_shows_what_was_used_and_what_was_set_aside(held: Catalog) -> None:
    (found,) = why.why(held, "first", "training", Context(), today=TODAY)
    assert found.lines[0] == "alpha.training: no (level 3)"
    assert found.lines[1].startswith("used, level 3, no, documented of 2026-06-01")
    assert found.lines[2].startswith("struck out, no, impression of 2026-01-01; superseded")
    (unknown,) = why.why(held, "alpha", "serves_on", Context(), today=TODAY, other="gpu")
    assert unknown.lines == (
        "alpha.serves_on.gpu: unknown (level 0)",
        "asked, not known: alpha.serves_on.gpu; a run on one",
    )
    (nothing,) = why.why(held, "beta", "serves_on", Context(), today=TODAY, other="gpu")
    assert nothing.lines == ("beta.serves_on.gpu: no claim joins them",)
    assert [item.belief.object for item in why.why(held, "beta", "loads", Context(), today=TODAY)] == ["box"]


def test_why_and_its_context_name_what_they_do_not_know(held: Catalog) -> None:
    with pytest.raises(InputError) as raised:
        why.why(held, "alfa", "trainin", Context(), today=TODAY)
    assert len(raised.value.problems) == 2
    context = why.parse_context(held, {"device": ("cpu",), "domain": ("vision",), "versions.alpha": ("2.1",)})
    assert context == Context(device=("cpu",), domain="vision", versions={"alpha": "2.1"})
    with pytest.raises(InputError, match="did you mean device"):
        why.parse_context(held, {"devise": ("cpu",)})


@pytest.fixture(scope="module")
def shipped() -> Sources:
    return shipped_files.sources()


def test_the_shipped_catalogue_has_no_lint_errors(shipped: Sources) -> None:
    report = lint.lint(shipped, today=max(TODAY, shipped.catalog.snapshot))
    errors = [
        f"{item.where}:{item.line} {item.at}: {item.message}" for item in report.findings if item.level == "error"
    ]
    assert errors == []


def test_the_shipped_catalogue_compiles_to_itself(shipped: Sources) -> None:
    again = snapshot.decode(snapshot.encode(shipped.catalog))
    assert again is not None
    assert again.version == shipped.catalog.version
    assert dict(again.systems) == dict(shipped.catalog.systems)


def test_every_shipped_claim_has_a_source_or_is_an_explicit_unknown(shipped: Sources) -> None:
    bare = [
        item.id
        for system in shipped.catalog.systems.values()
        for item in system.claims
        if not item.evidence and item.value is not Answer.UNKNOWN
    ]
    assert bare == []


def test_registry_facts_are_shipped_for_packages(shipped: Sources) -> None:
    read = {item.system for item in shipped.registry}
    assert len(read) >= 12
    assert all(item.snapshot <= item.read for item in shipped.registry)
