"""Every service's actions and resource types, as `scripts/generate_actions.py` wrote them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

_TABLE = Path(__file__).with_name("actions.json")
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class ServiceActions:
    """One service of the service authorization reference."""

    actions: Mapping[str, tuple[str, ...]]
    """Each action's name (without namespace) and the resource types that it may be checked on."""
    resources: Mapping[str, str]
    """Each resource type and its ARN with placeholders: `arn:${Partition}:s3:::${BucketName}`."""


def find_service(namespace: str) -> ServiceActions | None:
    """The service with this namespace (`batch`), in any case; None where the reference has none."""
    line = _lines().get(namespace.lower())
    return None if line is None else _parsed(line)


def resource_template(action: str, arn: str) -> str:
    """The ARN template of the type that `arn` is for an action (`s3:GetObject`), else of the action's first type.

    `*` where the action has no resource types, or is not in the reference.
    """
    namespace, _, name = action.partition(":")
    service = find_service(namespace)
    if service is None:
        return "*"
    types = next((types for known, types in service.actions.items() if known.lower() == name.lower()), ())
    templates = [service.resources[one] for one in types if one in service.resources]
    return next((one for one in templates if matches_template(one, arn)), (templates or ["*"])[0])


def matches_template(template: str, arn: str) -> bool:
    """Whether an ARN has a template's form."""
    return _expression(template).fullmatch(arn) is not None


@functools.cache
def _lines() -> dict[str, bytes]:
    """Each service's own line, parsed when it is asked for: the whole table is a megabyte."""
    found: dict[str, bytes] = {}
    for line in _TABLE.read_bytes().split(b"\n")[1:]:
        name, colon, rest = line.partition(b":")
        if colon and rest.startswith(b'{"actions"'):
            found[name.strip(b'"').decode()] = rest.rstrip(b",")
    return found


@functools.lru_cache(maxsize=64)
def _parsed(line: bytes) -> ServiceActions:
    table = orjson.loads(line)
    actions = {name: tuple(types.split("|")) if types else () for name, types in table["actions"].items()}
    return ServiceActions(actions, table["resources"])


@functools.lru_cache(maxsize=1024)
def _expression(template: str) -> re.Pattern[str]:
    """Matches the ARNs of a template. A placeholder stands for any text: partition, name, path.

    Between two placeholders the first occurrence is as good as any, so each is taken atomically: no backtracking.
    """
    first, *middle = (re.escape(part) for part in _PLACEHOLDER.split(template))
    if not middle:
        return re.compile(first)
    between = "".join(f"(?>.*?{part})" for part in middle[:-1])
    return re.compile(f"(?s:{first}{between}.*{middle[-1]})")
