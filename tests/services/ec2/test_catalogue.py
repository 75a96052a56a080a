"""What EC2 offers: Regions, zones, images and instance types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.ec2.conftest import image_of, refused


def test_zones_and_regions(aws: Callable[..., Any]) -> None:
    ec2 = aws("ec2", region="ap-northeast-1")
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(one["ZoneName"], one["ZoneId"]) for one in zones] == [
        ("ap-northeast-1a", "apne1-az1"),
        ("ap-northeast-1b", "apne1-az2"),
        ("ap-northeast-1c", "apne1-az3"),
    ]
    names = {one["RegionName"] for one in ec2.describe_regions()["Regions"]}
    assert {"us-east-1", "ap-northeast-1"} <= names
    assert "cn-north-1" not in names
    assert refused(ec2.describe_availability_zones, ZoneNames=["us-east-1a"])[0] == "InvalidParameterValue"


def test_images_are_the_same_each_time_and_others_elsewhere(aws: Callable[..., Any]) -> None:
    here, there = aws("ec2"), aws("ec2", region="eu-west-1")
    assert image_of(here, "arm64") == image_of(here, "arm64") != image_of(there, "arm64")
    missing = "ami-0123456789abcdef0"
    assert refused(here.describe_images, ImageIds=[missing]) == (
        "InvalidAMIID.NotFound",
        f"The image id '[{missing}]' does not exist",
    )
    assert here.describe_images(Owners=["self"])["Images"] == []


def test_instance_types_have_their_size(ec2: Any) -> None:
    [found] = ec2.describe_instance_types(InstanceTypes=["c5.large"])["InstanceTypes"]
    assert (found["VCpuInfo"]["DefaultVCpus"], found["MemoryInfo"]["SizeInMiB"]) == (2, 4096)
    assert found["ProcessorInfo"]["SupportedArchitectures"] == ["x86_64"]
    assert refused(ec2.describe_instance_types, InstanceTypes=["hi1.4xlarge"]) == (
        "InvalidInstanceType",
        "The following supplied instance types do not exist: [hi1.4xlarge]",
    )
    arm = [
        {"Name": "instance-type", "Values": ["c7*"]},
        {"Name": "processor-info.supported-architecture", "Values": ["arm64"]},
    ]
    names = [one["InstanceType"] for one in ec2.describe_instance_types(Filters=arm)["InstanceTypes"]]
    assert "c7g.large" in names
    assert not any(name.startswith("c7i") for name in names)


def test_instance_types_come_in_pages(ec2: Any) -> None:
    pages = list(ec2.get_paginator("describe_instance_types").paginate())
    names = [one["InstanceType"] for page in pages for one in page["InstanceTypes"]]
    assert len(pages) > 3
    assert len(names) == len(set(names)) > 300


def test_every_type_is_offered_everywhere(ec2: Any) -> None:
    answer = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["c5.large"]}]
    )
    places = [one["Location"] for one in answer["InstanceTypeOfferings"]]
    assert places == ["us-east-1a", "us-east-1b", "us-east-1c"]
