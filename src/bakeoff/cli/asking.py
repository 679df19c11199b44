"""Questions to the person at the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.padding import Padding
from rich.text import Text

from bakeoff.base.errors import near
from bakeoff.cli.screen import errors

FEW = 8
"""Up to so many choices stand in the question itself; more are listed before it."""


def ask(question: str, choices: Sequence[str] = ()) -> str | None:
    """Asks on standard error until the answer is one of `choices`; any text where there are none.

    Returns:
        The answer, or None when it is left empty or the input ends.
    """
    out = errors()
    options = f" [{' / '.join(choices)}]" if 0 < len(choices) <= FEW else ""
    if len(choices) > FEW:
        out.print(Padding(Text(f"{', '.join(choices)}; leave it empty to leave it open", style="dim"), (0, 0, 0, 2)))
    while True:
        out.print(f"{question}{options} ", end="")
        try:
            answer = input().strip()
        except EOFError:
            out.print()
            return None
        if not answer:
            return None
        if not choices or answer in choices:
            return answer
        starting = [one for one in choices if one.startswith(answer)]
        if len(starting) == 1:
            return starting[0]
        out.print(f"  {near(answer, choices) or 'one of: ' + ', '.join(choices)}")
