"""What computeResources may say: the checks that CreateComputeEnvironment makes at once (batch-jobs.md 14)."""

from __future__ import annotations

from typing import Any

from batchyard.data import instance_types
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments.launch_choices import check_choices
from batchyard.services.batch.service import batch

FARGATE = ("FARGATE", "FARGATE_SPOT")
NOT_FOR_FARGATE = (
    "allocationStrategy",
    "minvCpus",
    "desiredvCpus",
    "instanceTypes",
    "imageId",
    "ec2KeyPair",
    "instanceRole",
    "tags",
    "placementGroup",
    "bidPercentage",
    "spotIamFleetRole",
    "launchTemplate",
    "ec2Configuration",
    "scalingPolicy",
)
OPTIMAL = "optimal"
MOST_BID = 100
MOST_FARGATE_SUBNETS = 16
MOST_FARGATE_SECURITY_GROUPS = 5
LEAST_DELAY_MINUTES = 20
MOST_DELAY_MINUTES = 10080
"""Of botocore's model, ComputeResource and ComputeScalingPolicy (the texts of their refusals are guesses)."""


def check_compute_resources(resources: dict[str, Any], *, is_eks: bool) -> None:
    """Raise ClientException for what AWS refuses at once; role faults are found later (batch-on-behalf.md 4)."""
    if not resources.get("subnets"):
        raise _refused("Resource subnets is required.")
    if resources["type"] in FARGATE:
        _check_fargate(resources)
    else:
        _check_ec2(resources, is_eks=is_eks)
    if resources["maxvCpus"] < 1:
        raise _refused("Resource maxvCpus must be greater than 0.")


def _check_fargate(resources: dict[str, Any]) -> None:
    for member in NOT_FOR_FARGATE:
        if member in resources:
            raise _refused(f"{member} is not applicable for Fargate.")
    if not resources.get("securityGroupIds"):
        raise _refused("Resource securityGroupIds is required.")
    for member, most in (
        ("subnets", MOST_FARGATE_SUBNETS),
        ("securityGroupIds", MOST_FARGATE_SECURITY_GROUPS),
    ):
        if len(resources[member]) > most:
            raise _refused(f"Resource {member} can have at most {most} elements for Fargate.")


def _check_ec2(resources: dict[str, Any], *, is_eks: bool) -> None:
    if not resources.get("instanceRole"):
        raise _refused("Instance role is required.")
    if "minvCpus" not in resources:
        raise _refused("Resource minvCpus is required.")
    if not resources.get("instanceTypes"):
        raise _refused("Resource instanceTypes is required.")
    check_scaling(resources)
    check_instance_types(resources["instanceTypes"])
    check_choices(resources, is_eks=is_eks)
    _check_bid(resources)
    strategy = resources.get("allocationStrategy", "BEST_FIT")
    needs_fleet = resources["type"] == "SPOT" and strategy == "BEST_FIT" and not is_eks
    if needs_fleet and not resources.get("spotIamFleetRole"):
        raise _refused("ComputeResources.spotIamFleetRole cannot not be null or empty")
    if resources["type"] == "EC2" and strategy.startswith("SPOT_"):
        raise _refused(f"Allocation strategy {strategy} is not applicable for EC2.")


def _check_bid(resources: dict[str, Any]) -> None:
    """bidPercentage is of Spot alone, and of the On-Demand price (botocore's model; the texts are guesses)."""
    bid = resources.get("bidPercentage", 0)
    if bid and resources["type"] != "SPOT":
        raise _refused(f"bidPercentage is not applicable for {resources['type']}.")
    if not 0 <= bid <= MOST_BID:
        raise _refused(f"bidPercentage must be between 0 and {MOST_BID}.")


def check_scaling(resources: dict[str, Any]) -> None:
    """minvCpus ≤ desiredvCpus ≤ maxvCpus, none negative."""
    smallest, largest = resources.get("minvCpus", 0), resources["maxvCpus"]
    if smallest < 0:
        raise _refused("Resource minvCpus must be greater than or equal to 0.")
    if smallest > largest:
        raise _refused("Resource maxvCpus must be greater than or equal to minvCpus.")
    desired = resources.get("desiredvCpus")
    if desired is not None and not smallest <= desired <= largest:
        raise _refused("Resource desiredvCpus must be between minvCpus and maxvCpus.")
    minutes = resources.get("scalingPolicy", {}).get("minScaleDownDelayMinutes", 0)
    if minutes and not LEAST_DELAY_MINUTES <= minutes <= MOST_DELAY_MINUTES:
        bounds = f"between {LEAST_DELAY_MINUTES} and {MOST_DELAY_MINUTES}"
        raise _refused(f"minScaleDownDelayMinutes must be 0, or {bounds}.")


def check_update(resources: dict[str, Any], changed: dict[str, Any], *, desired_before: int) -> None:
    """The scaling fields as they would be after an update; `changed` are those that it names.

    desiredvCpus is not lowered by hand, nor by a maxvCpus below it (texts: opensupplyhub#2043, ASFHyP3/hyp3#2965).
    """
    if resources["maxvCpus"] < 1:
        raise _refused("Resource maxvCpus must be greater than 0.")
    if resources["type"] in FARGATE:
        for member in NOT_FOR_FARGATE:
            if member in changed:
                # Recorded without a full stop: crossplane-contrib/provider-aws#1259.
                raise _refused(f"{member} is not applicable for Fargate")
        return
    check_scaling({**resources, "desiredvCpus": changed.get("desiredvCpus")})
    if min(changed.get("desiredvCpus", desired_before), resources["maxvCpus"]) < desired_before:
        raise batch.error.ClientException(
            "Manually scaling down compute environment is not supported.  Disconnecting job queues from"
            " compute environment will cause it to scale-down to minvCpus."
        )


def check_instance_types(given: list[str]) -> None:
    """Each is a type, a family, or `optimal`; else AWS's text (Netflix/metaflow#70)."""
    for name in given:
        if not instance_types.is_known(name):
            raise _refused(
                f"Instance type can only be one of [{OPTIMAL}, an instance family, an instance type]"
            )


def _refused(text: str) -> ApiError:
    return batch.error.ClientException(f"Error executing request, Exception : {text}")
