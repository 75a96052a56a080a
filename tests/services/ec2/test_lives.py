"""What time and crashes do: rows are forgotten, a launch happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchyard.config import Settings
from batchyard.services.ec2.spot.spot_fleet_rows import CONTROLLER
from conftest import PACE, Serving
from services.ec2.conftest import Launch, described, ids, make_role, refused, states, tag_specification

ClientOf = Callable[..., Any]


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server whose clock the tests move."""
    settings = Settings(ephemeral=True, port=0, pace=PACE, test_clock=True)
    one = Serving(settings)
    yield one
    one.close()


@pytest.fixture
def config(aws: ClientOf, image: str) -> dict[str, Any]:
    return {
        "IamFleetRole": make_role(aws("iam"), "fleet", "spotfleet.amazonaws.com"),
        "TargetCapacity": 2,
        "LaunchSpecifications": [{"ImageId": image, "InstanceType": "c5.large"}],
    }


def request(ec2: Any, config: dict[str, Any]) -> str:
    return str(ec2.request_spot_fleet(SpotFleetRequestConfig=config)["SpotFleetRequestId"])


def fleet_of(ec2: Any, fleet: str) -> dict[str, Any]:
    answer = ec2.describe_spot_fleet_requests(SpotFleetRequestIds=[fleet])["SpotFleetRequestConfigs"]
    return dict(answer[0])


def test_a_terminated_instance_is_forgotten_after_an_hour(
    ec2: Any, launch: Launch, app: Any, wait_for: Any
) -> None:
    [one] = ids(
        launch(TagSpecifications=[tag_specification("instance", a="b"), tag_specification("volume", c="d")])
    )
    assert len(ec2.describe_tags()["Tags"]) == 2
    ec2.terminate_instances(InstanceIds=[one])
    wait_for(lambda: states(ec2, [one]) == {"terminated"})
    app.clock.advance(3000)
    assert states(ec2, [one]) == {"terminated"}
    app.clock.advance(700)
    wait_for(lambda: described(ec2) == [])
    assert refused(ec2.describe_instances, InstanceIds=[one])[0] == "InvalidInstanceID.NotFound"
    assert ec2.describe_tags()["Tags"] == []


def test_a_cancelled_fleet_is_forgotten_after_two_days(
    ec2: Any, config: dict[str, Any], app: Any, wait_for: Any
) -> None:
    fleet = request(ec2, config)
    ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[fleet], TerminateInstances=True)
    wait_for(lambda: fleet_of(ec2, fleet)["SpotFleetRequestState"] == "cancelled")
    app.clock.advance(47 * 3600)
    assert fleet_of(ec2, fleet)["SpotFleetRequestState"] == "cancelled"
    app.clock.advance(2 * 3600)
    wait_for(lambda: ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"] == [])


def test_a_launch_that_was_not_noted_is_not_made_twice(
    ec2: Any, config: dict[str, Any], app: Any, wait_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    [controller] = [one for one in app._controllers if one.name == CONTROLLER]
    crashes = iter([RuntimeError("killed between the launch and its note")])
    note = controller._launched

    def crash_once(*arguments: Any) -> None:
        for crash in crashes:
            raise crash
        note(*arguments)

    monkeypatch.setattr(controller, "_launched", crash_once)
    fleet = request(ec2, config)
    wait_for(lambda: fleet_of(ec2, fleet).get("ActivityStatus") == "fulfilled")
    found = ec2.describe_spot_fleet_instances(SpotFleetRequestId=fleet)["ActiveInstances"]
    assert ids(found) == ids(described(ec2))
    assert len(found) == 2


def test_an_audited_key_pair_shows_no_private_key(aws: ClientOf, ec2: Any, wait_for: Any) -> None:
    ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    looked = [{"AttributeKey": "EventName", "AttributeValue": "CreateKeyPair"}]
    [event] = wait_for(lambda: aws("cloudtrail").lookup_events(LookupAttributes=looked)["Events"])
    assert "PRIVATE KEY" not in event["CloudTrailEvent"]
    assert "mine" in event["CloudTrailEvent"]


def test_a_fleet_runs_in_every_partition(aws: ClientOf, wait_for: Any) -> None:
    ec2 = aws("ec2", region="us-gov-west-1")
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0][
        "ImageId"
    ]
    given = {
        "IamFleetRole": make_role(aws("iam", region="us-gov-west-1"), "fleet", "spotfleet.amazonaws.com"),
        "TargetCapacity": 1,
        "LaunchSpecifications": [{"ImageId": image, "InstanceType": "c5.large"}],
    }
    fleet = request(ec2, given)
    wait_for(lambda: fleet_of(ec2, fleet).get("ActivityStatus") == "fulfilled")
    assert len(described(ec2)) == 1
