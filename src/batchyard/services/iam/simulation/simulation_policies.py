"""Which policies a simulation evaluates: those given as text, and those of a user, group or role."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchyard.framework.context import Context
from batchyard.policy import weight
from batchyard.policy.document import Kind, MalformedPolicy, Policy, parse
from batchyard.policy.sources import Source
from batchyard.services.iam.nouns import ROLE, USER
from batchyard.services.iam.policies.principal_policies import reading_for
from batchyard.services.iam.principals.entities import Entity
from batchyard.services.iam.service import iam
from batchyard.services.iam.simulation.policy_exclusions import exclusions

_LONGEST_KEPT = 16 * 1024
"""A longer document is larger than a policy of IAM's can be: it is not kept parsed, for it would take megabytes."""

TRUST_ACTIONS = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
"""Their resource's policy is a role's trust policy: it names no resource, and must allow."""


@dataclass(frozen=True, slots=True)
class SimulatedPolicies:
    """The identity policies, and the boundary, if any."""

    identity: tuple[Source, ...]
    boundary: Source | None


def given_policies(ctx: Context, request: Any) -> SimulatedPolicies:
    """PolicyInputList and PermissionsBoundaryPolicyInputList; raises InvalidInput for what is no policy."""
    bounding = _given(ctx, request, "PermissionsBoundaryPolicyInputList", "boundary")
    if len(bounding) > 1:
        # One boundary bounds an entity at a time (botocore, SimulateCustomPolicy); the text is a guess.
        text = "PermissionsBoundaryPolicyInputList must not hold more than one policy."
        raise iam.error.InvalidInputException(text)
    return SimulatedPolicies(
        _given(ctx, request, "PolicyInputList", "input"), bounding[0] if bounding else None
    )


def attached_policies(ctx: Context, entity: Entity, request: Any) -> SimulatedPolicies:
    """An entity's policies but those excluded, and the given policies with them; a given boundary replaces its own."""
    noun, row = entity
    reading = reading_for(ctx)
    excluded = exclusions(request.get("PolicyExclusionList", ()))
    given = given_policies(ctx, request)
    boundary = given.boundary
    if boundary is None and noun in (USER, ROLE):
        own = reading.principal(row, is_role=noun is ROLE).boundary
        boundary = None if own is None or excluded(own) else own
    own_identity = tuple(source for source in reading.identity(noun, row) if not excluded(source))
    return SimulatedPolicies((*own_identity, *given.identity), boundary)


def given_resource_policy(ctx: Context, request: Any, action: str) -> Source | None:
    """ResourcePolicy, as the trust policy that it is for sts:AssumeRole and its kin; None where none is given."""
    if "ResourcePolicy" not in request:
        return None
    ctx.effort.spend(weight.parsing(request["ResourcePolicy"]))
    refuse_used_up(ctx, "ResourcePolicy")
    kind: Kind = "trust" if action.lower() in TRUST_ACTIONS else "resource"
    policy = _parsed(request["ResourcePolicy"], kind, "ResourcePolicy", ctx.partition)
    return Source(kind="resource", name="ResourcePolicy", arn=None, version=None, policy=policy)


def source_id(source: Source) -> str:
    """SourcePolicyId: `PolicyInputList.1`, a managed policy's name, `user_alice_policy` for an inline policy.

    As hashicorp/terraform-provider-aws's acceptance tests read it back.
    """
    if source.kind not in ("user", "group", "role"):
        return source.name
    owner, _, policy = source.name.rpartition("/")
    return f"{source.kind}_{owner.rpartition('/')[2]}_{policy}"


def _given(ctx: Context, request: Any, member: str, kind: str) -> tuple[Source, ...]:
    documents: Sequence[str] = request.get(member, ())
    ctx.effort.spend(sum(map(weight.parsing, documents)))
    refuse_used_up(ctx, member)
    return tuple(
        Source(
            kind=kind,
            name=f"{member}.{number}",
            arn=None,
            version=None,
            policy=_parsed(text, "identity", f"{member}.{number}", ctx.partition),
        )
        for number, text in enumerate(documents, 1)
    )


def refuse_used_up(ctx: Context, what: str) -> None:
    """Raise InvalidInput where the call has counted more work than it may do (the text is a guess)."""
    if ctx.effort.is_used_up:
        raise iam.error.InvalidInputException(f"{what} is too large to be evaluated in one request.")


def _parsed(text: str, kind: Kind, name: str, partition: str) -> Policy:
    try:
        if len(text) > _LONGEST_KEPT:
            return parse(text, kind=kind, partition=partition)
        return _parse(text, kind, partition)
    except MalformedPolicy as error:
        # The code is the model's (these operations have no MalformedPolicyDocument); the text is a guess.
        raise iam.error.InvalidInputException(f"{name}: {error}") from error


@functools.lru_cache(maxsize=1024)
def _parse(text: str, kind: Kind, partition: str) -> Policy:
    return parse(text, kind=kind, partition=partition)
