"""Give each operation's `request` the type that types-boto3 has for it. Written once a service grows; run by hand.

An operation that reads members by computed names takes the request as a `Mapping` inside; one that is made for several
nouns has none of its own. A request without members is `NoMembers`.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

from batchyard.framework.service import Service
from batchyard.services import load_services
from batchyard.wire import model as wire_model


def main() -> None:
    """Rewrite the files of every service."""
    for service in load_services().values():
        names = _type_names(service.name)
        by_file: dict[Path, dict[str, str]] = {}
        for entry in service.operations.values():
            name = _type_of(service, entry.name, names)
            function = entry.function
            while hasattr(function, "__wrapped__"):
                function = function.__wrapped__
            made_for_several = getattr(function, "__name__", "") != entry.name
            if name is not None and not made_for_several:
                by_file.setdefault(Path(function.__code__.co_filename), {})[function.__name__] = name
        for path, types in by_file.items():
            _annotate(path, service.name, types)


def _type_names(service: str) -> set[str]:
    found = importlib.util.find_spec(f"types_boto3_{service}")
    if found is None or found.submodule_search_locations is None:
        sys.exit(f"types-boto3 has nothing of {service}")
    text = (Path(found.submodule_search_locations[0]) / "type_defs.py").read_text()
    return set(re.findall(r"^(?:class )?(\w+TypeDef)\b", text, re.MULTILINE))


def _type_of(service: Service, name: str, names: set[str]) -> str | None:
    operation = wire_model.load(service.name).by_snake_name(name)
    if operation is None:
        return None
    if operation.input is None or not operation.input.members:
        return "NoMembers"
    shape = operation.input.name
    candidates = (f"{shape}TypeDef", f"{shape}RequestTypeDef", f"{shape.removesuffix('Type')}RequestTypeDef")
    return next((one for one in candidates if one in names), None)


def _annotate(path: Path, service: str, types: dict[str, str]) -> None:
    text = before = path.read_text()
    given = set()
    for function, name in types.items():
        pattern = re.compile(rf"(^def {function}\([^)]*?)request: Any", re.MULTILINE | re.DOTALL)
        text, count = pattern.subn(rf"\g<1>request: {name}", text)
        if count:
            given.add(name)
    if text == before:
        return
    if "NoMembers" in given:
        given.remove("NoMembers")
        place = text.index("from batchyard.")
        text = f"{text[:place]}from batchyard.framework.operation import NoMembers\n{text[place:]}"
    if not given:
        path.write_text(text)
        return
    line = f"    from types_boto3_{service}.type_defs import {', '.join(sorted(given))}\n"
    if "if TYPE_CHECKING:\n" in text:
        text = text.replace("if TYPE_CHECKING:\n", f"if TYPE_CHECKING:\n{line}", 1)
    else:
        imports = re.compile(r"^(?:from [^\n]+ import (?:\([^)]*\)|[^\n]*)|import [^\n]+)\n", re.MULTILINE)
        end = list(imports.finditer(text))[-1].end()
        text = f"{text[:end]}\nif TYPE_CHECKING:\n{line}{text[end:]}"
        text = text.replace("from typing import ", "from typing import TYPE_CHECKING, ", 1)
        if "from typing import" not in text:
            text = text.replace('"""\n\n', '"""\n\nfrom typing import TYPE_CHECKING\n', 1)
        if "from __future__ import annotations" not in text:
            text = text.replace('"""\n\n', '"""\n\nfrom __future__ import annotations\n\n', 1)
    path.write_text(text)


if __name__ == "__main__":
    main()
