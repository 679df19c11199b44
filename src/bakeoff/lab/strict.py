"""Reading a TOML table strictly: every key asked for, every other key refused, all problems at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from bakeoff.base.errors import InputError, Problem, near, unknown_name

T = TypeVar("T")


def parse(path: Path) -> dict[str, object]:
    """The content of a TOML file.

    Raises:
        InputError: If it cannot be read or is not TOML; names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.one(str(path), "", f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError.one(str(path), "", f"is not TOML: {error}") from error


def load_folders(root: Path, file: str, load: Callable[[Path], T]) -> dict[str, T]:
    """What `load` reads from every folder below `root` that holds a `file`, by the folder's name.

    Raises:
        InputError: With the problems of all of them.
    """
    problems: list[Problem] = []
    found = {}
    for path in sorted(root.glob(f"*/{file}")):
        try:
            found[path.parent.name] = load(path.parent)
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return found


class Table:
    """One table of a file. Wrong values become problems and a harmless stand-in, so that reading goes on.

    Args:
        where: Name of the file, for the problems.
        data: The parsed table.
        problems: Where problems are collected, shared by all tables of a file.
        prefix: Dotted key of this table.
    """

    def __init__(self, where: str, data: Mapping[str, object], problems: list[Problem], prefix: str = "") -> None:
        self.where = where
        self.data = data
        self.problems = problems
        self.prefix = prefix
        self._asked: set[str] = set()

    def key(self, name: str) -> str:
        """The dotted key of an entry."""
        return f"{self.prefix}.{name}" if self.prefix else name

    def complain(self, name: str, message: str, advice: str = "") -> None:
        """Adds a problem about an entry."""
        self.problems.append(Problem(self.where, self.key(name), message, advice))

    def text(self, name: str, default: str | None = None) -> str:
        """A string; required when there is no default."""
        return self._value(name, str, default, "")

    def whole(self, name: str, default: int | None = None) -> int:
        """An integer; required when there is no default."""
        return self._value(name, int, default, 0)

    def number(self, name: str, default: float | None = None) -> float:
        """A number; required when there is no default."""
        value = self._value(name, (int, float), default, 0.0)
        return float(value)

    def flag(self, name: str) -> bool:
        """A truth value, false when absent."""
        return self._value(name, bool, default=False, stand_in=False)

    def day(self, name: str) -> date:
        """A date; required."""
        return self._value(name, date, None, date.min)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, empty when absent."""
        values: list[object] = self._value(name, list, [], [])
        if any(not isinstance(value, str) for value in values):
            self.complain(name, f"expected a list of strings, found {values!r}")
        return tuple(value for value in values if isinstance(value, str))

    def choice(self, name: str, options: Sequence[str], default: str | None = None) -> str:
        """A string out of a closed list."""
        value = self.text(name, default)
        if value not in options and name in self.data:
            self.problems.append(unknown_name(self.where, self.key(name), value, options, what=name))
        return value

    def table(self, name: str) -> Table:
        """A sub-table, empty when absent."""
        return Table(self.where, self._value(name, dict, {}, {}), self.problems, self.key(name))

    def tables(self, name: str) -> dict[str, Table]:
        """Sub-tables by name, in the order of the file."""
        outer: dict[str, object] = self._value(name, dict, {}, {})
        result = {}
        for key, value in outer.items():
            if isinstance(value, dict):
                result[key] = Table(self.where, value, self.problems, f"{self.key(name)}.{key}")
            else:
                self.complain(f"{name}.{key}", f"expected a table, found {value!r}")
        return result

    def raw(self, name: str, kind: type[T], default: T) -> T:
        """An entry of free form, such as the parameters of a size."""
        return self._value(name, kind, default, default)

    def close(self) -> None:
        """Complains about every key nobody asked for."""
        for name in self.data:
            if name not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.complain(name, "unknown key", near(name, self._asked) or f"known: {known}")

    def _value(self, name: str, kind: type | tuple[type, ...], default: object, stand_in: T) -> T:
        self._asked.add(name)
        if name not in self.data:
            if default is None:
                self.complain(name, "is missing")
                return stand_in
            return default  # type: ignore[return-value]  # the caller's own default
        value = self.data[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            names = kind.__name__ if isinstance(kind, type) else " or ".join(option.__name__ for option in kind)
            self.complain(name, f"expected {names}, found {value!r}")
            return stand_in
        return value  # type: ignore[return-value]  # checked just above
