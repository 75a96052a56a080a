"""The policy simulator: SimulateCustomPolicy and SimulatePrincipalPolicy."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet
from batchyard.policy.wildcard import Values
from batchyard.services.iam.entities import entity_at, not_an_entity, require_entity
from batchyard.services.iam.nouns import GROUP, ROLE, USER, USUAL_PAGE, cut_page
from batchyard.services.iam.service import iam
from batchyard.services.iam.simulation_context import caller_context, given_context
from batchyard.services.iam.simulation_policies import (
    SimulatedPolicies,
    attached_policies,
    given_policies,
    given_resource_policy,
)
from batchyard.services.iam.simulation_results import EVERYTHING, Question, simulate_action
from batchyard.services.iam.simulation_scenarios import check_scenario

_CALLER = re.compile(r"arn:[a-z0-9-]+:iam::[0-9]{12}:(user|role)/[^*?]+", re.ASCII)
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9-]+", re.ASCII)
_OWNER = re.compile(r"[0-9]{12}|arn:[a-z0-9-]+:iam::([0-9]{12}):root", re.ASCII)

EVALUATED_AT_ONCE = 50_000
"""How many statements a page evaluates, over its actions and resources: a larger one would hold everybody up.

IAM, too, may show fewer results than MaxItems (botocore, MaxItems).
"""


@iam.operation(on=ANY)
def simulate_custom_policy(ctx: Context, request: Any) -> dict[str, Any]:
    """Evaluate policies given as text; the caller is CallerArn, or nobody in particular."""
    caller = request.get("CallerArn")
    if caller is None and "ResourcePolicy" in request:
        # The Principal element needs somebody (botocore, CallerArn); the text is a guess.
        raise iam.error.InvalidInputException("CallerArn is required when ResourcePolicy is specified.")
    known = {} if caller is None else caller_context(_checked_caller(caller), {}, None)
    return _simulate(ctx, request, caller, given_policies(ctx, request), known)


@iam.operation(on=entity_at("PolicySourceArn"))
def simulate_principal_policy(ctx: Context, request: Any) -> dict[str, Any]:
    """Evaluate the policies of a user (with its groups'), group or role; its own boundary unless one is given."""
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
    shown, end = cut_page(numbered, _bounded(ctx, request, question), lambda pair: pair[0])
    results = []
    for _, action in shown:
        resource_policy = given_resource_policy(ctx, request, action)
        with_it = dataclasses.replace(question.policies, resource=resource_policy)
        results.append(simulate_action(action, dataclasses.replace(question, policies=with_it)))
    return {"EvaluationResults": results, **end}


def _bounded(ctx: Context, request: Any, question: Question) -> Any:
    """The request with MaxItems no larger than EVALUATED_AT_ONCE allows.

    Raises InvalidInput where one action alone is more work than that (its text is a guess).
    """
    policies = question.policies
    of_resource = [given_resource_policy(ctx, request, action) for action in request["ActionNames"][:1]]
    others = (one for one in (policies.boundary, *of_resource) if one is not None)
    sources = (*policies.identity, *others)
    statements = sum(len(source.policy.statements) for source in sources)
    most = EVALUATED_AT_ONCE // (len(question.resources) * max(1, statements))
    if most < 1:
        text = (
            f"ResourceArns and the policies' statements can be combined in at most {EVALUATED_AT_ONCE} ways."
        )
        raise iam.error.InvalidInputException(text)
    return {**request, "MaxItems": min(request.get("MaxItems", USUAL_PAGE), most)}


def _principal(caller: str | None, *, account: str) -> Principal:
    """The caller as policies see it; without one, somebody of the account who is not named."""
    if caller is None:
        return Principal("user", account)
    account, entity = caller.split(":", 5)[4:]
    kind, _, name = entity.partition("/")
    if kind == "user":
        return Principal("user", account, caller)
    # Policies see a session of the role; which one is not part of the question.
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
