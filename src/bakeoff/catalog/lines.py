"""Where each key of a TOML file stands, so that an error can name the line (the standard parser keeps no positions)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file, e.g. `("claim", 3, "value")`."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_\-]+|"[^"]*"|'[^']*')((?:\s*\.\s*[A-Za-z0-9_\-]+)*)\s*=\s*(.*)$""")
_FENCES = ('"""', "'''")


@lru_cache(maxsize=1)
def positions(text: str) -> Mapping[Path, int]:
    r"""The 1-based line of every table and key in TOML text; keys of inline tables share their line.

    >>> positions('[a]\nx = 1\n[[b]]\ny = 2')
    {('a',): 1, ('a', 'x'): 2, ('b', 0): 3, ('b', 0, 'y'): 4}
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    prefix: Path = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        header = _HEADER.match(line)
        if header:
            prefix = _table(header.group(2), array=header.group(1) == "[[", counts=counts)
            found.setdefault(prefix, number)
            continue
        key = _KEY.match(line)
        if key:
            parts = (key.group(1).strip("\"'"), *(part.strip() for part in key.group(2).split(".") if part.strip()))
            found.setdefault((*prefix, *parts), number)
            fence = _opened(key.group(3))
    return found


def line_of(found: Mapping[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the closest table around it; None for an empty file."""
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
    return None


def _table(name: str, *, array: bool, counts: dict[Path, int]) -> Path:
    """The path of a table header, with the position of the newest entry filled in for every array on the way."""
    path: Path = ()
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    for index, part in enumerate(parts):
        path = (*path, part)
        if array and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _opened(value: str) -> str:
    """The fence of a multi-line string that starts in `value` and does not end there."""
    for fence in _FENCES:
        if value.startswith(fence) and fence not in value[3:]:
            return fence
    return ""
