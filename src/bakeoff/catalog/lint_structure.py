"""Lints of structure: names that lead somewhere, files in their place, trees without cycles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from bakeoff.base.errors import near
from bakeoff.catalog.lints import Broken, Ground, Group, Level, Lint, On
from bakeoff.catalog.model import Answer, Layer, PropertyKind, Relation, System

_PURL_TYPES = (
    "pypi npm cargo github gitlab gitee huggingface docker maven nuget conda deb swift cocoapods golang generic"
)
_PURL = re.compile(rf"^pkg:({'|'.join(_PURL_TYPES.split())})/[^\s@]+$")
_OBJECT_LAYERS = {
    Relation.SERVES_ON: (Layer.DEVICE,),
    Relation.TRAINS_ON: (Layer.DEVICE,),
    Relation.LOADS: (Layer.FORMAT,),
    Relation.EXPORTS: (Layer.FORMAT,),
    Relation.CONVERTS: (Layer.FORMAT,),
}


def _misplaced(ground: Ground) -> Iterator[Broken]:
    for file in ground.sources.files:
        head = file.file.system
        wanted = f"systems/{head.layers[0].value}/{head.id}.toml"
        if file.where.startswith("systems/") and file.where != wanted:
            yield ground.at_system(head.id, f"is in {file.where}, belongs in {wanted}")


def _alias_of_itself(ground: Ground) -> Iterator[Broken]:
    for file in ground.sources.files:
        for index, alias in enumerate(file.file.system.aliases):
            if alias == file.file.system.id or alias in file.file.system.aliases[:index]:
                key = ("system", "aliases", index)
                yield ground.at_system(file.file.system.id, f"{alias!r} names it already", key, remove=True)


def _alias_shadows_id(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        for alias in system.aliases:
            if alias in ground.systems and alias != system.id:
                yield ground.at_system(system.id, f"{alias!r} is a system of its own", ("system", "aliases"))


def _alias_shared(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        for alias in system.aliases:
            owner = ground.sources.catalog.aliases.get(alias)
            if owner not in (None, system.id):
                yield ground.at_system(system.id, f"{alias!r} means {owner} already", ("system", "aliases"))


def _cycle(ground: Ground, step: Callable[[System], tuple[str, ...]], key: str) -> Iterator[Broken]:
    """Systems from which following `step` leads back to where it began; each cycle is told once."""
    told: set[str] = set()
    for start in ground.systems:
        seen: set[str] = set()
        paths: list[tuple[str, ...]] = [(start,)]
        while paths and start not in told:
            path = paths.pop()
            system = ground.systems.get(path[-1])
            for following in step(system) if system else ():
                if following == start:
                    told.update(path)
                    yield ground.at_system(start, " -> ".join((*path, start)), ("system", key))
                elif following not in seen:
                    seen.add(following)
                    paths.append((*path, following))


def _parent_cycle(ground: Ground) -> Iterator[Broken]:
    yield from _cycle(ground, lambda system: (system.parent,) if system.parent else (), "parent")


def _inheritance_cycle(ground: Ground) -> Iterator[Broken]:
    yield from _cycle(ground, lambda system: tuple(item.system for item in system.inherits), "inherits")


def _succession_cycle(ground: Ground) -> Iterator[Broken]:
    def successors(system: System) -> tuple[str, ...]:
        found = (claim.object for claim in system.claims if claim.property == Relation.SUCCEEDED_BY)
        return tuple(name for name in found if name)

    yield from _cycle(ground, successors, "id")


def _dangling_object(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        if claim.property == Relation.SPEAKS:
            continue
        for name in (claim.object, claim.via):
            if name and name not in ground.systems:
                yield ground.at_claim(claim, f"{name!r} is not catalogued{_near(name, ground.systems)}")


def _dangling_scope(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        for names, layer in ((claim.scope.device, Layer.DEVICE), (claim.scope.precision, Layer.QUANTISATION)):
            for name in names:
                system = ground.systems.get(name)
                if system is None or layer not in system.layers:
                    meant = _near(name, [item.id for item in ground.sources.catalog.layer(layer)])
                    yield ground.at_claim(claim, f"{name!r} is no {layer.value} of the catalogue{meant}")


def _dangling_link(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        links = [("parent", system.parent)] if system.parent else []
        links += [("lineage", name) for name in system.lineage]
        links += [("inherits", item.system) for item in system.inherits]
        for key, name in links:
            if name not in ground.systems:
                detail = f"{key} {name!r} is not catalogued{_near(name, ground.systems)}"
                yield ground.at_system(system.id, detail, ("system", key))


def _near(name: str, known: Iterable[str]) -> str:
    """The names somebody may have meant, to go on a sentence; empty for none."""
    meant = near(name, known)
    return f", {meant}" if meant else ""


def _wrong_object_layer(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        wanted = next((layers for relation, layers in _OBJECT_LAYERS.items() if relation == claim.property), None)
        for name in (claim.object, claim.via):
            system = ground.systems.get(name or "")
            if wanted and system and not set(wanted) & set(system.layers):
                kinds = " or ".join(layer.value for layer in wanted)
                yield ground.at_claim(claim, f"{name} is a {system.layers[0].value}, not a {kinds}")


def _wrong_layer(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        about = ground.sources.catalog.properties[claim.property]
        layers = ground.systems[claim.subject].layers
        if about.layers and not set(about.layers) & set(layers):
            yield ground.at_claim(claim, f"{about.id} is asked of {', '.join(layer.value for layer in about.layers)}")


def _about_itself(ground: Ground) -> Iterator[Broken]:
    for claim in ground.claims():
        if claim.property == Relation.SPEAKS:
            continue  # its object is a language, which may bear the name of the system written in it
        # A format that comes with its own tools loads and writes itself.
        own = Layer.FORMAT in ground.systems[claim.subject].layers and claim.property in _OBJECT_LAYERS
        if claim.object == claim.subject and not own:
            yield ground.at_claim(claim, "a system is not related to itself", remove=True)


def _purl_form(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        for purl in system.packages:
            if not _PURL.match(purl):
                yield ground.at_system(system.id, f"{purl!r} is no package URL", ("system", "packages"))


def _purl_shared(ground: Ground) -> Iterator[Broken]:
    owners: dict[str, str] = {}
    for system in ground.systems.values():
        if system.packages and not system.packages[0].startswith("pkg:github/"):
            owner = owners.setdefault(system.packages[0], system.id)
            if owner not in (system.id, system.parent) and ground.systems[owner].parent != system.id:
                detail = f"{system.packages[0]} is the main package of {owner}"
                yield ground.at_system(system.id, detail, ("system", "packages"))


def _no_summary(ground: Ground) -> Iterator[Broken]:
    for system in ground.systems.values():
        if not system.summary.strip():
            yield ground.at_system(system.id, "has no summary", ("system",))


def _licence_form(ground: Ground) -> Iterator[Broken]:
    # The list of all licences is long, and only this lint reads it.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression  # noqa: PLC0415

    for system in ground.systems.values():
        if system.licence:
            try:
                canonicalize_license_expression(system.licence)
            except InvalidLicenseExpression:
                detail = f"{system.licence!r} is no SPDX expression"
                yield ground.at_system(system.id, detail, ("system", "licence"))


def _no_anchor(ground: Ground) -> Iterator[Broken]:
    for about in ground.sources.catalog.properties.values():
        if about.kind is PropertyKind.MEASURE and not (about.anchor_0 and about.anchor_100):
            yield Broken(about.id, "lacks anchor_0 or anchor_100", "properties.toml")


def _grades(ground: Ground) -> Iterator[Broken]:
    answers = {answer.value for answer in Answer}
    for about in ground.sources.catalog.properties.values():
        steps = [grade.points for grade in about.grades]
        named = [grade.name for grade in about.grades]
        if about.grades and about.kind is not PropertyKind.MEASURE:
            yield Broken(about.id, "has grades and is no measure", "properties.toml")
        if steps != sorted(set(steps)) or not all(0 <= step <= 100 for step in steps):
            yield Broken(about.id, "has grades that do not rise from 0 to 100", "properties.toml")
        if about.unstated and (len(about.unstated) != 2 or not set(about.unstated) <= set(named)):
            yield Broken(about.id, "leaves unstated values between grades that it does not have", "properties.toml")
        if len(set(named)) < len(named) or answers & set(named):
            yield Broken(about.id, "has a grade whose name is taken", "properties.toml")


def _axis_mismatch(ground: Ground) -> Iterator[Broken]:
    catalog = ground.sources.catalog
    listed = {name: axis.id for axis in catalog.axes for name in axis.properties}
    for name, axis in listed.items():
        about = catalog.properties.get(name)
        if about is None or about.kind is not PropertyKind.MEASURE or about.axis != axis:
            yield Broken(name, f"axis {axis} lists it, the property table does not agree", "axes.toml")
    for about in catalog.properties.values():
        if about.kind is PropertyKind.MEASURE and about.id not in listed:
            yield Broken(about.id, f"no axis lists it (its axis is {about.axis or 'not given'})", "properties.toml")


_G = Group.STRUCTURE
_E, _W = Level.ERROR, Level.WARNING
LINTS = (
    Lint("misplaced-file", _G, On.SYSTEM, _E, "file is not where its head says", "move it", _misplaced),
    Lint("alias-of-itself", _G, On.SYSTEM, _E, "alias says nothing new", "remove it", _alias_of_itself, fixes=True),
    Lint("alias-shadows-id", _G, On.SYSTEM, _E, "alias is another system's id", "remove the alias", _alias_shadows_id),
    Lint("alias-shared", _G, On.SYSTEM, _E, "two systems share an alias", "leave it to one of them", _alias_shared),
    Lint("parent-cycle", _G, On.SYSTEM, _E, "parents lead in a circle", "break it where it is wrong", _parent_cycle),
    Lint(
        "inheritance-cycle",
        _G,
        On.SYSTEM,
        _E,
        "inheritance leads in a circle",
        "state the claims on one side",
        _inheritance_cycle,
    ),
    Lint(
        "succession-cycle",
        _G,
        On.SYSTEM,
        _E,
        "successors lead in a circle",
        "keep the newer direction",
        _succession_cycle,
    ),
    Lint(
        "dangling-object",
        _G,
        On.CLAIM,
        _E,
        "relation leads to nothing",
        "catalogue the other system or correct the id",
        _dangling_object,
    ),
    Lint(
        "dangling-scope",
        _G,
        On.CLAIM,
        _E,
        "scope names nothing",
        "use an id of the device tree or of quantisation",
        _dangling_scope,
    ),
    Lint(
        "dangling-link",
        _G,
        On.SYSTEM,
        _E,
        "link leads to nothing",
        "catalogue the other system or correct the id",
        _dangling_link,
    ),
    Lint(
        "wrong-object-layer",
        _G,
        On.CLAIM,
        _E,
        "relation joins the wrong kind of thing",
        "loads and exports name formats, serves_on and trains_on devices",
        _wrong_object_layer,
    ),
    Lint(
        "wrong-layer",
        _G,
        On.CLAIM,
        _W,
        "property is not asked of this layer",
        "remove the claim, or add the layer to the property or the system",
        _wrong_layer,
    ),
    Lint("about-itself", _G, On.CLAIM, _E, "relation leads back", "remove it", _about_itself, fixes=True),
    Lint(
        "purl-form",
        _G,
        On.SYSTEM,
        _E,
        "package is not named by a purl",
        "write pkg:type/name without a version",
        _purl_form,
    ),
    Lint(
        "purl-shared",
        _G,
        On.SYSTEM,
        _E,
        "two systems share a main package",
        "give the variant a parent, or drop the package",
        _purl_shared,
    ),
    Lint("no-summary", _G, On.SYSTEM, _W, "nobody can tell what it is", "write one sentence", _no_summary),
    Lint(
        "licence-form",
        _G,
        On.SYSTEM,
        _E,
        "licence cannot be compared",
        "write an SPDX expression such as Apache-2.0, or LicenseRef-…",
        _licence_form,
    ),
    Lint("property-without-anchor", _G, On.PROPERTY, _E, "points mean nothing", "say what 0 and 100 mean", _no_anchor),
    Lint("grades", _G, On.PROPERTY, _E, "grades cannot be told apart", "name each once, lowest first", _grades),
    Lint(
        "axis-mismatch",
        _G,
        On.PROPERTY,
        _E,
        "axes and properties disagree",
        "list the measure in the axis it names",
        _axis_mismatch,
    ),
)
"""Lints of structure."""
