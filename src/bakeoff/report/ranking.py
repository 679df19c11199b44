"""The ranking and what was ruled out, as rows: for the terminal, for Markdown and for the page alike. No markup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bakeoff.base.record import Struct
from bakeoff.decide.model import Decision, Exclusion, RankedStack


class Cell(Struct, frozen=True):
    """One layer of a ranked stack."""

    layer: str
    """Layer."""
    systems: tuple[str, ...]
    """Systems in it; usually one, empty where this stack has none."""
    same: bool
    """The first stack has the same."""


class StackRow(Struct, frozen=True):
    """One ranked stack."""

    place: int
    """1 for the first."""
    stack: RankedStack
    """The stack."""
    cells: tuple[Cell, ...]
    """One per layer that any shown stack has."""
    tied: bool
    """Not told apart from the first."""


def layers_shown(stacks: Iterable[RankedStack]) -> tuple[str, ...]:
    """The layers any of the stacks has, in the order of the stacks' components."""
    found: dict[str, None] = {}
    for stack in stacks:
        for one in stack.components:
            found.setdefault(one.layer)
    return tuple(found)


def stack_rows(decision: Decision) -> tuple[StackRow, ...]:
    """The ranking, with what differs from the first stack made visible."""
    layers = layers_shown(decision.stacks)
    rows = []
    for place, stack in enumerate(decision.stacks, start=1):
        cells = []
        for layer in layers:
            here, first = (_in_layer(one, layer) for one in (stack, decision.stacks[0]))
            cells.append(Cell(layer, here, same=place > 1 and here == first))
        tied = place > 1 and place - 1 in decision.near_ties
        rows.append(StackRow(place, stack, tuple(cells), tied))
    return tuple(rows)


def excluded_by(decision: Decision) -> tuple[tuple[str, tuple[Exclusion, ...]], ...]:
    """Exclusions by the requirement that made them, most of them first."""
    groups: dict[str, list[Exclusion]] = defaultdict(list)
    for one in decision.exclusions:
        groups[one.requirement].append(one)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((name, tuple(sorted(found, key=lambda one: one.system))) for name, found in ordered)


def _in_layer(stack: RankedStack, layer: str) -> tuple[str, ...]:
    return tuple(one.system for one in stack.components if one.layer == layer)
