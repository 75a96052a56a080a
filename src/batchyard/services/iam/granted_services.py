"""Which services a policy document allows anything of: what Access Advisor lists (slr.md 6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from batchyard.data.service_names import names


def granted_services(documents: Iterable[str]) -> list[str]:
    """The namespaces of the services that these identity policies together allow, sorted.

    Only what Allow statements say counts: denials, conditions, boundaries and organizations do not
    (IAM user guide, Access Advisor).
    """
    granted: set[str] = set()
    for document in documents:
        for statement in _many(orjson.loads(document).get("Statement", [])):
            if statement.get("Effect") == "Allow":
                granted |= _of_statement(statement)
    return sorted(granted)


def _of_statement(statement: dict[str, Any]) -> set[str]:
    if "NotAction" in statement:
        excluded = {action[:-2].lower() for action in _many(statement["NotAction"]) if action.endswith(":*")}
        everything = "*" in _many(statement["NotAction"])
        return set() if everything else set(names()) - excluded
    found: set[str] = set()
    for action in _many(statement.get("Action", [])):
        namespace = action.partition(":")[0].lower()
        found |= set(names()) if namespace == "*" else {namespace} & set(names())
    return found


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
