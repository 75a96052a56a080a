"""Before the fact: may this principal do that? The answer is made here, from what IAM's operations tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.cli.explain.principals import Bound, read_principal, trust_policy
from batchyard.cli.explain.texts import statement_of
from batchyard.cli.refusal import Refusal
from batchyard.clock import wall_now
from batchyard.framework.tag_keys import principal_tag_keys
from batchyard.policy.document import Policy
from batchyard.policy.evaluate import evaluate
from batchyard.policy.explanation import ExplainedStatement, Explanation, explain
from batchyard.policy.sources import PolicySet, Request
from batchyard.policy.wildcard import Values

_OWNER = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):")
"""The account in an ARN. A resource without one (AWS's managed policies, `*`) is asked for as the caller's own."""


def ask(
    iam: Any, *, principal: str, action: str, resource: str, context: Sequence[str], region: str
) -> dict[str, Any]:
    """The decision on one request, and what became of every statement; raises Refusal."""
    if action.count(":") != 1 or "*" in action:
        raise Refusal(f"`--action` takes one action such as `batch:SubmitJob`, not `{action}`")
    bound = read_principal(iam, principal)
    owner = _OWNER.match(resource)
    request = Request(
        action=action,
        resource=resource,
        context={**_known(bound, region), **_given(context)},
        principal=bound.principal,
        resource_account=owner[1] if owner else bound.principal.account,
        trust_required=action.lower() == "sts:assumerole",
    )
    policies = bound.policies
    if request.trust_required:
        policies = PolicySet(
            identity=policies.identity, boundary=policies.boundary, resource=trust_policy(iam, resource)
        )
    return _answer(request, explain(request, evaluate(request, policies, trace=True)))


def _given(context: Sequence[str]) -> dict[str, Values]:
    """`--context key=value`, several times for a key with several values."""
    values: dict[str, tuple[str, ...]] = {}
    for one in context:
        key, equals, value = one.partition("=")
        if not equals or ":" not in key:
            raise Refusal(f"`--context` takes key=value such as `aws:RequestTag/team=red`, not `{one}`")
        values[key.lower()] = (*values.get(key.lower(), ()), value)
    return {key: found[0] if len(found) == 1 else found for key, found in values.items()}


def _known(bound: Bound, region: str) -> dict[str, Values]:
    """The keys that follow from who asks and where; the rest is for `--context` to give (iam-evaluation.md 4)."""
    principal = bound.principal
    now = wall_now()
    types = {"root": "Account", "user": "User", "role-session": "AssumedRole"}
    keys: dict[str, Values] = {
        "aws:principalarn": principal.role_arn or principal.arn,
        "aws:principalaccount": principal.account,
        "aws:principaltype": types[principal.kind],
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:userid": principal.id,
        "aws:requestedregion": region,
        "aws:currenttime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "aws:epochtime": str(int(now.timestamp())),
    }
    if bound.user_name is not None:
        keys["aws:username"] = bound.user_name
    return keys | principal_tag_keys(bound.tags)


def _answer(request: Request, explanation: Explanation) -> dict[str, Any]:
    decision = explanation.decision
    nearest = explanation.nearest_miss
    return {
        "principal": request.principal.arn,
        "action": request.action,
        "resource": request.resource,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "sentence": explanation.sentence,
        "nearestMiss": None if nearest is None else _statement(nearest),
        "statements": [_statement(one) for one in explanation.statements],
        "context": _plain(request.context),
    }


def _plain(context: Mapping[str, Values]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in context.items()}


def _statement(explained: ExplainedStatement) -> dict[str, Any]:
    trace = explained.trace
    source = trace.ref.source
    policy: Policy = source.policy
    return {
        "policy": source.arn or source.name,
        "kind": source.kind,
        "version": source.version,
        "statement": trace.ref.number,
        "sid": trace.ref.sid,
        "policyType": trace.policy_type,
        "effect": trace.effect,
        "decided": explained.decided,
        "matched": trace.matched,
        "failedOn": trace.failed_on,
        "conditions": [
            {"operator": miss.operator, "key": miss.key, "values": list(miss.values), "got": miss.got}
            for miss in trace.misses
        ],
        "sentence": explained.sentence,
        "text": statement_of(policy.text, trace.ref.number),
    }
