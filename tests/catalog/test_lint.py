"""Every lint is broken once, alone; exceptions police themselves; repairs repair."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.record import replace
from bakeoff.catalog import lint, lints
from bakeoff.catalog.field import Adoption, Cell, Eras, Field, KernelLibraries, Matrix, Row, Statements
from bakeoff.catalog.load import Sources, read_sources
from bakeoff.catalog.model import Grade
from tests.catalog.small import ALPHA, BETA, FILES, LIFE, SOURCE, TODAY, claim, head, sources

A, B = "systems/framework/alpha.toml", "systems/serving/beta.toml"
GAMMA = "systems/serving/gamma.toml"
REGISTRY = "registry/alpha.json"
Changes = dict[str, str | None]


def alpha(more: str) -> Changes:
    """The small catalogue with something more said about alpha."""
    return {A: ALPHA + more}


def gamma(more: str = "", top: str = "", layer: str = "serving") -> Changes:
    """The small catalogue with one more system."""
    return {f"systems/{layer}/gamma.toml": head("gamma", layer, top) + LIFE + SOURCE + more}


def long_form(about: str, value: str, rows: str, more: str = "") -> str:
    return f'\n[[claim]]\nproperty = "{about}"\nvalue = {value}\n{more}\n[[claim.evidence]]\n{rows}\n'


ELSEWHERE = 'kind = "measured-elsewhere"\nsource = "paper, table 2"\nobserved = 2026-06-01\nread = 2026-11-22\n'
CASES: dict[str, Changes] = {
    "misplaced-file": {A: None, "systems/serving/alpha.toml": ALPHA},
    "alias-of-itself": {A: ALPHA.replace('["first"]', '["first", "alpha"]')},
    "alias-shadows-id": {A: ALPHA.replace('["first"]', '["first", "beta"]')},
    "alias-shared": gamma(top='aliases = ["first"]'),
    "parent-cycle": {"systems/device/cpu.toml": head("cpu", "device", 'parent = "x86"')},
    "inheritance-cycle": {
        A: ALPHA + '[[inherits]]\nsystem = "beta"\nproperties = ["loads"]\nbecause = "?"\n',
        B: BETA + '[[inherits]]\nsystem = "alpha"\nproperties = ["exports"]\nbecause = "?"\n',
    },
    "succession-cycle": {
        A: ALPHA + claim("succeeded_by", '"partial"', 'object = "beta"\nnote = "in part"'),
        B: BETA + claim("succeeded_by", '"partial"', 'object = "alpha"\nnote = "in part"'),
    },
    "dangling-object": alpha(claim("exports", '"yes"', 'object = "nowhere"')),
    "dangling-scope": alpha(claim("training", '"yes"', 'scope = { device = ["nowhere"] }')),
    "dangling-link": gamma(top='lineage = ["nowhere"]'),
    "wrong-object-layer": alpha(claim("exports", '"yes"', 'object = "cpu"')),
    "wrong-layer": gamma(claim("training", '"yes"')),
    "about-itself": alpha(claim("works_with", '"yes"', 'object = "alpha"')),
    "purl-form": gamma(top='packages = ["gamma==1.0"]'),
    "purl-shared": {**gamma(top='packages = ["pkg:pypi/alpha"]')},
    "no-summary": gamma() | {GAMMA: (head("gamma", "serving").replace("One of them.", "") + LIFE + SOURCE)},
    "licence-form": gamma() | {GAMMA: (head("gamma", "serving").replace("MIT", "free") + LIFE + SOURCE)},
    "no-evidence": alpha('\n[[claim]]\nproperty = "training"\nvalue = "yes"\n'),
    "unsettled-unknown": alpha('\n[[claim]]\nproperty = "training"\nvalue = "unknown"\n'),
    "partial-without-note": alpha(claim("training", '"partial"')),
    "vendor-speed-alone": gamma()
    | {
        GAMMA: head("gamma", "serving")
        + LIFE
        + SOURCE.replace("read = 2026-11-22", "read = 2026-11-22\nby_vendor = true")
        + claim("speed_infer", "90")
    },
    "no-method": alpha(long_form("fit", "50", ELSEWHERE + 'says = "50"', 'scope = { domain = ["ocr"] }')),
    "one-run-two-machines": alpha(
        long_form("serves_on", '"yes"', ELSEWHERE + 'says = "Ran."\nmethod = "served"', 'object = "cpu"')
        + long_form("serves_on", '"yes"', ELSEWHERE + 'says = "Ran."\nmethod = "served"', 'object = "gpu"')
    ),
    "says-nothing": alpha(long_form("training", '"yes"', 'from = "docs"')),
    "no-successor": alpha(long_form("training", '"yes"', 'from = "docs"\nsays = "Once."\nsuperseded = true')),
    "lab-evidence": alpha(
        long_form("fit", "50", ELSEWHERE.replace("elsewhere", "here") + 'says = "50"', 'scope = { domain = ["ocr"] }')
    ),
    "registry-by-hand": alpha(claim("latest_version", '"1.9"')),
    "registry-pointer": alpha(
        long_form("training", '"yes"', ELSEWHERE.replace("measured-elsewhere", "registry") + 'says = "yes"')
    ),
    "vague-source": alpha(
        long_form(
            "training",
            '"yes"',
            'kind = "reported"\nsource = "somebody"\nobserved = 2026-06-01\nread = 2026-11-22\nsays = "yes"',
        )
    ),
    "own-word": alpha(
        long_form(
            "training",
            '"yes"',
            'kind = "impression"\nsource = "maintainers\' general knowledge, 2026-11"\n'
            "observed = 2026-06-01\nread = 2026-11-22",
        )
    ),
    "points-without-grade": alpha(claim("depth", "70")),
    "unused-source": alpha(SOURCE.replace('"docs"', '"other"')),
    "interval-without-measure": alpha(
        long_form(
            "fit",
            "50",
            'from = "docs"\nsays = "50"\ninterval = { low = 40.0, mid = 50.0, high = 60.0 }',
            'scope = { domain = ["ocr"] }',
        )
    ),
    "open-range": alpha(claim("training", '"yes"', 'scope = { versions = ">=2" }')),
    "empty-range": alpha(claim("training", '"yes"', 'scope = { versions = ">=3,<2" }')),
    "overlapping-scopes": alpha(
        claim("training", '"yes"', 'scope = { os = ["linux", "macos"] }')
        + claim("training", '"no"', 'scope = { os = ["macos", "windows"] }')
    ),
    "same-scope": alpha(
        claim("training", '"yes"', 'scope = { os = ["linux", "macos"] }')
        + claim("training", '"yes"', 'scope = { os = ["macos", "linux"] }')
    ),
    "repeats-wider": alpha(claim("offline", '"yes"', 'scope = { os = ["linux"] }')),
    "repeats-inherited": gamma(
        claim("offline", '"yes"') + '[[inherits]]\nsystem = "alpha"\nproperties = ["offline"]\nbecause = "Wraps it."\n'
    ),
    "inherits-nothing": gamma('[[inherits]]\nsystem = "alpha"\nproperties = ["training"]\nbecause = "Wraps it."\n'),
    "closed-without-list": gamma(top='closed = ["loads"]'),
    "contradiction": alpha(claim("works_with", '"no"', 'object = "beta"')),
    "requires-dead": gamma(claim("requires", '"yes"', 'object = "old"'))
    | {"systems/serving/old.toml": head("old", "serving") + LIFE.replace("active", "archived") + SOURCE},
    "succeeded-but-active": gamma(claim("succeeded_by", '"yes"', 'object = "beta"')),
    "scope-lists-all": alpha(
        claim("training", '"yes"', 'scope = { os = ["linux", "macos", "windows", "android", "ios", "browser"] }')
    ),
    "repeated-scope": alpha(claim("training", '"yes"', 'scope = { device = ["cpu", "x86"] }')),
    "date-order": gamma()
    | {GAMMA: head("gamma", "serving") + LIFE + SOURCE.replace("observed = 2026-06-01", "observed = 2026-11-23")},
    "future-date": gamma()
    | {GAMMA: head("gamma", "serving") + LIFE + SOURCE.replace("read = 2026-11-22", "read = 2026-11-23")},
    "since-order": gamma() | {GAMMA: head("gamma", "serving") + LIFE + "since = 2026-12-01\n" + SOURCE},
    "stale-claim": alpha(claim("training", '"yes"', 'scope = { versions = ">=1,<2" }')),
    "old-registry": {REGISTRY: FILES[REGISTRY].replace("2026-11-20", "2026-06-01")},
    "orphan-registry": {REGISTRY: FILES[REGISTRY].replace("pkg:pypi/alpha", "pkg:pypi/omega")},
    "not-refreshed": gamma(top='packages = ["pkg:pypi/gamma"]'),
    "silent-but-active": {
        REGISTRY: FILES[REGISTRY].replace("2026-10-01", "2022-10-01").replace("2026-09-01", "2022-09-01")
    },
    "lively-but-dead": {A: ALPHA.replace('"active"', '"archived"')},
    "lifecycle-without-evidence": gamma()
    | {GAMMA: head("gamma", "serving") + '[system.lifecycle]\nstatus = "active"\n'},
}
"""What breaks each lint, and no other error."""
ELSEWHERE_TESTED = {"property-without-anchor", "axis-mismatch", "grades", "field-reference", "field-unknown"}
ALSO = {
    "orphan-registry": {"not-refreshed"},
    "empty-range": {"stale-claim"},
}
"""Further lints that the same mistake breaks by its nature."""


def names(held: Sources) -> set[str]:
    return {finding.lint for finding in lint.lint(held, today=TODAY, exemptions=()).findings}


def test_the_small_catalogue_is_clean(tmp_path: Path) -> None:
    assert lint.lint(sources(tmp_path), today=TODAY, exemptions=()).findings == ()


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_lint_finds_its_mistake_and_only_that(name: str, tmp_path: Path) -> None:
    found = names(sources(tmp_path, CASES[name]))
    assert name in found
    assert found - {name} <= ALSO.get(name, set())


def test_every_lint_is_broken_by_a_test() -> None:
    assert {rule.id for rule in lint.LINTS} == set(CASES) | ELSEWHERE_TESTED
    assert len(lint.LINTS) >= 30
    assert len({rule.id for rule in lint.LINTS}) == len(lint.LINTS)


def test_a_measure_needs_anchors_and_an_axis_that_lists_it(tmp_path: Path) -> None:
    held = sources(tmp_path)
    about = replace(held.catalog.properties["fit"], anchor_0="")
    other = replace(held.catalog.properties["speed_infer"], axis="ecosystem")
    properties = {**held.catalog.properties, "fit": about, "speed_infer": other}
    broken = replace(held, catalog=dataclasses.replace(held.catalog, properties=properties))
    assert names(broken) == {"property-without-anchor", "axis-mismatch"}


@pytest.mark.parametrize("kind", ["documented", "impression"])
def test_points_of_a_judged_measure_may_come_from_an_index_of_points_alone(tmp_path: Path, kind: str) -> None:
    rows = f'kind = "{kind}"\nsource = "index, table 2"\nobserved = 2026-06-01\nread = 2026-11-22\nsays = "Grade B."'
    assert names(sources(tmp_path, alpha(long_form("depth", "65", rows)))) == (
        set() if kind == "impression" else {"points-without-grade"}
    )


@pytest.mark.parametrize(
    "grades",
    [
        (Grade("a", 50, "?"), Grade("b", 10, "?")),
        (Grade("a", 50, "?"), Grade("a", 60, "?")),
        (Grade("unknown", 50, "?"),),
        (Grade("a", 101, "?"),),
    ],
)
def test_grades_rise_and_have_names_of_their_own(tmp_path: Path, grades: tuple[Grade, ...]) -> None:
    held = sources(tmp_path)
    about = replace(held.catalog.properties["fit"], grades=grades)
    properties = {**held.catalog.properties, "fit": about}
    broken = replace(held, catalog=dataclasses.replace(held.catalog, properties=properties))
    assert "grades" in names(broken)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (Cell("yes", claims=("alpha.trains_on.cpu",)), set()),
        (Cell("yes", claims=("alpha.trains_on.gpu",)), {"field-reference"}),
        (Cell(unknown="a run would tell"), {"field-unknown"}),
    ],
)
def test_tables_of_the_field_lead_to_claims_or_to_true_unknowns(cell: Cell, expected: set[str], tmp_path: Path) -> None:
    held = sources(tmp_path)
    said = "a paper, table 1", TODAY, TODAY
    rows = (Row("x86", "x86", ("x86",), "", {"alpha": cell}),)
    tables = Field(
        comparison=Matrix(*said, (), (), {}),
        hardware=Matrix(*said, ("first",), rows, {}),
        adoption=Adoption(*said, EvidenceKind.IMPRESSION, "a count", "papers", ()),
        eras=Eras(*said, ()),
        kernels=KernelLibraries(*said, ()),
        statements=Statements(*said, ()),
    )
    assert names(replace(held, field=tables)) == expected


def test_a_finding_names_file_line_and_what_to_do(tmp_path: Path) -> None:
    report = lint.lint(sources(tmp_path, CASES["dangling-object"]), today=TODAY, exemptions=())
    (finding,) = report.findings
    text = (tmp_path / finding.where).read_text(encoding="utf-8").splitlines()
    assert finding.line is not None
    assert text[finding.line - 1] == "[[claim]]"
    assert 'object = "nowhere"' in text[finding.line : finding.line + 6]
    assert "nowhere" in finding.message
    assert finding.tip
    assert not report.ok


def test_an_exception_covers_its_finding_and_nothing_else(tmp_path: Path) -> None:
    held = sources(tmp_path, CASES["dangling-object"])
    known = lint.Exemption("dangling-object", "alpha.exports.nowhere", "coming soon")
    report = lint.lint(held, today=TODAY, exemptions=[known])
    assert (report.findings, report.excepted) == ((), 1)


def test_an_exception_that_no_longer_fails_fails(tmp_path: Path) -> None:
    idle = lint.Exemption("dangling-object", "alpha.exports.box", "was wrong once")
    report = lint.lint(sources(tmp_path), today=TODAY, exemptions=[idle])
    assert [(finding.lint, finding.at) for finding in report.findings] == [("idle-exception", "alpha.exports.box")]
    assert not report.ok


def test_an_exception_names_a_lint_that_exists(tmp_path: Path) -> None:
    text = '[[exception]]\nlint = "dangling-objekt"\nat = "x"\nbecause = "y"\n'
    (tmp_path / lint.EXCEPTIONS).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="did you mean dangling-object"):
        lint.read_exemptions(data=tmp_path)


@pytest.mark.parametrize("name", [rule.id for rule in lint.LINTS if rule.fixes])
def test_a_repair_repairs_and_touches_nothing_else(name: str, tmp_path: Path) -> None:
    comment = "# why this file is as it is\n"
    changed = {path: comment + text if text else text for path, text in CASES[name].items()}
    held = sources(tmp_path, changed)
    (written,) = lint.fix(held, today=TODAY)
    assert (tmp_path / written).read_text(encoding="utf-8").startswith(comment)
    assert names(read_sources(tmp_path)) == set()


def test_lints_about_decisions_join_the_table(tmp_path: Path) -> None:
    rule = lints.Lint(
        "decision-golden",
        lints.Group.DECISION,
        lints.On.CATALOG,
        lints.Level.ERROR,
        "a golden decision changed",
        "look why",
        lambda _: iter([lints.Broken("research", "pytorch became jax")]),
    )
    report = lint.lint(sources(tmp_path), today=TODAY, more=[rule], exemptions=())
    assert [finding.lint for finding in report.findings] == ["decision-golden"]
    assert report.lints == len(lint.LINTS) + 1
