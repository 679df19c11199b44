"""The only list of developer commands: `python3 -m uv run nox -l`. `.ci/run` and the hooks call nothing else.

Every session installs what `requirements.lock` pins, hashes checked, then the project itself without dependencies.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nox
from uv import find_uv_bin

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "contract", "data", "docs"]
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
LOCK = ROOT / "requirements.lock"
TYPED = ("src/bakeoff", "tests", "docs/reference.py", "docs/pictures.py", "noxfile.py")


def _install(session: nox.Session, *, project: bool = True) -> None:
    session.install("--require-hashes", "--no-deps", "-r", str(LOCK))
    if project:
        session.install("--no-deps", "-e", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Style: ruff's rules and format, and one change fragment for every user-visible change."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("pytest", "tests/repo/test_changes.py", "-q", "-p", "no:randomly")


@nox.session
def types(session: nox.Session) -> None:
    """Types: mypy strict on the host, its tests and this file."""
    _install(session)
    session.run("mypy", *TYPED)


@nox.session
def tests(session: nox.Session) -> None:
    """The offline suite on every processor: no framework and no network needed; arguments go to pytest."""
    _install(session)
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def contract(session: nox.Session) -> None:
    """What every adapter and workload promises, checked without any framework."""
    _install(session)
    session.run("pytest", "tests/contract", *session.posargs)


@nox.session
def data(session: nox.Session) -> None:
    """The catalogue: every lint, and the tests of the data."""
    _install(session)
    session.run("bakeoff", "catalog", "lint")
    session.run("pytest", "tests/catalog", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The reference pages and every documented command; `-- write` writes the pages instead of comparing them."""
    _install(session)
    session.run("python", "docs/reference.py", *session.posargs)
    if not session.posargs:
        session.run("pytest", "tests/repo/test_documents.py")


@nox.session
def sizes(session: nox.Session) -> None:
    """Print the ten largest files, longest functions and widest signatures: examples to follow, not limits."""
    _install(session, project=False)
    session.run("python", "-m", "tests.repo.sizes")


@nox.session
def env(session: nox.Session) -> None:
    """Build real framework environments and check every adapter in them; arguments go to pytest (`-- -k numpy`).

    `-- --python SYSTEM=PATH` checks a system with an interpreter that already has it, as `bakeoff measure` does.
    """
    _install(session)
    session.run(
        "pytest", "-m", "env", "-p", "no:randomly", "tests/contract", "tests/isolate", "tests/lab", *session.posargs
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Print ours beside the peers', each row taken within one run; wants a quiet machine (`-- race --full`)."""
    _install(session)
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(venv_backend="uv")
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it with what it declares and nothing else, and use it outside the checkout."""
    made = Path(session.create_tmp()) / "wheel"
    shutil.rmtree(made, ignore_errors=True)
    session.run(find_uv_bin(), "build", "--wheel", "--quiet", "--out-dir", str(made), external=True)
    (built,) = made.glob("*.whl")
    session.install("--reinstall-package", "bakeoff", "--constraint", str(LOCK), str(built))
    session.run("python", str(ROOT / "tests" / "repo" / "wheel_smoke.py"), str(built))


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Write requirements.lock from pyproject.toml, and the constraints from it; `-- --upgrade` takes newer releases."""
    project = ROOT / "pyproject.toml"
    # Compiled beside a copy without the constraints, which would otherwise hold every pin where it is.
    source = Path(session.create_tmp()).resolve() / "pyproject.toml"
    source.write_text(_without_constraints(project.read_text()))
    options = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet")
    hidden = ("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "nox -s lock")
    target = ("--group", f"{source}:dev", "-o", str(LOCK), *session.posargs)
    with session.chdir(source.parent):
        session.run(find_uv_bin(), "pip", "compile", str(source), *options, *hidden, *target, external=True)
    project.write_text(_with_constraints(project.read_text(), LOCK.read_text()))


_CONSTRAINTS = re.compile(r"constraint-dependencies = \[\n(?:  .*\n)*\]\n")
_PIN = re.compile(r"^([a-z0-9].*?) *\\?$", re.MULTILINE)


def _without_constraints(project: str) -> str:
    return _CONSTRAINTS.sub("", project)


def _with_constraints(project: str, locked: str) -> str:
    pins = "".join(f'  "{pin}",\n' for pin in _PIN.findall(locked))
    return _CONSTRAINTS.sub(lambda _: f"constraint-dependencies = [\n{pins}]\n", project)
