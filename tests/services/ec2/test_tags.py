"""Tags: given and taken on every kind of resource, counted, filtered."""

from __future__ import annotations

from typing import Any

import pytest

from services.ec2.conftest import Launch, described, ids, refused


def pairs(ec2: Any, **filters: str) -> set[tuple[str, str, str]]:
    """(resource, key, value) of each tag that meets the filters."""
    given = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    found = ec2.describe_tags(Filters=given)["Tags"]
    return {(one["ResourceId"], one["Key"], one["Value"]) for one in found}


def test_tags_are_put_over_and_taken_away(ec2: Any, launch: Launch) -> None:
    [one] = ids(launch())
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_tags(Resources=[one, vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ec2.create_tags(Resources=[one], Tags=[{"Key": "a", "Value": "3"}])
    assert pairs(ec2) == {(one, "a", "3"), (one, "b", "2"), (vpc, "a", "1"), (vpc, "b", "2")}
    assert pairs(ec2, resource_id=vpc, key="a") == {(vpc, "a", "1")}
    assert pairs(ec2, resource_type="instance") == {(one, "a", "3"), (one, "b", "2")}
    assert [tag["Value"] for tag in described(ec2, InstanceIds=[one])[0]["Tags"]] == ["3", "2"]
    ec2.delete_tags(Resources=[one], Tags=[{"Key": "a", "Value": "other"}, {"Key": "b"}])
    assert pairs(ec2, resource_id=one) == {(one, "a", "3")}
    ec2.delete_tags(Resources=[one])
    assert pairs(ec2, resource_id=one) == set()


def test_tags_come_in_pages(ec2: Any) -> None:
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"k{number:02}", "Value": "v"} for number in range(12)])
    pages = list(ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Tags"]) for page in pages] == [5, 5, 2]
    assert sorted(tag["Key"] for page in pages for tag in page["Tags"])[-1] == "k11"


@pytest.mark.parametrize(
    ("resource", "tags", "code"),
    [
        ("i-0123456789abcdef0", {"a": "b"}, "InvalidInstanceID.NotFound"),
        ("lt-0123456789abcdef0", {"a": "b"}, "InvalidLaunchTemplateId.NotFound"),
        ("nonsense", {"a": "b"}, "InvalidID"),
        ("", {"aws:a": "b"}, "InvalidParameterValue"),
        ("", {"k" * 128: "b"}, "InvalidParameterValue"),
        ("", {"k": "v" * 256}, "InvalidParameterValue"),
        ("", {f"k{number}": "v" for number in range(51)}, "TagLimitExceeded"),
    ],
)
def test_what_cannot_be_tagged_so_is_refused(
    ec2: Any, resource: str, tags: dict[str, str], code: str
) -> None:
    named = resource or ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    assert refused(ec2.create_tags, Resources=[named], Tags=given)[0] == code
    assert pairs(ec2) == set()


def test_an_unknown_filter_is_named(ec2: Any) -> None:
    answer = refused(ec2.describe_instances, Filters=[{"Name": "colour", "Values": ["x"]}])
    assert answer == ("InvalidParameterValue", "The filter 'colour' is invalid")
