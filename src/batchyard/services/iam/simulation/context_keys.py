"""Which condition keys policies ask for: GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.policy.referenced_keys import policy_keys
from batchyard.policy.sources import Source
from batchyard.services.iam.principals.entities import entity_at, require_entity
from batchyard.services.iam.service import iam
from batchyard.services.iam.simulation.simulation_policies import attached_policies, given_policies

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GetContextKeysForCustomPolicyRequestTypeDef,
        GetContextKeysForPrincipalPolicyRequestTypeDef,
    )


@iam.operation(on=ANY)
def get_context_keys_for_custom_policy(
    ctx: Context, request: GetContextKeysForCustomPolicyRequestTypeDef
) -> dict[str, Any]:
    """List the keys of policies given as text, in the order of the text."""
    return _keys(given_policies(ctx, request).identity)


@iam.operation(on=entity_at("PolicySourceArn"))
def get_context_keys_for_principal_policy(
    ctx: Context, request: GetContextKeysForPrincipalPolicyRequestTypeDef
) -> dict[str, Any]:
    """List the keys of the policies of a user (with its groups'), group or role, and of those given."""
    entity = require_entity(ctx, request["PolicySourceArn"])
    return _keys(attached_policies(ctx, entity, request).identity)


def _keys(sources: Iterable[Source]) -> dict[str, Any]:
    """Each key once; keys are matched without regard to case (guide: condition keys), the first writing stays."""
    found: dict[str, str] = {}
    for source in sources:
        for key in policy_keys(source.policy):
            found.setdefault(key.lower(), key)
    return {"ContextKeyNames": list(found.values())}
