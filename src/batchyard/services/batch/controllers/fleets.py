"""The Spot Fleet requests of a SPOT environment with BEST_FIT: one for each instance type that it has wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from batchyard import ids
from batchyard.framework.clients import Clients, pages
from batchyard.services.batch.controllers.launch_templates import launch_data
from batchyard.store.prepared import Row

_ENDED = ("cancelled", "cancelled_running", "cancelled_terminating", "failed")


def find(aws: Clients, row: Row, instance_type: str) -> Any | None:
    """The live request of an instance type, found by its client token; None where there is none."""
    token = _client_token(row, instance_type)
    for request in pages(aws.ec2.describe_spot_fleet_requests, "SpotFleetRequestConfigs"):
        is_ours = request["SpotFleetRequestConfig"].get("ClientToken") == token
        if is_ours and request["SpotFleetRequestState"] not in _ENDED:
            return request
    return None


def coming(aws: Clients, row: Row, registered: Collection[str]) -> list[str]:
    """The instance type of each instance that a request wants and that is not in the cluster yet."""
    expected: list[str] = []
    for instance_type in row.made.get("groups", ()):
        request = find(aws, row, instance_type)
        if request is None:
            continue
        active = aws.ec2.describe_spot_fleet_instances(SpotFleetRequestId=request["SpotFleetRequestId"])
        joined = sum(1 for one in active["ActiveInstances"] if one["InstanceId"] in registered)
        target = request["SpotFleetRequestConfig"]["TargetCapacity"]
        expected += [instance_type] * max(0, max(target, len(active["ActiveInstances"])) - joined)
    return expected


def launch(aws: Clients, row: Row, wanted: Mapping[str, int]) -> None:
    """Raise the target capacity of each instance type's request; ask for the request at first."""
    for instance_type, count in wanted.items():
        request = find(aws, row, instance_type)
        if request is None:
            aws.ec2.request_spot_fleet(SpotFleetRequestConfig=_config(aws, row, instance_type, count))
        else:
            _modify(aws, request, count)


def end(aws: Clients, row: Row, instance_ids: Iterable[str]) -> None:
    """Lower the target of the requests that these instances belong to, then end them."""
    ending = set(instance_ids)
    for instance_type in row.made.get("groups", ()):
        request = find(aws, row, instance_type)
        if request is None:
            continue
        active = aws.ec2.describe_spot_fleet_instances(SpotFleetRequestId=request["SpotFleetRequestId"])
        own = ending & {one["InstanceId"] for one in active["ActiveInstances"]}
        if own:
            _modify(aws, request, -len(own))
            aws.ec2.terminate_instances(InstanceIds=sorted(own))


def cancel(aws: Clients, row: Row, instance_type: str) -> bool:
    """End an instance type's request with its instances; True while it is still ending."""
    request = find(aws, row, instance_type)
    if request is not None:
        aws.ec2.cancel_spot_fleet_requests(
            SpotFleetRequestIds=[request["SpotFleetRequestId"]], TerminateInstances=True
        )
    return request is not None


def _modify(aws: Clients, request: Any, by: int) -> None:
    aws.ec2.modify_spot_fleet_request(
        SpotFleetRequestId=request["SpotFleetRequestId"],
        TargetCapacity=max(0, request["SpotFleetRequestConfig"]["TargetCapacity"] + by),
        ExcessCapacityTerminationPolicy="noTermination",
    )


def _config(aws: Clients, row: Row, instance_type: str, count: int) -> Any:
    data = launch_data(aws, row, instance_type)
    resources = row.compute_resources
    specification: dict[str, Any] = {
        "ImageId": data["ImageId"],
        "InstanceType": instance_type,
        "IamInstanceProfile": data["IamInstanceProfile"],
        "UserData": data["UserData"],
        "SubnetId": ",".join(resources["subnets"]),
        "WeightedCapacity": 1.0,
        "TagSpecifications": [one for one in data["TagSpecifications"] if one["ResourceType"] == "instance"],
    }
    if resources.get("securityGroupIds"):
        specification["SecurityGroups"] = [{"GroupId": one} for one in resources["securityGroupIds"]]
    role = resources["spotIamFleetRole"]
    if not role.startswith("arn:"):
        role = f"arn:{row.partition}:iam::{row.account}:role/{role.lstrip('/')}"
    return {
        "ClientToken": _client_token(row, instance_type),
        "IamFleetRole": role,
        "AllocationStrategy": "lowestPrice",
        "TargetCapacity": count,
        "Type": "maintain",
        "TerminateInstancesWithExpiration": True,
        "LaunchSpecifications": [specification],
    }


def _client_token(row: Row, instance_type: str) -> str:
    return ids.uuid3(f"{row.arn}/{row.uuid}/{instance_type}/fleet")
