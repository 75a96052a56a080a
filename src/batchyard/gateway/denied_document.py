"""What an encoded authorization message holds: the decision, its statements and the request's context.

The form is recorded (decoded messages in public issues and in the STS guide): `failures` was never seen with
anything in it, a matched statement tells its condition keys without their operators.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batchyard.framework.check import Values
from batchyard.identity.session import Session
from batchyard.policy.condition_keys import find_condition_key
from batchyard.policy.decision import Decision, StatementRef


def denied_document(
    session: Session, action: str, resource: str, decision: Decision, context: Mapping[str, Values]
) -> dict[str, Any]:
    """The document of one denial, ready for JSON."""
    conditions = [*_of_resource(resource), *_spelled(context)]
    return {
        "allowed": False,
        "explicitDeny": decision.outcome == "explicitDeny",
        "matchedStatements": _items(_statement(session, ref) for ref in decision.statements),
        "failures": _items(()),
        "context": {
            "principal": _principal(session),
            "action": action,
            "resource": resource,
            "conditions": _items(_condition(key, values) for key, values in conditions),
        },
    }


def without_conditions(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document for a request whose context is too long to be told."""
    return {**document, "context": {**document["context"], "conditions": _items(())}}


def _items(items: Iterable[Any]) -> dict[str, list[Any]]:
    return {"items": list(items)}


def _values(values: Iterable[str]) -> dict[str, list[Any]]:
    return _items({"value": value} for value in values)


def _condition(key: str, values: Values) -> dict[str, Any]:
    return {"key": key, "values": _values((values,) if isinstance(values, str) else values)}


def _principal(session: Session) -> dict[str, str]:
    named = {"name": session.name} if session.kind == "user" else {}
    return {"id": session.principal_id, **named, "arn": session.arn}


def _statement(session: Session, ref: StatementRef) -> dict[str, Any]:
    elements = ref.source.policy.statements[ref.index].elements
    return {
        "statementId": ref.sid or "",
        "effect": elements.effect.upper(),
        "principals": _values((session.principal_id,)),
        "principalGroups": _items(()),
        "actions": _values(elements.actions or ()),
        "resources": _values(elements.resources or ()),
        "conditions": _items(_condition(one.key, one.values) for one in elements.conditions),
    }


def _of_resource(resource: str) -> Iterator[tuple[str, Values]]:
    """The keys that tell the resource's parts; recorded in decoded messages, of no use in policies."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return
    _, _, service, region, account, name = parts
    kind, _, identity = name.partition("/")
    told = {"Resource": name, "Account": account, "Region": region, "Service": service, "Type": kind}
    for key, value in {**told, "ID": identity, "ARN": resource}.items():
        if value:
            yield f"aws:{key}", value


def _spelled(context: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """The context with each key as AWS's reference spells it."""
    for key in context:
        values = context.get(key)
        if values is None:
            continue
        known = find_condition_key(key)
        if known is None:
            yield key, values
        elif known.name.endswith("/"):
            yield known.name + key.partition("/")[2], values
        else:
            yield known.name, values
