"""What evidence adds up to: levels, downgrades, overriding, ties, disputes, widths, priors."""

from __future__ import annotations

import dataclasses
import tomllib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.base.evidence import EvidenceKind as Kind
from bakeoff.base.record import replace
from bakeoff.catalog.load import DATA
from bakeoff.catalog.model import Answer, Belief, Catalog, Claim, Context, Layer, Lifecycle, Scope, System
from bakeoff.catalog.resolve import pessimistic, prior, resolve, weights
from bakeoff.catalog.resolve import stated as known_of
from tests.catalog.small import CONSTANTS, TODAY, catalog, evidence, stated

ON_INTEL = Context(device=("intel",), domain="vision", activity="serving")


def believe(held: Catalog, about: str, context: Context = ON_INTEL, other: str | None = None) -> Belief:
    return resolve(held, "it", about, context, today=TODAY, object=other)


@pytest.mark.parametrize(
    ("kind", "about", "method", "level"),
    [
        (Kind.MEASURED_HERE, "speed_infer", "stated", 4),
        (Kind.REGISTRY, "offline", "", 4),
        (Kind.MEASURED_ELSEWHERE, "speed_infer", "stated", 3),
        (Kind.MEASURED_ELSEWHERE, "speed_infer", "", 2),
        (Kind.DOCUMENTED, "offline", "", 3),
        (Kind.DOCUMENTED, "fit", "", 3),
        (Kind.DOCUMENTED, "speed_infer", "", 2),
        (Kind.REPORTED, "fit", "", 2),
        (Kind.IMPRESSION, "fit", "", 1),
    ],
)
def test_every_kind_starts_at_its_level(kind: Kind, about: str, method: str, level: int) -> None:
    value = Answer.YES if about == "offline" else 50.0
    assert believe(catalog(stated(about, value, evidence(kind, method=method))), about).level == level


OLD = TODAY - timedelta(days=401)


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        (stated("speed_infer", 50.0, scope=Scope(device=("arm",))), "indirect"),
        (stated("speed_infer", 50.0, scope=Scope(domain=("nlp-llm",))), "indirect"),
        (stated("speed_infer", 50.0, evidence(observed=OLD)), "stale"),
        (stated("speed_infer", 50.0, evidence(by_vendor=True)), "vendor"),
        (stated("speed_infer", 50.0, evidence(Kind.MEASURED_HERE, interval=(20.0, 50.0, 80.0))), "imprecise"),
    ],
)
def test_each_doubt_costs_one_level_and_says_so(claim: Claim, word: str) -> None:
    start = {Kind.DOCUMENTED: 2, Kind.MEASURED_HERE: 4}[claim.evidence[0].kind]
    belief = believe(catalog(claim), "speed_infer")
    (use,) = belief.uses
    assert belief.level == use.level == start - 1
    assert [word in reason for reason in use.reasons] == [True]


def test_sources_of_one_claim_that_contradict_each_other_lose_a_level() -> None:
    torn = stated("fit", 50.0, evidence(value=20.0), evidence(value=80.0))
    belief = believe(catalog(torn), "fit")
    assert belief.level == 2
    assert all("inconsistent" in use.reasons[0] for use in belief.uses)
    assert belief.disputed


def test_the_weakest_evidence_still_counts_however_doubtful() -> None:
    claim = stated("speed_infer", 50.0, evidence(Kind.IMPRESSION, observed=OLD), scope=Scope(device=("arm",)))
    belief = believe(catalog(claim), "speed_infer")
    assert belief.level == 1
    assert belief.mid == 50.0


def test_superseded_evidence_is_shown_and_never_used() -> None:
    claim = stated("offline", Answer.NO, evidence(Kind.IMPRESSION, superseded=True), evidence())
    belief = believe(catalog(claim), "offline")
    assert belief.answer is Answer.NO
    assert [(use.used, use.level) for use in belief.uses] == [(False, 0), (True, 3)]
    alone = stated("offline", Answer.YES, evidence(Kind.IMPRESSION, superseded=True))
    assert believe(catalog(alone), "offline").answer is Answer.UNKNOWN


def test_evidence_from_after_the_day_is_set_aside() -> None:
    claim = stated("offline", Answer.YES, evidence(observed=TODAY + timedelta(days=1)))
    assert believe(catalog(claim), "offline").answer is Answer.UNKNOWN


@pytest.mark.parametrize("device", ["cpu", "x86", "intel", "arm"])
def test_a_cpu_measurement_never_votes_on_a_gpu_question(device: str) -> None:
    claim = stated("speed_infer", 90.0, evidence(Kind.MEASURED_HERE), scope=Scope(device=(device,)))
    belief = believe(catalog(claim), "speed_infer", Context(device=("h100",)))
    assert belief.mid is None
    assert [use.used for use in belief.uses] == [False]
    assert "says nothing about h100" in belief.uses[0].reasons[0]


def test_a_claim_on_a_device_holds_for_everything_below_it() -> None:
    held = catalog(stated("serves_on", Answer.YES, object="nvidia"))
    context = Context()
    assert believe(held, "serves_on", context, "h100").answer is Answer.YES
    assert believe(held, "serves_on", context, "h100").level == 3
    # About a wider family the claim speaks only in part, and of a neighbour not at all.
    assert believe(held, "serves_on", context, "gpu").level == 2
    assert believe(held, "serves_on", context, "amd").answer is None


def test_a_no_for_one_device_says_nothing_about_its_family() -> None:
    held = catalog(stated("serves_on", Answer.NO, object="h100"))
    assert believe(held, "serves_on", Context(), "nvidia").answer is None


def test_the_claim_for_the_narrower_device_is_the_exception() -> None:
    held = catalog(
        stated("serves_on", Answer.YES, object="nvidia"),
        stated("serves_on", Answer.NO, evidence(Kind.IMPRESSION), object="h100"),
    )
    assert believe(held, "serves_on", Context(), "h100").answer is Answer.NO
    assert believe(held, "serves_on", Context(), "rtx").answer is Answer.YES


def test_what_is_measured_gives_way_to_no_mere_statement() -> None:
    held = catalog(
        stated("speed_infer", 90.0, evidence(Kind.MEASURED_HERE), scope=Scope(device=("cpu",))),
        stated("speed_infer", 10.0, evidence(Kind.IMPRESSION), scope=Scope(device=("intel",))),
    )
    assert believe(held, "speed_infer").mid == 90.0


def test_narrowness_is_judged_where_the_question_lies() -> None:
    """Neither scope contains the other, but for an Intel CPU the second is the narrower."""
    held = catalog(
        stated("fit", 60.0, evidence(), scope=Scope(device=("cpu", "amd"), domain=("vision", "ocr"))),
        stated("fit", 90.0, evidence(), scope=Scope(device=("intel", "nvidia"), domain=("vision", "speech"))),
    )
    assert believe(held, "fit").mid == 90.0
    assert believe(held, "fit", replace(ON_INTEL, device=("arm",))).mid == 60.0


def test_a_measure_that_is_no_speed_says_nothing_outside_its_task() -> None:
    held = catalog(stated("fit", 95.0, scope=Scope(domain=("nlp-llm",))))
    assert believe(held, "fit").mid is None
    assert believe(held, "fit", Context()).mid is None
    assert believe(held, "fit", Context(domain="nlp-llm")).mid == 95.0


@pytest.mark.parametrize(
    ("scope", "context"),
    [
        (Scope(os=("linux",)), Context(os=("windows",))),
        (Scope(language=("python",)), Context(language=("rust",))),
        (Scope(precision=("fp32",)), Context(precision="int8")),
        (Scope(versions=">=2,<3"), Context(versions={"it": "3.1"})),
        (Scope(domain=("vision",)), Context(domain="ocr")),
        (Scope(device=("nvidia",)), Context(device=("amd",))),
    ],
)
def test_a_capability_claimed_elsewhere_is_no_answer(scope: Scope, context: Context) -> None:
    belief = believe(catalog(stated("offline", Answer.YES, scope=scope)), "offline", context)
    assert belief.answer is Answer.UNKNOWN
    assert belief.level == 0


@pytest.mark.parametrize(
    ("answers", "expected", "disputed"),
    [
        ((Answer.YES, Answer.YES), Answer.YES, False),
        ((Answer.YES, Answer.PARTIAL), Answer.PARTIAL, False),
        ((Answer.YES, Answer.NO), Answer.UNKNOWN, True),
        ((Answer.PARTIAL, Answer.NO), Answer.UNKNOWN, True),
    ],
)
def test_equal_levels_agree_or_are_disputed(
    answers: tuple[Answer, Answer], expected: Answer, *, disputed: bool
) -> None:
    scopes = (Scope(os=("linux",)), Scope(language=("python",)))
    claims = [stated("offline", answer, scope=scope) for answer, scope in zip(answers, scopes, strict=True)]
    belief = believe(catalog(*claims), "offline", Context(os=("linux",), language=("python",)))
    assert (belief.answer, belief.disputed) == (expected, disputed)


def test_the_higher_level_outvotes_the_lower() -> None:
    scopes = (Scope(os=("linux",)), Scope(language=("python",)))
    held = catalog(
        stated("offline", Answer.NO, evidence(Kind.IMPRESSION), scope=scopes[0]),
        stated("offline", Answer.YES, evidence(), scope=scopes[1]),
    )
    belief = believe(held, "offline", Context(os=("linux",), language=("python",)))
    assert (belief.answer, belief.disputed, belief.level) == (Answer.YES, False, 3)


def test_a_disputed_measure_spans_both_sides() -> None:
    one, other = Scope(versions=">=1,<2"), Scope(versions=">=1,<3")
    belief = believe(catalog(stated("fit", 20.0, scope=one), stated("fit", 80.0, scope=other)), "fit")
    assert belief.disputed
    assert (belief.low, belief.mid, belief.high) == (13.0, 50.0, 87.0)


def test_facets_of_one_question_are_combined_without_dispute() -> None:
    held = catalog(
        stated("fit", 20.0, scope=Scope(domain=("vision",))), stated("fit", 80.0, scope=Scope(activity=("serving",)))
    )
    belief = believe(held, "fit")
    assert not belief.disputed
    assert belief.mid == pytest.approx(50.0)
    assert belief.low == pytest.approx(20.0)
    assert belief.high == pytest.approx(80.0)


def test_agreeing_sources_do_not_make_a_belief_narrower_than_the_surest() -> None:
    one, both = (evidence(Kind.DOCUMENTED),), (evidence(Kind.DOCUMENTED), evidence(Kind.DOCUMENTED))
    alone, together = (
        believe(catalog(stated("fit", 50.0, *one)), "fit"),
        believe(catalog(stated("fit", 50.0, *both)), "fit"),
    )
    assert alone.low == pytest.approx(together.low)
    assert alone.high == pytest.approx(together.high)


@given(days=st.integers(0, 300), points=st.floats(40, 60))
def test_width_doubles_per_half_life(days: int, points: float) -> None:
    def half(age: int) -> float:
        claim = stated("fit", points, evidence(Kind.DOCUMENTED, observed=TODAY - timedelta(days=age)))
        belief = believe(catalog(claim), "fit")
        assert belief.low is not None
        assert belief.mid is not None
        return belief.mid - belief.low

    assert half(days + 400) == pytest.approx(2 * half(days))
    assert half(0) == pytest.approx(CONSTANTS["width_documented"])


def test_transfer_widens_what_is_measured_for_another_task() -> None:
    def width(domain: str, *measured: float) -> float:
        interval = (49.0, 50.0, 51.0) if measured else None
        item = evidence(Kind.MEASURED_ELSEWHERE, interval=interval, method="a stated one")
        belief = believe(catalog(stated("speed_infer", 50.0, item, scope=Scope(domain=(domain,)))), "speed_infer")
        assert belief.low is not None
        return 50.0 - belief.low

    base, task = CONSTANTS["transfer_base"], CONSTANTS["transfer_task"]
    assert width("vision") == pytest.approx(CONSTANTS["width_measured"] + base)
    assert width("ocr") == pytest.approx(CONSTANTS["width_measured"] + base + task)
    # The lab's intervals hold their workload's own transfer width; another task still costs its part.
    assert width("vision", 1) == pytest.approx(1.0)
    assert width("ocr", 1) == pytest.approx(1.0 + task)


def test_a_measurement_narrows_an_impression() -> None:
    impression = stated("speed_infer", 70.0, evidence(Kind.IMPRESSION))
    measured = stated(
        "speed_infer", 60.0, evidence(Kind.MEASURED_HERE, interval=(59.0, 60.0, 61.0)), scope=Scope(device=("intel",))
    )
    before, after = believe(catalog(impression), "speed_infer"), believe(catalog(impression, measured), "speed_infer")
    assert before.high is not None
    assert before.low is not None
    assert after.high is not None
    assert after.low is not None
    assert after.high - after.low < before.high - before.low
    assert after.mid == 60.0


def test_the_newest_release_outside_a_range_makes_it_stale_until_the_system_has_ended() -> None:
    claim = stated("offline", Answer.YES, scope=Scope(versions=">=2,<3"))
    latest = stated("latest_version", "3.0", evidence(Kind.REGISTRY))
    assert believe(catalog(claim, latest), "offline").level == 2
    assert believe(catalog(claim, replace(latest, value="2.9")), "offline").level == 3
    assert believe(catalog(claim, latest, status=Lifecycle.ARCHIVED), "offline").level == 3


def test_absent_capability_absent_relation_and_closed_list_differ() -> None:
    open_, closed = catalog(), catalog(stated("loads", Answer.YES, object="x86"), closed=("loads",))
    assert believe(open_, "offline").answer is Answer.UNKNOWN
    assert believe(open_, "loads", other="arm").answer is None
    assert believe(closed, "loads", other="arm").answer is Answer.NO
    unknown = catalog(replace(stated("loads", Answer.UNKNOWN, object="arm"), evidence=()))
    assert believe(unknown, "loads", other="arm").answer is Answer.UNKNOWN


def test_facts_are_text_and_the_newest_wins() -> None:
    older, newer = Scope(os=("linux",)), Scope(language=("python",))
    held = catalog(
        stated("latest_version", "1", evidence(observed=date(2026, 1, 1)), scope=older),
        stated("latest_version", "2", evidence(observed=date(2026, 2, 1)), scope=newer),
    )
    belief = believe(held, "latest_version", Context(os=("linux",), language=("python",)))
    assert (belief.text, belief.disputed) == ("2", False)


def others(values: list[float]) -> list[System]:
    return [
        System(f"s{index}", "S", (Layer.SERVING,), claims=(stated("fit", value, subject=f"s{index}"),))
        for index, value in enumerate(values)
    ]


def test_an_unknown_measure_is_drawn_from_the_lower_end_of_its_layer() -> None:
    held = catalog(others=others([20.0, 40.0, 60.0, 80.0, 90.0]))
    belief = believe(held, "fit")
    drawn = prior(held, Layer.SERVING, "fit", ON_INTEL, today=TODAY)
    assert belief.prior == drawn
    assert belief.mid is None
    assert not belief.known
    assert (belief.low, belief.high) == (drawn.low, drawn.high)
    assert drawn.mid < 60.0


@given(known=st.lists(st.floats(0, 100), max_size=30))
def test_not_knowing_is_never_better_than_the_middle_of_the_field(known: list[float]) -> None:
    drawn = pessimistic(known, CONSTANTS)
    assert 0 <= drawn.low <= drawn.mid <= drawn.high <= 100
    if len(known) >= CONSTANTS["unknown_population"]:
        assert drawn.mid <= sorted(known)[len(known) // 2] + 1e-9


@given(order=st.permutations(range(4)), about=st.sampled_from(["fit", "offline"]))
def test_the_order_of_claims_is_irrelevant(order: list[int], about: str) -> None:
    answers: list[Answer | float | str] = [Answer.YES, Answer.NO, Answer.PARTIAL, Answer.YES]
    values = [20.0, 50.0, 55.0, 90.0] if about == "fit" else answers
    scopes = [Scope(), Scope(domain=("vision",)), Scope(activity=("serving",)), Scope(device=("cpu",))]
    claims = [stated(about, value, scope=scope) for value, scope in zip(values, scopes, strict=True)]
    first, other = believe(catalog(*claims), about), believe(catalog(*[claims[index] for index in order]), about)
    assert (other.answer, other.disputed, other.level) == (first.answer, first.disputed, first.level)
    if first.mid is not None:
        assert other.mid == pytest.approx(first.mid)


def test_names_may_be_aliases_and_a_belief_is_worked_out_once() -> None:
    held = catalog(stated("offline", Answer.YES))
    first = resolve(held, "it", "offline", Context(os=("linux",)), today=TODAY)
    assert resolve(held, "alias", "offline", Context(os=("linux",)), today=TODAY) is first
    assert "alias" not in held.systems


def test_what_is_stated_is_the_belief_and_an_unknown_is_nothing() -> None:
    held = catalog(stated("fit", 60.0, scope=Scope(domain=("vision",))))
    assert known_of(held, "alias", "fit", ON_INTEL, today=TODAY) is believe(held, "fit")
    elsewhere = replace(ON_INTEL, domain="ocr")
    assert known_of(held, "it", "fit", elsewhere, today=TODAY) is None
    assert [use.used for use in believe(held, "fit", elsewhere).uses] == [False]


def test_uses_and_weights_are_of_every_piece_of_evidence_in_the_order_of_the_claims() -> None:
    old = evidence(Kind.DOCUMENTED, superseded=True)
    held = catalog(
        stated("fit", 20.0, evidence(), evidence(), scope=Scope(domain=("ocr",))),
        stated("fit", 40.0, evidence(Kind.REPORTED), old),
        stated("fit", 50.0, evidence(), scope=Scope(activity=("training",))),
        stated("fit", 90.0, evidence(), scope=Scope(domain=("vision",))),
    )
    belief = believe(held, "fit")
    found = weights(held, "it", "fit", ON_INTEL, today=TODAY)
    assert [(item.claim.id, item.index, item.level, item.reasons) for item in found] == [
        (use.claim, use.index, use.level, use.reasons) for use in belief.uses
    ]
    assert [item.evidence is item.claim.evidence[item.index] for item in found] == [True] * 6
    assert [use.level for use in belief.uses] == [0, 0, 0, 0, 0, 3]
    assert [use.used for use in belief.uses] == [False] * 5 + [True]
    # What a narrower claim overrides speaks of the question all the same; what is struck out or elsewhere does not.
    assert [use.direct for use in belief.uses] == [False, False, True, False, False, True]
    words = ["ocr", "ocr", "overridden by", "superseded", "training", ""]
    assert all(word in " ".join(use.reasons) for word, use in zip(words, belief.uses, strict=True))


def test_contexts_and_days_that_take_turns_are_not_mixed_up() -> None:
    held = catalog(
        stated("fit", 30.0, scope=Scope(domain=("ocr",))), stated("fit", 80.0, scope=Scope(domain=("vision",)))
    )
    ocr, later = replace(ON_INTEL, domain="ocr"), TODAY + timedelta(days=400)
    asked = [(ON_INTEL, TODAY), (ocr, TODAY), (ON_INTEL, later), (ON_INTEL, TODAY), (ocr, later), (ocr, TODAY)]
    found = [resolve(held, "it", "fit", context, today=day) for context, day in asked]
    assert [belief.mid for belief in found] == [80.0, 30.0, 80.0, 80.0, 30.0, 30.0]
    half = CONSTANTS["width_documented"]
    widths = [(belief.high or 0.0) - (belief.low or 0.0) for belief in found]
    assert widths == pytest.approx([2 * half * times for times in (1, 1, 2, 1, 2, 1)])
    # However many contexts come, equal ones have the same belief.
    again = [resolve(held, "it", "fit", replace(ON_INTEL, os=(str(n % 80),)), today=TODAY) for n in range(160)]
    assert all(one is other for one, other in zip(again[:80], again[80:], strict=True))
    assert len({id(one) for one in again}) == 80


def test_a_layer_names_the_systems_that_can_fill_it_counted_or_not() -> None:
    held = catalog(others=others([20.0, 40.0]))
    assert held.names(Layer.SERVING) == ("it", "s0", "s1")
    assert tuple(system.id for system in held.layer(Layer.SERVING)) == held.names(Layer.SERVING)
    counted = dataclasses.replace(held, by_layer={Layer.SERVING: ("s1",)})
    assert counted.names(Layer.SERVING) == ("s1",)
    assert counted.names(Layer.FRAMEWORK) == ()


def _swept() -> list[tuple[str, float]]:
    table = tomllib.loads((DATA / "constants.toml").read_text(encoding="utf-8"))
    return [(name, float(value)) for name, entry in table.items() for value in entry.get("sweep", ())]


@pytest.mark.parametrize(("name", "value"), _swept())
def test_the_order_of_trust_survives_other_constants(name: str, value: float) -> None:
    """Whatever the numbers, a measurement is trusted over an impression, is no wider, and ignorance is no reward."""
    table = tomllib.loads((DATA / "constants.toml").read_text(encoding="utf-8"))
    constants = {key: float(entry["value"]) for key, entry in table.items()} | {name: value}
    impression = stated("speed_infer", 70.0, evidence(Kind.IMPRESSION))
    measured = stated(
        "speed_infer", 30.0, evidence(Kind.MEASURED_HERE, interval=(29.0, 30.0, 31.0)), scope=Scope(device=("cpu",))
    )
    alone = believe(catalog(impression, constants=constants), "speed_infer")
    both = believe(catalog(impression, measured, constants=constants), "speed_infer")
    assert both.mid == 30.0
    assert alone.high is not None
    assert alone.low is not None
    assert both.high is not None
    assert both.low is not None
    assert both.high - both.low <= alone.high - alone.low + 1e-9 or name.startswith(("transfer", "width_impression"))
    unknown = believe(catalog(others=others([20.0, 40.0, 60.0, 80.0]), constants=constants), "fit")
    assert unknown.prior is not None
    assert unknown.prior.mid < 60.0
