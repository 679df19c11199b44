"""Nothing committed names a package registry's host or a path of somebody's machine: packages are purls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repo.source import ROOT, text_of, tracked

# Written in parts, or this file would break its own rule.
_HOSTS = (
    ("py", "pi.org"),
    ("python", "hosted.org"),
    ("npm", "js.org"),
    ("npm", "js.com"),
    ("crates", ".io"),
    ("deb.", "debian.org"),
    ("archive.", "ubuntu.com"),
    ("anaconda", ".org"),
    ("anaconda", ".com"),
    ("download.", "pytorch.org"),
    ("repo.maven.", "apache.org"),
    ("proxy.", "golang.org"),
)
_FOLDERS = (("o", "pt"), ("wo", "rk"), ("ro", "ot"), ("ho", "me"), ("Us", "ers"))
HOST = re.compile("|".join(re.escape("".join(parts)) for parts in _HOSTS), re.IGNORECASE)
FOLDER = re.compile(rf"(?<![\w.\-~}})])/(?:{'|'.join(''.join(parts) for parts in _FOLDERS)})/\w")
ALLOWED: dict[str, str] = {"tests/isolate/test_environ.py": "an invented home folder, to see what becomes of it"}
"""File to reason. A line that no longer applies must go."""


def mentions(path: Path) -> list[str]:
    """Every line of a file that names a registry's host or an absolute folder of a machine."""
    text = text_of(path) or ""
    lines = enumerate(text.splitlines(), start=1)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for number, line in lines
        if HOST.search(line) or FOLDER.search(line)
    ]


def test_no_registry_host_and_no_machine_path_is_committed() -> None:
    found = [line for path in tracked() if path.relative_to(ROOT).as_posix() not in ALLOWED for line in mentions(path)]
    assert found == []


def test_exceptions_still_apply() -> None:
    assert [name for name in ALLOWED if not mentions(ROOT / name)] == []


@pytest.mark.parametrize("parts", [*_HOSTS, *(("/", *parts, "/x") for parts in _FOLDERS)])
def test_the_rule_sees_each(parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.repo.test_private.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(f"see {''.join(parts)} for more")
    assert mentions(tmp_path / "page.md")


def test_the_rule_leaves_ordinary_addresses_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.repo.test_private.ROOT", tmp_path)
    (tmp_path / "page.md").write_text("https://docs.example.org/home/work/page and pkg:pypi/jax and ~/.config")
    assert mentions(tmp_path / "page.md") == []
