"""Every text that a caller may read says where it comes from, or that it is a guess."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import batchyard

SOURCE = Path(batchyard.__file__).parent
PLACES = ("gateway", "services")
SAYS = re.compile(
    r"guess|recorded|SNAP|\.md (section )?[0-9]|botocore|model's|reference|guide|people's logs|Terraform"
    r"|[\w.-]+/[\w.-]+#[0-9]+"
)
"""How docstrings and comments name a source: a fact file with its section, AWS's documents, a public thread."""
OURS = {
    "AssertionError",
    "AttributeError",
    "KeyError",
    "LookupError",
    "NotBuilt",
    "RuntimeError",
    "TypeError",
    "ValueError",
}
"""What no caller reads, or what AWS never says."""
OTHERS = "Texts of errors without a source were not compared with AWS's [guess]."
"""How a module may speak for all texts whose function names no source."""


def unsourced(path: Path) -> Iterator[str]:
    """The texts of a module whose function has no source, in a module that does not say so."""
    text = path.read_text()
    module = ast.parse(text)
    said = ast.get_docstring(module) or ""
    if re.search("[Tt]exts", said) and SAYS.search(said):
        return
    lines = text.split("\n")
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef):
            continue
        comments = [line.partition("#")[2] for line in lines[function.lineno - 1 : function.end_lineno]]
        if SAYS.search("\n".join([ast.get_docstring(function) or "", *comments])):
            continue
        places = {(node.lineno, told) for node in ast.walk(function) for told in _texts(node)}
        yield from (f"{path.relative_to(SOURCE)}:{line} {told}" for line, told in sorted(places))


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        call = node.exc
    elif isinstance(node, ast.Call) and re.search(r"^ApiError$|\.error\.", ast.unparse(node.func)):
        call = node
    else:
        return
    name = ast.unparse(call.func)
    if name in OURS or name.startswith("_"):
        return
    for argument in call.args:
        if isinstance(argument, ast.Constant | ast.JoinedStr) and " " in ast.unparse(argument):
            yield ast.unparse(argument)


def test_every_text_has_a_source_or_is_called_a_guess() -> None:
    files = [path for place in PLACES for path in sorted((SOURCE / place).rglob("*.py"))]
    found = [one for path in files for one in unsourced(path)]
    assert found == [], f"name the source beside each, or say {OTHERS!r} in the module's docstring"
