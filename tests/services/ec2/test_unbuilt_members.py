"""Members of a launch that nothing honours are refused by name, not taken and forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("member", "named"),
    [
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": {"OutpostArn": "o"}}]}, "OutpostArn"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": {"AvailabilityZone": "us-east-1b"}}]},
            "AvailabilityZone",
        ),
        ({"Monitoring": {"Enabled": True, "MetricCategoryIds": ["m"]}}, "MetricCategoryIds"),
        ({"DisableApiTermination": True}, "DisableApiTermination"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_launch_with_what_is_not_honoured(
    aws: Callable[..., Any], member: dict[str, Any], named: str
) -> None:
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    with pytest.raises(ClientError, match=named) as refused:
        ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, **member)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert ec2.describe_instances()["Reservations"] == []
