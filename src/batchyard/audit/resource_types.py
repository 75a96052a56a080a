"""The types of resources: CloudFormation's names, as CloudTrail writes them, and the kinds in ARNs behind them.

Each service declares its own (`Service(resource_types=…)`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from batchyard.audit.resources import kind

_TYPES: dict[str, str] = {}
_KINDS: dict[str, str] = {}


def declare(prefix: str, types: Mapping[str, str]) -> None:
    """Make the types of a service known, by the kind in its ARNs; for `framework.service`."""
    for within, name in types.items():
        _TYPES[f"{prefix}:{within}"] = name
        _KINDS[name] = f"{prefix}:{within}"


def resource_type(arn: str) -> str:
    """CloudFormation's name for the type of an ARN's resource; a type without one keeps the ARN's words [guess]."""
    found = kind(arn)
    if not found:
        return "AWS::Unknown"
    return _TYPES.get(found) or "AWS::" + found.replace(":", "::", 1)


def kind_of(name: str) -> str:
    """The kind in ARNs behind a type's name, as `audit.resources.kind` gives it; empty where there is none."""
    return _KINDS.get(name, "")


def known_kinds(arns: Iterable[str]) -> frozenset[str]:
    """The kinds among those of ARNs that have a type's name: few, whatever ARNs a caller makes up."""
    return frozenset(found for arn in arns if (found := kind(arn)) in _TYPES)
