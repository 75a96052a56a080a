"""Write `data/documented_defaults.json`: what AWS's documentation gives as the default of each refused parameter.

The text is botocore's, of the version that requirements-dev.lock names. With --check: fail where the file is not fresh.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from batchyard.framework.operation import OperationEntry
from batchyard.services import load_services
from batchyard.wire import model as wire_model

TARGET = Path(__file__).parent.parent / "src/batchyard/data/documented_defaults.json"
_SAYING = re.compile(
    r"\b(?:default(?: value)?(?: for this parameter)?(?: is set to| is|:)|defaults to)\s+[`'\"]?([\w./-]+)",
    re.IGNORECASE,
)
_CIDR = re.compile(r"[\d.]+/\d+")
_TAGS = re.compile(r"</?(?:p|li|ul|note|important)>")
_MARKS = re.compile(r"<[^>]+>")


def documented(shape: Shape) -> Any:
    """The default that a member's text gives, in the member's own type; None where it gives none."""
    text = _MARKS.sub("", _TAGS.sub("\n", shape.documentation or ""))
    for match in _SAYING.finditer(text):
        value = _of_type(shape, match[1].rstrip("."))
        if value is not None:
            return value
    return None


def _of_type(shape: Any, word: str) -> Any:
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(word.lower())
    if shape.type_name in ("integer", "long"):
        return int(word) if word.isdigit() else None
    if shape.type_name == "string" and shape.enum:
        return next((one for one in shape.enum if one.lower() == word.lower()), None)
    if shape.type_name == "list" and _CIDR.fullmatch(word):
        return [word]
    return None


def refused_members(entry: OperationEntry, whole: Shape) -> Iterator[tuple[str, Shape]]:
    """The refused parameters of an operation, each with its shape."""
    inputs: Any = whole
    paths = [] if entry.honours is None else [one for one in inputs.members if one not in entry.honours]
    for path in sorted({*paths, *entry.refuses}):
        shape = _at(inputs, path.split("."))
        if shape is not None:
            yield path, shape


def _at(shape: Any, path: list[str]) -> Any:
    for name in path:
        while shape.type_name == "list":
            shape = shape.member
        if shape.type_name != "structure" or name not in shape.members:
            return None
        shape = shape.members[name]
    return shape


def _defaults(path: str, shape: Any, within: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The defaults of a parameter and of what is inside it, by dotted path."""
    value = documented(shape)
    if value is not None:
        yield path, value
    inner = shape.member if shape.type_name == "list" else shape
    if inner.type_name == "structure" and inner.name not in within:
        for name, member in inner.members.items():
            yield from _defaults(f"{path}.{name}", member, (*within, inner.name))


def whole() -> dict[str, dict[str, dict[str, Any]]]:
    """Service → operation → path → default."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for service in load_services().values():
        model = ServiceModel(Loader().load_service_model(service.name, "service-2"), service.name)
        for snake, entry in sorted(service.operations.items()):
            named = wire_model.load(service.name).by_snake_name(snake)
            shape = None if named is None else model.operation_model(named.name).input_shape
            if shape is None or named is None:
                continue
            of_operation = dict(
                one for path, member in refused_members(entry, shape) for one in _defaults(path, member)
            )
            if of_operation:
                found.setdefault(service.name, {})[named.name] = of_operation
    return found


def main() -> None:
    """Write the file, or compare it."""
    text = json.dumps(whole(), indent=1, sort_keys=True) + "\n"
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text() != text:
            sys.exit(f"{TARGET.name} is not fresh: run `make docs`")
        return
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
