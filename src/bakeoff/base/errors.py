"""The one tree of errors: bad input and our own bugs. What a measured thing did is an `Outcome`, not an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bakeoff.base.later import later

if TYPE_CHECKING:
    import difflib
else:
    difflib = later("difflib")


class BakeoffError(Exception):
    """Anything bakeoff raises on purpose; `str()` is fit to show a user.

    Args:
        message: What happened, in one sentence.
        advice: What to do about it, in one sentence; empty when nothing can be done.
    """

    exit_code = 3

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}\n  {self.advice}" if self.advice else self.message


class InternalError(BakeoffError):
    """A promise of our own was broken: always our bug, never the user's."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one place of the input."""

    where: str
    """File, or the name of the option, that holds it."""
    key: str
    """Dotted key inside the file, empty when the file as a whole is meant."""
    message: str
    """What is wrong, naming the value found."""
    advice: str = ""
    """What would be accepted, or the nearest names."""
    line: int | None = None
    """1-based line, where the parser knows it."""

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        head = f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"
        return f"{head}\n    {self.advice}" if self.advice else head


class InputError(BakeoffError):
    """The user's input is wrong. Carries every problem found, not just the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        title = "1 problem with the input" if count == 1 else f"{count} problems with the input"
        super().__init__("\n".join([title, *(f"  {problem}" for problem in self.problems)]))

    @classmethod
    def one(cls, where: str, key: str, message: str, advice: str = "") -> InputError:
        """An error with a single problem."""
        return cls([Problem(where, key, message, advice)])


class MachineError(BakeoffError):
    """The machine cannot do what was asked: disk full, no index reachable, a lock held. Nothing was half-built."""

    exit_code = 1


class StoreError(BakeoffError):
    """Stored results cannot be read or written as they are."""

    exit_code = 1


def near(name: str, options: Iterable[str], *, most: int = 3) -> str:
    """A sentence naming the options closest to `name`, empty when none is close.

    >>> near("pytorh", ["pytorch", "jax"])
    'did you mean pytorch?'
    """
    known = {option.casefold(): option for option in options}
    close = difflib.get_close_matches(name.casefold(), known, n=most, cutoff=0.6)
    return f"did you mean {' or '.join(known[match] for match in close)}?" if close else ""


def unknown_name(where: str, key: str, name: str, options: Iterable[str], *, what: str) -> Problem:
    """The problem of a name that is not in a closed list: near names first, else the whole (short) list."""
    names = sorted(options)
    listed = ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:12])} … ({len(names)} in all)"
    return Problem(where, key, f"unknown {what} {name!r}", near(name, names) or f"known: {listed}")
