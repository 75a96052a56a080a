"""Every check of a call, evaluated: allowed by all of them, or AccessDenied in AWS's words."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import AccessDenied
from batchyard.framework.operation import OperationEntry
from batchyard.framework.ports import PolicySource, PrincipalPolicies
from batchyard.gateway.denial import denied, ended, throttled
from batchyard.gateway.denied_document import denied_document, without_conditions
from batchyard.gateway.policy_weights import weigh
from batchyard.gateway.request_context import CheckContext, call_keys
from batchyard.gateway.session_limits import refuse_beyond_limits
from batchyard.identity.authorization_messages import encode
from batchyard.identity.session import Session
from batchyard.policy.decision import Decision
from batchyard.policy.document import Policy, empty, parse
from batchyard.policy.evaluate import evaluate
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet, Request, Source
from batchyard.wire.model import OF_EC2, load

_NOTHING = PrincipalPolicies(identity=())
_ALL = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_EVERYTHING = PrincipalPolicies(
    identity=(Source(kind="root", name="root", arn=None, version=None, policy=parse(_ALL, kind="identity")),)
)
"""What the root user may: a federated user that it made has this within its session policies."""


class Authorizer:
    """Asks the policies. `policies` finds them; what it returns is cached by version."""

    def __init__(self, policies: PolicySource) -> None:
        self._policies = policies

    def check(self, ctx: Context, operation: OperationEntry) -> tuple[list[dict[str, Any]], list[str]]:
        """Evaluate every check of the call.

        Returns the decisions (as the audit keeps them) and the resources touched. Raises AccessDenied at the
        first check that is not allowed, with that decision in `members` (where the operation is authorized one by
        one, its denials go to `ctx.denied` instead); SessionEnded where the principal is gone;
        AWS's error for too much at once where checks and policies multiply to more than a call may be.
        """
        refuse_beyond_limits(ctx)
        found = self._find(ctx, ctx.session)
        question: _Question | None = None
        # What bounds root and services is shared by all accounts: nothing of an account is known for another account.
        is_shared = found is _NOTHING or found is _EVERYTHING
        is_own = not is_shared and ctx.session.policies is None
        known = found.allowed if is_own else {}
        default_action = operation.action or f"{ctx.service.prefix}:{ctx.call.operation}"
        decisions: list[dict[str, Any]] = []
        resources: list[str] = []
        for check in _checks(ctx, operation):
            action = check.action or default_action
            place = (ctx.session.kind, action, check.resource, check.account)
            kept = known.get(place) if check.trust is None else None
            if kept is None:
                weigh(ctx, found, action, check.resource)
                if question is None:
                    question = _Question(ctx, operation, found, self._session_policies(ctx, ctx.session))
                try:
                    kept = question.ask(check, action, known, place)
                except AccessDenied as error:
                    if not operation.one_by_one or error.decision is None:
                        raise
                    ctx.denied[check.resource] = error
                    kept = {**error.decision}
            if ctx.effort.is_used_up:
                raise throttled(ctx.call.service)
            decisions.append(kept)
            if check.resource != "*":
                resources.append(check.resource)
        return decisions, resources

    def _find(self, ctx: Context, session: Session) -> PrincipalPolicies:
        if session.kind in ("root", "service", "anonymous"):
            return _NOTHING
        if session.kind == "federated-user" and session.user is None:
            return _EVERYTHING
        found = self._policies.find_policies(ctx.read, session, ctx.effort.prepare)
        if found is None:
            raise ended(ctx.call.service)
        return found

    def _session_policies(self, ctx: Context, session: Session) -> tuple[Source, ...] | None:
        if session.policies is None:
            return None
        given = [
            Source(
                kind="session", name="session policy", arn=None, version=None, policy=_parsed(text, "session")
            )
            for text in session.policies
        ]
        for arn in session.policy_arns:
            managed = self._policies.find_managed_policy(ctx.read, session, arn, ctx.effort.prepare)
            if managed is not None:
                given.append(managed)
        return tuple(given)


def _checks(ctx: Context, operation: OperationEntry) -> Iterable[Check]:
    for target in (*operation.on, *operation.passes):
        yield from target(ctx, ctx.call.request)


_KNOWN_AT_MOST = 64
"""How many decisions are remembered of one principal: a bound for callers who name ever new resources."""


class _Question:
    """What all checks of one call share, made where a check is not decided already."""

    def __init__(
        self,
        ctx: Context,
        operation: OperationEntry,
        found: PrincipalPolicies,
        session: tuple[Source, ...] | None,
    ) -> None:
        self._ctx = ctx
        self._now = wall_now()
        self._keys = call_keys(ctx, operation, found.tags, now=self._now)
        self._policies = PolicySet(identity=found.identity, boundary=found.boundary, session=session)
        self._principal = _principal(ctx.session)

    def ask(self, check: Check, action: str, known: dict[Any, dict[str, Any]], place: Any) -> dict[str, Any]:
        """The decision as the audit keeps it; raises AccessDenied.

        A decision that allows and looked at no condition key is the same until the principal's policies change: it goes
        to `known`.
        """
        context = self._context(check)
        decision = self._decide(check, action, context)
        kept = _as_kept(action, check.resource, decision)
        if _crosses_accounts(self._ctx, check):
            kept = _without_theirs(kept)
        if decision.outcome != "allowed":
            raise _refusal(self._ctx, check, action, decision, kept, context)
        if check.trust is None and not context.was_asked:
            if len(known) >= _KNOWN_AT_MOST:
                known.clear()
            known[place] = kept
        return kept

    def _context(self, check: Check) -> CheckContext:
        values = {**self._keys, "aws:resourceaccount": check.account or self._ctx.account}
        for name, value in check.context.items():
            values[name.lower()] = value
        return CheckContext(values, check, self._now)

    def _decide(self, check: Check, action: str, context: CheckContext) -> Decision:
        request = Request(
            action=action,
            resource=check.resource,
            context=context,
            principal=self._principal if check.provider is None else _vouched(check.provider),
            resource_account=check.account or self._ctx.account,
            trust_required=check.trust is not None,
        )
        policies = self._policies
        if check.trust is not None:
            arn, document = check.trust
            policy = empty("trust") if document is None else _parsed(document, "trust")
            trust = Source(kind="trust", name=arn, arn=arn, version=None, policy=policy)
            policies = replace(policies, resource=trust)
        return evaluate(request, policies)


def _refusal(
    ctx: Context,
    check: Check,
    action: str,
    decision: Decision,
    kept: Mapping[str, Any],
    context: CheckContext,
) -> Exception:
    error = denied(
        ctx.call.service,
        principal_arn=ctx.session.arn,
        action=action,
        resource=check.told or check.resource,
        decision=decision,
        crosses_accounts=_crosses_accounts(ctx, check),
        encoded=_encoded(ctx, check, action, decision, context),
        words=check.refusal,
    )
    error.decision = kept
    return error


def _crosses_accounts(ctx: Context, check: Check) -> bool:
    return check.account not in (None, ctx.account)


def _without_theirs(kept: dict[str, Any]) -> dict[str, Any]:
    """The decision as the caller's account may know it: that another account's policy refused, not by what."""
    own = [one for one in kept["statements"] if one["kind"] != "trust"]
    refused = kept["outcome"] != "allowed" and kept["reason"] == "role trust policy"
    return {**kept, "outcome": "implicitDeny" if refused else kept["outcome"], "statements": own}


def _encoded(
    ctx: Context, check: Check, action: str, decision: Decision, context: CheckContext
) -> str | None:
    """The encoded message that EC2 adds where the denial is about a resource (recorded: ec2:Describe… has none)."""
    if load(ctx.call.service).protocol != OF_EC2 or check.resource == "*":
        return None
    place = (ctx.runtime.keyring, ctx.partition, ctx.account)
    document = denied_document(ctx.session, action, check.told or check.resource, decision, context)
    if check.told is not None:
        # Tags and other keys of what was found would tell that it is there, be it by the length of the seal.
        return encode(*place, without_conditions(document))
    return encode(*place, document) or encode(*place, without_conditions(document))


@functools.lru_cache(maxsize=1024)
def _parsed(document: str, kind: Any) -> Policy:
    return parse(document, kind=kind)


@functools.lru_cache(maxsize=4096)
def _principal(session: Session) -> Principal:
    kinds: Mapping[str, Any] = {"role": "role-session"}
    behind = session.role or session.user
    return Principal(
        kind=kinds.get(session.kind, session.kind),
        account=session.account,
        arn=session.arn,
        id=session.principal_id,
        role_arn=behind.arn if behind is not None else None,
        service=session.service_principal,
    )


def _vouched(provider: str) -> Principal:
    """Somebody for whom an identity provider vouches: of no account, so that the trust policy alone decides."""
    return Principal(kind="federated", account="", provider=provider)


def _as_kept(action: str, resource: str, decision: Decision) -> dict[str, Any]:
    return {
        "action": action,
        "resource": resource,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "statements": [
            {
                "policy": ref.source.arn or ref.source.name,
                "kind": ref.source.kind,
                "version": ref.source.version,
                "statement": ref.number,
                "sid": ref.sid,
            }
            for ref in decision.statements
        ],
    }
