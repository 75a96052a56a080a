"""The source of the package as syntax trees: what its rules are checked on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2] / "src/batchyard"
FILES = sorted(ROOT.rglob("*.py"))


@cache
def trees() -> dict[str, ast.Module]:
    """Each file's tree, by its path within the package."""
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in FILES}


def imported(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `{"now": "batchyard.clock.wall_now"}`, whatever it is called here."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                found[name.asname or name.name.split(".")[0]] = (
                    name.name if name.asname else name.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                found[name.asname or name.name] = f"{node.module}.{name.name}"
    return found


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` as text; None for what is no plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)) is not None:
        return f"{owner}.{node.attr}"
    return None


def uses(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that the module speaks of, and every module it imports, by their full names."""
    known = imported(tree)
    yield from known.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and (name := dotted(node)) is not None:
            first, _, rest = name.partition(".")
            yield ".".join(filter(None, [known.get(first, first), rest]))


def outside_annotations(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that is not part of an annotation or of a type in brackets."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        skipped = {
            id(part)
            for name in ("annotation", "returns", "slice")
            if isinstance(part := getattr(node, name, None), ast.AST)
        }
        waiting += [child for child in ast.iter_child_nodes(node) if id(child) not in skipped]
