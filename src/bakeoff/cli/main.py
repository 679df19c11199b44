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


def program() -> None:
    """Entry point of the `bakeoff` program: carries out the command line and leaves.

    At once: what a command made need not be taken apart piece by piece, which costs a tenth of a decision.
    """
    try:
        main()
    except SystemExit as left:
        if isinstance(left.code, str):
            raise
        code = left.code or 0
    else:
        code = 0
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # the usual way out says what could not be written
    os._exit(code)


def main() -> None:
    """Carries out the command line.

    Raises:
        SystemExit: With the exit code.
    """
    words = sys.argv[1:]
    completing = any(name.endswith("_COMPLETE") for name in os.environ)
    plain = None if completing else read(words)
    if plain is None:
        parser.build()(args=words or ["--help"])
    else:
        sys.exit(load("run:run")(plain.door, plain.typed, as_json=plain.as_json))


if __name__ == "__main__":
    program()
