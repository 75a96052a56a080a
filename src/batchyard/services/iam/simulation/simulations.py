"""The policy simulator: SimulateCustomPolicy and SimulatePrincipalPolicy."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet
from batchyard.policy.weight import Weight
from batchyard.policy.wildcard import Values
from batchyard.services.iam.nouns import GROUP, ROLE, USER, cut_page
from batchyard.services.iam.principals.entities import entity_at, not_an_entity, require_entity
from batchyard.services.iam.service import iam
from batchyard.services.iam.simulation.simulation_context import caller_context, given_context
from batchyard.services.iam.simulation.simulation_policies import (
    TRUST_ACTIONS,
    SimulatedPolicies,
    attached_policies,
    given_policies,
    given_resource_policy,
    refuse_used_up,
)
from batchyard.services.iam.simulation.simulation_results import EVERYTHING, Question, simulate_action
from batchyard.services.iam.simulation.simulation_scenarios import check_scenario

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        SimulateCustomPolicyRequestTypeDef,
        SimulatePrincipalPolicyRequestTypeDef,
    )

_CALLER = re.compile(r"arn:[a-z0-9-]+:iam::[0-9]{12}:(user|role)/[^*?]+", re.ASCII)
PER_RESULT = 35.0
"""Microseconds for the result of a resource, beside what its evaluation costs."""
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9-]+", re.ASCII)
_OWNER = re.compile(r"[0-9]{12}|arn:[a-z0-9-]+:iam::([0-9]{12}):root", re.ASCII)


@iam.operation(on=ANY)
def simulate_custom_policy(ctx: Context, request: SimulateCustomPolicyRequestTypeDef) -> dict[str, Any]:
    """Evaluate policies given as text; the caller is CallerArn, or nobody in particular."""
    caller = request.get("CallerArn")
    if caller is None and "ResourcePolicy" in request:
        # The Principal element needs somebody (botocore, CallerArn); the text is a guess.
        raise iam.error.InvalidInputException("CallerArn is required when ResourcePolicy is specified.")
    known = {} if caller is None else caller_context(_checked_caller(caller), {}, None)
    return _simulate(ctx, request, caller, given_policies(ctx, request), known)


@iam.operation(on=entity_at("PolicySourceArn"))
def simulate_principal_policy(ctx: Context, request: SimulatePrincipalPolicyRequestTypeDef) -> dict[str, Any]:
    """Evaluate the policies of a user (with its groups'), group or role; its own boundary unless another is given."""
    source = request["PolicySourceArn"]
    noun, row = require_entity(ctx, source)
    policies = attached_policies(ctx, (noun, row), request)
    caller = request.get("CallerArn", None if noun is GROUP else source)
    if caller is None and "ResourcePolicy" in request:
        text = (
            "CallerArn is required when ResourcePolicy is specified and PolicySourceArn is no user or role."
        )
        raise iam.error.InvalidInputException(text)
    known: Mapping[str, Values] = {}
    if caller is not None:
        # Tags and id of somebody else stay unknown: the permission is on PolicySourceArn alone.
        is_source = caller == source and noun in (USER, ROLE)
        known = caller_context(
            _checked_caller(caller), row.tags if is_source else {}, row.id if is_source else None
        )
    return _simulate(ctx, request, caller, policies, known)


def _simulate(
    ctx: Context, request: Any, caller: str | None, policies: SimulatedPolicies, known: Mapping[str, Values]
) -> dict[str, Any]:
    """Raise InvalidInput for what is no action; its text is a [guess]."""
    resources = tuple(request.get("ResourceArns") or EVERYTHING)
    if "ResourceHandlingOption" in request:
        check_scenario(request["ResourceHandlingOption"], resources)
    for action in request["ActionNames"]:
        if not _ACTION.fullmatch(action):
            raise iam.error.InvalidInputException(f"Invalid action name: {action}")
    question = Question(
        principal=_principal(caller, account=ctx.account if "PolicySourceArn" in request else ""),
        policies=PolicySet(identity=policies.identity, boundary=policies.boundary),
        resources=resources,
        context={**known, **given_context(request)},
        resource_owner=_owner(request),
    )
    numbered = [(f"{number:06}", action) for number, action in enumerate(request["ActionNames"])]
    shown, end = cut_page(numbered, request, lambda pair: pair[0])
    questions = _questions(ctx, request, question)
    results: list[dict[str, Any]] = []
    for number, (_, action) in enumerate(shown):
        asked, costs = questions(action)
        if results and not ctx.effort.has_room(costs):
            # IAM, too, may show fewer results than MaxItems (botocore, MaxItems).
            end = {"IsTruncated": True, "Marker": shown[number - 1][0]}
            break
        ctx.effort.spend(costs)
        _refuse_used_up(ctx)
        results.append(simulate_action(action, asked, ctx.effort.spend))
        if len(results) == 1:
            _refuse_used_up(ctx)
    return {"EvaluationResults": results, **end}


def _questions(ctx: Context, request: Any, question: Question) -> Callable[[str], tuple[Question, float]]:
    """The question as it is asked of an action, and what that costs at most, in microseconds."""
    known: dict[bool, tuple[Question, float]] = {}

    def ask(action: str) -> tuple[Question, float]:
        is_trust = action.lower() in TRUST_ACTIONS
        if is_trust not in known:
            of_resource = given_resource_policy(ctx, request, action)
            policies = dataclasses.replace(question.policies, resource=of_resource)
            known[is_trust] = (dataclasses.replace(question, policies=policies), _cost(question, policies))
        return known[is_trust]

    return ask


def _cost(question: Question, policies: PolicySet) -> float:
    weight = Weight()
    others = (one for one in (policies.boundary, policies.resource) if one is not None)
    for source in (*policies.identity, *others):
        weight.add(source.policy.statements)
    longest = max(map(len, question.resources))
    return len(question.resources) * (PER_RESULT + weight.evaluating(longest, question.context))


def _refuse_used_up(ctx: Context) -> None:
    """Where one action alone is more than a call may do."""
    refuse_used_up(ctx, "The combination of ResourceArns, ContextEntries and policies")


def _principal(caller: str | None, *, account: str) -> Principal:
    """The caller as policies see it; without a caller, somebody of the account who is not named."""
    if caller is None:
        return Principal("user", account)
    account, entity = caller.split(":", 5)[4:]
    kind, _, name = entity.partition("/")
    if kind == "user":
        return Principal("user", account, caller)
    # Policies see a session of the role; which session is not part of the question.
    partition, role = caller.split(":", 2)[1], name.rpartition("/")[2]
    session = f"arn:{partition}:sts::{account}:assumed-role/{role}/simulated"
    return Principal("role-session", account, session, role_arn=caller)


def _checked_caller(arn: str) -> str:
    """CallerArn: a user or role; no session, federated user or service principal (botocore, CallerArn)."""
    if not _CALLER.fullmatch(arn):
        raise not_an_entity(arn)
    return arn


def _owner(request: Any) -> str | None:
    """ResourceOwner as an account id; the model's example gives the account's ARN, its text the bare id."""
    given = request.get("ResourceOwner")
    if given is None:
        return None
    found = _OWNER.fullmatch(given)
    if found is None:
        raise iam.error.InvalidInputException(f"Invalid ResourceOwner: {given}")
    return found[1] or str(given)
