"""Small inline drawings, one to a table row: SVG in percent of the row's width, so that its text keeps its size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bakeoff.base.quantity import Interval

HEIGHT = 22
"""Height of a strip, in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value lies across a strip."""

    low: float
    """Value at the left edge."""
    high: float
    """Value at the right edge."""
    logarithmic: bool = False
    """Equal ratios are equal distances; both edges are then positive."""

    def at(self, value: float) -> float:
        """Position in percent, held within the strip."""
        low, high, here = (self._bent(one) for one in (self.low, self.high, value))
        return round(min(100.0, max(0.0, 100 * (here - low) / (high - low))), 2)

    def _bent(self, value: float) -> float:
        return math.log2(max(value, 1e-12)) if self.logarithmic else value


POINTS = Scale(-2, 102)
"""The 0..100 scale, with room for the marks at its ends."""

AGES = Scale(1.03, -0.03)
"""Age as a share of the oldest: today at the right edge."""


_FRACTIONS = {2: "½", 4: "¼", 8: "⅛"}


@dataclass(frozen=True, slots=True)
class Dot:
    """One linked dot on a strip."""

    place: float
    """Position on its scale."""
    weight: int
    """How many things it stands for; its area grows with it."""
    href: str
    """Where it leads."""
    title: str
    """What it says on hover."""


def dots(found: Sequence[Dot], scale: Scale = AGES) -> Markup:
    """Linked dots along a line."""
    line = Markup('<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(HEIGHT // 2)
    marks = [
        Markup('<a href="{}"><title>{}</title><circle cx="{}%" cy="{}" r="{}"/></a>').format(
            one.href, one.title, scale.at(one.place), HEIGHT // 2, _short(min(9.0, 2.5 + math.sqrt(one.weight)))
        )
        for one in found
    ]
    return Markup('<svg class="strip" height="{}">{}{}</svg>').format(HEIGHT, line, Markup().join(marks))


def interval(value: Interval, scale: Scale, *, style: str = "", rules: Sequence[float] = ()) -> Markup:
    """A dot with its interval; `rules` are faint verticals at scale values, `style` a CSS class for the mark."""
    return svg(grid(rules, scale) + whisker(value, scale, style=style))


def pair(values: Sequence[tuple[Interval, str]], scale: Scale, *, rules: Sequence[float] = ()) -> Markup:
    """Several intervals on one strip, the first on top."""
    height = max(HEIGHT, 10 * len(values))
    gap = height / (len(values) + 1)
    marks = [whisker(value, scale, style=style, y=gap * (index + 1)) for index, (value, style) in enumerate(values)]
    return svg(grid(rules, scale, height) + Markup().join(reversed(marks)), height)


def whisker(value: Interval, scale: Scale, *, style: str = "", y: float = HEIGHT / 2) -> Markup:
    """The mark alone: a line from bound to bound and a dot at the estimate."""
    low, mid, high = (scale.at(one) for one in (value.low, value.mid, value.high))
    return Markup(
        '<g class="{}"><line x1="{}%" x2="{}%" y1="{}" y2="{}"/><circle cx="{}%" cy="{}" r="3.5"/></g>'
    ).format(f"mark {style}".strip(), low, high, _short(y), _short(y), mid, _short(y))


def grid(values: Sequence[float], scale: Scale, height: int = HEIGHT) -> Markup:
    """Faint verticals."""
    lines = [
        Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="{1}"/>').format(scale.at(one), height)
        for one in values
    ]
    return Markup().join(lines)


def band(low: float, high: float, scale: Scale) -> Markup:
    """A shaded stretch, such as a tie zone."""
    left, right = scale.at(low), scale.at(high)
    return Markup('<rect class="band" x="{}%" y="0" width="{}%" height="{}"/>').format(
        left, round(right - left, 2), HEIGHT
    )


def ticks(labels: Sequence[tuple[float, str]], scale: Scale) -> Markup:
    """The labels of a scale, for the head of a column of strips; those at the edges turn inwards."""
    return svg(Markup().join(_tick(scale.at(value), text) for value, text in labels))


def shares(first: float, top3: float) -> Markup:
    """How often first, solid, before how often among the first three, pale."""
    return svg(
        Markup('<rect class="pale" x="0" y="5" width="{}%" height="12"/>').format(round(100 * top3, 2))
        + Markup('<rect class="solid" x="0" y="5" width="{}%" height="12"/>').format(round(100 * first, 2))
    )


def signed(value: float, most: float) -> Markup:
    """A bar left or right of the middle; `most` is the value that fills a half."""
    width = round(50 * min(1.0, abs(value) / most), 2) if most else 0.0
    start = 50.0 if value >= 0 else round(50 - width, 2)
    middle = Markup('<line class="grid" x1="50%" x2="50%" y1="0" y2="{}"/>').format(HEIGHT)
    sign = "pro" if value >= 0 else "con"
    return svg(middle + Markup('<rect class="{}" x="{}%" y="6" width="{}%" height="10"/>').format(sign, start, width))


def powers(low: float, high: float) -> tuple[Scale, list[tuple[float, str]]]:
    """A logarithmic scale around ratios from `low` to `high`, always showing 1, with its labels.

    Labels are powers of two, thinned so that at most seven are shown.
    """
    first = math.floor(math.log2(min(low, 1.0)) - 0.25)
    last = math.ceil(math.log2(max(high, 1.0)) + 0.25)
    step = max(1, math.ceil((last - first) / 6))
    exponents = [one for one in range(first, last + 1) if one % step == 0]
    labels = [
        (2.0**one, f"{2**one}×" if one >= 0 else f"{_FRACTIONS.get(2**-one, f'1/{2**-one}')}×") for one in exponents
    ]
    return Scale(2.0**first, 2.0**last, logarithmic=True), labels


def svg(content: Markup, height: int = HEIGHT) -> Markup:
    """A strip holding `content`; hidden from screen readers, which read the figures beside it."""
    return Markup('<svg class="strip" height="{}" aria-hidden="true">{}</svg>').format(height, content)


def _tick(place: float, text: str) -> Markup:
    side = "start" if place < 6 else "end" if place > 94 else "middle"
    return Markup('<text x="{}%" y="15" text-anchor="{}">{}</text>').format(place, side, text)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
