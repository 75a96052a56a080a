"""DescribeInstanceAttribute through boto3."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_user_data_and_others(ec2: Any) -> None:
    image = next(
        one for one in ec2.describe_images(Owners=["amazon"])["Images"] if one["Architecture"] == "x86_64"
    )
    launch = {"ImageId": image["ImageId"], "InstanceType": "c5.large", "MinCount": 1, "MaxCount": 1}
    given = ec2.run_instances(**launch, UserData="#!/bin/sh\necho hello\n")["Instances"][0]["InstanceId"]
    plain = ec2.run_instances(**launch)["Instances"][0]["InstanceId"]

    def attribute(identity: str, name: str) -> Any:
        return ec2.describe_instance_attribute(InstanceId=identity, Attribute=name)

    value = attribute(given, "userData")["UserData"]["Value"]
    assert base64.b64decode(value) == b"#!/bin/sh\necho hello\n"
    assert attribute(plain, "userData")["UserData"] == {}
    assert attribute(plain, "instanceType")["InstanceType"]["Value"] == "c5.large"
    assert len(attribute(plain, "groupSet")["Groups"]) == 1
    with pytest.raises(ClientError, match="does not support the attribute kernel"):
        attribute(plain, "kernel")
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        attribute("i-0123456789abcdef0", "userData")
