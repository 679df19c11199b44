"""Where packages come from: the user's own configuration of uv, and that of pip, which uv does not read by itself.

uv reads its own variables and its user and system files itself; bakeoff runs it outside the user's project (whose
constraints are none of a framework's business), so the project's index settings are taken over here, as pip's are.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Sources:
    """Indexes, wheel folders and how to reach them. Addresses may hold credentials: show `describe()`, never these."""

    index: str = ""
    """Main index; empty for uv's own default or configuration."""
    extra_indexes: tuple[str, ...] = ()
    """Further indexes, in order."""
    find_links: tuple[str, ...] = ()
    """Wheel folders and pages."""
    no_index: bool = False
    """Use the wheel folders only."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables for uv that carry certificates, proxies, timeouts and trusted hosts over from pip."""

    @classmethod
    def discover(cls, environ: Mapping[str, str], folder: Path) -> Sources:
        """What pip and uv would use in `folder` under `environ`. Unreadable configuration files count as absent."""
        pip = _pip_settings(environ)
        uv = _project_settings(folder)
        asked_uv = "UV_DEFAULT_INDEX" in environ or "UV_INDEX_URL" in environ or bool(uv.get("index"))
        index = "" if asked_uv else pip.get("index-url", "")
        return cls(
            index=uv["index"][0] if uv.get("index") else index,
            extra_indexes=(*uv.get("extra", ()), *pip.get("extra-index-url", "").split()),
            find_links=(*uv.get("find-links", ()), *pip.get("find-links", "").split()),
            no_index=_is_yes(pip.get("no-index", "")),
            environ=_transport(pip, environ),
        )

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with these sources in uv's own variables: unlike arguments, other users cannot read those."""
        found = {**environ, **self.environ}
        if self.index:
            found.setdefault("UV_DEFAULT_INDEX", self.index)
        if self.extra_indexes:
            found["UV_INDEX"] = " ".join([*environ.get("UV_INDEX", "").split(), *self.extra_indexes])
            # pip takes the best version of all indexes, and these were configured for that.
            found.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
        if links := [*_split(environ.get("UV_FIND_LINKS", "")), *self.find_links]:
            found["UV_FIND_LINKS"] = ",".join(dict.fromkeys(links))
        return found

    def arguments(self) -> list[str]:
        """What uv takes as an argument only."""
        return ["--no-index"] if self.no_index else []

    def describe(self) -> str:
        """One line for `doctor` and for errors, without credentials."""
        parts = [f"index {self.index}" if self.index else "uv's default index"]
        if self.no_index:
            parts = ["no index"]
        parts += [f"extra index {address}" for address in self.extra_indexes]
        parts += [f"wheel folder {place}" for place in self.find_links]
        return _CREDENTIALS.sub("***@", ", ".join(parts))


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Settings of pip by option name: files from the least to the most specific, then `PIP_*`."""
    settings: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            settings[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return settings


def _pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
    chosen = environ.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return
    home = Path(environ.get("HOME", str(Path.home())))
    shared = environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)
    yield from (Path(folder) / "pip" / "pip.conf" for folder in reversed(shared) if folder)
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME", str(home / ".config"))) / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if chosen:
        yield Path(chosen)


def _project_settings(folder: Path) -> dict[str, list[str]]:
    """Index settings of the project `folder` lies in: its `uv.toml`, else `[tool.uv]` of its `pyproject.toml`."""
    for place in (folder, *folder.parents):
        table = _table(place / "uv.toml")
        if table is None:
            project = _table(place / "pyproject.toml")
            table = None if project is None else project.get("tool", {}).get("uv", {})
        if table is not None:
            return _index_settings(table, place)
    return {}


def _index_settings(table: Mapping[str, Any], place: Path) -> dict[str, list[str]]:
    pip = table.get("pip", {})
    main = [str(entry["url"]) for entry in table.get("index", ()) if entry.get("default")]
    extra = [
        str(entry["url"]) for entry in table.get("index", ()) if not entry.get("default") and not entry.get("explicit")
    ]
    for settings in (table, pip):
        main += [str(settings["index-url"])] if "index-url" in settings else []
        extra += [str(address) for address in settings.get("extra-index-url", ())]
    links = [str(link) for settings in (table, pip) for link in settings.get("find-links", ())]
    return {"index": main, "extra": extra, "find-links": [_absolute(link, place) for link in links]}


def _transport(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The way pip reaches an index in uv's variables, where the user has not set those."""
    wishes = {
        "SSL_CERT_FILE": pip.get("cert", ""),
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        "UV_HTTP_TIMEOUT": pip.get("timeout", "") or pip.get("default-timeout", ""),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "HTTPS_PROXY": pip.get("proxy", ""),
        "HTTP_PROXY": pip.get("proxy", ""),
    }
    return {name: value for name, value in wishes.items() if value and name not in environ}


def _table(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None


def _absolute(link: str, place: Path) -> str:
    return link if "://" in link else str((place / link).resolve())


def _split(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _is_yes(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "on")
