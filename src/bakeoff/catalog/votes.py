"""Which weighed evidence votes on a question, and what the votes add up to: answers, widths, ties, disputes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, replace
from bakeoff.catalog import scope, weigh
from bakeoff.catalog.model import Answer, Claim, Context, PropertyKind, Scope
from bakeoff.catalog.weigh import Weight

# By a name of their own, because a member is slow to reach through its class.
_MEASURE, _FACT = PropertyKind.MEASURE, PropertyKind.FACT


class Total(Struct, frozen=True):
    """What the voting evidence adds up to."""

    answer: Answer | None = None
    """For capabilities and relations."""
    mid: float | None = None
    """Points, for measures."""
    low: float | None = None
    """Lower end."""
    high: float | None = None
    """Upper end."""
    disputed: bool = False
    """The voters contradict each other."""
    text: str = ""
    """For facts."""
    level: int = 0
    """Level of what votes; where nothing does and something is known all the same, the level of that."""
    observed: date | None = None
    """Date of the newest that votes."""


class Precedence:
    """Which of two claims is the narrower one in a context."""

    def __init__(self, tree: scope.Tree, context: Context) -> None:
        self._tree = tree
        self._context = context
        self._scopes: dict[Scope, Scope] = {}

    def without_overridden(self, found: list[Weight]) -> list[Weight]:
        """Mere statements about a wider case give way to a claim made for the narrower one: their level becomes 0."""
        speaking = {item.claim.id: item.claim for item in found if item.level and item.direct}
        if not speaking or all(item.claim is found[0].claim for item in found):
            return found
        kept = []
        for item in found:
            stronger = None
            if item.level and item.evidence.kind not in weigh.HARD:
                stronger = next((c for c in speaking.values() if self._narrower(c, item.claim)), None)
            if stronger is not None:
                reason = f"overridden by the narrower claim {stronger.id}"
                kept.append(replace(item, level=0, reasons=(*item.reasons, reason)))
            else:
                kept.append(item)
        return kept

    def same_question(self, one: Weight, other: Weight) -> bool:
        """Whether two claims answer the same question, or one a part of the other's, instead of different facets."""
        # Two version ranges that both hold here are no facets: the question is about one version.
        mine = replace(self._restricted(one.claim), versions="", python="")
        theirs = replace(self._restricted(other.claim), versions="", python="")
        return scope.nested(self._tree, mine, theirs) or scope.nested(self._tree, theirs, mine)

    def _narrower(self, inner: Claim, outer: Claim) -> bool:
        """Whether `inner` is about strictly less than `outer`."""
        same = inner.object == outer.object
        if same and inner.scope is outer.scope:
            return False
        if inner.object and outer.object and not self._tree.within(inner.object, outer.object):
            return False
        mine, theirs = self._restricted(inner), self._restricted(outer)
        return scope.nested(self._tree, mine, theirs) and not (same and scope.nested(self._tree, theirs, mine))

    def _restricted(self, claim: Claim) -> Scope:
        if claim.scope is scope.EVERYWHERE:
            return claim.scope
        found = self._scopes.get(claim.scope)
        if found is None:
            found = self._scopes[claim.scope] = scope.restricted(self._tree, claim.scope, self._context)
        return found


def added_up(kind: PropertyKind, voting: Sequence[Weight], same_question: Callable[[Weight, Weight], bool]) -> Total:
    """What evidence of one level says together, about a property of some kind."""
    level, observed = voting[0].level, max([item.evidence.observed for item in voting])
    if kind is _MEASURE:
        mid, low, high, disputed = _measure(voting, same_question)
        return Total(None, mid, low, high, disputed, "", level, observed)
    if kind is _FACT:
        newest = [str(item.claim.value) for item in voting if item.evidence.observed == observed]
        return Total(None, None, None, None, len(set(newest)) > 1, newest[0], level, observed)
    answer, disputed = _answer(voting)
    return Total(answer, None, None, None, disputed, "", level, observed)


def _answer(voting: Sequence[Weight]) -> tuple[Answer, bool]:
    """Equal answers stand; yes and partial make partial; with a `no` among them nothing is known but the dispute."""
    said = {item.claim.value for item in voting}
    if len(said) == 1:
        (only,) = said
        return only if isinstance(only, Answer) else Answer.UNKNOWN, False
    return (Answer.UNKNOWN, True) if Answer.NO in said else (Answer.PARTIAL, False)


def _measure(
    voting: Sequence[Weight], same_question: Callable[[Weight, Weight], bool]
) -> tuple[float, float, float, bool]:
    """Middle, ends, and whether they are disputed.

    Ties are combined by their precision, never to less than the surest of them: sources copy from each other. Sources
    that answer the same question with values whose widths do not meet are disputed, and the belief then spans them all.
    Values for different facets of the question (its domain, its activity) differ without a dispute.
    """
    stated = [(item.mid, max(item.half, 0.5), item) for item in voting if item.mid is not None]
    if len(stated) == 1:
        mid, half, _ = stated[0]
        return mid, max(0.0, mid - half), min(100.0, mid + half), False
    pairs = [(a, b) for index, a in enumerate(stated) for b in stated[index + 1 :]]
    if any(abs(a[0] - b[0]) > a[1] + b[1] and same_question(a[2], b[2]) for a, b in pairs):
        low = max(0.0, min(mid - half for mid, half, _ in stated))
        high = min(100.0, max(mid + half for mid, half, _ in stated))
        return (low + high) / 2, low, high, True
    total = sum(half**-2 for _, half, _ in stated)
    mid = sum(value * half**-2 for value, half, _ in stated) / total
    spread = (max(value for value, _, _ in stated) - min(value for value, _, _ in stated)) / 2
    width = max(min(half for _, half, _ in stated), spread)
    return mid, max(0.0, mid - width), min(100.0, mid + width), False


def pessimistic(known: Sequence[float], constants: Mapping[str, float]) -> Interval:
    """The interval of a layer's known values after drawing them to their lower quartile.

    >>> pessimistic([], {"unknown_population": 4, "unknown_low": 5, "unknown_high": 55})
    Interval(low=5, mid=30.0, high=55)
    """
    if len(known) < constants["unknown_population"]:
        low, high = constants["unknown_low"], constants["unknown_high"]
        return Interval(low, (low + high) / 2, high)
    quartile = _quantile(known, 0.25)
    keep = 1 - constants["unknown_shrink"]
    drawn = [quartile + keep * (value - quartile) for value in known]
    mid = _quantile(drawn, 0.5)
    # An unknown is never surer than an impression, however alike its neighbours are.
    half = constants["width_impression"]
    return Interval(max(0.0, min(*drawn, mid - half)), mid, min(100.0, max(*drawn, mid + half)))


def _quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lie, between two of them in proportion; the extremes are 0 and 1.

    >>> _quantile([3, 1, 2], 0.5), _quantile([1, 2, 3, 4], 0.25)
    (2, 1.75)
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    part = place - below
    return ordered[below] * (1 - part) + ordered[below + 1] * part if part else ordered[below]
