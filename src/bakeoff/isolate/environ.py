"""The variables a worker sees: the user's, less what changes results, plus equal thread counts for every competitor."""

from __future__ import annotations

import functools
import os
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from bakeoff.isolate.env import Env

_TABLE = Path(__file__).with_name("variables.toml")


@dataclass(frozen=True, slots=True)
class Strip:
    """A variable no worker inherits."""

    name: str
    """Its name, or a pattern with `*`."""
    why: str
    """What it would change."""
    brought: bool = False
    """Kept when the user brings the interpreter."""
    keep_brought: tuple[str, ...] = ()
    """Of a pattern: the names kept when the user brings the interpreter."""


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables of one worker, and what bakeoff did to them."""

    all: Mapping[str, str]
    """Every variable."""
    set: Mapping[str, str]
    """What bakeoff set, and what it kept although it changes results: the part worth recording."""
    stripped: tuple[str, ...]
    """Names of the user's variables that were removed."""


@functools.cache
def stripped_variables() -> tuple[Strip, ...]:
    """The named list of variables that are removed, each with its reason."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["strip"]
    return tuple(
        Strip(row["name"], row["why"], row.get("brought", False), tuple(row.get("keep_brought", ()))) for row in table
    )


@functools.cache
def thread_variables() -> tuple[str, ...]:
    """Names of the variables that are set to the number of threads."""
    return tuple(row["name"] for row in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["threads"])


def compose(env: Env, *, threads: int, extra: Mapping[str, str], base: Mapping[str, str] | None = None) -> Variables:
    """The variables of a worker in `env`.

    Args:
        env: Where it runs; its programs come first on PATH unless the user brought it.
        threads: Number of threads.
        extra: The setting's own variables, which win; `{threads}` in a value is replaced.
        base: The user's variables; this process's own when None.
    """
    base = os.environ if base is None else base
    reasons = {name: _reason(name) for name in base}
    kept = {name: base[name] for name, rule in reasons.items() if rule and _is_kept(name, rule, env)}
    stripped = tuple(sorted(name for name, rule in reasons.items() if rule and name not in kept))
    chosen = {name: str(threads) for name in thread_variables()}
    chosen.update({name: value.replace("{threads}", str(threads)) for name, value in extra.items()})
    everything = {name: value for name, value in base.items() if name not in stripped}
    if not env.brought:
        everything["PATH"] = os.pathsep.join([str(env.python.parent), base.get("PATH", os.defpath)])
    everything.update(chosen)
    return Variables(everything, {**kept, **chosen}, stripped)


def absent_program(needs: Sequence[str], environ: Mapping[str, str]) -> str:
    """The first program, or list of alternatives, that is not on PATH; empty when all are there."""
    path = environ.get("PATH", os.defpath)
    for need in needs:
        names = need.split("|")
        if not any(shutil.which(name, path=path) for name in names):
            return " or ".join(names)
    return ""


def _reason(name: str) -> Strip | None:
    return next((rule for rule in stripped_variables() if fnmatchcase(name, rule.name)), None)


def _is_kept(name: str, rule: Strip, env: Env) -> bool:
    return env.brought and (rule.brought or name in rule.keep_brought)
