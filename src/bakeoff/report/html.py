"""A decision as one self-contained page: no script, no network, every figure linked to what it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from bakeoff.base import quantity
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.records import dumps
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import Rules
from bakeoff.decide.model import Decision, Plan, RankedStack
from bakeoff.lab.cells import Campaign, Trust
from bakeoff.report import ranking, strips, views, wording
from bakeoff.report.ledger import Ledger, run_anchor, spaceless

if TYPE_CHECKING:
    from jinja2 import Environment, Template

COMPARED = 3
"""How many stacks are shown axis by axis."""


def page(
    decision: Decision,
    *,
    catalog: Catalog,
    campaigns: Sequence[Campaign] = (),
    plan: Plan | None = None,
    moved: Sequence[str] | None = None,
    rules: Rules | None = None,
) -> str:
    """The whole page.

    Args:
        decision: What to show.
        catalog: The catalogue it was taken on, measured claims included, so that every claim it cites can be shown.
        campaigns: Measurements made here, newest first; those that informed the decision and any other.
        plan: Measurements worth running next; None leaves the section out.
        moved: What changed since an earlier decision, one sentence each; None leaves the section out.
        rules: The rules it was taken by, so that every `rule:<id>` it cites can be shown.

    Returns:
        HTML that loads nothing and runs nothing. Elements that show figures carry `data-claim`, `data-run` or
        `data-input`; the decision's own JSON is embedded under the id `decision`.
    """
    ledger = Ledger(catalog, campaigns, rules)
    winner = decision.stacks[0] if decision.stacks else None
    compared = decision.stacks[:COMPARED]
    claims = tuple(dict.fromkeys(claim for stack in compared for claim in wording.stack_claims(stack)))
    return template("page.html.j2").render(
        decision=decision,
        catalog=catalog,
        campaigns=campaigns,
        plan=plan,
        moved=moved,
        ledger=ledger,
        winner=winner,
        winner_claims=wording.stack_claims(winner) if winner else decision.read,
        stack_rows=ranking.stack_rows(decision),
        layers=ranking.layers_shown(decision.stacks),
        compared=compared,
        component_rows=views.component_rows(decision),
        axis_rows=views.axis_rows(compared, catalog),
        kind_rows=views.kind_rows(ledger, claims),
        style=style(),
        embedded=Markup(_embedded(decision)),  # noqa: S704 - escaped for a script element below
    )


def template(name: str) -> Template:
    """A template of this room, with everything a page may use."""
    return _environment().get_template(name)


def style() -> Markup:
    """The style sheet of every page."""
    return Markup(_text("style.css"))  # noqa: S704 - our own file, no input in it


def _embedded(decision: Decision) -> str:
    """The decision as JSON that cannot end the script element it stands in."""
    return dumps(decision).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _stack_link(stack: RankedStack, ledger: Ledger) -> Markup:
    """A stack as a line of systems."""
    return Markup(" · ").join(ledger.named(one) for one in dict.fromkeys(part.system for part in stack.components))


def _winner_text(text: str, ledger: Ledger, winner: RankedStack | None = None) -> Markup:
    """A stack's key (`layer=system …`) as its systems with their layers; only what differs from `winner`, given one."""
    here = {(one.layer, one.system) for one in winner.components} if winner else set()
    parts = [tuple(part.rpartition("=")[::2]) for part in text.split()]
    shown = [part for part in parts if part not in here] or parts
    labelled = [
        Markup('<span class="soft small">{}</span> {}').format(layer, ledger.named(one)) for layer, one in shown
    ]
    return Markup(" &nbsp;").join(labelled)


@cache
def _text(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    # Costs as much as importing NumPy, and only a page needs it: a decision on the terminal does not.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        wording=wording,
        strips=strips,
        ranking=ranking,
        views=views,
        EvidenceKind=EvidenceKind,
        Trust=Trust,
        run_anchor=run_anchor,
        spaceless=spaceless,
        stack_link=_stack_link,
        winner_text=_winner_text,
        seconds=quantity.show_seconds,
        bytes=quantity.show_bytes,
    )
    return environment
