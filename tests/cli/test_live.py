"""Progress: a frame per event on a terminal, few lines elsewhere, nothing drawn in between."""

from __future__ import annotations

import io
import threading

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bakeoff.base.quantity import Interval
from bakeoff.cli.live import Live, strip
from bakeoff.lab.cells import Verdict
from bakeoff.lab.events import Event, Stage, Standing

STANDINGS = (
    Standing("kiln/default", None, None, live=True),
    Standing("anvil/default", Interval(1.8, 1.9, 2.1), Verdict.SLOWER, live=True),
    Standing("slate/blas", Interval(6.9, 7.4, 8.0), Verdict.SLOWER, live=False),
)


def shown(*events: object, terminal: bool, width: int = 120) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, color_system=None, highlight=False)
    with Live(console) as live:
        for event in events:
            live(event)
    return out.getvalue()


def test_every_stage_is_a_line() -> None:
    text = shown(Event(Stage.ENVIRONMENT, "built in 3 s", arm="kiln", done=1, total=4), "resolving", terminal=False)
    assert "kiln: built in 3 s" in text
    assert "resolving" in text
    assert len(text.splitlines()) == 2


def test_rounds_are_not_a_line_each() -> None:
    rounds = [Event(Stage.ROUND, "played", done=number, standings=STANDINGS) for number in range(50)]
    assert len(shown(*rounds, terminal=False).splitlines()) == 1


def test_a_terminal_shows_intervals_and_who_is_out() -> None:
    text = shown(Event(Stage.ROUND, "played", done=7, spent_s=60, budget_s=180, standings=STANDINGS), terminal=True)
    for part in ("round 7, 1 min 0 s of 3 min 0 s", "anvil/default", "0.526×", "slower", "waits for launches"):
        assert part in text


def test_a_narrow_terminal_cuts_nothing_off() -> None:
    text = shown(Event(Stage.ROUND, "played", done=7, standings=STANDINGS), terminal=True, width=64)
    assert "…" not in text
    assert "0.526× (0.476×–0.556×)" in text
    assert "●" in text


def test_launches_are_lines_in_a_log_and_one_line_on_a_terminal() -> None:
    launches = [Event(Stage.LAUNCH, f"launch {number}", arm="kiln/default") for number in range(4)]
    assert len(shown(*launches, terminal=False).splitlines()) == 4
    assert shown(*launches, terminal=True).count("\n") == 1


def test_nothing_runs_beside() -> None:
    before = threading.active_count()
    console = Console(file=io.StringIO(), force_terminal=True)
    with Live(console) as live:
        live(Event(Stage.ROUND, "played", standings=STANDINGS))
        assert threading.active_count() == before


@given(st.floats(0.01, 10), st.floats(1, 3), st.floats(1, 3))
def test_a_strip_is_in_order_and_of_its_width(mid: float, below: float, above: float) -> None:
    drawn = strip(Interval(mid / below, mid, mid * above), 0.005, 50)
    assert len(drawn) == 36
    assert drawn.count("●") == 1
    assert set(drawn.strip("·")) <= {"─", "●"}
