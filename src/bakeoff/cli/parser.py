"""The parser: every row of the doors table becomes a command of Typer. Imports it and the table, nothing more."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import typer

from bakeoff import __version__
from bakeoff.cli.commands import DOORS, GROUPS
from bakeoff.cli.doors import Argument, Door, Kind
from bakeoff.cli.lazy import load

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
    def command(*, json: bool, **typed: object) -> None:
        raise typer.Exit(load("run:run")(door, typed, as_json=json))

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
    return inspect.Parameter(argument.key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
