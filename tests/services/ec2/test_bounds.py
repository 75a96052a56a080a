"""What bounds a call of EC2: pages that end early, launches of fewer, quotas; with the errors that AWS has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.framework import effort
from batchyard.services.ec2.networks import networks, security_group_rules
from batchyard.services.ec2.networks.networks import SecurityGroup


def _code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def _launch(ec2: Any, smallest: int, largest: int) -> list[str]:
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=smallest, MaxCount=largest)
    return [one["InstanceId"] for one in launched["Instances"]]


def test_a_launch_is_as_large_as_one_call_may_make_it(aws: Callable[..., Any]) -> None:
    """EC2 launches the largest number above MinCount that it can (API reference, RunInstances, MaxCount)."""
    ec2 = aws("ec2")
    launched = len(_launch(ec2, 1, 2000))
    assert 100 < launched < 2000
    with pytest.raises(ClientError) as caught:
        _launch(ec2, launched + 1, 2000)
    assert _code(caught) == "InsufficientInstanceCapacity"


def test_pages_end_where_a_call_has_done_what_it_may(
    aws: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = aws("ec2")
    ids = _launch(ec2, 30, 30)
    ec2.create_tags(Resources=ids[-1:], Tags=[{"Key": "last", "Value": "x"}])
    monkeypatch.setattr(effort, "MOST", 3_000)
    first = ec2.describe_instances()
    assert "NextToken" in first
    pages = list(ec2.get_paginator("describe_instances").paginate())
    shown = [
        one["InstanceId"] for page in pages for each in page["Reservations"] for one in each["Instances"]
    ]
    assert sorted(shown) == sorted(ids)
    # A page may be without anything that matches, and still lead on to what does.
    monkeypatch.setattr(effort, "MOST", 800)
    rare = [{"Name": "tag:last", "Values": ["?"]}]
    pages = list(ec2.get_paginator("describe_instances").paginate(Filters=rare))
    assert len(pages) > 1
    shown = [
        one["InstanceId"] for page in pages for each in page["Reservations"] for one in each["Instances"]
    ]
    assert shown == ids[-1:]


def test_tags_on_more_than_a_call_may_do(aws: Callable[..., Any]) -> None:
    ec2 = aws("ec2")
    ids = _launch(ec2, 2, 2)
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(45)]
    with pytest.raises(ClientError) as caught:
        ec2.create_tags(Resources=ids * 400, Tags=tags)
    assert _code(caught) == "RequestLimitExceeded"
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": ids}])
    assert found["Tags"] == []


def test_quotas_of_networks(aws: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = aws("ec2")
    group = ec2.create_security_group(GroupName="g", Description="g")["GroupId"]
    monkeypatch.setattr(security_group_rules, "MOST_RULES", 2)
    rules = [
        {
            "IpProtocol": "tcp",
            "FromPort": 22,
            "ToPort": 22,
            "IpRanges": [{"CidrIp": f"10.0.{n}.0/24"} for n in range(3)],
        }
    ]
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    assert _code(caught) == "RulesPerSecurityGroupLimitExceeded"
    monkeypatch.setitem(networks._MOST, SecurityGroup, (2, "SecurityGroupLimitExceeded", "security groups"))
    with pytest.raises(ClientError) as caught:
        ec2.create_security_group(GroupName="another", Description="g")
    assert _code(caught) == "SecurityGroupLimitExceeded"
