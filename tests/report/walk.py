"""Walks a page as a reader would: which text is shown, and under which elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input", "circle", "line", "rect"}
UNSEEN = {"script", "style", "head"}


@dataclass
class Text:
    """Text that is shown."""

    said: str
    """The text."""
    claims: tuple[str, ...]
    """Claim ids of the nearest element that has any."""
    runs: tuple[str, ...]
    """Run ids likewise."""
    inputs: tuple[str, ...]
    """Paths into the decision likewise."""
    system: str
    """The system it names, when it is a name."""


@dataclass
class Page(HTMLParser):
    """Collects text with its attributions, ids, links, and anything that would load something."""

    texts: list[Text] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    embedded: str = ""
    stack: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        self.loads += [
            found[name] for name in ("src", "srcset", "data", "action", "poster", "xlink:href") if name in found
        ]
        self.loads += [name for name in found if name.startswith("on")]
        if tag in {"link", "iframe", "object", "embed", "base", "form"}:
            self.loads.append(tag)
        if tag not in VOID:
            self.stack.append((tag, found))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            opened, _ = self.stack.pop()
            assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.stack}
        if "script" in tags:
            self.embedded += data
        if tags & UNSEEN or not data.strip():
            return
        near = [found for _, found in reversed(self.stack)]

        def nearest(name: str) -> str:
            return next((found[name] for found in near if name in found), "")

        claims, runs, inputs = (tuple(nearest(f"data-{name}").split()) for name in ("claim", "run", "input"))
        self.texts.append(Text(data.strip(), claims, runs, inputs, near[0].get("data-system", "")))


def walk(html: str) -> Page:
    """The page, read to its end.

    Raises:
        AssertionError: If an element is closed out of order.
    """
    page = Page()
    page.feed(html)
    page.close()
    assert page.stack == [], page.stack
    return page
