"""What UpdateComputeEnvironment changes: at once, or with new instances in the place of the old.

The texts of its refusals are guesses but those that say where they come from; the rules are botocore's model
(ComputeResourceUpdate) and the Batch user guide's, "Updating compute environments".
"""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments import infrastructure
from batchyard.services.batch.environments.compute_resource_rules import (
    FARGATE,
    NOT_FOR_FARGATE,
    check_compute_resources,
    check_update,
)
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

_SCALING = ("minvCpus", "maxvCpus", "desiredvCpus", "scalingPolicy")
_INFRASTRUCTURE = (
    "type",
    "allocationStrategy",
    "instanceTypes",
    "instanceRole",
    "subnets",
    "securityGroupIds",
    "ec2KeyPair",
    "imageId",
    "tags",
    "placementGroup",
    "bidPercentage",
    "launchTemplate",
    "ec2Configuration",
)
_NOT_RENEWABLE = "BEST_FIT"
_CLEARED: dict[str, Any] = {
    "ec2KeyPair": "",
    "imageId": "",
    "placementGroup": "",
    "bidPercentage": 0,
    "ec2Configuration": [],
    "securityGroupIds": [],
}
"""What takes a member away."""


def resource_changes(ctx: Context, row: Row, given: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    """The columns that a request's computeResources change; raises ClientException where Batch refuses."""
    if row.compute_resources is None:
        raise _refused("computeResources must not be specified for an UNMANAGED compute environment.")
    scaling = {one: given[one] for one in _SCALING if one in given}
    before = row.compute_resources
    resources = {**before, **scaling}
    check_update(resources, scaling, desired_before=row.desired_vcpus)
    new = _with_infrastructure(resources, given)
    changes: dict[str, Any] = {}
    is_renewed = new != resources or bool(given.get("updateToLatestImageVersion"))
    if is_renewed:
        _check_renewal(row, before, new, given)
        check_compute_resources(new, is_eks=row.orchestration == "EKS")
        if new["type"] not in FARGATE:
            changes["made"] = infrastructure.renewed(row.made, policy, ctx.now)
    desired = max(scaling.get("desiredvCpus", 0), row.desired_vcpus, new.get("minvCpus", 0))
    return {**changes, "compute_resources": new, "desired_vcpus": desired}


def _with_infrastructure(resources: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The resources with what the request says of the infrastructure; an empty value takes away."""
    new = dict(resources)
    for member in _INFRASTRUCTURE:
        if member not in given:
            continue
        value = given[member]
        if member in ("subnets", "securityGroupIds") and not value and resources["type"] in FARGATE:
            continue
        if member == "launchTemplate":
            value = _template(value)
        if value is None or (member in _CLEARED and value == _CLEARED[member]):
            new.pop(member, None)
        else:
            new[member] = value
    return new


def _template(given: dict[str, Any]) -> dict[str, Any] | None:
    """None where its name is empty: the template is taken away."""
    if "" in (given.get("launchTemplateId"), given.get("launchTemplateName")):
        return None
    return given


def _check_renewal(row: Row, before: dict[str, Any], new: dict[str, Any], given: dict[str, Any]) -> None:
    """An infrastructure update needs the service-linked role, and a strategy that is not BEST_FIT."""
    was_fargate, is_fargate = before["type"] in FARGATE, new["type"] in FARGATE
    if was_fargate != is_fargate:
        raise _refused(
            f"The type of a compute environment cannot be changed from {before['type']} to {new['type']}."
        )
    if is_fargate:
        for member in NOT_FOR_FARGATE:
            if member in given:
                raise _refused(f"{member} is not applicable for Fargate")
        return
    if not row.service_linked:
        raise _refused(
            "Infrastructure updates are only supported for compute environments that use the service-linked role"
            " AWSServiceRoleForBatch."
        )
    if _NOT_RENEWABLE in (one.get("allocationStrategy", _NOT_RENEWABLE) for one in (before, new)):
        raise _refused("Infrastructure updates are not supported for the allocation strategy BEST_FIT.")


def update_policy(row: Row, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """The policy as kept: with defaults; of Fargate it is passed over (botocore's model). None: there is none."""
    resources = row.compute_resources
    if not given or resources is None or resources["type"] in FARGATE:
        kept: dict[str, Any] | None = row.update_policy
        return kept
    return {**infrastructure.DEFAULT_POLICY, **(row.update_policy or {}), **given}


def is_policy_alone(request: dict[str, Any]) -> bool:
    """Is only the policy of later updates changed? Then nothing has to be done, and the status stays.

    [guess]: Terraform's provider sends such an update twice in a row after it made an environment, and AWS takes both.
    """
    return {one for one in request if one != "computeEnvironment"} == {"updatePolicy"}


def check_something_is_asked(request: dict[str, Any]) -> None:
    """Refuse an update of nothing (recorded: hashicorp/terraform-provider-aws#43969)."""
    if not any(one in request for one in request if one != "computeEnvironment"):
        raise batch.error.ClientException(
            "One of [state | compute-resources | service-role | unmanaged-vcpus] is required."
        )


def _refused(text: str) -> ApiError:
    return batch.error.ClientException(f"Error executing request, Exception : {text}")
