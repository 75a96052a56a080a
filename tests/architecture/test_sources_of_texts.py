"""A text that a caller may read says where it comes from; one that does not was not compared with AWS's.

That is the default, so nothing has to say it. How many texts are without a source stands in unsourced_texts.json, by
module: the numbers can only shrink.
"""

from __future__ import annotations

import ast
import json
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
LISTED = Path(__file__).with_name("unsourced_texts.json")


def unsourced(path: Path) -> Iterator[str]:
    """The texts of a module whose function names no source, in a module that names none for all."""
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
        places = {(line, told) for node in ast.walk(function) for line, told in _texts(node)}
        yield from (f"{path.relative_to(SOURCE)}:{line} {told}" for line, told in sorted(places))


def _texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Each text of an error that the node makes, with its line."""
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
            yield node.lineno, ast.unparse(argument)


def test_no_module_gains_a_text_without_a_source() -> None:
    """Run this file to write the list anew: `python tests/architecture/test_sources_of_texts.py`."""
    listed = json.loads(LISTED.read_text())
    found = counted()
    grown = [name for name, count in found.items() if count > listed.get(name, 0)]
    assert grown == [], "name the source beside each new text, or mark it [guess] with its reason"
    assert found == listed, "there are fewer now: write the list anew"


def counted() -> dict[str, int]:
    """How many texts without a source each module has."""
    files = [path for place in PLACES for path in sorted((SOURCE / place).rglob("*.py"))]
    counts = {str(path.relative_to(SOURCE)): len(list(unsourced(path))) for path in files}
    return {name: count for name, count in counts.items() if count}


if __name__ == "__main__":
    LISTED.write_text(json.dumps(counted(), indent=2) + "\n")
