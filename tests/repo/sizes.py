"""Prints the ten largest files, longest functions, widest signatures and deepest nestings of the package.

Examples to follow, not limits: the tail is the design, so it is what we look at. Run by `nox -s sizes`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tests.repo.source import Module, modules

Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.AsyncFor, ast.AsyncWith)


def functions(module: Module) -> Iterator[Function]:
    """Every function and method of a module."""
    return (node for node in ast.walk(module.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def lines(node: Function) -> int:
    """Lines of a function, its docstring left out."""
    documented = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    prose = (node.body[0].end_lineno or 0) - node.body[0].lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - prose


def width(node: Function) -> int:
    """Parameters of a function, `self` and `cls` left out."""
    named = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([one for one in named if one not in {"self", "cls"}])


def depth(node: ast.AST) -> int:
    """Deepest nesting of blocks; `elif` counts as its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, depth(child) + (isinstance(child, BLOCKS) and not chained))
    return deepest


def ranking(measure: Callable[[Function], int], most: int = 10) -> list[tuple[int, str]]:
    """The `most` functions with the largest measure, with their place."""
    everything = (*modules(), *modules(foreign=True))
    scored = [
        (measure(node), f"{module.name}:{node.lineno} {node.name}")
        for module in everything
        for node in functions(module)
    ]
    return sorted(scored, key=lambda row: (-row[0], row[1]))[:most]


def files(most: int = 10) -> list[tuple[int, str]]:
    """The `most` longest files, in lines."""
    everything = (*modules(), *modules(foreign=True))
    return sorted(((len(one.path.read_text().splitlines()), one.name) for one in everything), reverse=True)[:most]


def main() -> None:
    """Prints the four rankings."""
    tables = {
        "files, lines (aim: 400)": files(),
        "functions, lines (aim: 60)": ranking(lines),
        "functions, parameters (aim: 6)": ranking(width),
        "functions, nested blocks (aim: 3)": ranking(depth),
    }
    for title, rows in tables.items():
        print(f"\n{title}")
        for value, place in rows:
            print(f"  {value:>5}  {place}")


if __name__ == "__main__":
    main()
