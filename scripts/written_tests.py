"""The tests as they are written: what their docstrings cite and which strings they compare with; nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
GAP = "…"
"""Stands in a string for what differs from run to run: a placeholder of an f-string or of `str.format`."""
_FORMAT_FIELD = re.compile(r"\{[a-z_]*\}")


@dataclass(frozen=True)
class WrittenTest:
    """A test function. `strings` are its own and those of what it names in its module: constants, helpers, fixtures."""

    place: str
    docstring: str
    module_docstring: str
    strings: tuple[str, ...]

    def cites(self, source: str) -> bool:
        """Is the source named in its docstring, or in its module's? `slr.md 2` is named by `slr.md 1-3`, too."""
        words = f"{self.docstring}\n{self.module_docstring}"
        file, _, section = source.partition(" ")
        return source in words or section in _sections(file, words)

    def has(self, text: str) -> bool:
        """Does one of its strings hold the text? GAP in the text stands for anything."""
        pattern = re.compile(".+".join(map(re.escape, text.split(GAP))), re.DOTALL)
        return any(pattern.search(one) for one in self.strings)


@cache
def written_tests() -> dict[str, WrittenTest]:
    """Every test function by its place (`tests/…/test_file.py::test_name`)."""
    found = {}
    for path in sorted([*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "campaigns").rglob("test_*.py")]):
        module = ast.parse(path.read_text())
        named = dict(_named(module))
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                place = f"{path.relative_to(ROOT)}::{node.name}"
                docstring = ast.get_docstring(node, clean=False) or ""
                strings = tuple(_strings(_reached(node, named)))
                found[place] = WrittenTest(place, docstring, ast.get_docstring(module) or "", strings)
    return found


def link(place: str) -> str:
    """A link from a page in docs/ to a test."""
    path, name = place.split("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})"


def _named(module: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """What a module defines, by name."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    yield target.id, node


def _reached(test: ast.FunctionDef, named: dict[str, ast.stmt]) -> list[ast.stmt]:
    """The test, and what it names in its module, and what that names."""
    reached: list[ast.stmt] = [test]
    for node in reached:
        for one in ast.walk(node):
            name = one.id if isinstance(one, ast.Name) else one.arg if isinstance(one, ast.arg) else ""
            found = named.get(name)
            if found is not None and found not in reached:
                reached.append(found)
    return reached


def _strings(nodes: list[ast.stmt]) -> Iterator[str]:
    for top in nodes:
        docstring = top.body[0] if isinstance(top, ast.FunctionDef) and ast.get_docstring(top) else None
        for node in ast.walk(top):
            if isinstance(node, ast.JoinedStr):
                yield "".join(_part(value) for value in node.values)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node is not getattr(docstring, "value", None)
            ):
                yield _FORMAT_FIELD.sub(GAP, node.value)


def _sections(file: str, words: str) -> set[str]:
    """Which sections of a file are named: `7`, `7, 9`, `3 and 4`, `section 8`, `1-3`."""
    found: set[str] = set()
    for one in re.findall(rf"{re.escape(file)} (?:section )?([0-9](?:(?:, | and |-)?[0-9])*)", words):
        for first, _, last in re.findall(r"([0-9]+)(-([0-9]+))?", one):
            found.update(map(str, range(int(first), int(last or first) + 1)))
    return found


def _part(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else GAP
