"""Workloads and adapters are read strictly: every mistake named at once, with file, key and near names."""

from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.lab import adapters, workload
from tests.lab import simulated

ADAPTER = """
system = "fast"
version = 1
python = ">=3.11"
requires = ["fast>=1,<2", "other==3"]
cpu_requires = ["fast>=1,<2"]
imports = ["fast"]
[settings.jit]
track = "default"
why = "its documentation says so"
env = { FLAGS = "--threads={threads}" }
needs = ["cc|clang"]
[settings.eager]
track = "tuned"
why = "to compare"
[gaps."toy/eager"]
kind = "upstream"
why = "no such kernel"
date = 2026-11-22
"""


def folder(tmp_path: Path, text: str, system: str = "fast") -> Path:
    made = tmp_path / system
    made.mkdir()
    (made / "adapter.toml").write_text(text)
    return made


def test_an_adapter_is_read(tmp_path: Path) -> None:
    made = folder(tmp_path, ADAPTER)
    (made / "lock.txt").write_text("# pins\nfast==1.4 \\\n    --hash=sha256:00\nother==3\n")
    adapter = adapters.load(made)
    assert list(adapter.settings) == ["jit", "eager"]
    assert adapter.settings["jit"].needs == ("cc|clang",)
    assert adapter.spec.lock == "fast==1.4\nother==3"
    gap = adapter.gap("toy", "eager")
    assert gap is not None
    assert gap.kind == "upstream"
    assert adapter.gap("toy", "jit") is None


def test_other_versions_replace_a_requirement_and_its_lock(tmp_path: Path) -> None:
    made = folder(tmp_path, ADAPTER)
    (made / "lock.txt").write_text("fast==1.4\n")
    other = adapters.load(made).requiring(("fast==1.9",))
    assert other.spec.requires == ("other==3", "fast==1.9")
    assert other.spec.cpu_requires == ("fast==1.9",)
    assert other.spec.lock == ""


def test_every_mistake_of_an_adapter_is_named_at_once(tmp_path: Path) -> None:
    text = (
        ADAPTER.replace('">=3.11"', '"three"')
        .replace('"fast>=1,<2", "other==3"', '"fast>>1"')
        .replace('track = "tuned"', 'track = "turned"')
        .replace('"toy/eager"', '"toy/egaer"')
        .replace("version = 1", 'version = "one"')
        .replace("needs =", "need =")
    )
    with pytest.raises(InputError) as caught:
        adapters.load(folder(tmp_path, text))
    keys = {problem.key for problem in caught.value.problems}
    assert keys == {"python", "requires", "settings.eager.track", "gaps.toy/egaer", "version", "settings.jit.need"}
    assert "did you mean needs?" in str(caught.value)
    assert "did you mean eager?" in str(caught.value)


def test_a_folder_named_otherwise_and_no_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the folder is 'other'"):
        adapters.load(folder(tmp_path, ADAPTER, "other"))
    with pytest.raises(InputError, match="at least one setting"):
        adapters.load(folder(tmp_path, 'system = "fast"\nversion = 1\npython = ""\n'))


def test_a_workload_is_read_with_its_oracle(tmp_path: Path) -> None:
    simulated.write_workloads(tmp_path)
    found = workload.load_all(tmp_path)
    toy = found["toy"]
    assert not toy.training
    assert toy.size("") == "small"
    assert toy.module == "toy.py"
    assert found["toy-train"].episode == 6
    assert toy.oracle.cost(toy.sizes["small"])["flops"] == 1024
    with pytest.raises(InputError, match="known: small, wide"):
        toy.size("huge")


def test_every_mistake_of_a_workload_is_named_at_once(tmp_path: Path) -> None:
    simulated.write_workloads(tmp_path)
    path = tmp_path / "toy" / "workload.toml"
    path.write_text(
        path.read_text()
        .replace('kind = "inference"', 'kind = "inferring"')
        .replace("transfer_width = 10.0", "transfer_width = 1.0")
        .replace("ratio_100 = 16.0", "ratio_100 = 0.1")
        .replace("version = 1", "versoin = 1")
    )
    (tmp_path / "toy" / "reference.py").write_text("def weights(spec, seed): ...\n")
    with pytest.raises(InputError) as caught:
        workload.load(path.parent)
    text = str(caught.value)
    for word in ("inferring", "within 5 points", "above ratio_0", "versoin", "run: the function is missing", "cost"):
        assert word in text


def test_a_broken_oracle_or_file_is_named(tmp_path: Path) -> None:
    simulated.write_workloads(tmp_path)
    (tmp_path / "toy" / "reference.py").write_text("1 / 0\n")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        workload.load(tmp_path / "toy")
    (tmp_path / "toy" / "workload.toml").write_text("id = \n")
    with pytest.raises(InputError, match="is not TOML"):
        workload.load(tmp_path / "toy")
    with pytest.raises(InputError, match="cannot be read"):
        workload.load(tmp_path / "nowhere")


def test_the_shipped_ones_are_sound() -> None:
    assert {"encoder-infer", "mlp-train"} <= workload.load_all().keys()
    assert adapters.REFERENCE in adapters.load_all()
