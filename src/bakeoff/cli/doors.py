"""What a command is: its name, the method of `Bakeoff` it calls, its arguments, its renderer. Standard library only.

The table itself is `commands`; `main` turns each row into a Typer command. A method is named by its path on
`bakeoff.api.Bakeoff`; a renderer by `module:function` inside this package. Neither is imported before the command line
has been parsed.

How arguments reach a method:

* `into=""` passes the value under the argument's own name; positional ones come first, in order.
* `into="asked"` collects values into one mapping keyed as the fields of `Profile`; unset ones are left out.
* `into="how"` collects values into one mapping keyed as the fields of a measuring request, likewise.
* `then` calls a second method with the record and the value, and shows what it returns.
* `instead` calls another method with the value first, in place of the row's own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a value on the command line becomes."""

    TEXT = "text"
    """`str`."""
    TEXTS = "texts"
    """`tuple[str, ...]`: the option may be repeated, or hold several with commas between."""
    PATH = "path"
    """`pathlib.Path`, not required to exist."""
    INTEGER = "integer"
    """`int`."""
    NUMBER = "number"
    """`float`."""
    FLAG = "flag"
    """`bool`, false when absent."""
    DAY = "day"
    """`datetime.date`, written YYYY-MM-DD."""
    DURATION = "duration"
    """Seconds as `float`, written 90, 90s, 3m or 1h."""
    SIZE = "size"
    """Bytes as `int`, written 800MB, 4GB or a plain number."""
    WEIGHTS = "weights"
    """`dict[str, float]` of repeated `axis=n`."""
    PINS = "pins"
    """`dict[str, tuple[str, ...]]` of repeated `layer=id`."""
    PATHS = "paths"
    """`dict[str, pathlib.Path]` of repeated `system=path`."""


class Swap(NamedTuple):
    """Another method that an option calls."""

    method: str
    """Path on `Bakeoff`."""
    renderer: str
    """`module:function` that shows its record."""
    alone: bool = False
    """It takes the option's value only, not the other arguments."""
    ok: str = ""
    """`module:function` that tells whether its record is a success; empty for always."""


class Argument(NamedTuple):
    """One argument or option of a command."""

    name: str
    """Parameter of the method, or the key inside `into`."""
    help: str
    """One line."""
    kind: Kind = Kind.TEXT
    """What the value becomes."""
    positional: bool = False
    """Written without a flag."""
    required: bool = False
    """Must be given."""
    flag: str = ""
    """Option name, where it is not the parameter's name with dashes."""
    default: str | int | float | None = None
    """Value when absent; None leaves the method's own default."""
    into: str = ""
    """Name of the mapping that collects it: `asked` or `how`."""
    then: Swap | None = None
    """Called with the record and this value afterwards."""
    instead: Swap | None = None
    """Called with this value in place of the row's method."""
    metavar: str = ""
    """How the value is named in the help."""

    @property
    def key(self) -> str:
        """Its name among what was typed: a field of `how` and a parameter may be called the same."""
        return f"{self.into}_{self.name}" if self.into else self.name

    @property
    def option(self) -> str:
        """The flag as typed, empty for positional arguments."""
        return "" if self.positional else self.flag or "--" + self.name.replace("_", "-")


class Door(NamedTuple):
    """One command."""

    name: str
    """Words typed after `bakeoff`."""
    method: str
    """Path on `Bakeoff`."""
    renderer: str
    """`module:function` that shows the record on a Rich console."""
    help: str
    """One sentence."""
    arguments: tuple[Argument, ...] = ()
    """In the order of the help."""
    gives: str = ""
    """What the method returns, for the reference pages."""
    ok: str = ""
    """`module:function` telling whether the record is a success (exit code 0, else 1); empty for always."""
    progress: str = ""
    """`module:class` showing progress; the method then takes `progress`, a callable of one event record."""
    asks: bool = False
    """The method takes `ask`, a callable of a question giving the answer, or None where nobody can be asked."""
