"""Every block of a campaign, drawn: what was seen before anything was summed up. Standalone SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from bakeoff.base.quantity import show_seconds

WIDTH, ROW, LEFT, RIGHT, TOP = 900, 64, 190, 16, 26
"""Sizes in SVG units: whole width, height of an arm, margins."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of one arm."""

    run: str
    """Run id."""
    arm: str
    """Name of the arm."""
    round: int
    """Round it was taken in, from 0."""
    launch: int
    """Which launch of the arm played."""
    step_s: float
    """Median seconds per step of its clean samples."""
    clean: bool
    """It had clean samples; otherwise the value is of the disturbed ones."""


def plot(blocks: Sequence[Block]) -> str:
    """Time per step by round, one band to an arm, each on its own logarithmic scale around its median.

    Returns:
        SVG text; empty without blocks. Dots of one launch share a shade; hollow dots were disturbed. Each arm's group
        carries `data-run`.
    """
    if not blocks:
        return ""
    arms: dict[str, list[Block]] = {}
    for one in blocks:
        arms.setdefault(one.run, []).append(one)
    last = max(one.round for one in blocks)
    bands = [_band(found, index, last) for index, found in enumerate(arms.values())]
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="system-ui, sans-serif" '
        'font-size="12" role="img" aria-label="time per step by round"><style>text{{fill:#5a6169}}'
        "line{{stroke:#d8dad7}}"
        "circle{{stroke:#0f6b7a}}@media(prefers-color-scheme:dark){{text{{fill:#9ba3aa}}line{{stroke:#33383c}}"
        "circle{{stroke:#5bb4c2}}}}</style>{}</svg>"
    ).format(WIDTH, TOP + ROW * len(bands) + 8, Markup().join(bands))


def _band(found: Sequence[Block], index: int, last: int) -> Markup:
    top = TOP + ROW * index
    middle = median(one.step_s for one in found)
    reach = max(0.05, *(abs(math.log(one.step_s / middle)) for one in found))
    dots = [_dot(one, top, last, math.log(one.step_s / middle) / reach) for one in found]
    text = Markup(
        '<text x="0" y="{0}">{3}</text><text x="0" y="{1}">{4}, ±{5:.0f} %</text>'
        '<line x1="{6}" x2="{7}" y1="{2}" y2="{2}"/>'
    ).format(top + 26, top + 42, top + ROW / 2, found[0].arm, show_seconds(middle), 100 * reach, LEFT, WIDTH - RIGHT)
    return Markup('<g data-run="{}">{}{}</g>').format(found[0].run, text, Markup().join(dots))


def _dot(block: Block, top: int, last: int, height: float) -> Markup:
    across = LEFT + (WIDTH - LEFT - RIGHT) * (block.round / last if last else 0.5)
    fill = "#0f6b7a" if block.clean else "none"
    shade = (0.9, 0.65, 0.45, 0.3)[block.launch % 4]
    return Markup(
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.6" fill="{}" fill-opacity="{}"><title>{}</title></circle>'
    ).format(
        across,
        top + ROW / 2 - height * (ROW / 2 - 8),
        fill,
        shade,
        f"round {block.round}, launch {block.launch}: {show_seconds(block.step_s)}",
    )
