"""Remove one statement of Spot Fleet's policy: the fleet tells it in its history, and heals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import Serving
from services.conftest import Deny
from services.ec2.conftest import described, make_profile, make_role, states, tag_specification
from services.lacking import Lacking, removes

POLICY = "AWSEC2SpotFleetServiceRolePolicy"
Make = Callable[..., Any]


@pytest.fixture(scope="session")
def serving(lacking: Lacking) -> Serving:
    """The server of these tests alone, whose policies they change."""
    return lacking.serving


@pytest.fixture
def fleet(aws: Make, ec2: Any, image: str) -> Make:
    """`fleet()`: the id of a request for one instance that has a profile and a tag."""

    def request() -> str:
        make_role(aws("iam"), "nodes", "ec2.amazonaws.com")
        make_profile(aws("iam"), "nodes", "nodes")
        specification = {
            "ImageId": image,
            "InstanceType": "c5.large",
            "IamInstanceProfile": {"Name": "nodes"},
            "TagSpecifications": [tag_specification("instance", team="red")],
        }
        config = {
            "IamFleetRole": make_role(aws("iam"), "fleet", "spotfleet.amazonaws.com"),
            "TargetCapacity": 1,
            "LaunchSpecifications": [specification],
        }
        return str(ec2.request_spot_fleet(SpotFleetRequestConfig=config)["SpotFleetRequestId"])

    return request


@pytest.fixture
def errors(ec2: Any, wait_for: Make) -> Make:
    """`errors(fleet)`: what the request's history tells as errors, once it does."""

    def told(request: str) -> list[str]:
        found = ec2.describe_spot_fleet_request_history(
            SpotFleetRequestId=request, StartTime="2020-01-01T00:00:00Z", EventType="error"
        )["HistoryRecords"]
        return [one["EventInformation"]["EventDescription"] for one in found]

    return lambda request: wait_for(lambda: told(request))


def refusal(account: str, action: str) -> str:
    """How EC2 words what the fleet's role may not do."""
    user = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForEC2SpotFleet/ec2-spot-fleet"
    first = "You are not authorized to perform this operation."
    return f"{first} User: {user} is not authorized to perform: {action} "


@removes(POLICY, (1, "ec2:RunInstances"), (2, "iam:PassRole"), (3, "ec2:CreateTags"))
def test_a_fleet_launches_nothing_until_its_role_may(
    account: str,
    ec2: Any,
    fleet: Make,
    errors: Make,
    wait_for: Make,
    without: Deny,
    lacking: Lacking,
    number: int,
    action: str,
) -> None:
    denied = without(POLICY, number, action)
    request = fleet()
    told = errors(request)
    assert told[0].startswith(refusal(account, action))
    denied.expect(action, tables=("ec2_instances",))
    assert described(ec2) == []
    [shown] = ec2.describe_spot_fleet_requests(SpotFleetRequestIds=[request])["SpotFleetRequestConfigs"]
    assert shown["ActivityStatus"] == "error"
    lacking.mend()
    wait_for(lambda: len(described(ec2)) == 1)


@removes(POLICY, (4, "ec2:TerminateInstances"))
def test_a_cancelled_fleets_instances_run_on_until_its_role_may_end_them(
    account: str,
    ec2: Any,
    fleet: Make,
    errors: Make,
    wait_for: Make,
    without: Deny,
    lacking: Lacking,
    number: int,
    action: str,
) -> None:
    request = fleet()
    [instance] = wait_for(lambda: described(ec2))
    wait_for(lambda: states(ec2, [instance["InstanceId"]]) == {"running"})
    denied = without(POLICY, number, action)
    ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[request], TerminateInstances=True)
    assert errors(request)[0].startswith(refusal(account, action))
    denied.expect(action, tables=("ec2_instances",))
    assert states(ec2, [instance["InstanceId"]]) == {"running"}
    lacking.mend()
    wait_for(lambda: states(ec2, [instance["InstanceId"]]) == {"terminated"})
