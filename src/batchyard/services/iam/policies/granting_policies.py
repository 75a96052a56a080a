"""ListPoliciesGrantingServiceAccess: which policies let a user, group or role use a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.context import Context
from batchyard.policy.sources import Source
from batchyard.services.iam.nouns import cut_page
from batchyard.services.iam.policies.granted_services import granted_services
from batchyard.services.iam.policies.principal_policies import reading_for
from batchyard.services.iam.principals.entities import entity_at, find_entity
from batchyard.services.iam.service import iam

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListPoliciesGrantingServiceAccessRequestTypeDef


@iam.operation(on=entity_at("Arn"))
def list_policies_granting_service_access(
    ctx: Context, request: ListPoliciesGrantingServiceAccessRequestTypeDef
) -> dict[str, Any]:
    """List, for each namespace, the policies that allow anything of it as things are now; a user's groups' too.

    Boundaries are left out (botocore). A namespace that none allows comes with no policies [guess].
    """
    found = find_entity(ctx, request["Arn"])
    if found is None:
        raise iam.error.NoSuchEntityException(f"ARN {request['Arn']} does not exist.")
    reading = reading_for(ctx)
    granted = [(source, granted_services([source.policy])) for source in reading.identity(*found)]
    wanted = list(dict.fromkeys(request["ServiceNamespaces"]))
    numbered = [(f"{number:06}", namespace) for number, namespace in enumerate(wanted)]
    shown, end = cut_page(numbered, request, lambda pair: pair[0])
    entries = [
        {
            "ServiceNamespace": namespace,
            "Policies": [_shape(source) for source, services in granted if namespace.lower() in services],
        }
        for _, namespace in shown
    ]
    return {"PoliciesGrantingServiceAccess": entries, **end}


def _shape(source: Source) -> dict[str, str]:
    """An inline policy with whose it is, a managed policy with its ARN (aws-cli's example)."""
    if source.arn is not None:
        return {"PolicyName": source.name, "PolicyType": "MANAGED", "PolicyArn": source.arn}
    owner, _, name = source.name.rpartition("/")
    return {
        "PolicyName": name,
        "PolicyType": "INLINE",
        "EntityType": source.kind.upper(),
        "EntityName": owner.rpartition("/")[2],
    }
