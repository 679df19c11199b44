"""What is worth knowing: what can change the choice, and nothing else."""

from __future__ import annotations

from bakeoff.base.record import replace
from bakeoff.catalog.model import System
from bakeoff.decide.model import Profile
from bakeoff.decide.worth import of_weights, worths
from tests.decide.world import SERVE, YES, model, small, system

ASKED = replace(SERVE, layers=("framework", "format", "serving"))


def without(systems: list[System], name: str, about: str) -> list[System]:
    """The world with nobody having spoken of one property of one system."""
    return [
        replace(item, claims=tuple(claim for claim in item.claims if claim.property != about))
        if item.id == name
        else item
        for item in systems
    ]


def rivals(second: float, first: float = 80.0) -> list[System]:
    """Two runtimes for one format."""
    return [
        system("alpha", "framework", [("trains_on", "cpu"), ("exports", "plain")], measures={"fit": 80}),
        system("plain", "format", measures={"fit": 70}),
        *(
            system(name, "serving", [("loads", "plain"), ("serves_on", "cpu")], measures={"speed_infer": speed})
            for name, speed in (("one", first), ("two", second))
        ),
    ]


def test_a_belief_is_worth_more_the_closer_the_rival() -> None:
    close, far = (worths([model(ASKED, rivals(second))]) for second in (79.0, 5.0))
    assert close["one", "speed_infer"] > 10 * far.get(("one", "speed_infer"), 0.0)


def test_what_nobody_measured_is_worth_more_than_what_is_known() -> None:
    known = worths([model(ASKED, rivals(20.0, 40.0))])
    unknown = worths([model(ASKED, without(rivals(20.0, 40.0), "two", "speed_infer"))])
    assert unknown["two", "speed_infer"] > known.get(("two", "speed_infer"), 0.0)


def test_an_unknown_answer_that_a_requirement_hangs_on_has_a_worth() -> None:
    profile = replace(ASKED, constraints=("no-python-runtime",))
    able = system("two", "serving", can={"no_python_runtime": YES}).claims
    systems = [replace(item, claims=(*item.claims, *able)) if item.id == "two" else item for item in rivals(60.0)]
    found = worths([model(profile, systems)])
    assert found["one", "no_python_runtime"] > 0
    assert ("two", "no_python_runtime") not in found


def test_nothing_feasible_and_nothing_to_choose_from_are_worth_nothing() -> None:
    impossible = model(Profile(domain="vision", activity="serving", serve_on=("ios",)))
    assert not len(impossible.space.rows)
    assert worths([impossible]) == {}
    assert worths([]) == {}


def test_the_mean_over_profiles_is_what_counts_and_the_seed_reproduces_it() -> None:
    one = worths([model(systems=small())])
    impossible = model(Profile(domain="vision", activity="serving", serve_on=("ios",)))
    both = worths([model(systems=small()), impossible])
    assert one
    assert all(abs(both[thing] - gain / 2) <= 1e-4 for thing, gain in one.items() if thing in both)
    assert one == worths([model(systems=small())])


def test_weights_are_worth_knowing_only_where_they_change_the_choice() -> None:
    def two(fit: float, speed: float) -> list[System]:
        first = system("one", "serving", [("loads", "plain"), ("serves_on", "cpu")],
                       measures={"speed_infer": 80, "fit": 60})  # fmt: skip
        second = system("two", "serving", [("loads", "plain"), ("serves_on", "cpu")],
                        measures={"speed_infer": speed, "fit": fit})  # fmt: skip
        return [*rivals(0.0)[:2], first, second]

    traded = of_weights(model(ASKED, two(fit=85, speed=60)))
    beaten = of_weights(model(ASKED, two(fit=30, speed=30)))
    assert traded.all > 0.05
    assert beaten.all == 0.0
    assert set(traded.axes[:2]) == {"ecosystem", "performance"}


def test_stated_weights_leave_less_to_ask() -> None:
    systems = rivals(60.0)
    open_ones = of_weights(model(ASKED, systems))
    stated = of_weights(model(replace(ASKED, weights={"performance": 0.6, "ecosystem": 0.3}), systems))
    assert stated.all <= open_ones.all
