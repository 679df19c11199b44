"""The printer of sizes measures what it says."""

from __future__ import annotations

import ast

import pytest

from tests.repo import sizes

SAMPLE = '''
def outer(self, a, b, /, c, *, d):
    """Prose
    is not counted.
    """
    if a:
        for x in b:
            pass
    elif c:
        pass
    return d
'''


def sample() -> ast.FunctionDef:
    node = ast.parse(SAMPLE).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def test_measures() -> None:
    assert (sizes.lines(sample()), sizes.width(sample()), sizes.depth(sample())) == (7, 4, 2)


def test_every_ranking_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    sizes.main()
    out = capsys.readouterr().out
    assert out.count("aim:") == 4
    assert len(out.splitlines()) >= 4 * 6
