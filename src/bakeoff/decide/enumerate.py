"""Every complete stack, exactly: staged joins over stated relations, framework by framework.

framework → library → trainer → kernel → (format, serving), where a format is reached from what the framework exports
through stated conversions. Trackers are chosen beside and never multiplied in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.base.record import replace
from bakeoff.catalog.model import Answer, Relation
from bakeoff.decide.facts import Facts
from bakeoff.decide.feasible import Candidate, StackNeed, answer_level
from bakeoff.decide.joins import Joiner, Route
from bakeoff.decide.space import Ban, Block, Space, filled

_NEEDY = ("library", "trainer", "kernel")


def stacks(
    joiner: Joiner,
    judged: Mapping[str, Sequence[Candidate]],
    needs: Sequence[StackNeed],
    dropped: frozenset[str] = frozenset(),
) -> Space:
    """All stacks over the candidates that are not excluded.

    Args:
        joiner: Answers which components fit.
        judged: Candidates by layer.
        needs: Demands that one of several layers must meet.
        dropped: Requirements to leave out, for "what if".
    """
    layers = joiner.facts.situation.stack_layers
    names = tuple(
        tuple(candidate.system for candidate in judged[layer] if candidate.without(dropped)) for layer in layers
    )
    filters = [_by_need(joiner.facts, need, layers, names) for need in needs if need.token not in dropped]
    blocks = list(_Blocks(joiner, layers, names).all())
    return filled(layers, names, _kept(blocks, _forbidden(joiner, layers, names), filters))


def need_levels(facts: Facts, need: StackNeed, space: Space) -> npt.NDArray[np.int32]:
    """Best answer to a demand among the components of each row: 0 no, 1 unknown, 2 partial or yes."""
    found: npt.NDArray[np.int32] = space.joined(_by_need(facts, need, space.layers, space.systems), np.maximum)
    return found


def _by_need(
    facts: Facts, need: StackNeed, layers: Sequence[str], names: Sequence[Sequence[str]]
) -> list[tuple[int, npt.NDArray[np.int32]]]:
    """(column, answer of each of its systems) of the layers a demand looks at."""
    columns = [layers.index(layer) for layer in need.layers]
    return [
        (column, np.array([answer_level(facts, need, layers[column], name) for name in names[column]] or [0], np.int32))
        for column in columns
    ]


class _Blocks:
    """Rows by framework."""

    def __init__(self, joiner: Joiner, layers: Sequence[str], names: Sequence[Sequence[str]]) -> None:
        self.joiner = joiner
        self.layers = layers
        self.names = dict(zip(layers, names, strict=True))
        self.formats = {name: position for position, name in enumerate(self.names.get("format", ()))}
        self._stated: dict[str, list[tuple[int, str, frozenset[str]]]] = {
            layer: [(position, name, joiner.partners(name)) for position, name in enumerate(self.names[layer])]
            for layer in (*_NEEDY, "serving")
            if layer in self.names
        }
        self._near: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._loads: list[list[tuple[str, bool]]] | None = None

    def all(self) -> Iterator[Block]:
        if "framework" not in self.layers:
            yield from self._block(None, -1)
            return
        for index, framework in enumerate(self.names["framework"]):
            yield from self._block(framework, index)

    def _block(self, framework: str | None, index: int) -> Iterator[Block]:
        pairs = self._library_trainer(framework)
        kernels = self._fitting("kernel", framework)
        ends = self._ends(framework)
        if not pairs or not kernels or not ends:
            return
        made, core, end = (np.array(part, np.int16) for part in (pairs, kernels, ends))
        places = {
            "framework": (0, np.full(len(made), index, np.int16)),
            "library": (0, made[:, 0]),
            "trainer": (0, made[:, 1]),
            "kernel": (1, core[:, 0]),
            "format": (2, end[:, 0]),
            "serving": (2, end[:, 1]),
        }
        yield Block(
            shape=(len(made), len(core), len(end)),
            places=tuple(places[layer] for layer in self.layers),
            steps=end[:, 2],
            doubts=(made[:, 2], core[:, 1], end[:, 3]),
        )

    def _beside(self, layer: str, other: str) -> list[tuple[int, str]]:
        """(position, system) of those of a layer that may join another: either of the two states something of it."""
        found = self._near.get((layer, other))
        if found is None:
            own = self.joiner.partners(other)
            found = self._near[layer, other] = [
                (position, name)
                for position, name, stated in self._stated[layer]
                if name in own or other in stated or name == other
            ]
        return found

    def _fitting(self, layer: str, framework: str | None) -> list[tuple[int, int]]:
        """(position, doubts) of the systems of a layer that join the framework; one empty place without the layer."""
        if layer not in self.layers:
            return [(-1, 0)]
        if framework is None:
            return [(position, 0) for position in range(len(self.names[layer]))]
        joined = [(place, self.joiner.beside(layer, name, framework)) for place, name in self._beside(layer, framework)]
        return [(position, int(not join.sure)) for position, join in joined if join is not None]

    def _library_trainer(self, framework: str | None) -> list[tuple[int, int, int]]:
        libraries = self._fitting("library", framework)
        if "trainer" not in self.layers:
            return [(position, -1, doubt) for position, doubt in libraries]
        direct = dict(self._fitting("trainer", framework))
        names = self.names.get("library", ())
        found: list[tuple[int, int, int]] = []
        for position, doubt in libraries:
            trainers = dict(direct)
            for index, trainer in self._beside("trainer", names[position]) if position >= 0 else ():
                # Asked only where it can improve on what the framework says of the trainer itself.
                if direct.get(index) != 0 and (through := self.joiner.pair(trainer, names[position])) is not None:
                    trainers[index] = 0 if through.sure else direct.get(index, 1)
            found += [(position, index, doubt + trainers[index]) for index in sorted(trainers)]
        return found

    def _ends(self, framework: str | None) -> list[tuple[int, int, int, int]]:
        """(format, serving, conversions, doubts) that a framework's model can end in."""
        if "serving" not in self.layers:
            return self._written(framework)
        if "format" in self.layers and framework is not None:
            return self._run(framework)
        found: list[tuple[int, int, int, int]] = []
        for position, serving in enumerate(self.names["serving"]):
            routes = self._served(framework, serving)
            if "format" not in self.layers:
                best = min(routes.values(), key=_preference, default=None)
                found += [(-1, position, len(best.formats) - 1, int(not best.join.sure))] if best else []
                continue
            found += [
                (self.formats[form], position, max(0, len(route.formats) - 1), int(not route.join.sure))
                for form, route in routes.items()
                if form in self.formats
            ]
        return found

    def _run(self, framework: str) -> list[tuple[int, int, int, int]]:
        """The same with both layers: the ways of `Joiner.deployments` without their claims, of every pair there is."""
        if self._loads is None:
            loads = [self.joiner.loads(serving) for serving in self.names["serving"]]
            self._loads = [[(form, load.join.sure) for form, load in forms.items()] for forms in loads]
        reached = self.joiner.routes(framework) if self._loads else {}
        ways = {
            form: (self.formats.get(form, -1), len(route.formats) - 1, route.join.sure)
            for form, route in reached.items()
        }
        direct = {place: self.joiner.pair(name, framework) for place, name in self._beside("serving", framework)}
        found: list[tuple[int, int, int, int]] = []
        for position, forms in enumerate(self._loads):
            ends = [(*ways[form], sure) for form, sure in forms if form in ways]
            if not ends and (join := direct.get(position)) is not None:
                ends = [(*way, join.sure) for way in ways.values() if not way[1]]
            for place, steps, sure, both in ends:
                if place >= 0:
                    found.append((place, position, steps, int(not (sure and both))))
        return found

    def _written(self, framework: str | None) -> list[tuple[int, int, int, int]]:
        if "format" not in self.layers:
            return [(-1, -1, 0, 0)]
        if framework is None:
            return [(position, -1, 0, 0) for position in self.formats.values()]
        return [
            (self.formats[form], -1, 0, int(not route.join.sure))
            for form, route in self.joiner.routes(framework).items()
            if form in self.formats and len(route.formats) == 1
        ]

    def _served(self, framework: str | None, serving: str) -> Mapping[str, Route]:
        return self.joiner.loads(serving) if framework is None else self.joiner.deployments(framework, serving)


def _preference(route: Route) -> tuple[bool, int, tuple[str, ...]]:
    return (not route.join.sure, len(route.formats), route.formats)


def _forbidden(joiner: Joiner, layers: Sequence[str], names: Sequence[Sequence[str]]) -> list[Ban]:
    """Positions of two columns that may not stand together: conflicts, and those without what they require."""
    tables: dict[tuple[int, int], npt.NDArray[np.bool_]] = {}

    def table(left: int, right: int) -> npt.NDArray[np.bool_]:
        if (left, right) not in tables:
            tables[left, right] = np.zeros((len(names[left]) + 1, len(names[right]) + 1), np.bool_)
        return tables[left, right]

    for (left, one), (right, other) in _clashes(joiner, layers, names):
        table(left, right)[one, other] = True
    for column, layer in enumerate(layers):
        for position, name in enumerate(names[column]):
            for home, wanted in required(joiner.facts, layer, name, layers).items():
                there = layers.index(home)
                table(column, there)[position, :-1] |= [one not in wanted for one in names[there]]
    return [(left, right, banned) for (left, right), banned in tables.items()]


def _kept(
    blocks: Sequence[Block], bans: Sequence[Ban], filters: Sequence[Sequence[tuple[int, npt.NDArray[np.int32]]]]
) -> list[Block]:
    """Blocks with what is forbidden, or fails a demand on several layers, marked; those with nothing left go."""
    found = []
    for block in blocks:
        keep = block.without(bans)
        for by_column in filters:
            met = np.broadcast_to(block.joined(by_column, np.maximum) > 0, block.shape)
            if not met.all():
                keep = met.copy() if keep is None else keep & met
        if keep is None or keep.any():
            found.append(block if keep is None or keep.all() else replace(block, keep=keep))
    return found


def required(facts: Facts, layer: str, name: str, layers: Sequence[str]) -> dict[str, frozenset[str]]:
    """By other layer of the stack, the systems of which a library, trainer or kernel layer needs one."""
    found: dict[str, set[str]] = {}
    if layer not in _NEEDY:
        return {}
    for other in facts.stated(name, Relation.REQUIRES):
        fact = facts.related(name, Relation.REQUIRES, other)
        if fact is None or fact.answer is not Answer.YES or other not in facts.catalog.systems:
            continue
        for home in facts.system(other).layers[:1]:
            if home.value in layers and home.value != layer and home.value in (*_NEEDY, "serving"):
                found.setdefault(home.value, set()).add(other)
    return {home: frozenset(systems) for home, systems in found.items()}


def _clashes(
    joiner: Joiner, layers: Sequence[str], names: Sequence[Sequence[str]]
) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
    places: dict[str, list[tuple[int, int]]] = {}
    for column in range(len(layers)):
        for position, name in enumerate(names[column]):
            places.setdefault(name, []).append((column, position))
    for name, own in places.items():
        for other in joiner.facts.stated(name, Relation.CONFLICTS_WITH):
            if other in places and joiner.clash(name, other):
                yield from itertools.product(own, places[other])
