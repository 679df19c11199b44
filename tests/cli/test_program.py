"""The program leaves at once, with its exit code, and nothing it said is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "bakeoff.cli.main"]


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version"], 0, "bakeoff"),
        (["decide", "absent.toml"], 2, "absent.toml"),
        (["decide", "--as-of", "x"], 2, "x"),
        (["decide", "--help"], 0, "decide"),
    ],
)
def test_it_leaves_with_the_code_of_the_command(words: list[str], code: int, said: str) -> None:
    done = ran(*words)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_all_of_a_long_answer_arrives() -> None:
    done = ran("catalog", "list", "--json")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) > 0
    assert len(done.stdout) > 65_536  # more than a pipe holds


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_that_cannot_be_written_is_no_success() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([*PROGRAM, "--version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0
    assert "No space left" in done.stderr
