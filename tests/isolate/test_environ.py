"""What a worker sees of the user's environment variables."""

from __future__ import annotations

import os
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bakeoff.isolate.env import Env
from bakeoff.isolate.environ import absent_program, compose, stripped_variables, thread_variables

BUILT = Env("key", Path("/envs/key"), Path("/envs/key/bin/python"), {}, 1, 1.0)
BROUGHT = replace(BUILT, brought=True)
USER = {
    "PATH": "/usr/bin",
    "HOME": "/home/me",
    "PYTHONPATH": "/modules",
    "PYTHONMALLOC": "debug",
    "LD_LIBRARY_PATH": "/modules/lib",
    "LD_PRELOAD": "libjemalloc.so",
    "OMP_NUM_THREADS": "64",
    "OMP_WAIT_POLICY": "active",
    "OPENBLAS_CORETYPE": "Prescott",
    "CUDA_VISIBLE_DEVICES": "1",
}


def test_what_changes_results_is_removed_and_named() -> None:
    found = compose(BUILT, threads=2, extra={}, base=USER)
    assert found.stripped == (
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "OMP_NUM_THREADS",
        "OMP_WAIT_POLICY",
        "OPENBLAS_CORETYPE",
        "PYTHONMALLOC",
        "PYTHONPATH",
    )
    assert not {"LD_PRELOAD", "OMP_WAIT_POLICY", "PYTHONPATH"} & set(found.all)
    assert found.all["HOME"] == "/home/me"
    assert found.all["CUDA_VISIBLE_DEVICES"] == "1"  # a scheduler's decision, not a setting
    assert found.all["PATH"] == os.pathsep.join(["/envs/key/bin", "/usr/bin"])


def test_threads_are_equal_for_everybody_and_recorded() -> None:
    found = compose(BUILT, threads=3, extra={}, base=USER)
    assert found.set == dict.fromkeys(thread_variables(), "3")
    assert {name: found.all[name] for name in found.set} == found.set


def test_a_setting_has_the_last_word() -> None:
    extra = {"OMP_NUM_THREADS": "1", "SYSTEM_FLAGS": "--threads={threads} --braces={}"}
    found = compose(BUILT, threads=3, extra=extra, base=USER)
    assert found.all["OMP_NUM_THREADS"] == "1"
    assert found.all["SYSTEM_FLAGS"] == found.set["SYSTEM_FLAGS"] == "--threads=3 --braces={}"


def test_a_brought_interpreter_keeps_its_modules_and_they_are_recorded() -> None:
    found = compose(BROUGHT, threads=2, extra={}, base=USER)
    assert found.all["PYTHONPATH"] == found.set["PYTHONPATH"] == "/modules"
    assert found.all["LD_LIBRARY_PATH"] == found.set["LD_LIBRARY_PATH"] == "/modules/lib"
    assert found.all["PATH"] == "/usr/bin"
    assert {"PYTHONMALLOC", "LD_PRELOAD"} <= set(found.stripped)


def test_every_removed_variable_has_a_reason_and_is_listed_once() -> None:
    rules = stripped_variables()
    assert all(len(rule.why) > 15 for rule in rules)
    names = [rule.name for rule in rules]
    covered = [(one, two) for one in names for two in names if one != two and fnmatchcase(two, one)]
    assert (covered, len(set(names))) == ([], len(names))
    # Thread counts that the user set must not survive in the settings' place.
    assert all(any(fnmatchcase(name, rule) for rule in names) for name in thread_variables())


@pytest.mark.parametrize(
    ("needs", "absent"),
    [((), ""), (("sh",), ""), (("no-such-1|sh",), ""), (("sh", "no-such-1|no-such-2"), "no-such-1 or no-such-2")],
)
def test_an_absent_program_is_named_with_its_alternatives(needs: tuple[str, ...], absent: str) -> None:
    assert absent_program(needs, {"PATH": os.defpath + ":/usr/bin:/bin"}) == absent
