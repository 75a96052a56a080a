"""The evaluation: policies and a request in, a decision out, in the order of iam-evaluation.md section 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from batchyard.policy.decision import Decision, Reason, StatementRef
from batchyard.policy.match import Grade
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet, Request, Source
from batchyard.policy.trace import trace_statements

__all__ = ["PolicySet", "Principal", "Request", "Source", "evaluate"]

_NEED_NO_PERMISSION = frozenset({"sts:getcalleridentity"})
"""Works even with an explicit Deny (iam-evaluation.md 1)."""


def evaluate(request: Request, policies: PolicySet, *, trace: bool = False) -> Decision:
    """Decide a request. With `trace` the decision tells of every statement whether it matched and where it failed."""
    decision = _decide(request, policies)
    if trace:
        traced = tuple(trace_statements(request, applicable(request, policies)))
        return dataclasses.replace(decision, trace=traced)
    return decision


def applicable(request: Request, policies: PolicySet) -> Iterator[tuple[Reason, Source]]:
    """The policies that bear on the request, with their types, in the order in which they are looked at."""
    principal = request.principal
    bounded = not principal.is_service_linked
    own = principal.has_identity_policies
    if bounded and own:
        yield from (("service control policy", source) for level in policies.scp or () for source in level)
    if bounded:
        yield from (("resource control policy", source) for level in policies.rcp or () for source in level)
    if policies.resource is not None:
        yield _resource_type(request), policies.resource
    if own:
        yield from (("identity-based policy", source) for source in policies.identity)
        if bounded and policies.boundary is not None:
            yield "permissions boundary", policies.boundary
        yield from (("session policy", source) for source in policies.session or ())


def _decide(request: Request, policies: PolicySet) -> Decision:
    action = request.action.lower()
    if action in _NEED_NO_PERMISSION:
        return Decision("allowed", "no permission needed", ())
    for policy_type, source in applicable(request, policies):
        denying = _find_deny(request, action, source)
        if denying is not None:
            return Decision("explicitDeny", policy_type, (denying,))
    allowing: list[StatementRef] = []
    missing = _missing_in_organization(request, action, policies, allowing)
    if missing is not None:
        return Decision("implicitDeny", missing, ())
    grade, grant = _find_grant(request, action, policies.resource)
    principal = request.principal
    resource_type = _resource_type(request)
    if grant is None and (request.trust_required or not principal.has_identity_policies):
        return Decision("implicitDeny", resource_type, ())
    is_same_account = principal.account == request.resource_account
    if grant is not None and (not principal.has_identity_policies or (grade == "direct" and is_same_account)):
        return Decision("allowed", resource_type, (grant, *allowing))
    is_granted = grade == "role" and is_same_account
    own_side = _own_side(request, action, policies, allowing, is_granted=is_granted)
    if own_side.outcome != "allowed":
        return own_side
    if not is_same_account and grant is None:
        return Decision("implicitDeny", resource_type, ())
    if grant is not None and (request.trust_required or not is_same_account or is_granted):
        return dataclasses.replace(own_side, statements=(*own_side.statements, grant))
    return own_side


def _missing_in_organization(
    request: Request, action: str, policies: PolicySet, allowing: list[StatementRef]
) -> Reason | None:
    """The policy type of the organization that does not allow; puts what allows into `allowing`."""
    if request.principal.is_service_linked:
        return None
    own = request.principal.has_identity_policies
    for level in (policies.scp or ()) if own else ():
        found = _find_allow(request, action, level)
        if found is None:
            return "service control policy"
        allowing.append(found)
    for level in policies.rcp or ():
        found = _find_allow(request, action, level)
        if found is None:
            return "resource control policy"
        allowing.append(found)
    return None


def _own_side(
    request: Request, action: str, policies: PolicySet, allowing: list[StatementRef], *, is_granted: bool
) -> Decision:
    """What the principal's own account says: identity policies within boundary and session policies.

    `is_granted`: the resource's policy stands in for the identity policies.
    """
    principal = request.principal
    found = None if principal.kind == "root" else _find_allow(request, action, policies.identity)
    reason: Reason = "identity-based policy"
    if principal.kind == "root":
        reason = "account root user"
    elif found is not None:
        allowing.insert(0, found)
    elif is_granted:
        reason = _resource_type(request)
    else:
        return Decision("implicitDeny", reason, ())
    if policies.boundary is not None and not principal.is_service_linked:
        within = _find_allow(request, action, (policies.boundary,))
        if within is None:
            return Decision("implicitDeny", "permissions boundary", ())
        allowing.append(within)
    session = policies.session
    if session is None and principal.kind == "federated-user":
        # A federated user without a session policy has no permissions of its own (guide: evaluation logic).
        session = ()
    if session is not None:
        within = _find_allow(request, action, session)
        if within is None:
            return Decision("implicitDeny", "session policy", ())
        allowing.append(within)
    return Decision("allowed", reason, tuple(allowing))


def _find_deny(request: Request, action: str, source: Source) -> StatementRef | None:
    for statement in source.policy.relevant(action)[0]:
        principals = statement.principals
        if principals is not None and principals.grade(request.principal) is None:
            continue
        if statement.applies(request.resource, request.context):
            return StatementRef(source, statement.index, statement.sid)
    return None


def _find_allow(request: Request, action: str, sources: Iterable[Source]) -> StatementRef | None:
    for source in sources:
        for statement in source.policy.relevant(action)[1]:
            principals = statement.principals
            if principals is not None and principals.grade(request.principal) is None:
                continue
            if statement.applies(request.resource, request.context):
                return StatementRef(source, statement.index, statement.sid)
    return None


_RANK: dict[Grade, int] = {"direct": 3, "role": 2, "account": 1}


def _find_grant(
    request: Request, action: str, source: Source | None
) -> tuple[Grade | None, StatementRef | None]:
    """The Allow of the resource's policy that names the caller most directly."""
    best: tuple[Grade | None, StatementRef | None] = (None, None)
    if source is None:
        return best
    rank = 0
    for statement in source.policy.relevant(action)[1]:
        grade = statement.principals.grade(request.principal) if statement.principals else None
        if grade is None or _RANK[grade] <= rank:
            continue
        if statement.applies(request.resource, request.context):
            best = grade, StatementRef(source, statement.index, statement.sid)
            rank = _RANK[grade]
    return best


def _resource_type(request: Request) -> Reason:
    return "role trust policy" if request.trust_required else "resource-based policy"
