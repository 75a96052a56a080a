"""One action's simulation on each resource, and what it adds up to, in the shape of EvaluationResult.

The shape is the one since 2026-07-30: one result for each action, whose own members sum up its resources
(botocore, EvaluationResult).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchyard.data.actions import resource_template
from batchyard.policy.decision import Decision, Outcome, Reason, StatementTrace
from batchyard.policy.document import Policy
from batchyard.policy.evaluate import evaluate
from batchyard.policy.grammar import CURRENT
from batchyard.policy.positions import Span, statement_spans
from batchyard.policy.principal import Principal
from batchyard.policy.referenced_keys import statement_keys
from batchyard.policy.sources import PolicySet, Request
from batchyard.policy.wildcard import Values
from batchyard.services.iam.simulation.simulation_policies import TRUST_ACTIONS, source_id

EVERYTHING = ("*",)
PER_SHOWN_STATEMENT = 14.0
"""Microseconds for a statement in an answer, until it is XML; each stands with its resource and in the sum."""
_STRICTEST: Sequence[Outcome] = ("explicitDeny", "implicitDeny", "allowed")
_RESOURCE_TYPES: frozenset[Reason] = frozenset(["resource-based policy", "role trust policy"])
_SHOWN: frozenset[Reason] = _RESOURCE_TYPES | {"identity-based policy"}
"""Statements of other policy types do not appear in the answer (botocore, MatchedStatements)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is simulated of each action: whose call, under which policies, on which resources, in which context."""

    principal: Principal
    """Without an account it is nobody in particular: then no resource is somebody else's."""
    policies: PolicySet
    resources: tuple[str, ...]
    context: Mapping[str, Values]
    resource_owner: str | None
    """Who owns a resource whose ARN does not say it; None: the caller's account."""


@dataclass(frozen=True, slots=True)
class _OnResource:
    """What one action came to on one resource."""

    resource: str
    decision: Decision
    missing: tuple[str, ...]
    is_cross_account: bool

    def allows(self, types: Iterable[Reason]) -> Outcome:
        """What the policies of these types alone say."""
        wanted = frozenset(types)
        effects = {one.effect for one in self.decision.trace if one.matched and one.policy_type in wanted}
        return "explicitDeny" if "Deny" in effects else "allowed" if effects else "implicitDeny"

    def details(self, *, has_boundary: bool) -> dict[str, Outcome]:
        """EvalDecisionDetails. The two recorded names of SourcePolicyType; the boundary's is a guess."""
        found = {"IAM Policy": self.allows(["identity-based policy"])}
        found["Resource Policy"] = self.allows(_RESOURCE_TYPES)
        if has_boundary:
            found["Permissions Boundary Policy"] = self.allows(["permissions boundary"])
        return found

    def matched(self) -> list[StatementTrace]:
        """The statements that made the decision: all that allow, or all that deny."""
        if self.decision.outcome == "implicitDeny":
            return []
        effect = "Deny" if self.decision.outcome == "explicitDeny" else "Allow"
        return [
            one
            for one in self.decision.trace
            if one.matched and one.effect == effect and one.policy_type in _SHOWN
        ]


def simulate_action(action: str, question: Question, spend: Callable[[float], None]) -> dict[str, Any]:
    """The EvaluationResult of one action. `spend` is told what the statements cost that it shows, in microseconds."""
    found = [_on_resource(action, resource, question) for resource in question.resources]
    spend(2 * PER_SHOWN_STATEMENT * sum(len(one.matched()) for one in found))
    outcome = _strictest(one.decision.outcome for one in found)
    deciding = [one for one in found if one.decision.outcome == outcome]
    bounded = question.policies.boundary is not None and not question.principal.is_service_linked
    answer: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": _resource_name(action, question),
        "EvalDecision": outcome,
        "MatchedStatements": _shapes(trace for one in deciding for trace in one.matched()),
        "MissingContextValues": list(dict.fromkeys(key for one in found for key in one.missing)),
    }
    if bounded:
        answer["PermissionsBoundaryDecisionDetail"] = _boundary(found)
    crossing = [one.details(has_boundary=bounded) for one in found if one.is_cross_account]
    if question.resources != EVERYTHING:
        answer["EvalDecisionDetails"] = {
            kind: _strictest(each[kind] for each in crossing) for kind in (crossing[0] if crossing else ())
        }
        answer["ResourceSpecificResults"] = [_specific(one, bounded=bounded) for one in found]
    return answer


def _on_resource(action: str, resource: str, question: Question) -> _OnResource:
    parts = resource.split(":", 5)
    named = parts[4] if len(parts) == 6 and parts[4].isdigit() else None
    caller = question.principal.account
    owner = named or question.resource_owner or caller
    known = {"aws:resourceaccount": owner} if owner else {}
    request = Request(
        action=action,
        resource=resource,
        context={**known, **question.context},
        principal=question.principal,
        resource_account=owner if caller else "",
        trust_required=question.policies.resource is not None and action.lower() in TRUST_ACTIONS,
    )
    decision = evaluate(request, question.policies, trace=True)
    crosses = owner != caller and caller != ""
    return _OnResource(resource, decision, _missing(decision, request.context), crosses)


def _missing(decision: Decision, context: Mapping[str, Values]) -> tuple[str, ...]:
    """The keys that the shown policies ask for and the context lacks, as written.

    Of statements that are about the action; a statement whose resource needs a missing variable is among them.
    """
    keys: dict[str, str] = {}
    for trace in decision.trace:
        if trace.policy_type not in _SHOWN or trace.failed_on in ("action", "principal"):
            continue
        policy = trace.ref.source.policy
        variables = policy.version == CURRENT
        asked = list(statement_keys(policy.statements[trace.ref.index], variables=variables))
        if trace.failed_on == "resource" and not any("${" in one for one in _resources(trace)):
            continue
        for key in asked:
            if context.get(key.lower()) is None:
                keys.setdefault(key.lower(), key)
    return tuple(keys.values())


def _resources(trace: StatementTrace) -> tuple[str, ...]:
    return trace.ref.source.policy.statements[trace.ref.index].elements.resources or ()


def _strictest(outcomes: Iterable[Outcome]) -> Outcome:
    return min(outcomes, key=_STRICTEST.index)


def _resource_name(action: str, question: Question) -> str:
    return "*" if question.resources == EVERYTHING else resource_template(action, question.resources[0])


def _boundary(found: Iterable[_OnResource]) -> dict[str, bool]:
    allowed = all(one.allows(["permissions boundary"]) == "allowed" for one in found)
    return {"AllowedByPermissionsBoundary": allowed}


def _specific(one: _OnResource, *, bounded: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "EvalResourceName": one.resource,
        "EvalResourceDecision": one.decision.outcome,
        "MatchedStatements": _shapes(one.matched()),
        "MissingContextValues": list(one.missing),
    }
    if one.is_cross_account:
        shape["EvalDecisionDetails"] = one.details(has_boundary=bounded)
    if bounded:
        shape["PermissionsBoundaryDecisionDetail"] = _boundary([one])
    return shape


def _shapes(traces: Iterable[StatementTrace]) -> list[dict[str, Any]]:
    """Each statement once, with where it stands in its document.

    SourcePolicyType is `IAM Policy` in every answer that people show, whatever the model's enumeration says.
    """
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for trace in traces:
        source = trace.ref.source
        key = (source.arn or source.name, trace.ref.index)
        if key not in found:
            span = _spans(source.policy)[trace.ref.index]
            found[key] = {
                "SourcePolicyId": source_id(source),
                "SourcePolicyType": "Resource Policy" if source.kind == "resource" else "IAM Policy",
                "StartPosition": {"Line": span.start.line, "Column": span.start.column},
                "EndPosition": {"Line": span.end.line, "Column": span.end.column},
            }
    return list(found.values())


@functools.lru_cache(maxsize=64)
def _spans(policy: Policy) -> tuple[Span, ...]:
    return statement_spans(policy.text)
