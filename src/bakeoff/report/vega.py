"""Charts as Vega-Lite specifications: plain mappings a browser draws. Every row carries the claims or run behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bakeoff.base.records import Plain
from bakeoff.catalog.model import Catalog
from bakeoff.decide.model import Decision
from bakeoff.lab.cells import Campaign
from bakeoff.report import views, wording

Spec = dict[str, Plain]
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the dialect; nothing is loaded from it."""


def acceptability(decision: Decision) -> Spec:
    """How often each ranked stack is first and among the first three."""
    rows: list[Plain] = []
    for place, stack in enumerate(decision.stacks, start=1):
        title, claims = f"{place}. {wording.brief(stack)}", " ".join(wording.stack_claims(stack))
        for measure, share in (("first", stack.first_share), ("among the first three", stack.top3_share)):
            rows.append({"stack": title, "place": place, "measure": measure, "share": share, "claims": claims})
    shown: dict[str, Plain] = {
        "field": "share",
        "type": "quantitative",
        "axis": {"format": "%"},
        "scale": {"domain": [0, 1]},
    }
    return _chart(
        rows,
        {"type": "bar"},
        {
            "y": _named("stack", by="place"),
            "x": {**shown, "stack": None},
            "color": _named("measure"),
            **_tips("claims"),
        },
    )


def values(decision: Decision, catalog: Catalog, *, stacks: int = 3) -> Spec:
    """Value by axis of the first stacks, with the width of belief."""
    names = {axis.id: axis.name for axis in catalog.axes}
    rows: list[Plain] = [
        {
            "stack": f"{place}. {wording.brief(stack)}",
            "axis": names.get(value.axis, value.axis),
            "low": value.points.low,
            "points": value.points.mid,
            "high": value.points.high,
            "weight": value.weight,
            "claims": " ".join(value.claims),
        }
        for place, stack in enumerate(decision.stacks[:stacks], start=1)
        for value in stack.axes
    ]
    across: dict[str, Plain] = {"type": "quantitative", "scale": {"domain": [0, 100]}, "title": "points"}
    return _whiskers(rows, across, row="axis", middle="points", colour="stack", tip="claims")


def speeds(campaign: Campaign) -> Spec:
    """Speed over the reference arm of every arm that has one, on a logarithmic scale."""
    rows: list[Plain] = [
        {
            "arm": row.run.arm.key,
            "low": row.speed.low,
            "speed": row.speed.mid,
            "high": row.speed.high,
            "role": row.role or "competitor",
            "run": row.run.id,
        }
        for row in views.arm_rows(campaign)
        if row.speed
    ]
    across: dict[str, Plain] = {
        "type": "quantitative",
        "scale": {"type": "log", "base": 2},
        "title": "speed over the reference arm",
    }
    return _whiskers(rows, across, row="arm", middle="speed", colour="role", tip="run")


def _whiskers(rows: list[Plain], across: Mapping[str, Plain], *, row: str, middle: str, colour: str, tip: str) -> Spec:
    place: dict[str, Plain] = {"y": {**_named(row), "sort": None}, "color": _named(colour), **_tips(tip)}
    bounds: Plain = {"x": {"field": "low", **across}, "x2": {"field": "high"}}
    centre: Plain = {"x": {"field": middle, **across}}
    layers: list[Plain] = [
        {"mark": {"type": "rule"}, "encoding": bounds},
        {"mark": {"type": "point", "filled": True, "size": 60}, "encoding": centre},
    ]
    return {"$schema": SCHEMA, "width": "container", "data": {"values": rows}, "encoding": place, "layer": layers}


def _chart(rows: list[Plain], mark: Mapping[str, Plain], encoding: Mapping[str, Plain]) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": "container",
        "data": {"values": rows},
        "mark": dict(mark),
        "encoding": dict(encoding),
    }


def _named(field: str, *, by: str = "") -> dict[str, Plain]:
    found: dict[str, Plain] = {"field": field, "type": "nominal", "title": None}
    return {**found, "sort": {"field": by}} if by else found


def _tips(*fields: str) -> dict[str, Plain]:
    tips: Sequence[Plain] = [{"field": field, "type": "nominal"} for field in fields]
    return {"tooltip": list(tips)}
