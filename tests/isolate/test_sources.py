"""Package sources taken over from pip and from the project's uv settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff.isolate import sources
from bakeoff.isolate.sources import Sources


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without the machine's own configuration files."""
    kept = sources._pip_files
    monkeypatch.setattr(
        sources, "_pip_files", lambda environ: (path for path in kept(environ) if tmp_path in path.parents)
    )
    return tmp_path


def discover(home: Path, **environ: str) -> Sources:
    return Sources.discover({"HOME": str(home), **environ}, home / "project")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_nothing_configured_is_uvs_default(home: Path) -> None:
    found = discover(home)
    assert found == Sources()
    assert found.describe() == "uv's default index"
    assert found.variables({"A": "b"}) == {"A": "b"}


def test_pips_files_are_read_and_its_variables_win(home: Path) -> None:
    write(home / ".pip" / "pip.conf", "[global]\nindex-url = https://old.example/simple\ntimeout = 7\n")
    text = (
        "[global]\nindex_url = https://a.example/simple\n[install]\nfind-links =\n    /wheels\n    /more\n[list]\nx=y\n"
    )
    write(home / ".config" / "pip" / "pip.conf", text)
    found = discover(home)
    assert found.index == "https://a.example/simple"
    assert found.find_links == ("/wheels", "/more")
    assert found.environ == {"UV_HTTP_TIMEOUT": "7"}
    found = discover(home, PIP_INDEX_URL="https://b.example/simple", PIP_FIND_LINKS="/third /fourth")
    assert found.index == "https://b.example/simple"
    assert found.find_links == ("/third", "/fourth")


def test_a_configuration_file_named_by_the_user_is_the_most_specific(home: Path) -> None:
    write(home / ".config" / "pip" / "pip.conf", "[global]\nindex-url = https://a.example/simple\n")
    write(home / "mine.conf", "[global]\nindex-url = https://mine.example/simple\nno-index = yes\n")
    found = discover(home, PIP_CONFIG_FILE=str(home / "mine.conf"))
    assert (found.index, found.no_index) == ("https://mine.example/simple", True)
    assert discover(home, PIP_CONFIG_FILE="/dev/null") == Sources()


def test_uvs_own_choice_of_index_goes_before_pips(home: Path) -> None:
    write(home / ".config" / "pip" / "pip.conf", "[global]\nindex-url = https://a.example/simple\n")
    environ = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}
    found = discover(home, **environ)
    assert found.variables(environ)["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_the_projects_uv_settings_are_taken_over(home: Path) -> None:
    text = """
        [tool.uv]
        find-links = ["wheels", "https://links.example/"]
        [[tool.uv.index]]
        url = "https://main.example/simple"
        default = true
        [[tool.uv.index]]
        url = "https://cpu.example/simple"
        [[tool.uv.index]]
        url = "https://only-for-one.example/simple"
        explicit = true
    """
    write(home / "project" / "pyproject.toml", text)
    found = Sources.discover({"HOME": str(home)}, home / "project" / "sub" / "folder")
    assert found.index == "https://main.example/simple"
    assert found.extra_indexes == ("https://cpu.example/simple",)
    assert found.find_links == (str(home / "project" / "wheels"), "https://links.example/")


def test_everything_reaches_uv_through_its_variables(home: Path) -> None:
    found = discover(
        home,
        PIP_EXTRA_INDEX_URL="https://one.example/simple https://two.example/simple",
        PIP_FIND_LINKS="/wheels",
        PIP_NO_INDEX="1",
        PIP_CERT="/certs.pem",
        PIP_PROXY="http://proxy.example:3128",
        PIP_TRUSTED_HOST="one.example two.example",
    )
    environ = {"UV_INDEX": "https://zero.example/simple", "UV_FIND_LINKS": "/mine", "SSL_CERT_FILE": "/mine.pem"}
    found = Sources(found.index, found.extra_indexes, found.find_links, found.no_index, found.environ)
    variables = found.variables(environ)
    assert variables["UV_INDEX"].split() == [f"https://{name}.example/simple" for name in ("zero", "one", "two")]
    assert variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert variables["UV_FIND_LINKS"] == "/mine,/wheels"
    assert found.arguments() == ["--no-index"]
    assert variables["UV_INSECURE_HOST"] == "one.example two.example"
    assert variables["HTTPS_PROXY"] == variables["HTTP_PROXY"] == "http://proxy.example:3128"
    assert found.environ["SSL_CERT_FILE"] == "/certs.pem"


def test_the_users_certificate_is_kept(home: Path) -> None:
    found = discover(home, PIP_CERT="/certs.pem", SSL_CERT_FILE="/mine.pem")
    assert "SSL_CERT_FILE" not in found.environ


def test_credentials_are_never_shown(home: Path) -> None:
    found = discover(
        home, PIP_INDEX_URL="https://me:secret@a.example/simple", PIP_EXTRA_INDEX_URL="https://t0ken@b.example"
    )
    assert "secret" not in found.describe()
    assert "t0ken" not in found.describe()
    assert "a.example/simple" in found.describe()


@pytest.mark.parametrize("text", ["not [an ini", "[global]\nindex-url = %(broken)s\n", "\x00"])
def test_a_broken_configuration_counts_as_absent(home: Path, text: str) -> None:
    write(home / ".config" / "pip" / "pip.conf", text)
    write(home / "project" / "uv.toml", "also = = broken")
    assert discover(home).find_links == ()
