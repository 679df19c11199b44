"""A project tells its own languages, estate and model files; only what it cannot tell is asked."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.catalog.model import Catalog, Layer, System
from bakeoff.catalog.rulebook import load_rules
from bakeoff.catalog.rules import Activity, Domain, Hardware, Language, Requirement, Rules
from bakeoff.new.manifests import read_manifests
from bakeoff.new.survey import Survey, present, survey


def make_catalog() -> Catalog:
    systems = (
        System("grad", "Grad", (Layer.FRAMEWORK,), packages=("pkg:pypi/grad-core", "pkg:npm/%40grad/web")),
        System("spark", "Spark", (Layer.FRAMEWORK,), packages=("pkg:cargo/spark-core",)),
        System("box", "Box", (Layer.FORMAT,), suffixes=(".box",)),
    )
    return Catalog({system.id: system for system in systems}, {}, {}, (), {}, date(2026, 1, 1))


def make_rules() -> Rules:
    return Rules(
        domains={"vision": Domain("vision", "images")},
        activities={
            "serving": Activity("serving", "serves", ("framework",), trains=False, serves=True, primary="serving")
        },
        hardware={
            "cpu-only": Hardware("cpu-only", "a processor", ("x86-cpu", "arm-cpu")),
            "big-gpu": Hardware("big-gpu", "several", ("fast-gpu",), scale="cluster"),
            "one-gpu": Hardware("one-gpu", "one", ("fast-gpu",)),
            "four-gpus": Hardware("four-gpus", "several in one machine", ("fast-gpu",), scale="node"),
        },
        languages={"python": Language("python", "Python")},
        requirements={"existing-grad": Requirement("existing-grad", "Grad stays", "nothing", estate=("grad",))},
        layers={},
        axis_weights={},
        property_weights={},
        constants={},
    )


def look(folder: Path, *devices: str) -> Survey:
    return survey(folder, make_catalog(), make_rules(), devices=devices)


PYPROJECT = """
[project]
dependencies = ["Grad_Core[all]>=2; python_version > '3.8'", "numpy"]
[project.optional-dependencies]
x = ["other"]
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
[tool.poetry.dependencies]
python = "^3.11"
Old_Name = "*"
"""


def test_python_names_are_read_from_every_place_and_normalised(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (manifest,) = read_manifests(tmp_path)
    names = [dependency.purl for dependency in manifest.dependencies]
    assert names == [f"pkg:pypi/{name}" for name in ("grad-core", "numpy", "other", "pytest", "old-name")]


def test_a_requirements_file_with_options_urls_and_comments_is_read(tmp_path: Path) -> None:
    text = "-r base.txt\n# note\nGrad.Core==1.0 \\\n    --hash=sha256:00\nnumpy  # why\n./local\nhttps://example.test/x.whl\n"
    (tmp_path / "requirements-dev.txt").write_text(text)
    (manifest,) = read_manifests(tmp_path)
    assert [dependency.purl for dependency in manifest.dependencies] == ["pkg:pypi/grad-core", "pkg:pypi/numpy"]


def test_npm_scopes_and_renamed_crates_become_package_urls(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"@grad/web": "^1"}, "devDependencies": {"x": "*"}}')
    (tmp_path / "Cargo.toml").write_text(
        '[dependencies]\ns = { package = "spark-core", version = "1" }\n[target.a.dependencies]\ny = "1"\n'
    )
    cargo, npm = read_manifests(tmp_path)
    assert [dependency.purl for dependency in npm.dependencies] == ["pkg:npm/%40grad/web", "pkg:npm/x"]
    assert [dependency.purl for dependency in cargo.dependencies] == ["pkg:cargo/spark-core", "pkg:cargo/y"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[project\n"),
        ("package.json", "{"),
        ("package.json", "[1]"),
        ("Cargo.toml", "dependencies = 3"),
    ],
)
def test_a_broken_manifest_is_reported_and_the_survey_goes_on(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "main.py").write_text("")
    result = look(tmp_path)
    assert [problem.where for problem in result.problems] == [name]
    assert "python" in result.profile["languages"] or name == "package.json"


def test_estate_constraints_formats_and_hardware_are_found_with_their_reason(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("grad-core\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.box").write_text("")
    result = look(tmp_path, "fast-gpu")
    assert result.profile["estate"] == ("grad",)
    assert result.profile["constraints"] == ("existing-grad",)
    assert result.profile["serve_on"] == ("one-gpu",)
    formats = [(finding.value, finding.because) for finding in result.findings if finding.field == "format"]
    assert formats == [("box", "models/net.box")]


def test_only_what_the_project_does_not_tell_is_asked(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    assert [question.field for question in look(tmp_path, "x86-cpu").questions] == ["domain", "activity"]
    assert look(tmp_path, "x86-cpu").profile["serve_on"] == ("cpu-only",)
    assert look(tmp_path, "fast-gpu", "fast-gpu").profile["serve_on"] == ("four-gpus",)


def test_a_stray_script_does_not_add_a_language(tmp_path: Path) -> None:
    for index in range(19):
        (tmp_path / f"m{index}.py").write_text("")
    (tmp_path / "tool.js").write_text("")
    assert look(tmp_path).profile["languages"] == ("python",)


def test_what_others_wrote_is_not_looked_at(tmp_path: Path) -> None:
    for folder in ("node_modules", ".venv"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "package.json").write_text("{}")
        (tmp_path / folder / "x.rs").write_text("")
    result = look(tmp_path, "arm-cpu")
    assert [question.field for question in result.questions] == ["domain", "activity", "languages"]


def test_a_missing_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        look(tmp_path / "absent")


def test_a_page_runs_on_its_readers_machines(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    found = look(tmp_path, "x86-cpu")
    assert "serve_on" not in found.profile
    assert [question.field for question in found.questions] == ["domain", "activity", "serve_on"]


@pytest.mark.parametrize(
    ("accelerators", "processor", "ids"),
    [
        (("NVIDIA GeForce RTX 4090", "Tesla T4"), "x86_64", ("nvidia-gpu", "nvidia-gpu")),
        (("Orin (nvgpu)",), "aarch64", ("nvidia-jetson",)),
        (("AMD (model unknown)",), "x86_64", ("amd-gpu",)),
        (("Apple M3",), "arm64", ("apple-silicon",)),
        (("Something else",), "AMD64", ("x86-cpu",)),
        ((), "riscv64", ()),
    ],
)
def test_a_machine_is_named_in_the_words_of_the_device_tree(
    accelerators: tuple[str, ...], processor: str, ids: tuple[str, ...]
) -> None:
    assert present(accelerators, processor) == ids


@pytest.mark.parametrize("accelerators", [(), ("NVIDIA H100 80GB HBM3",), ("Apple M3",), ("Orin (nvgpu)",)])
def test_the_shipped_words_cover_the_machines_we_can_name(tmp_path: Path, accelerators: tuple[str, ...]) -> None:
    (tmp_path / "main.py").write_text("")
    found = survey(tmp_path, make_catalog(), load_rules(), devices=present(accelerators, "x86_64"))
    assert len(found.profile["serve_on"]) == 1
