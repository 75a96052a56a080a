"""Spot Fleet requests: real instances up to a target, launched and ended as the fleet's service-linked role."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.ec2.conftest import described, make_profile, make_role, refused, tag_specification

ClientOf = Callable[..., Any]
ROLE = "AWSServiceRoleForEC2SpotFleet"


@pytest.fixture
def config(aws: ClientOf, ec2: Any, image: str) -> Callable[..., dict[str, Any]]:
    """`config(TargetCapacity=3)`: a request's configuration, with a role and a profile that are there."""
    role = make_role(aws("iam"), "fleet", "spotfleet.amazonaws.com")
    make_role(aws("iam"), "instances", "ec2.amazonaws.com")
    make_profile(aws("iam"), "instances", "instances")
    subnets = sorted(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"])

    def make(**given: Any) -> dict[str, Any]:
        specification = {
            "ImageId": image,
            "InstanceType": "c5.large",
            "IamInstanceProfile": {"Name": "instances"},
            "SubnetId": ",".join(subnets),
            "TagSpecifications": [tag_specification("instance", AWSBatchServiceTag="batch")],
        }
        return {
            "IamFleetRole": role,
            "TargetCapacity": 2,
            "TerminateInstancesWithExpiration": True,
            "LaunchSpecifications": [{**specification, **given.pop("specification", {})}],
            **given,
        }

    return make


def request(ec2: Any, config: dict[str, Any]) -> str:
    return str(ec2.request_spot_fleet(SpotFleetRequestConfig=config)["SpotFleetRequestId"])


def active(ec2: Any, fleet: str) -> list[str]:
    found = ec2.describe_spot_fleet_instances(SpotFleetRequestId=fleet)["ActiveInstances"]
    return sorted(one["InstanceId"] for one in found)


def fleet_of(ec2: Any, fleet: str) -> dict[str, Any]:
    answer = ec2.describe_spot_fleet_requests(SpotFleetRequestIds=[fleet])["SpotFleetRequestConfigs"]
    return dict(answer[0])


def test_a_fleet_reaches_its_target_as_its_own_role(
    aws: ClientOf, ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any
) -> None:
    fleet = request(ec2, config(TargetCapacity=4))
    assert fleet_of(ec2, fleet)["SpotFleetRequestState"] == "submitted"
    wait_for(lambda: fleet_of(ec2, fleet).get("ActivityStatus") == "fulfilled")
    assert fleet_of(ec2, fleet)["SpotFleetRequestState"] == "active"
    found = described(ec2, InstanceIds=active(ec2, fleet))
    tags = [{tag["Key"]: tag["Value"] for tag in one["Tags"]} for one in found]
    assert len(found) == 4
    assert {one["InstanceLifecycle"] for one in found} == {"spot"}
    assert {one["aws:ec2spot:fleet-request-id"] for one in tags} == {fleet}
    assert {one["AWSBatchServiceTag"] for one in tags} == {"batch"}
    assert len({one["SubnetId"] for one in found}) > 1
    looked = [{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]
    events = wait_for(lambda: aws("cloudtrail").lookup_events(LookupAttributes=looked)["Events"])
    records = [json.loads(one["CloudTrailEvent"]) for one in events]
    launches = [one for one in records if "dryRun" not in one["requestParameters"]]
    assert {one["userIdentity"]["arn"].split("/")[1] for one in launches} == {ROLE}
    history = ec2.describe_spot_fleet_request_history(
        SpotFleetRequestId=fleet, StartTime=datetime.now(UTC) - timedelta(hours=1)
    )["HistoryRecords"]
    kinds = [(one["EventType"], one["EventInformation"]["EventSubType"]) for one in history]
    assert kinds[0] == ("fleetRequestChange", "submitted")
    assert kinds.count(("instanceChange", "launched")) == 4


def test_an_instance_that_ends_is_replaced(
    ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any
) -> None:
    fleet = request(ec2, config(TargetCapacity=1))
    [first] = wait_for(lambda: active(ec2, fleet))
    ec2.terminate_instances(InstanceIds=[first])
    [second] = wait_for(lambda: [one for one in active(ec2, fleet) if one != first])
    assert second != first


def test_the_target_moves_both_ways(ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any) -> None:
    fleet = request(ec2, config(TargetCapacity=1))
    wait_for(lambda: len(active(ec2, fleet)) == 1)
    ec2.modify_spot_fleet_request(SpotFleetRequestId=fleet, TargetCapacity=3)
    wait_for(lambda: len(active(ec2, fleet)) == 3)
    wait_for(lambda: fleet_of(ec2, fleet)["SpotFleetRequestState"] == "active")
    ec2.modify_spot_fleet_request(
        SpotFleetRequestId=fleet, TargetCapacity=2, ExcessCapacityTerminationPolicy="noTermination"
    )
    wait_for(lambda: fleet_of(ec2, fleet)["SpotFleetRequestState"] == "active")
    assert len(active(ec2, fleet)) == 3
    ec2.modify_spot_fleet_request(
        SpotFleetRequestId=fleet, TargetCapacity=1, ExcessCapacityTerminationPolicy="default"
    )
    wait_for(lambda: len(active(ec2, fleet)) == 1)
    assert fleet_of(ec2, fleet)["SpotFleetRequestConfig"]["TargetCapacity"] == 1


def test_weights_count(ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any) -> None:
    given = config(TargetCapacity=5, specification={"WeightedCapacity": 2.0, "SubnetId": ""})
    fleet = request(ec2, given)
    wait_for(lambda: fleet_of(ec2, fleet).get("ActivityStatus") == "fulfilled")
    assert len(active(ec2, fleet)) == 3
    assert fleet_of(ec2, fleet)["SpotFleetRequestConfig"]["FulfilledCapacity"] == 6.0


def test_a_diversified_fleet_uses_every_specification(
    ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any
) -> None:
    given = config(TargetCapacity=6, AllocationStrategy="diversified")
    [one] = given["LaunchSpecifications"]
    given["LaunchSpecifications"] = [
        {**one, "InstanceType": kind} for kind in ("c5.large", "m5.large", "r5.large")
    ]
    fleet = request(ec2, given)
    wait_for(lambda: fleet_of(ec2, fleet).get("ActivityStatus") == "fulfilled")
    found = described(ec2, InstanceIds=active(ec2, fleet))
    assert sorted(one["InstanceType"] for one in found) == sorted(["c5.large", "m5.large", "r5.large"] * 2)


def test_a_template_with_overrides_launches(
    ec2: Any, config: Callable[..., dict[str, Any]], image: str, wait_for: Any
) -> None:
    made = ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData={"ImageId": image})
    template = {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}
    given = config(TargetCapacity=1)
    del given["LaunchSpecifications"]
    given["LaunchTemplateConfigs"] = [
        {"LaunchTemplateSpecification": template, "Overrides": [{"InstanceType": "m5.large"}]}
    ]
    fleet = request(ec2, given)
    [one] = described(ec2, InstanceIds=wait_for(lambda: active(ec2, fleet)))
    assert one["InstanceType"] == "m5.large"


def test_cancelling_ends_the_instances_and_frees_the_role(
    aws: ClientOf, ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any
) -> None:
    fleet = request(ec2, config())
    instances = wait_for(lambda: len(active(ec2, fleet)) == 2 and active(ec2, fleet))
    iam = aws("iam")

    def deletion(name: str) -> dict[str, Any]:
        task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
        done = ("SUCCEEDED", "FAILED")
        return dict(
            wait_for(
                lambda: (
                    (answer := iam.get_service_linked_role_deletion_status(DeletionTaskId=task))["Status"]
                    in done
                    and answer
                )
            )
        )

    failed = deletion(ROLE)
    assert failed["Status"] == "FAILED"
    assert any(fleet in arn for arn in failed["Reason"]["RoleUsageList"][0]["Resources"])
    assert deletion("AWSServiceRoleForEC2Spot")["Status"] == "FAILED"
    [done] = ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[fleet], TerminateInstances=True)[
        "SuccessfulFleetRequests"
    ]
    assert done["CurrentSpotFleetRequestState"] == "cancelled_terminating"
    wait_for(lambda: fleet_of(ec2, fleet)["SpotFleetRequestState"] == "cancelled")
    assert {one["State"]["Name"] for one in described(ec2, InstanceIds=instances)} == {"terminated"}
    again = ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[fleet], TerminateInstances=True)
    code = again["UnsuccessfulFleetRequests"][0]["Error"]["Code"]
    assert code == "fleetRequestNotInCancellableState"
    assert deletion(ROLE)["Status"] == "SUCCEEDED"
    assert deletion("AWSServiceRoleForEC2Spot")["Status"] == "SUCCEEDED"


def test_cancelling_may_leave_the_instances(
    ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any
) -> None:
    fleet = request(ec2, config(TargetCapacity=1))
    [one] = wait_for(lambda: active(ec2, fleet))
    ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[fleet], TerminateInstances=False)
    assert fleet_of(ec2, fleet)["SpotFleetRequestState"] == "cancelled_running"
    ec2.terminate_instances(InstanceIds=[one])
    wait_for(lambda: fleet_of(ec2, fleet)["SpotFleetRequestState"] == "cancelled")


def test_a_client_token_requests_once(ec2: Any, config: Callable[..., dict[str, Any]]) -> None:
    given = config(ClientToken="fleet", TargetCapacity=0)
    fleet = request(ec2, given)
    assert request(ec2, given) == fleet
    assert (
        refused(request, ec2=ec2, config={**given, "TargetCapacity": 3})[0] == "IdempotentParameterMismatch"
    )
    assert len(ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"]) == 1


@pytest.mark.parametrize("role", ["fleet", "arn:aws:iam::{account}:role/nobody"])
def test_the_fleets_role_has_to_be_there(
    ec2: Any, config: Callable[..., dict[str, Any]], account: str, role: str
) -> None:
    given = config(IamFleetRole=role.replace("{account}", account))
    with pytest.raises(ClientError) as error:
        request(ec2, given)
    assert error.value.response["Error"]["Code"] == "InvalidSpotFleetRequestConfig"
    expected = "Parameter: SpotFleetRequestConfig.IamFleetRole is invalid."
    assert error.value.response["Error"]["Message"] == expected


def test_a_role_of_another_account_cannot_be_passed(ec2: Any, config: Callable[..., dict[str, Any]]) -> None:
    """Not even by root: a role is passed within its own account (iam-evaluation.md 5)."""
    given = config(IamFleetRole="arn:aws:iam::999999999999:role/fleet")
    assert refused(request, ec2=ec2, config=given)[0] == "UnauthorizedOperation"


def test_a_refused_launch_is_told_and_tried_again(
    aws: ClientOf, ec2: Any, config: Callable[..., dict[str, Any]], wait_for: Any, app: Any
) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    fleet = request(ec2, config(specification={"SubnetId": subnet}, TargetCapacity=0))
    ec2.delete_subnet(SubnetId=subnet)
    ec2.modify_spot_fleet_request(SpotFleetRequestId=fleet, TargetCapacity=1)

    def errors() -> list[str]:
        records = ec2.describe_spot_fleet_request_history(
            SpotFleetRequestId=fleet, StartTime=datetime.now(UTC) - timedelta(hours=1), EventType="error"
        )["HistoryRecords"]
        return [one["EventInformation"]["EventDescription"] for one in records]

    told = wait_for(errors)
    assert told == [f"The subnet ID '{subnet}' does not exist"]
    assert fleet_of(ec2, fleet)["ActivityStatus"] == "error"
    assert active(ec2, fleet) == []
