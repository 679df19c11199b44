"""Reading a profile: strictly, all problems at once, unknown words with near names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bakeoff.base.errors import InputError, Problem, near, unknown_name
from bakeoff.catalog.model import STACK_LAYERS, Catalog, Layer
from bakeoff.catalog.rules import Rules
from bakeoff.decide.model import Profile

_MOSCOW = {"must": "constraints", "should": "prefer", "wont": "excluded"}
_LISTS = (
    "train_on", "serve_on", "hardware", "languages", "constraints", "prefer", "could",
    "excluded", "estate", "order", "licences", "layers",
)  # fmt: skip
_TEXTS = ("name", "domain", "activity", "scale", "notes")
_KEYS = (*_TEXTS, *_LISTS, *_MOSCOW, "pinned", "weights", "horizon_years")


def parse(
    data: Mapping[str, object], rules: Rules, catalog: Catalog | None = None, *, where: str = "profile"
) -> Profile:
    """The profile of a TOML or JSON mapping; spellings and aliases become tokens and ids.

    Args:
        data: Keys of `Profile`, at the top or in a table `profile`; `must`, `should` and `wont` are other names for
            constraints, preferences and systems not wanted.
        rules: The vocabulary.
        catalog: Where given, systems and devices are checked against it.
        where: File or option shown in problems.

    Raises:
        InputError: With every problem found.
    """
    return _Parser(rules, catalog, where).read(data)


def words(rules: Rules) -> dict[str, dict[str, str]]:
    """Every word a profile may use, by kind, with its meaning."""
    return {
        "domain": {word.id: word.text for word in rules.domains.values()},
        "activity": {word.id: word.text for word in rules.activities.values()},
        "hardware": {word.id: word.text for word in rules.hardware.values()},
        "languages": {word.id: word.text for word in rules.languages.values()},
        "constraints": {word.id: f"the project needs {word.text}" for word in rules.requirements.values()},
        "axes": {axis: f"central weight {weight:g}" for axis, weight in rules.axis_weights.items()},
    }


class _Parser:
    """One reading; collects problems as it goes."""

    def __init__(self, rules: Rules, catalog: Catalog | None, where: str) -> None:
        self.rules = rules
        self.catalog = catalog
        self.where = where
        self.problems: list[Problem] = []

    def read(self, data: Mapping[str, object]) -> Profile:
        table = data.get("profile", data) if set(data) == {"profile"} else data
        if not isinstance(table, Mapping):
            raise InputError.one(self.where, "profile", f"expected a table, found {table!r}")
        for key in table:
            if key not in _KEYS:
                self._add(key, "unknown key", near(key, _KEYS) or f"known: {', '.join(_KEYS)}")
        texts = {key: self._text(table, key) for key in _TEXTS}
        lists = {key: self._list(table, key) for key in _LISTS}
        for key, target in _MOSCOW.items():
            lists[target] = (*lists[target], *self._list(table, key))
        profile = self._checked(texts, lists, table)
        if self.problems:
            raise InputError(self.problems)
        return profile

    def _checked(
        self, texts: Mapping[str, str], lists: Mapping[str, tuple[str, ...]], table: Mapping[str, object]
    ) -> Profile:
        rules = self.rules
        axes = tuple(rules.axis_weights)
        layers = tuple(layer.value for layer in STACK_LAYERS)
        return Profile(
            name=texts["name"] or "unnamed",
            domain=self._one("domain", texts["domain"], rules.domains),
            activity=self._one("activity", texts["activity"], rules.activities),
            train_on=self._tokens("train_on", lists["train_on"], self._devices(), "hardware"),
            serve_on=self._tokens("serve_on", lists["serve_on"], self._devices(), "hardware"),
            hardware=self._tokens("hardware", lists["hardware"], self._devices(), "hardware"),
            languages=self._tokens("languages", lists["languages"], rules.languages, "language"),
            scale=texts["scale"],
            constraints=self._tokens("constraints", lists["constraints"], rules.requirements, "constraint"),
            prefer=self._tokens("prefer", lists["prefer"], rules.requirements, "constraint"),
            could=self._tokens("could", lists["could"], rules.requirements, "constraint"),
            pinned=self._pinned(table.get("pinned", {}), layers),
            excluded=self._systems("excluded", lists["excluded"]),
            estate=self._systems("estate", lists["estate"]),
            weights=self._weights(table.get("weights", {}), axes),
            order=self._tokens("order", lists["order"], axes, "axis"),
            licences=lists["licences"],
            layers=self._tokens("layers", lists["layers"], layers, "layer"),
            horizon_years=self._horizon(table.get("horizon_years", 0.0)),
            notes=texts["notes"],
        )

    def _text(self, table: Mapping[str, object], key: str) -> str:
        value = table.get(key, "")
        if isinstance(value, str):
            return value
        self._add(key, f"expected text, found {value!r}", 'write it in quotes: key = "word"')
        return ""

    def _list(self, table: Mapping[str, object], key: str) -> tuple[str, ...]:
        value = table.get(key, ())
        if isinstance(value, str):
            return (value,)
        if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
            return tuple(dict.fromkeys(str(item) for item in value))
        self._add(key, f"expected a list of words, found {value!r}", 'write a list: key = ["word", "word"]')
        return ()

    def _one(self, key: str, word: str, options: Collection[str]) -> str:
        return (self._tokens(key, (word,), options, key) or ("",))[0] if word else ""

    def _tokens(self, key: str, given: tuple[str, ...], options: Collection[str], what: str) -> tuple[str, ...]:
        aliases = self.rules.aliases
        found = [word if word in options else aliases.get(word, word) for word in given]
        for word in found:
            if word not in options:
                self.problems.append(unknown_name(self.where, key, word, options, what=what))
        return tuple(dict.fromkeys(word for word in found if word in options))

    def _devices(self) -> Collection[str]:
        if self.catalog is None:
            return tuple(self.rules.hardware)
        devices = [system.id for system in self.catalog.layer(Layer.DEVICE)]
        return tuple(dict.fromkeys([*self.rules.hardware, *devices]))

    def _systems(self, key: str, given: tuple[str, ...]) -> tuple[str, ...]:
        if self.catalog is None:
            return given
        found = []
        for name in given:
            system = self.catalog.find(name)
            if system is None:
                options = [*self.catalog.systems, *self.catalog.aliases]
                self.problems.append(unknown_name(self.where, key, name, options, what="system"))
            else:
                found.append(system.id)
        return tuple(dict.fromkeys(found))

    def _pinned(self, value: object, layers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        pinned: dict[str, tuple[str, ...]] = {}
        for layer, given in self._table("pinned", value).items():
            if layer not in layers:
                self.problems.append(unknown_name(self.where, f"pinned.{layer}", layer, layers, what="layer"))
                continue
            pinned[layer] = self._systems(f"pinned.{layer}", self._list({"pinned": given}, "pinned"))
        return pinned

    def _weights(self, value: object, axes: tuple[str, ...]) -> dict[str, float]:
        weights: dict[str, float] = {}
        for axis, weight in self._table("weights", value).items():
            key = f"weights.{axis}"
            if axis not in axes:
                self.problems.append(unknown_name(self.where, key, axis, axes, what="axis"))
            elif isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= 1:
                self._add(key, f"expected a share from 0 to 1, found {weight!r}", "the shares of all axes make 1")
            else:
                weights[axis] = float(weight)
        total = sum(weights.values())
        if total > 1 + 1e-9:
            self._add(
                "weights", f"the shares add up to {total:g}", "keep their sum at 1 or below; the rest is shared out"
            )
        return weights

    def _horizon(self, value: object) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 100:
            return float(value)
        self._add("horizon_years", f"expected years from 0 to 100, found {value!r}")
        return 0.0

    def _table(self, key: str, value: object) -> Mapping[str, object]:
        if isinstance(value, Mapping):
            return value
        self._add(key, f"expected a table, found {value!r}", f"write it as [{key}]")
        return {}

    def _add(self, key: str, message: str, advice: str = "") -> None:
        self.problems.append(Problem(self.where, key, message, advice))
