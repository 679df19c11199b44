"""Environments built by the real uv from wheels made here: no index, no network."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from bakeoff.base.errors import MachineError
from bakeoff.base.files import locked
from bakeoff.base.outcome import Outcome
from bakeoff.isolate import env as env_module
from bakeoff.isolate.env import Builder, Env, EnvSpec, Fault
from bakeoff.isolate.resolve import Uv, cpu_variants, with_numpy
from bakeoff.isolate.sources import Sources


def wheel(folder: Path, name: str, version: str, source: str, *, requires: tuple[str, ...] = ()) -> None:
    """A pure-Python wheel (PEP 427) with one module."""
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{path},sha256={_hash(text)},{len(text.encode())}" for path, text in files.items()]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,", ""]))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "numpy", "2.0", "__version__ = '2.0'")
    wheel(folder, "toyframe", "1.0", "import numpy", requires=("numpy",))
    wheel(folder, "toyframe", "1.1", "import numpy", requires=("numpy",))
    wheel(folder, "bigframe", "3.0", "", requires=("toyframe",))
    wheel(folder, "bigframe", "3.0+cpu", "")
    wheel(folder, "hugeframe", "3.0", "")
    wheel(folder, "sickframe", "1.0", "raise OSError('libsick.so: cannot open shared object file')")
    return folder


@pytest.fixture(scope="module")
def alone(wheels: Path) -> Iterator[None]:
    """A uv of our own: its own cache, and a machine without accelerator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_CACHE_DIR", str(wheels / "cache"))
        patch.setenv("PATH", "/usr/bin:/bin")
        patch.setattr(env_module, "accelerators", tuple)
        yield


@pytest.fixture
def builder(tmp_path: Path, wheels: Path, alone: None) -> Builder:  # noqa: ARG001
    return Builder(tmp_path / "envs", Sources(find_links=(str(wheels),), no_index=True))


TOY = EnvSpec("toy", ">=3.10", ("toyframe",), imports=("toyframe",))


@dataclass(frozen=True)
class Toy:
    """One environment, built once for the tests that only look at it."""

    root: Path
    builder: Builder
    env: Env
    said: list[str]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, wheels: Path, alone: None) -> Toy:  # noqa: ARG001
    root, said = tmp_path_factory.mktemp("toy") / "envs", list[str]()
    builder = Builder(root, Sources(find_links=(str(wheels),), no_index=True))
    return Toy(root, builder, built(builder.ensure(TOY, progress=said.append)), said)


def built(answer: Env | Fault) -> Env:
    assert isinstance(answer, Env), answer
    return answer


def test_an_environment_holds_what_was_asked_and_its_lock_no_address(toy: Toy, wheels: Path) -> None:
    assert toy.said == ["resolving", "creating", "installing 2 packages", "checking"]
    assert toy.env.fresh
    assert dict(toy.env.versions) == {"numpy": "2.0", "toyframe": "1.1"}
    assert toy.env.bytes > 0
    assert toy.env.built_s > 0
    assert "toyframe==1.1" in toy.env.lock
    assert "--hash=sha256:" in toy.env.lock
    assert str(wheels) not in toy.env.lock
    assert "://" not in toy.env.lock


def test_an_environment_is_built_once_and_then_found(toy: Toy) -> None:
    said: list[str] = []
    again = built(toy.builder.ensure(TOY, progress=said.append))
    assert again == toy.env
    assert not again.fresh
    assert said == []
    assert toy.builder.list() == (toy.env,)
    assert toy.builder.estimate(TOY) == 0
    assert toy.builder.size() >= toy.env.bytes


def test_what_exists_needs_no_source(toy: Toy, tmp_path: Path) -> None:
    offline = Builder(toy.root, Sources(find_links=(str(tmp_path / "nowhere"),), no_index=True))
    assert built(offline.ensure(TOY)).key == toy.env.key


def test_the_state_is_written_last(toy: Toy) -> None:
    state = toy.env.path / "bakeoff-environment.json"
    assert json.loads(state.read_text(encoding="utf-8"))["lock"] == toy.env.lock
    assert state.stat().st_mtime_ns == max(path.stat().st_mtime_ns for path in toy.env.path.iterdir() if path.is_file())


def test_a_lock_decides_the_versions_and_the_key(builder: Builder, toy: Toy) -> None:
    spec = EnvSpec("toy", ">=3.10", ("toyframe",), lock="toyframe==1.0\n")
    older = built(builder.ensure(spec))
    assert older.versions["toyframe"] == "1.0"
    assert older.key != toy.env.key
    assert builder.lock(spec) == older.lock


def test_several_at_once_build_it_once(builder: Builder) -> None:
    with ThreadPoolExecutor(3) as pool:
        envs = [built(answer) for answer in pool.map(lambda _: builder.ensure(TOY), range(3))]
    assert len({env.key for env in envs}) == 1
    assert sum(env.fresh for env in envs) == 1


def test_a_damaged_environment_is_built_again(builder: Builder) -> None:
    env = built(builder.ensure(TOY))
    (env.path / "bin" / "python").unlink()
    assert built(builder.ensure(TOY)).fresh
    (env.path / "bakeoff-environment.json").write_text("{", encoding="utf-8")
    assert built(builder.ensure(TOY)).fresh


def test_an_environment_whose_import_fails_is_not_one(builder: Builder, tmp_path: Path) -> None:
    spec = EnvSpec("sick", ">=3.10", ("sickframe",), imports=("sickframe",))
    fault = builder.ensure(spec)
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.FAILED
    assert "libsick.so" in fault.detail
    assert builder.list() == ()
    assert _folders(tmp_path / "envs") == ["locks", "resolved"]


def test_uvs_own_words_are_passed_on(builder: Builder) -> None:
    fault = builder.ensure(EnvSpec("none", ">=3.10", ("no-such-distribution",)))
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.FAILED
    assert "no-such-distribution" in fault.detail


def test_no_interpreter_says_what_was_searched(builder: Builder) -> None:
    fault = builder.ensure(EnvSpec("future", ">=3.98", ("toyframe",)))
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.MISSING
    assert "pyenv" in fault.detail
    assert "--allow-download" in fault.detail


def test_a_large_system_takes_its_processor_build(builder: Builder) -> None:
    by_pin = EnvSpec("big", ">=3.10", ("bigframe==3.0",), large=True)
    by_name = EnvSpec("big", ">=3.10", ("bigframe",), large=True, cpu_requires=("bigframe==3.0+cpu",))
    for spec in (by_pin, by_name):
        env = built(builder.ensure(spec))
        assert env.versions["bigframe"] == "3.0+cpu"
        assert "toyframe" not in env.versions


def test_a_large_system_without_one_is_refused_and_says_how_to_allow_it(
    builder: Builder, tmp_path: Path, wheels: Path
) -> None:
    spec = EnvSpec("huge", ">=3.10", ("hugeframe==3.0",), large=True)
    fault = builder.ensure(spec)
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.REFUSED
    for way in ("would download", "--allow-large", "UV_FIND_LINKS", "--python"):
        assert way in fault.detail
    unpinned = builder.ensure(EnvSpec("huge", ">=3.10", ("hugeframe",), large=True))
    assert isinstance(unpinned, Fault)
    assert unpinned.outcome is Outcome.REFUSED
    allowed = Builder(tmp_path / "envs", Sources(find_links=(str(wheels),), no_index=True), allow_large=True)
    assert built(allowed.ensure(spec)).versions["hugeframe"] == "3.0"


def test_with_an_accelerator_the_plain_build_is_taken(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env_module, "accelerators", lambda: ("NVIDIA H200",))
    env = built(builder.ensure(EnvSpec("huge", ">=3.10", ("hugeframe",), large=True, cpu_requires=("toyframe",))))
    assert "hugeframe" in env.versions
    assert "toyframe" not in env.versions


def test_pruning_keeps_what_is_asked_and_spares_what_is_being_built(builder: Builder, tmp_path: Path) -> None:
    one = built(builder.ensure(TOY))
    two = built(builder.ensure(EnvSpec("plain", ">=3.10", ("numpy",))))
    root = tmp_path / "envs"
    (root / "staging-dead").mkdir()
    (root / "staging-alive").mkdir()
    with locked(root / "locks" / "alive.lock"):
        assert builder.prune(keep={one.key}) == (two.key,)
    assert builder.list() == (one,)
    assert _folders(root) == sorted([one.key, "locks", "resolved", "staging-alive"])


def test_a_brought_interpreter_is_checked_and_not_changed(builder: Builder, tmp_path: Path) -> None:
    env = built(builder.adopt(Path(sys.executable)))
    assert env.brought
    assert env.key.startswith("python:")
    assert env.python == Path(sys.executable)
    assert env.versions["numpy"]
    assert builder.list() == ()
    gone = builder.adopt(tmp_path / "python")
    assert isinstance(gone, Fault)
    assert gone.outcome is Outcome.MISSING
    other = tmp_path / "not-python"
    shutil.copy("/bin/sh", other)
    broken = builder.adopt(other)
    assert isinstance(broken, Fault)
    assert broken.outcome is Outcome.MISSING


def test_a_folder_that_cannot_be_written_is_the_machines_fault(tmp_path: Path, wheels: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    builder = Builder(tmp_path / "file" / "envs", Sources(find_links=(str(wheels),), no_index=True))
    with pytest.raises(MachineError, match="BAKEOFF_HOME"):
        builder.ensure(TOY)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("error: No space left on device (os error 28)", "bakeoff env prune"),
        ("error: Failed to fetch: `https://a.example/simple/x/`\n  cause: dns error", "cannot be reached"),
        ("error: something nobody has thought of", "could not provide"),
    ],
)
def test_each_way_uv_fails_says_what_to_do_in_its_own_words(tmp_path: Path, words: str, says: str) -> None:
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{words}' >&2\nexit 2\n", encoding="utf-8")
    program.chmod(0o755)
    uv = Uv(str(program), {"PATH": "/usr/bin:/bin"}, tmp_path, Sources(index="https://me:secret@a.example/simple"))
    fault = uv.compile(Path(sys.executable), ("x",))
    assert isinstance(fault, Fault)
    assert fault.outcome is Outcome.FAILED
    assert says in fault.detail
    assert words.splitlines()[0] in fault.detail
    assert "secret" not in fault.detail


def test_the_download_is_the_sum_of_what_would_be_fetched(tmp_path: Path) -> None:
    lock = """
        [[packages]]
        name = "a"
        sdist = { url = "https://a.example/a.tar.gz", size = 7000 }
        wheels = [{ url = "https://a.example/a.whl", size = 100 }]
        [[packages]]
        name = "b"
        sdist = { url = "https://a.example/b.tar.gz", size = 20 }
        [[packages]]
        name = "c"
        wheels = [{ path = "wheels/c.whl" }]
    """
    (tmp_path / "pylock.toml").write_text(lock, encoding="utf-8")
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\ncat '{tmp_path}/pylock.toml'\n", encoding="utf-8")
    program.chmod(0o755)
    uv = Uv(str(program), {"PATH": "/usr/bin:/bin"}, tmp_path, Sources())
    assert uv.download_bytes(Path(sys.executable), ("a", "b", "c")) == 120
    unsized = lock + '[[packages]]\nname = "d"\nwheels = [{ url = "https://a.example/d.whl" }]\n'
    (tmp_path / "pylock.toml").write_text(unsized, encoding="utf-8")
    assert uv.download_bytes(Path(sys.executable), ("a", "b", "c", "d")) is None


def test_numpy_is_added_only_when_absent() -> None:
    assert with_numpy(("toyframe",)) == ("toyframe", "numpy")
    assert with_numpy(("NumPy<2", "toyframe")) == ("NumPy<2", "toyframe")


def test_only_exact_pins_have_a_processor_variant() -> None:
    asked = ("a==1.0", "b[x,y]==2.0 ; python_version > '3'", "c>=1", "d==1.*", "e==1.0+cpu", "f")
    expected = ("a==1.0+cpu", 'b[x,y]==2.0+cpu ; python_version > "3"', "c>=1", "d==1.*", "e==1.0+cpu", "f")
    assert cpu_variants(asked) == expected


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _folders(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())
