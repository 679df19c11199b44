"""Reading: every mistake at once, short forms, inheritance, the compiled form, days and measured claims."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bakeoff.base.errors import InputError
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.record import fields, replace
from bakeoff.base.records import to_plain
from bakeoff.catalog import authoring, lines, load, shapes, snapshot
from bakeoff.catalog.model import Answer, Catalog, Claim, Context, Lifecycle, Scope, System
from bakeoff.catalog.resolve import resolve
from bakeoff.catalog.rulebook import load_rules
from tests.catalog.small import ALPHA, LIFE, SOURCE, TODAY, claim, evidence, head, sources, stated, write
from tests.catalog.small import catalog as small

A = "systems/framework/alpha.toml"
MISTAKES = """[system]
id = "Gamma"
name = 3
layers = ["framwork"]
licens = "MIT"

[[claim]]
propert = "offline"
value = "yes"

[[claim]]
property = "offline"
value = true

[[claim.evidence]]
kind = "documentd"
source = '''two
lines'''
observed = "2026-01-01"
read = 2026-11-22
"""


def problems(folder: Path, text: str, name: str = "systems/framework/gamma.toml") -> list[tuple[int | None, str, str]]:
    with pytest.raises(InputError) as raised:
        sources(folder, {name: text})
    return [(item.line, item.key, f"{item.message} {item.advice}") for item in raised.value.problems]


def test_all_mistakes_of_a_file_are_told_at_once_with_line_and_advice(tmp_path: Path) -> None:
    found = {(line, key): text for line, key, text in problems(tmp_path, MISTAKES)}
    assert set(found) == {
        (3, "system.name"),
        (4, "system.layers[0]"),
        (5, "system.licens"),
        (7, "claim[0].property"),
        (8, "claim[0].propert"),
        (13, "claim[1].value"),
        (16, "claim[1].evidence[0].kind"),
        (19, "claim[1].evidence[0].observed"),
    }
    assert "did you mean framework?" in found[4, "system.layers[0]"]
    assert "did you mean licence?" in found[5, "system.licens"]
    assert "did you mean property?" in found[8, "claim[0].propert"]
    assert "did you mean documented?" in found[16, "claim[1].evidence[0].kind"]
    assert "without quotes" in found[19, "claim[1].evidence[0].observed"]


def test_a_grade_is_read_as_the_points_it_stands_for_and_keeps_its_name(tmp_path: Path) -> None:
    held = sources(tmp_path, {"systems/framework/alpha.toml": ALPHA + claim("depth", '"many"')}).catalog
    for catalog in (held, snapshot.decode(snapshot.encode(held))):
        assert catalog is not None
        (found,) = [one for one in catalog.systems["alpha"].claims if one.property == "depth"]
        assert (found.value, found.grade) == (70.0, "many")
        assert [grade.when for grade in catalog.properties["depth"].grades] == ["It names nothing.", "It names ten."]


@pytest.mark.parametrize(
    ("more", "key", "word"),
    [
        (claim("offlin", '"yes"'), "claim[0].property", "did you mean offline?"),
        (claim("offline", '"maybe"'), "claim[0].value", "allowed: yes, partial, no, unknown"),
        (claim("offline", '"yes"', 'object = "cpu"'), "claim[0].object", "no relation"),
        (claim("loads", '"yes"'), "claim[0].object", "names no object"),
        (claim("converts", '"yes"', 'object = "box"'), "claim[0].via", "needs `via`"),
        (claim("fit", "101"), "claim[0].value", "0..100"),
        (claim("fit", '"good"'), "claim[0].value", "0..100"),
        (claim("depth", '"mny"'), "claim[0].value", "did you mean many?"),
        (claim("latest_version", "3.1"), "claim[0].value", "quotes"),
        (claim("speaks", '"yes"', 'object = "pyton"'), "claim[0].object", "did you mean python?"),
        (claim("offline", '"yes"', 'scope = { os = ["linus"] }'), "claim[0].scope.os", "did you mean linux?"),
        (
            claim("offline", '"yes"', 'scope = { domain = ["visions"] }'),
            "claim[0].scope.domain",
            "did you mean vision",
        ),
        (claim("offline", '"yes"', 'scope = { versions = "2.x" }'), "claim[0].scope.versions", "PEP 440"),
        (claim("offline", '"yes"').replace('"docs"', '"dogs"'), "claim[0].from", "did you mean docs?"),
        ('\n[[claim]]\nproperty = "offline"\nvalue = "yes"\nsays = "?"\n', "claim[0].says", "from"),
        (
            '\n[[claim]]\nproperty = "offline"\nvalue = "yes"\n[[claim.evidence]]\nsource = "x"\n',
            "claim[0].evidence[0]",
            "lacks kind, observed, read",
        ),
        (
            '\n[[inherits]]\nsystem = "alpha"\nproperties = ["offlin"]\nbecause = "?"\n',
            "inherits[0].properties",
            "offline",
        ),
        (claim("offline", '"yes"') + claim("offline", '"no"'), "claim[1]", "claimed twice"),
    ],
)
def test_names_and_values_are_checked_against_the_vocabulary(tmp_path: Path, more: str, key: str, word: str) -> None:
    ((line, found, text),) = problems(tmp_path, head("gamma", "framework") + SOURCE + more)
    assert (found, word in text) == (key, True)
    assert line is not None


def test_broken_toml_and_ids_used_twice_are_told_by_file(tmp_path: Path) -> None:
    ((line, key, text),) = problems(tmp_path, "[system\n")
    assert (line, key) == (1, "")
    assert "not valid TOML" in text
    (tmp_path / "systems/framework/gamma.toml").unlink()
    ((_, key, text),) = problems(tmp_path, head("alpha", "serving"), "systems/serving/alpha.toml")
    assert (key, "catalogued already" in text) == ("system.id", True)


def test_short_forms_are_written_out(tmp_path: Path) -> None:
    more = claim("loads", '"yes"', 'objects = ["box", "crate"]') + claim(
        "serves_on", '"yes"', 'object = "gpu"'
    ).replace('from = "docs"', 'from = ["docs", "more"]')
    text = (
        head("gamma", "serving") + SOURCE + SOURCE.replace('"docs"', '"more"').replace("section 1", "section 9") + more
    )
    held = sources(tmp_path, {"systems/serving/gamma.toml": text}).catalog.systems["gamma"]
    assert [item.id for item in held.claims] == ["gamma.loads.box", "gamma.loads.crate", "gamma.serves_on.gpu"]
    first, _, third = held.claims
    assert (first.evidence[0].kind, first.evidence[0].says) == (EvidenceKind.DOCUMENTED, "It says so.")
    assert first.evidence[0].observed == date(2026, 6, 1)
    assert [item.source for item in third.evidence] == [
        "docs of it, section 1, version 2.1",
        "docs of it, section 9, version 2.1",
    ]


def test_evidence_takes_from_a_source_what_it_does_not_say_itself(tmp_path: Path) -> None:
    rows = '[[claim.evidence]]\nfrom = "docs"\nsource = ", page 4"\nsays = "Once."\nsuperseded = true\n'
    more = (
        '\n[[claim]]\nproperty = "training"\nvalue = "no"\n'
        + rows
        + '[[claim.evidence]]\nfrom = "docs"\nsays = "No."\n'
    )
    held = sources(tmp_path, {A: ALPHA + more}).catalog.systems["alpha"]
    old, new = next(item for item in held.claims if item.property == "training").evidence
    assert (old.source, old.superseded, new.superseded) == ("docs of it, section 1, version 2.1, page 4", True, False)


def test_ids_name_subject_property_objects_and_scope(tmp_path: Path) -> None:
    more = claim("converts", '"yes"', 'via = "box"\nobject = "crate"\nscope = { versions = ">=2,<3", os = ["linux"] }')
    held = sources(tmp_path, {A: ALPHA + more}).catalog.systems["alpha"]
    assert "alpha.converts.box.crate@versions>=2,<3;os=linux" in {item.id for item in held.claims}
    assert "alpha.fit@domain=vision" in {item.id for item in held.claims}


def test_aliases_lead_to_ids_everywhere(tmp_path: Path) -> None:
    more = claim("works_with", '"yes"', 'object = "first"')
    text = head("gamma", "serving", 'lineage = ["first"]') + LIFE + SOURCE + more
    held = sources(tmp_path, {"systems/serving/gamma.toml": text}).catalog
    assert held.find("first") is held.systems["alpha"]
    assert held.systems["gamma"].lineage == ("alpha",)
    assert [item.id for item in held.systems["gamma"].claims] == ["gamma.works_with.alpha"]


def test_inherited_claims_are_marked_lose_foreign_versions_and_give_way_to_own_ones(tmp_path: Path) -> None:
    mirror = '\n[[inherits]]\nsystem = "beta"\nproperties = ["loads", "training"]\nbecause = "Wraps it."\n'
    deeper = '\n[[inherits]]\nsystem = "gamma"\nproperties = ["loads"]\nbecause = "Wraps it."\n'
    beta = (
        head("beta", "serving")
        + SOURCE
        + claim("loads", '"yes"', 'objects = ["box", "crate"]\nscope = { versions = ">=1,<2" }')
    )
    gamma = head("gamma", "serving") + SOURCE + claim("loads", '"no"', 'object = "box"') + mirror
    held = sources(
        tmp_path,
        {
            "systems/serving/beta.toml": beta,
            "systems/serving/gamma.toml": gamma,
            "systems/serving/delta.toml": head("delta", "serving") + deeper,
        },
    ).catalog.systems
    assert {item.id: (item.value, item.inherited_from) for item in held["gamma"].claims} == {
        "gamma.loads.box": (Answer.NO, None),
        "gamma.loads.crate": (Answer.YES, "beta.loads.crate@versions>=1,<2"),
    }
    assert {item.id: item.inherited_from for item in held["delta"].claims} == {
        "delta.loads.box": "gamma.loads.box",
        "delta.loads.crate": "beta.loads.crate@versions>=1,<2",
    }


def test_registry_facts_become_claims_and_people_may_add_what_was_once_said(tmp_path: Path) -> None:
    said = '[[claim.evidence]]\nfrom = "docs"\nsays = "1.0"\nsuperseded = true\n'
    old = f'\n[[claim]]\nproperty = "latest_version"\nvalue = "2.1"\n{said}'
    held = sources(tmp_path, {A: ALPHA + old}).catalog
    facts = {item.property: item for item in held.systems["alpha"].claims}
    assert facts["latest_version"].value == "2.1"
    assert [(item.kind, item.superseded) for item in facts["latest_version"].evidence] == [
        (EvidenceKind.REGISTRY, False),
        (EvidenceKind.DOCUMENTED, True),
    ]
    assert facts["latest_version"].evidence[0].source == "pkg:pypi/alpha@2.1"
    assert facts["newest_release"].value == "2026-10-01"
    assert held.snapshot == date(2026, 11, 18)


def test_the_compiled_form_is_the_same_catalogue(tmp_path: Path) -> None:
    held = sources(tmp_path).catalog
    again = snapshot.decode(snapshot.encode(held))
    assert again is not None
    assert dict(again.systems) == dict(held.systems)
    assert again.properties == held.properties
    assert (again.axes, again.aliases, again.constants) == (held.axes, held.aliases, held.constants)
    assert (again.snapshot, again.version, again.by_layer) == (held.snapshot, held.version, held.by_layer)


def test_records_and_compiled_rows_have_the_same_fields() -> None:
    """A field added to a record and forgotten here would vanish from the compiled catalogue."""
    assert [len(fields(kind)) for kind in (System, Claim, Scope)] == [17, 14, 8]
    row = snapshot._encode_evidence(replace(evidence(), value=1.0, run="r"))
    assert len(row) == len(fields(evidence()))


def test_a_row_may_end_where_the_rest_is_usual_and_loses_nothing() -> None:
    """Every field of a claim and of evidence, alone and with all others, comes back from the compiled file."""
    full = replace(
        evidence(EvidenceKind.MEASURED_HERE, value=0.0, interval=(1.0, 2.0, 3.0), superseded=True, by_vendor=True),
        says='A tab\t, a "quotation" \\ and\na line.',
        run="r1",
    )
    bare = replace(evidence(), method="")
    pieces = [bare, full, *[replace(bare, **{name: getattr(full, name)}) for name in _OPTIONAL]]
    plain = stated("works_with", Answer.YES, *pieces, object="box")
    odd: dict[str, Any] = {
        "via": "npy",
        "note": "n",
        "because": "b",
        "settled_by": "s",
        "inherited_from": "x",
        "grade": "many",
    }
    claims = [plain, replace(plain, **odd), stated("fit", 0.0), stated("latest_version", "yes")]
    claims += [replace(plain, **{name: value}) for name, value in odd.items()]
    claims = [replace(one, id=f"{one.id}#{place}") for place, one in enumerate(claims)]
    held = small(*reversed(claims))
    again = snapshot.decode(snapshot.encode(held))
    assert again is not None
    assert again.systems["it"].claims == held.systems["it"].claims
    assert again.systems["it"] == held.systems["it"]


_OPTIONAL = ("value", "interval", "by_vendor", "superseded", "run", "says", "method")


def test_a_company_adds_its_own_systems_and_a_change_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(load, "DATA", write(tmp_path / "data"))
    extra = tmp_path / "extra"
    extra.mkdir()
    own = extra / "ours.toml"
    text = head("ours", "serving") + LIFE + SOURCE + claim("loads", '"yes"', 'object = "box"')
    own.write_text(text, encoding="utf-8")
    first = load.load(extra)
    assert first.systems["ours"].claims[0].value is Answer.YES
    assert load.load(extra).version == first.version
    own.write_text(text.replace('value = "yes"', 'value = "no"'), encoding="utf-8")
    changed = load.load(extra)
    assert changed.systems["ours"].claims[0].value is Answer.NO
    assert changed.version != first.version
    assert "ours" not in load.load().systems


def test_a_compiled_file_of_another_version_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(load, "DATA", write(tmp_path / "data"))
    first = load.load()
    (kept,) = (tmp_path / "home" / "catalog").glob("*.jsonl")
    ours = f'{{"schema":{snapshot.SCHEMA},'
    text = kept.read_text(encoding="utf-8")
    assert text.startswith(ours)
    kept.write_text(text.replace(ours, '{"schema":0,', 1), encoding="utf-8")
    assert load.load().version == first.version
    assert kept.read_text(encoding="utf-8") == text


def test_a_home_that_cannot_be_written_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file, where a folder should be", encoding="utf-8")
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(load, "DATA", write(tmp_path / "data"))
    assert "alpha" in load.load().systems


def test_a_compiled_file_in_a_wheel_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(tmp_path / "data")
    (data / load.SNAPSHOT).write_text(load.compile_snapshot(data), encoding="utf-8")
    monkeypatch.setattr(load, "DATA", data)
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path / "home"))
    assert "alpha" in load.load().systems
    assert not (tmp_path / "home").exists()


def test_claims_read_one_property_at_a_time_are_those_read_at_once(tmp_path: Path) -> None:
    held = sources(tmp_path).catalog
    stored = snapshot.decode(snapshot.encode(held))
    assert stored is not None
    for name, system in held.systems.items():
        asked = stored.systems[name]
        for about in dict.fromkeys(one.property for one in reversed(system.claims)):
            assert snapshot.about(asked, about) == tuple(one for one in system.claims if one.property == about)
        assert snapshot.about(asked, "nothing_like_it") == ()
        assert asked.claims == system.claims
        assert hash(asked) == hash(system)


def test_loading_compiled_imports_no_pydantic_and_no_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path))
    monkeypatch.setattr(load, "DATA", write(tmp_path / "data"))
    load.load()
    code = (
        "import sys, pathlib; from bakeoff.catalog import load, lint, refresh; "
        f"load.DATA = pathlib.Path({str(tmp_path / 'data')!r}); load.load(); "
        "print([name for name in ('pydantic', 'requests', 'tomlkit', 'numpy') if name in sys.modules])"
    )
    source = str(Path(load.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": source}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def belief(held: Catalog, about: str) -> float | Answer | None:
    found = resolve(held, "alpha", about, Context(domain="vision"), today=TODAY)
    return found.mid if found.mid is not None else found.answer


def test_as_of_a_day_nothing_later_is_known(tmp_path: Path) -> None:
    held = sources(tmp_path).catalog
    assert belief(held, "offline") is Answer.YES
    before = load.as_of(held, date(2026, 5, 31))
    assert belief(before, "offline") is Answer.UNKNOWN
    assert before.systems["alpha"].lifecycle.status is Lifecycle.UNKNOWN
    assert before.version != held.version
    assert load.as_of(held, TODAY).systems == dict(held.systems)


def test_measured_claims_join_the_catalogue_without_changing_it(tmp_path: Path) -> None:
    held = sources(tmp_path).catalog
    seen = belief(held, "fit")
    measured = stated(
        "fit", 20.0, evidence(EvidenceKind.MEASURED_HERE), subject="first", scope=Scope(domain=("vision",))
    )
    added = load.with_claims(held, [replace(measured, id=""), stated("fit", 1.0, subject="nobody")])
    assert belief(added, "fit") == 20.0
    assert belief(held, "fit") == seen == 80.0
    assert list(added.systems) == list(held.systems)
    assert added.version != held.version
    assert load.with_claims(held, []) is held


def test_the_schema_for_editors_lists_closed_names_and_explains_keys(tmp_path: Path) -> None:
    schema = authoring.json_schema(sources(tmp_path).vocabulary)
    entry = schema["$defs"]["ClaimEntry"]
    assert "offline" in entry["properties"]["property"]["enum"]
    assert entry["additionalProperties"] is False
    assert "from" in entry["properties"]
    assert schema["$defs"]["ScopeEntry"]["properties"]["os"]["items"]["enum"][0] == "linux"
    assert all(item["description"] for item in entry["properties"].values())


def test_positions_see_nested_tables_and_skip_long_strings() -> None:
    text = '[a]\nx = """\n[b]\ny = 1\n"""\n[[c]]\n[[c.d]]\n[[c.d]]\nz.w = 1\n'
    found = lines.positions(text)
    assert ("b",) not in found
    assert found["c", 0, "d", 1, "z", "w"] == 9
    assert lines.line_of(found, ("c", 0, "d", 1, "nothing")) == 8


def test_every_shape_refuses_unknown_keys() -> None:
    kinds = [
        item for item in vars(shapes).values() if dataclasses.is_dataclass(item) and item.__module__ == shapes.__name__
    ]
    assert len(kinds) >= 10
    assert all(vars(item)["__pydantic_config__"]["extra"] == "forbid" for item in kinds)


def test_rules_are_compiled_once_in_their_own_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_HOME", str(tmp_path))
    read = json.dumps(to_plain(load_rules()))
    assert json.dumps(to_plain(load.rules())) == read
    (kept,) = (tmp_path / "catalog").glob("*.rules.json")
    changed = json.loads(kept.read_text(encoding="utf-8"))
    changed["constants"]["decided"] = 0.99
    kept.write_text(json.dumps(changed), encoding="utf-8")
    assert load.rules().constants["decided"] == 0.99
    kept.unlink()
    assert json.dumps(to_plain(load.rules())) == read
