"""Reading what people write: strictly, every mistake at once with file, key and line; and the JSON Schema for editors.

pydantic checks a file against its shape and is imported only then: reading the compiled catalogue, which is what every
other command does, never pays for it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from bakeoff.base.errors import Problem, near, unknown_name
from bakeoff.catalog import lines
from bakeoff.catalog.model import Answer, PropertyKind, Relation
from bakeoff.catalog.shapes import ClaimEntry, LifecycleEntry, ScopesFile, SystemFile

ID = re.compile(r"^[a-z0-9][a-z0-9.+_-]*$")
"""What an id looks like: lower case, digits, `.`, `+`, `_`, `-`."""
_DATES = ("observed", "read", "since")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The closed names a system's file may use."""

    properties: Mapping[str, PropertyKind]
    """Property id to kind, relations included."""
    scopes: ScopesFile
    """Closed lists of scopes."""
    grades: Mapping[str, tuple[str, ...]]
    """Names of the grades of a judged measure, by property."""


@cache
def _adapter(kind: Any) -> Any:
    # pydantic costs more to import than the compiled catalogue costs to load, and only writers of data need it.
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(kind)


def read(kind: Any, path: Path, where: str) -> tuple[Any, list[Problem]]:
    """Reads one TOML file into the shape `kind`.

    Args:
        kind: One of the shapes above, or a container of them.
        path: The file.
        where: How problems name it.

    Returns:
        The document, or None when it has problems; and all of its problems.
    """
    text = path.read_text(encoding="utf-8")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else None
        return None, [Problem(where, "", f"not valid TOML: {error}", "check quotes and brackets there", line)]
    return check(kind, raw, where, lines.positions(text))


def check(kind: Any, raw: object, where: str, found: Mapping[lines.Path, int]) -> tuple[Any, list[Problem]]:
    """Checks parsed TOML against the shape `kind`; as `read`."""
    from pydantic import ValidationError  # noqa: PLC0415

    problems = [
        Problem(where, lines_key(path), f"{value!r} is text, not a date", "write it without quotes: 2026-11-22", line)
        for path, value in _texts_for_dates(raw)
        for line in [lines.line_of(found, path)]
    ]
    try:
        document = _adapter(kind).validate_json(json.dumps(raw, default=_iso), strict=True)
    except ValidationError as error:
        # A union reports once per member: the first line of each place says enough.
        told = {problem.key: problem for problem in reversed([_problem(kind, d, where, found) for d in error.errors()])}
        return None, problems + list(reversed(told.values()))
    return (None if problems else document), problems


def lines_key(path: lines.Path) -> str:
    """A path as people read it: `claim[3].evidence[0].kind`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def json_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The JSON Schema of a system's file, for editors: closed names are listed, every key is explained."""
    schema: dict[str, Any] = _adapter(SystemFile).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A system of the bakeoff catalogue"
    definitions = schema["$defs"]
    definitions["ClaimEntry"]["properties"]["property"]["enum"] = sorted(vocabulary.properties)
    for name in ("os", "language", "domain", "activity"):
        definitions["ScopeEntry"]["properties"][name]["items"]["enum"] = list(getattr(vocabulary.scopes, name))
    definitions["SystemEntry"]["properties"]["closed"]["items"]["enum"] = [relation.value for relation in Relation]
    definitions["SystemEntry"]["properties"]["id"]["pattern"] = ID.pattern
    return schema


def check_names(file: SystemFile, vocabulary: Vocabulary, where: str, found: Mapping[lines.Path, int]) -> list[Problem]:
    """Problems of names and values that a shape alone cannot see; `found` holds the lines of the file."""
    problems = list(_name_problems(file, vocabulary, where))
    return [_with_line(problem, found) for problem in problems]


def claims_alone(path: Path, vocabulary: Vocabulary, where: str) -> list[Problem]:
    """Problems of names in those claims of a file that are well formed though the file is not: all are told at once."""
    text = path.read_text(encoding="utf-8")
    try:
        entries = tomllib.loads(text).get("claim", [])
    except tomllib.TOMLDecodeError:
        return []
    found = lines.positions(text)
    problems: list[Problem] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        claim, _ = check(ClaimEntry, entry, where, {})
        if claim is not None:
            told = _claim_problems(claim, vocabulary, where=where, key=f"claim[{index}]")
            problems += [_with_line(problem, found) for problem in told]
    return problems


def _name_problems(file: SystemFile, vocabulary: Vocabulary, where: str) -> Iterator[Problem]:
    if not ID.match(file.system.id):
        yield Problem(where, "system.id", f"{file.system.id!r} is no id", "lower case letters, digits, . + _ -")
    if not file.system.layers:
        yield Problem(where, "system.layers", "is empty", "name at least its home layer")
    yield from _head_problems(file, vocabulary, where)
    sources = [entry.id for entry in file.source]
    for index, claim in enumerate(file.claim):
        yield from _claim_problems(claim, vocabulary, where=where, key=f"claim[{index}]")
        yield from _reference_problems(claim, sources, where=where, key=f"claim[{index}]")
    if file.system.lifecycle is not None:
        yield from _reference_problems(file.system.lifecycle, sources, where=where, key="system.lifecycle")


def _head_problems(file: SystemFile, vocabulary: Vocabulary, where: str) -> Iterator[Problem]:
    sources = [entry.id for entry in file.source]
    for index, name in enumerate(sources):
        if name in sources[:index]:
            yield Problem(where, f"source[{index}].id", f"{name!r} is used twice", "give each source its own id")
    relations = {name for name, kind in vocabulary.properties.items() if kind is PropertyKind.RELATION}
    for index, closed in enumerate(file.system.closed):
        if closed not in relations:
            yield unknown_name(where, f"system.closed[{index}]", closed, relations, what="relation")
    for index, mirror in enumerate(file.inherits):
        for name in mirror.properties:
            if name not in vocabulary.properties:
                key = f"inherits[{index}].properties"
                yield unknown_name(where, key, name, vocabulary.properties, what="property")


def _claim_problems(claim: ClaimEntry, vocabulary: Vocabulary, *, where: str, key: str) -> Iterator[Problem]:
    kind = vocabulary.properties.get(claim.property)
    if kind is None:
        yield unknown_name(where, f"{key}.property", claim.property, vocabulary.properties, what="property")
        return
    objects = (*claim.objects, *([claim.object] if claim.object else []))
    if (kind is PropertyKind.RELATION) != bool(objects):
        message = "is a relation and names no object" if not objects else "is no relation, so it has no object"
        yield Problem(where, f"{key}.object", f"{claim.property} {message}", "relations join two systems")
    if (claim.property == Relation.CONVERTS) != (claim.via is not None):
        yield Problem(
            where, f"{key}.via", f"does not fit {claim.property}", "`converts` needs `via`, nothing else has it"
        )
    if claim.property == Relation.SPEAKS:
        for name in objects:
            if name not in vocabulary.scopes.language:
                yield unknown_name(where, f"{key}.object", name, vocabulary.scopes.language, what="language")
    yield from _value_problems(claim, kind, vocabulary.grades.get(claim.property, ()), where=where, key=key)
    yield from _scope_problems(claim, vocabulary, where=where, key=key)


def _scope_problems(claim: ClaimEntry, vocabulary: Vocabulary, *, where: str, key: str) -> Iterator[Problem]:
    for field in ("os", "language", "domain", "activity"):
        known = getattr(vocabulary.scopes, field)
        for name in getattr(claim.scope, field):
            if name not in known:
                yield unknown_name(where, f"{key}.scope.{field}", name, known, what=field)
    for field in ("versions", "python"):
        try:
            SpecifierSet(getattr(claim.scope, field))
        except InvalidSpecifier as error:
            yield Problem(where, f"{key}.scope.{field}", str(error), "a PEP 440 range such as >=2.1,<3")


def _value_problems(
    claim: ClaimEntry, kind: PropertyKind, grades: tuple[str, ...], *, where: str, key: str
) -> Iterator[Problem]:
    answers = [answer.value for answer in Answer]
    if kind in (PropertyKind.CAPABILITY, PropertyKind.RELATION):
        if claim.value not in answers:
            listed = f"allowed: {', '.join(answers)}"
            advice = near(claim.value, answers) if isinstance(claim.value, str) else ""
            yield Problem(where, f"{key}.value", f"{claim.value!r} is no answer", advice or listed)
    elif kind is PropertyKind.MEASURE:
        if isinstance(claim.value, str):
            named = (*grades, Answer.UNKNOWN.value)
            if claim.value not in named:
                advice = near(claim.value, named) or f"allowed: {', '.join(named)}, or points 0..100"
                yield Problem(where, f"{key}.value", f"{claim.value!r} is no value", advice)
        elif not 0 <= claim.value <= 100:
            yield Problem(where, f"{key}.value", f"{claim.value!r} is no value", "points 0..100, or unknown")
    elif not isinstance(claim.value, str):
        yield Problem(where, f"{key}.value", f"{claim.value!r} is not text", "facts are text: put it in quotes")


def _reference_problems(
    entry: ClaimEntry | LifecycleEntry, sources: list[str], *, where: str, key: str
) -> Iterator[Problem]:
    for name in names(entry.from_):
        if name not in sources:
            yield unknown_name(where, f"{key}.from", name, sources, what="source")
    for index, item in enumerate(entry.evidence):
        place = f"{key}.evidence[{index}]"
        if item.from_:
            if item.from_ not in sources:
                yield unknown_name(where, f"{place}.from", item.from_, sources, what="source")
            continue
        absent = [name for name in ("kind", "source", "observed", "read") if not getattr(item, name)]
        if absent:
            yield Problem(where, place, f"lacks {', '.join(absent)}", "give them, or `from` a [[source]] of this file")
    if entry.says and not names(entry.from_):
        yield Problem(where, f"{key}.says", "has no source to speak for", "name it with `from`")


def names(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One name or several, as several.

    >>> names("docs"), names(())
    (('docs',), ())
    """
    return (value,) if isinstance(value, str) else value


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a catalogue file")


def _texts_for_dates(raw: object, path: lines.Path = ()) -> Iterator[tuple[lines.Path, str]]:
    """Dates written as text, which JSON could not tell from real ones."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            if key in _DATES and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _texts_for_dates(value, (*path, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _texts_for_dates(value, (*path, index))


def _problem(kind: Any, detail: Mapping[str, Any], where: str, found: Mapping[lines.Path, int]) -> Problem:
    """One mistake as pydantic saw it, in our words."""
    path = tuple(part for part in detail["loc"] if not _is_type_tag(part))
    line = lines.line_of(found, path)
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known_keys(kind, path[:-1])
        return replace(unknown_name(where, lines_key(path), name, known, what="key"), line=line)
    if detail["type"] in ("missing", "missing_argument"):
        return Problem(
            where, lines_key(path), "is missing", f"add `{name} = …` to {lines_key(path[:-1]) or 'the file'}", line
        )
    if detail["type"] == "enum":
        allowed = re.findall(r"'([^']*)'", str(detail["ctx"]["expected"]))
        return replace(unknown_name(where, lines_key(path), str(detail["input"]), allowed, what=name), line=line)
    return Problem(where, lines_key(path), f"{detail['input']!r}: {detail['msg']}", "", line)


def _is_type_tag(part: object) -> bool:
    """Whether part of a location names a member of a union (`str`, `tuple[str, ...]`) instead of a key."""
    return isinstance(part, str) and (part in ("str", "int", "float") or "[" in part)


def _known_keys(kind: Any, path: lines.Path) -> list[str]:
    """Keys allowed in the table at `path`, read from the JSON Schema of the file."""
    schema = _adapter(kind).json_schema()
    definitions = schema.get("$defs", {})
    node = schema
    for part in path:
        node = _resolved(node, definitions)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return sorted(_resolved(node, definitions).get("properties", {}))


def _resolved(node: Any, definitions: Mapping[str, Any]) -> Any:
    for option in node.get("anyOf", []):
        if "$ref" in option:
            node = option
    while "$ref" in node:
        node = definitions[node["$ref"].rsplit("/", 1)[-1]]
    return node


def _with_line(problem: Problem, found: Mapping[lines.Path, int]) -> Problem:
    parts = re.findall(r"[^.\[\]]+|\[\d+\]", problem.key)
    path = tuple(int(part[1:-1]) if part.startswith("[") else part for part in parts)
    return replace(problem, line=lines.line_of(found, path))
