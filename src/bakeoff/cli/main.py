"""The command line. Plain words are read by the table alone; whatever needs more is the parser's, help included."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from bakeoff.base.later import later
from bakeoff.cli.lazy import load
from bakeoff.cli.plain import read

if TYPE_CHECKING:
    from bakeoff.cli import parser
else:
    # Importing the parser and building every command costs more than deciding should.
    parser = later("bakeoff.cli.parser")


def main() -> None:
    """Entry point of the `bakeoff` program."""
    words = sys.argv[1:]
    completing = any(name.endswith("_COMPLETE") for name in os.environ)
    plain = None if completing else read(words)
    if plain is None:
        parser.build()(args=words or ["--help"])
    else:
        sys.exit(load("run:run")(plain.door, plain.typed, as_json=plain.as_json))


if __name__ == "__main__":
    main()
