"""Interpreters are found by asking them."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from packaging.version import Version

from bakeoff.isolate.interpreters import choose, find_interpreters, searched


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def says(path: Path, name: str, version: str) -> Path:
    """A program that answers as an interpreter at `path` would."""
    listed = version.replace(".", ", ")
    return script(path, f'echo \'["{name}", [{listed}], "{path}"]\'')


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv"), **more}


def test_our_own_comes_first_then_the_newest(tmp_path: Path) -> None:
    old = says(tmp_path / "bin" / "python3.10", "cpython", "3.10.2")
    new = says(tmp_path / "pyenv" / "versions" / "3.99.1" / "bin" / "python3", "cpython", "3.99.1")
    found = find_interpreters(environ(tmp_path))
    assert found[0].version == platform.python_version()
    assert [one.path for one in found[1:]] == [new, old]


def test_uv_python_goes_before_all(tmp_path: Path) -> None:
    mine = says(tmp_path / "opt" / "python", "cpython", "3.10.5")
    found = find_interpreters(environ(tmp_path, UV_PYTHON=str(mine)))
    assert found[0].path == mine
    assert choose("", environ(tmp_path, UV_PYTHON=str(mine))) == found[0]


def test_what_is_no_usable_cpython_is_passed_over(tmp_path: Path) -> None:
    says(tmp_path / "bin" / "python3.11", "pypy", "3.11.0")
    says(tmp_path / "bin" / "python3.9", "cpython", "3.9.18")
    script(tmp_path / "bin" / "python3.12", "exit 1")
    script(tmp_path / "bin" / "python3.13", "echo hello")
    says(tmp_path / "bin" / "python3-config", "cpython", "3.12.0")
    (tmp_path / "bin" / "python3.14").symlink_to(tmp_path / "nowhere")
    assert [one.path for one in find_interpreters(environ(tmp_path))] == [find_interpreters({"PATH": ""})[0].path]


def test_pyenvs_shims_are_passed_over(tmp_path: Path) -> None:
    says(tmp_path / "pyenv" / "shims" / "python3", "cpython", "3.99.0")
    found = find_interpreters(environ(tmp_path, PATH=str(tmp_path / "pyenv" / "shims")))
    assert len(found) == 1


def test_a_range_chooses(tmp_path: Path) -> None:
    says(tmp_path / "bin" / "python3.10", "cpython", "3.10.2")
    found = choose("<3.11", environ(tmp_path))
    assert found is not None
    assert found.version == "3.10.2"
    assert choose(">=3.98", environ(tmp_path)) is None
    own = choose(">=3.11", environ(tmp_path))
    assert own is not None
    assert Version(own.version).release == tuple(sys.version_info[:3])


def test_what_was_searched_is_said(tmp_path: Path) -> None:
    told = searched(environ(tmp_path))
    assert str(tmp_path / "pyenv" / "versions") in told
    assert platform.python_version() in told
