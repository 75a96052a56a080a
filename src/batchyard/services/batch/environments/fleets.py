"""The Spot Fleet requests of a SPOT environment with BEST_FIT: one for each instance type that it has wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from batchyard import ids
from batchyard.framework.clients import Clients, pages
from batchyard.services.batch.environments.coming import Coming, coming_of
from batchyard.services.batch.environments.launch_templates import launch_data
from batchyard.services.batch.environments.unfit import Unfit
from batchyard.services.batch.service_role import tags_of_made
from batchyard.store.prepared import Row

_LIVE = ("submitted", "active", "modifying")
_SAME = (
    "BlockDeviceMappings",
    "EbsOptimized",
    "IamInstanceProfile",
    "ImageId",
    "KeyName",
    "Monitoring",
    "NetworkInterfaces",
    "Placement",
    "UserData",
)
"""The members of a launch template that a fleet's launch specification has, too."""


def find(aws: Clients, row: Row, instance_type: str, *, states: Collection[str] = _LIVE) -> Any | None:
    """The request of an instance type in one of these states, found by its client token; None: there is none."""
    token = _client_token(row, instance_type)
    for request in pages(aws.ec2.describe_spot_fleet_requests, "SpotFleetRequestConfigs"):
        is_ours = request["SpotFleetRequestConfig"].get("ClientToken") == token
        if is_ours and request["SpotFleetRequestState"] in states:
            return request
    return None


def ensure(aws: Clients, row: Row, instance_type: str) -> Any:
    """The request of an instance type, made with a target of 0 where it is missing.

    Raises Unfit where somebody else ended it: its client token is used up.
    """
    found = find(aws, row, instance_type)
    if found is None:
        aws.ec2.request_spot_fleet(SpotFleetRequestConfig=_config(aws, row, instance_type))
        found = find(aws, row, instance_type)
    if found is None:
        raise Unfit(f"CLIENT_ERROR - The Spot Fleet request for {instance_type} was cancelled")
    return found


def refresh(aws: Clients, row: Row) -> None:
    """Make the requests that are missing; a fleet has no largest size."""
    for instance_type in row.made.get("groups", ()):
        ensure(aws, row, instance_type)


def coming(aws: Clients, row: Row, registered: set[str]) -> list[Coming]:
    """Each instance that a request wants or has, and that is not in the cluster yet."""
    expected: list[Coming] = []
    for instance_type in row.made.get("groups", ()):
        request = find(aws, row, instance_type)
        if request is None:
            continue
        target = request["SpotFleetRequestConfig"]["TargetCapacity"]
        expected += coming_of(instance_type, target, _active(aws, request), registered)
    return expected


def _active(aws: Clients, request: Any) -> list[str]:
    """The ids of a request's instances."""
    answer = aws.ec2.describe_spot_fleet_instances(SpotFleetRequestId=request["SpotFleetRequestId"])
    return [one["InstanceId"] for one in answer["ActiveInstances"]]


def launch(aws: Clients, row: Row, wanted: Mapping[str, int]) -> None:
    """Raise the target capacity of each instance type's request."""
    for instance_type, count in wanted.items():
        _modify(aws, ensure(aws, row, instance_type), count)


def end(aws: Clients, row: Row, instance_ids: Iterable[str]) -> None:
    """Lower the target of the requests that these instances belong to, then end them."""
    ending = set(instance_ids)
    for instance_type in row.made.get("groups", ()):
        request = find(aws, row, instance_type)
        if request is None:
            continue
        own = ending.intersection(_active(aws, request))
        if own:
            _modify(aws, request, -len(own))
            aws.ec2.terminate_instances(InstanceIds=sorted(own))


def end_all(aws: Clients, row: Row) -> None:
    """End every instance of the requests and want none."""
    for instance_type in row.made.get("groups", ()):
        request = find(aws, row, instance_type)
        if request is None:
            continue
        target = request["SpotFleetRequestConfig"]["TargetCapacity"]
        if target:
            _modify(aws, request, -target)
        active = _active(aws, request)
        if active:
            aws.ec2.terminate_instances(InstanceIds=sorted(active))


def cancel(aws: Clients, row: Row, instance_type: str) -> bool:
    """End an instance type's request with its instances; True while they are still ending."""
    request = find(aws, row, instance_type, states=(*_LIVE, "cancelled_terminating"))
    if request is None:
        return False
    if request["SpotFleetRequestState"] in _LIVE:
        identity = request["SpotFleetRequestId"]
        aws.ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[identity], TerminateInstances=True)
    return True


def _modify(aws: Clients, request: Any, by: int) -> None:
    aws.ec2.modify_spot_fleet_request(
        SpotFleetRequestId=request["SpotFleetRequestId"],
        TargetCapacity=max(0, request["SpotFleetRequestConfig"]["TargetCapacity"] + by),
        ExcessCapacityTerminationPolicy="noTermination",
    )


def _config(aws: Clients, row: Row, instance_type: str) -> Any:
    data = launch_data(aws, row, instance_type)
    resources = row.compute_resources
    specification: dict[str, Any] = {
        **{member: data[member] for member in _SAME if member in data},
        "InstanceType": instance_type,
        "SubnetId": ",".join(resources["subnets"]),
        "WeightedCapacity": 1.0,
        "TagSpecifications": [one for one in data["TagSpecifications"] if one["ResourceType"] == "instance"],
    }
    if data.get("SecurityGroupIds"):
        specification["SecurityGroups"] = [{"GroupId": one} for one in data["SecurityGroupIds"]]
    role = resources["spotIamFleetRole"]
    if not role.startswith("arn:"):
        role = f"arn:{row.partition}:iam::{row.account}:role/{role.lstrip('/')}"
    config: dict[str, Any] = {
        "ClientToken": _client_token(row, instance_type),
        "IamFleetRole": role,
        "AllocationStrategy": "lowestPrice",
        "TargetCapacity": 0,
        "Type": "maintain",
        "TerminateInstancesWithExpiration": True,
        "LaunchSpecifications": [specification],
    }
    own = [{"Key": key, "Value": value} for key, value in tags_of_made(row).items()]
    if own:
        config["TagSpecifications"] = [{"ResourceType": "spot-fleet-request", "Tags": own}]
    return config


def _client_token(row: Row, instance_type: str) -> str:
    return ids.uuid3(f"{row.arn}/{row.uuid}/{instance_type}/fleet")
