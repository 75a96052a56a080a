"""Explains a decision: what decided it, what came nearest, and what became of every other statement."""

from __future__ import annotations

from dataclasses import dataclass

from batchyard.policy.decision import (
    ConditionMiss,
    Decision,
    Reason,
    StatementRef,
    StatementTrace,
    nearest_misses,
)
from batchyard.policy.sources import Request
from batchyard.policy.tag_values import is_tag_key
from batchyard.policy.wildcard import Values

_IMPLICIT: dict[Reason, str] = {"role trust policy": "the role trust policy does not allow"}
_GRANTED: dict[Reason, str] = {
    "account root user": "allowed: the account's root user may do everything",
    "no permission needed": "allowed: no permission is needed",
}


@dataclass(frozen=True, slots=True)
class ExplainedStatement:
    """One statement; `decided` says whether the decision stands on it."""

    trace: StatementTrace
    decided: bool
    sentence: str
    """What it does here: `would allow, but Condition StringLike iam:AWSServiceName got …`."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in words. `statements` begins with those that decided; after a denial that no statement made,
    with those of the deciding policy type that came nearest to allowing."""

    decision: Decision
    sentence: str
    nearest_miss: ExplainedStatement | None
    """What would allow if one element were different; None where no statement is about the action at all."""
    statements: tuple[ExplainedStatement, ...]


def explain(request: Request, decision: Decision) -> Explanation:
    """Explain a decision on `request` that was made with its trace."""
    explained = [_explain(request, decision, one) for one in _ordered(decision)]
    nearest = None
    if decision.outcome == "implicitDeny":
        nearest = next(iter(explained), None)
        if nearest is not None and not _is_near(decision, nearest.trace):
            nearest = None
    return Explanation(
        decision,
        outcome_sentence(request.action, decision.outcome, decision.reason),
        nearest,
        tuple(explained),
    )


def outcome_sentence(action: str, outcome: str, reason: str) -> str:
    """What was decided, and by which type of policy."""
    if outcome == "allowed":
        return _GRANTED.get(reason, f"allowed by {_with_article(reason)}")  # type: ignore[call-overload, no-any-return]
    if outcome == "explicitDeny":
        return f"denied: an explicit deny in {_with_article(reason)}"
    allows = _IMPLICIT.get(reason, f"no {reason} allows")  # type: ignore[call-overload]
    return f"denied: {allows} {action}"


def _with_article(reason: str) -> str:
    if reason == "role trust policy":
        return f"the {reason}"
    return f"{'an' if reason[0] in 'aeiou' else 'a'} {reason}"


def _ordered(decision: Decision) -> list[StatementTrace]:
    """Those that decided; what came nearest; the rest, as they were looked at."""
    near = [one for one in nearest_misses(decision.trace) if one.policy_type == decision.reason]
    if decision.outcome != "implicitDeny":
        near = []
    decided = [one for one in decision.trace if _decided(decision, one)]
    first = [*decided, *near]
    return [*first, *(one for one in decision.trace if one not in first)]


def _decided(decision: Decision, trace: StatementTrace) -> bool:
    return any(_is_same(trace.ref, ref) for ref in decision.statements)


def _is_same(one: StatementRef, other: StatementRef) -> bool:
    return one.source is other.source and one.index == other.index


def _is_near(decision: Decision, trace: StatementTrace) -> bool:
    return (
        trace.effect == "Allow"
        and trace.policy_type == decision.reason
        and trace.failed_on not in (None, "action")
    )


def _explain(request: Request, decision: Decision, trace: StatementTrace) -> ExplainedStatement:
    decided = _decided(decision, trace)
    if not trace.matched:
        sentence = f"would {trace.effect.lower()}, but {_failure(request, trace)}"
    elif trace.effect == "Deny":
        sentence = "denies"
    elif decided:
        sentence = "allows"
    elif decision.outcome == "allowed":
        sentence = "allows, too"
    else:
        sentence = "allows, which is not enough"
    return ExplainedStatement(trace, decided, sentence)


def _failure(request: Request, trace: StatementTrace) -> str:
    elements = trace.ref.source.policy.statements[trace.ref.index].elements
    if trace.failed_on == "action":
        return _element("Action", request.action, elements.actions, negated=elements.not_action)
    if trace.failed_on == "resource":
        return _element("Resource", request.resource, elements.resources, negated=elements.not_resource)
    if trace.failed_on == "principal":
        return f"{'NotPrincipal' if elements.not_principal else 'Principal'} got {request.principal.arn}"
    return " and ".join(_condition(miss) for miss in trace.misses)


def _element(name: str, got: str, values: tuple[str, ...] | None, *, negated: bool) -> str:
    return f"{'Not' if negated else ''}{name} got {got}, where the policy has {_listed(values or ())}"


def _condition(miss: ConditionMiss) -> str:
    values = () if miss.got is None else _texts(miss.got)
    got = _listed(values) if values else "nothing"
    if len(values) > 1 and is_tag_key(miss.key.lower()):
        got += " (tags whose keys differ in case)"
    return f"Condition {miss.operator} {miss.key} got {got}, where the policy has {_listed(miss.told)}"


def _texts(value: Values) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _listed(values: tuple[str, ...]) -> str:
    most = 4
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more
