"""The grammar of policy documents: JSON in, checked statements out, refusals in AWS's words.

The texts and the order in which they come are recorded (moto's cases for CreatePolicy, taken from AWS; threads),
unless marked as a guess.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from batchyard.policy.conditions import OperatorUse, find_operator

Kind = Literal["identity", "managed", "aws-managed", "boundary", "session", "resource", "trust", "scp", "rcp"]
"""`identity` is inline; `managed` a customer managed policy (Version 2012-10-17 only); `aws-managed` one of AWS's
own, to which the rules for customers' resources and actions don't apply."""

WITH_PRINCIPAL = frozenset({"resource", "trust", "rcp"})

SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
LEADING_SPACES = "JSON strings must not have leading spaces"
OLD = "2008-10-17"
CURRENT = "2012-10-17"

_TOP = frozenset({"Version", "Id", "Statement"})
_ELEMENTS = frozenset(
    [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ]
)
_PRINCIPAL_TYPES = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)


class MalformedPolicy(ValueError):
    """A document that is no policy of its kind. Its text is the message of MalformedPolicyDocument."""


class _Number(str):
    """A JSON number, as written: a value of a condition, and nothing else."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a Condition block with its operator and values, as text."""

    use: OperatorUse
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elements:
    """One statement, read but not compiled. `actions` and `resources` are None where the element is missing."""

    sid: str | None
    effect: str
    actions: tuple[str, ...] | None
    not_action: bool
    resources: tuple[str, ...] | None
    not_resource: bool
    has_principal: bool
    principals: dict[str, tuple[str, ...]] | None
    """None with `has_principal` is the bare `"*"`."""
    not_principal: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document, read but not compiled."""

    version: str
    has_version: bool
    statements: tuple[Elements, ...]


def read(text: str, kind: Kind) -> Document:
    """Read a document's JSON by the grammar; raises MalformedPolicy, mostly with `Syntax errors in policy.`"""
    if text.startswith((" ", "\t")):
        raise MalformedPolicy(LEADING_SPACES if kind == "trust" else LEGACY)
    raw = _load(text)
    _require(isinstance(raw, dict) and raw.keys() <= _TOP)
    version = raw.get("Version", OLD)
    _require(version in (OLD, CURRENT) and type(version) is str)
    _require("Id" not in raw or type(raw["Id"]) is str)
    statements = raw.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    _require(isinstance(statements, list) and bool(statements))
    read_statements = tuple(_statement(statement) for statement in statements)
    return Document(version, "Version" in raw, read_statements)


def check_statement_ids(document: Document, kind: Kind) -> None:
    """Sids are letters and digits and appear once. Other services' resource policies may hold other characters."""
    seen: set[str] = set()
    for statement in document.statements:
        if not statement.sid:
            continue
        if kind not in ("resource", "aws-managed") and not _SID.fullmatch(statement.sid):
            raise MalformedPolicy(
                "Statement IDs (SID) must be alpha-numeric. "
                "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            )
        if statement.sid in seen:
            raise MalformedPolicy("Statement IDs (SID) in a single policy must be unique.")
        seen.add(statement.sid)


def _load(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedPolicy(SYNTAX) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # IAM user guide, "Grammar": no element may hold the same key twice. The text is a guess.
    _require(len(found) == len(pairs))
    return found


def _refuse(constant: str) -> Any:
    raise MalformedPolicy(SYNTAX)


def _require(fact: bool) -> None:
    if not fact:
        raise MalformedPolicy(SYNTAX)


def _statement(raw: Any) -> Elements:
    _require(isinstance(raw, dict) and raw.keys() <= _ELEMENTS)
    for name in ("Action", "Resource", "Principal"):
        _require(name not in raw or f"Not{name}" not in raw)
    effect = raw.get("Effect")
    _require(type(effect) is str and effect.lower() in ("allow", "deny"))
    _require("Sid" not in raw or type(raw["Sid"]) is str)
    principal = raw.get("Principal", raw.get("NotPrincipal"))
    has_principal = "Principal" in raw or "NotPrincipal" in raw
    return Elements(
        sid=raw.get("Sid"),
        effect=effect,
        actions=_strings(raw, "Action"),
        not_action="NotAction" in raw,
        resources=_strings(raw, "Resource"),
        not_resource="NotResource" in raw,
        has_principal=has_principal,
        principals=_principals(principal) if has_principal else None,
        not_principal="NotPrincipal" in raw,
        conditions=_conditions(raw.get("Condition", {})),
    )


def _strings(raw: dict[str, Any], name: str) -> tuple[str, ...] | None:
    for element in (name, f"Not{name}"):
        if element in raw:
            return _texts(raw[element])
    return None


def _texts(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    _require(all(type(text) is str for text in texts))
    return tuple(texts)


def _principals(value: Any) -> dict[str, tuple[str, ...]] | None:
    if value == "*":
        return None
    _require(isinstance(value, dict) and bool(value) and value.keys() <= _PRINCIPAL_TYPES)
    entries = {kind: _texts(names) for kind, names in value.items()}
    _require(all(entries.values()))
    return entries


def _conditions(block: Any) -> tuple[Condition, ...]:
    _require(isinstance(block, dict))
    conditions: list[Condition] = []
    for written, keys in block.items():
        _require(isinstance(keys, dict))
        if not keys:
            # An operator without keys is never looked at: recorded for names that are no operators, too.
            continue
        use = find_operator(written)
        if use is None:
            raise MalformedPolicy(SYNTAX)
        conditions.extend(Condition(use, key, _condition_values(values)) for key, values in keys.items())
    return tuple(conditions)


def _condition_values(value: Any) -> tuple[str, ...]:
    return tuple(_condition_value(item) for item in (value if isinstance(value, list) else [value]))


def _condition_value(value: Any) -> str:
    """Text, or a number or Boolean without quotation marks (IAM user guide, "Grammar": they are optional)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    _require(isinstance(value, str))
    return str(value)
