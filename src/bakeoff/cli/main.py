"""The command line: every row of the doors table becomes a command; exit codes and errors are decided here.

Exit codes: 0 ok, 1 finished but not ok, 2 bad input, 3 our bug, 130 interrupted.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import typer

from bakeoff import __version__
from bakeoff.base.errors import BakeoffError, InputError
from bakeoff.base.records import dumps, to_plain
from bakeoff.cli.call import Call, key_of, load, method_of, product, read
from bakeoff.cli.doors import DOORS, GROUPS, Argument, Door, Kind
from bakeoff.cli.values import Raw

INTERRUPTED = 130
BUG = 3
_TYPES: dict[Kind, Any] = {
    Kind.FLAG: bool,
    Kind.INTEGER: int | None,
    Kind.NUMBER: float | None,
    Kind.PATHS: list[str] | None,
    Kind.PINS: list[str] | None,
    Kind.TEXTS: list[str] | None,
    Kind.WEIGHTS: list[str] | None,
}
_METAVARS = {Kind.PATH: "PATH", Kind.DURATION: "TIME", Kind.SIZE: "SIZE", Kind.INTEGER: "N", Kind.NUMBER: "X"}


def main() -> None:
    """Entry point of the `bakeoff` program."""
    build()(args=sys.argv[1:] or ["--help"])


def build() -> typer.Typer:
    """The whole program, from the table."""
    settings = {"help_option_names": ["-h", "--help"]}
    # Plain help: drawing it with Rich costs five times the import of Typer, on every `--help`.
    app = typer.Typer(
        name="bakeoff",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=settings,
        no_args_is_help=True,
    )
    app.callback(help=_TITLE)(_root)
    groups = {}
    for door in DOORS:
        first, _, rest = door.name.partition(" ")
        if not rest:
            app.command(first, help=door.help, short_help=_clause(door.help))(_command(door))
            continue
        if first not in groups:
            groups[first] = typer.Typer(
                help=GROUPS[first], rich_markup_mode=None, no_args_is_help=True, context_settings=settings
            )
            app.add_typer(groups[first], name=first)
        groups[first].command(rest, help=door.help, short_help=_clause(door.help))(_command(door))
    return app


def _clause(text: str) -> str:
    """The first clause of a sentence, which is what a list of commands has room for."""
    return re.split("[,:;]", text)[0].rstrip(".")


_TITLE = """Choose a machine-learning stack by measurement.

Decide, measure what could change the answer, decide again, start."""


def _version(wanted: bool) -> None:  # noqa: FBT001 - the parser calls it so
    if wanted:
        typer.echo(f"bakeoff {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(  # noqa: FBT001 - read by its callback; an option of the parser
        False,  # noqa: FBT003
        "--version",
        help="Show the version.",
        callback=_version,
        is_eager=True,
    ),
) -> None:
    """Options before the command."""


def _command(door: Door) -> Callable[..., None]:
    def command(*, json: bool, **typed: Raw) -> None:
        raise typer.Exit(_run(door, typed, as_json=json))

    parameters = [_parameter(argument) for argument in door.arguments]
    option = typer.Option(False, "--json", help="Print the record as JSON and nothing else.")  # noqa: FBT003
    parameters.append(inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=option, annotation=bool))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _parameter(argument: Argument) -> inspect.Parameter:
    annotation = _TYPES.get(argument.kind, str | None)
    shown = argument.metavar or _METAVARS.get(argument.kind)
    default: Any
    if argument.positional:
        empty = ... if argument.required else argument.default
        default = typer.Argument(empty, metavar=argument.metavar or argument.name.upper(), help=argument.help)
        annotation = str if argument.required else annotation
    else:
        empty = False if argument.kind is Kind.FLAG else ... if argument.required else argument.default
        metavar = None if argument.kind is Kind.FLAG else shown or "TEXT"
        default = typer.Option(empty, argument.option, metavar=metavar, help=argument.help, show_default=False)
    return inspect.Parameter(key_of(argument), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _run(door: Door, typed: dict[str, Raw], *, as_json: bool) -> int:
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
        typer.echo("interrupted; what was measured is kept, the same command continues", err=True)
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - the last door: whatever arrives here is our bug and must say so
        _show_bug(door)
        return BUG


def _carry_out(door: Door, call: Call, *, as_json: bool) -> int:
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
        typer.echo(dumps(str(record) if isinstance(record, Path) else record, indent=2))
    else:
        console = load("screen:console")()
        for renderer, shown in [(call.renderer, record), *((swap.renderer, made) for swap, made in later)]:
            load(renderer)(shown, console)
    return 0 if not call.ok or load(call.ok)(record) else 1


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
        typer.echo(json.dumps(shape, ensure_ascii=False, indent=2), err=True)
    else:
        typer.echo(f"bakeoff: {error}", err=True)


def _show_bug(door: Door) -> None:
    typer.echo(traceback.format_exc(), err=True)
    typer.echo(
        f"bakeoff {__version__}: `bakeoff {door.name}` failed; this is a bug in bakeoff, not in your input.\n"
        "  Please report it with the lines above and the command you typed.",
        err=True,
    )


if __name__ == "__main__":
    main()
