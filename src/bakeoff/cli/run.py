"""Carrying out one command: what becomes of records, errors and interruptions.

Exit codes: 0 ok, 1 finished but not ok, 2 bad input, 3 our bug, 130 interrupted.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from bakeoff import __version__
from bakeoff.base.errors import BakeoffError, InputError
from bakeoff.base.later import later
from bakeoff.base.records import dumps, to_plain
from bakeoff.cli.call import Call, method_of, read
from bakeoff.cli.doors import Door
from bakeoff.cli.lazy import load, product
from bakeoff.cli.values import Raw

if TYPE_CHECKING:
    import traceback
else:
    traceback = later("traceback")

_COLLECT = (200_000, 50, 50)
INTERRUPTED = 130
BUG = 3


def run(door: Door, typed: Mapping[str, Raw], *, as_json: bool) -> int:
    """Carries out one command; returns the exit code."""
    try:
        return _carry_out(door, read(door, typed), as_json=as_json)
    except BakeoffError as error:
        _show_error(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`); nothing more can be said, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _tell("interrupted; what was measured is kept, the same command continues")
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - the last door: whatever arrives here is our bug and must say so
        _show_bug(door)
        return BUG


def _carry_out(door: Door, call: Call, *, as_json: bool) -> int:
    relaxed()
    named = dict(call.named)
    if door.asks:
        named["ask"] = _nobody if as_json or not sys.stdin.isatty() else load("asking:ask")
    bakeoff = product()
    with _progress(door) as live:
        if live is not None:
            named["progress"] = live
        record = method_of(bakeoff, call.method)(*call.positional, **named)
    later = [(swap, method_of(bakeoff, swap.method)(record, value)) for swap, value in call.then]
    if as_json:
        print(dumps(record, indent=2), flush=True)
    else:
        console = load("screen:console")()
        for renderer, shown in [(call.renderer, record), *((swap.renderer, made) for swap, made in later)]:
            load(renderer)(shown, console)
    return 0 if not call.ok or load(call.ok)(record) else 1


def relaxed() -> None:
    """Looks for cycles of garbage seldom.

    A decision makes tens of thousands of records and no cycles. Looking for cycles as often as usual took a third of
    its time, because all that is loaded is walked through again and again.
    """
    gc.set_threshold(*_COLLECT)


def _progress(door: Door) -> AbstractContextManager[Callable[[object], None] | None]:
    if not door.progress:
        return nullcontext()
    live: AbstractContextManager[Callable[[object], None] | None] = load(door.progress)()
    return live


def _nobody(_question: str, _choices: tuple[str, ...] = ()) -> None:
    """Answers a question when nobody is there to be asked."""


def _show_error(error: BakeoffError, *, as_json: bool) -> None:
    if as_json:
        problems = to_plain(error.problems) if isinstance(error, InputError) else []
        shape = {"error": error.message, "advice": error.advice, "problems": problems, "exit_code": error.exit_code}
        _tell(json.dumps(shape, ensure_ascii=False, indent=2))
    else:
        _tell(f"bakeoff: {error}")


def _show_bug(door: Door) -> None:
    _tell(traceback.format_exc())
    _tell(
        f"bakeoff {__version__}: `bakeoff {door.name}` failed; this is a bug in bakeoff, not in your input.\n"
        "  Please report it with the lines above and the command you typed."
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
