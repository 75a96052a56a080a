"""LookupEvents: found by each attribute, by time, page by page; and what a record tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client

Call = Callable[..., Any]


@pytest.fixture
def look_up(aws: Call, wait_for: Call) -> Call:
    """`look_up("EventName", "CreateLogGroup", count=2)`: that many events or more, the newest first."""

    def ask(key: str, value: str, *, count: int = 1, region: str = "us-east-1", **more: Any) -> list[Any]:
        attributes = [{"AttributeKey": key, "AttributeValue": value}]

        def found() -> list[Any]:
            events = aws("cloudtrail", region=region).lookup_events(LookupAttributes=attributes, **more)[
                "Events"
            ]
            return events if len(events) >= count else []

        events: list[Any] = wait_for(found)
        return events

    return ask


def record(event: Any) -> Any:
    """The CloudTrail record inside an event."""
    return json.loads(event["CloudTrailEvent"])


def _by(key: str, value: str) -> Any:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def make_groups(aws: Call, *names: str) -> None:
    for name in names:
        aws("logs").create_log_group(logGroupName=name)


def test_events_are_found_by_name_the_newest_first(aws: Call, look_up: Call) -> None:
    make_groups(aws, "one", "two")
    aws("logs").delete_log_group(logGroupName="one")
    events = look_up("EventName", "CreateLogGroup", count=2)
    assert [record(one)["requestParameters"] for one in events] == [
        {"logGroupName": "two"},
        {"logGroupName": "one"},
    ]
    assert {one["EventSource"] for one in events} == {"logs.amazonaws.com"}
    assert {one["ReadOnly"] for one in events} == {"false"}


def test_events_are_found_by_source_and_by_their_id(aws: Call, look_up: Call) -> None:
    make_groups(aws, "one")
    aws("ecs").create_cluster(clusterName="c")
    (found,) = look_up("EventSource", "ecs.amazonaws.com")
    assert found["EventName"] == "CreateCluster"
    (same,) = look_up("EventId", found["EventId"])
    assert same == found
    assert record(same)["eventID"] == found["EventId"]


def test_events_are_found_by_who_called(aws: Call, user: Call, endpoint: str, look_up: Call) -> None:
    make_groups(aws, "one")
    made = user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    client(endpoint, "logs", access_key=made["key"], secret=made["secret"]).create_log_group(
        logGroupName="two"
    )
    (found,) = look_up("Username", made["name"])
    assert record(found)["requestParameters"] == {"logGroupName": "two"}
    assert found["AccessKeyId"] == made["key"]
    assert "CreateLogGroup" in {one["EventName"] for one in look_up("Username", "root")}


def test_events_are_found_by_reading_and_writing(aws: Call, look_up: Call) -> None:
    make_groups(aws, "one")
    aws("logs").describe_log_groups()
    read = look_up("ReadOnly", "true")
    assert "DescribeLogGroups" in {one["EventName"] for one in read}
    assert {one["ReadOnly"] for one in read} == {"true"}
    assert [one["EventName"] for one in look_up("ReadOnly", "false")] == ["CreateLogGroup"]
    names = [one["EventName"] for one in aws("cloudtrail").lookup_events()["Events"]]
    assert {"CreateLogGroup", "DescribeLogGroups"} <= set(names)


def test_events_are_found_by_access_key(
    aws: Call, account: str, user: Call, endpoint: str, look_up: Call
) -> None:
    make_groups(aws, "one")
    made = user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    logs = client(endpoint, "logs", access_key=made["key"], secret=made["secret"])
    logs.create_log_group(logGroupName="two")
    logs.describe_log_groups()
    found = look_up("AccessKeyId", made["key"], count=2)
    assert sorted(one["EventName"] for one in found) == ["CreateLogGroup", "DescribeLogGroups"]
    assert {one["Username"] for one in found} == {made["name"]}
    others = client(endpoint, "cloudtrail", access_key="888888888888")
    wanted = [{"AttributeKey": "AccessKeyId", "AttributeValue": made["key"]}]
    assert others.lookup_events(LookupAttributes=wanted)["Events"] == []


def test_events_are_found_by_the_type_of_a_resource(aws: Call, account: str, look_up: Call) -> None:
    aws("ecs").create_cluster(clusterName="one")
    aws("eks").create_cluster(name="two", roleArn=f"arn:aws:iam::{account}:role/x", resourcesVpcConfig={})
    (found,) = look_up("ResourceType", "AWS::ECS::Cluster")
    assert found["Resources"] == [{"ResourceName": "one", "ResourceType": "AWS::ECS::Cluster"}]
    wanted = [{"AttributeKey": "ResourceType", "AttributeValue": "AWS::S3::Bucket"}]
    assert aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"] == []


def test_events_are_found_by_resource_name_and_by_arn(aws: Call, account: str, look_up: Call) -> None:
    aws("ecs").create_cluster(clusterName="same")
    aws("eks").create_cluster(name="same", roleArn=f"arn:aws:iam::{account}:role/x", resourcesVpcConfig={})
    by_name = look_up("ResourceName", "same", count=2)
    assert [one["EventSource"] for one in by_name] == ["eks.amazonaws.com", "ecs.amazonaws.com"]
    arn = f"arn:aws:ecs:us-east-1:{account}:cluster/same"
    (by_arn,) = look_up("ResourceName", arn)
    assert by_arn["EventSource"] == "ecs.amazonaws.com"
    assert by_arn["Resources"] == [{"ResourceName": "same", "ResourceType": "AWS::ECS::Cluster"}]
    assert record(by_arn)["resources"] == [{"accountId": account, "type": "AWS::ECS::Cluster", "ARN": arn}]


def test_events_are_found_by_time(aws: Call, look_up: Call) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    make_groups(aws, "one")
    (found,) = look_up("EventName", "CreateLogGroup")
    after = found["EventTime"] + timedelta(seconds=1)
    cloudtrail = aws("cloudtrail")
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}]

    def within(**times: datetime) -> int:
        return len(cloudtrail.lookup_events(LookupAttributes=wanted, **times)["Events"])

    assert within(StartTime=before, EndTime=after) == 1
    assert within(StartTime=after) == 0
    assert within(EndTime=before) == 0
    assert within(StartTime=found["EventTime"], EndTime=found["EventTime"]) == 1
    with pytest.raises(ClientError) as caught:
        within(StartTime=after, EndTime=before)
    assert caught.value.response["Error"]["Code"] == "InvalidTimeRangeException"


def test_pages_have_every_event_once(aws: Call, look_up: Call) -> None:
    names = [f"g{number}" for number in range(7)]
    make_groups(aws, *names)
    look_up("EventName", "CreateLogGroup", count=7)
    pages = list(
        aws("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}],
            PaginationConfig={"PageSize": 3},
        )
    )
    assert [len(page["Events"]) for page in pages] == [3, 3, 1]
    shown = [record(one)["requestParameters"]["logGroupName"] for page in pages for one in page["Events"]]
    assert shown == names[::-1]
    every = aws("cloudtrail").get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 2})
    made = [
        one["EventId"] for page in every for one in page["Events"] if one["EventName"] == "CreateLogGroup"
    ]
    assert len(made) == len(set(made)) == 7


def test_a_token_is_for_one_lookup(aws: Call, look_up: Call) -> None:
    make_groups(aws, "one", "two", "three")
    look_up("EventName", "CreateLogGroup", count=3)
    cloudtrail = aws("cloudtrail")
    by_name = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}]}
    token = cloudtrail.lookup_events(**by_name, MaxResults=1)["NextToken"]
    assert len(cloudtrail.lookup_events(**by_name, MaxResults=2, NextToken=token)["Events"]) == 2
    with pytest.raises(ClientError) as caught:
        cloudtrail.lookup_events(NextToken=token)
    assert caught.value.response["Error"]["Code"] == "InvalidNextTokenException"


def test_there_are_no_insights_events(aws: Call, look_up: Call) -> None:
    """Without EventCategory no Insights events come; with it, only they (API reference)."""
    make_groups(aws, "one")
    look_up("EventName", "CreateLogGroup")
    assert aws("cloudtrail").lookup_events(EventCategory="insight")["Events"] == []


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"NextToken": "bm90IG91cnM="}, "InvalidNextTokenException"),
        ({"NextToken": "%%%"}, "InvalidNextTokenException"),
        (
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2},
            "InvalidLookupAttributesException",
        ),
        (_by("Colour", "blue"), "InvalidLookupAttributesException"),
        (_by("ReadOnly", "perhaps"), "InvalidLookupAttributesException"),
        (_by("EventName", "x" * 2001), "InvalidLookupAttributesException"),
        (_by("EventName", "_" * 1001), "InvalidLookupAttributesException"),
        ({**_by("Username", "bob"), "EventCategory": "insight"}, "InvalidLookupAttributesException"),
        ({"EventCategory": "data"}, "InvalidEventCategoryException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(request_: Any, code: str, aws: Call) -> None:
    with pytest.raises(ClientError) as caught:
        aws("cloudtrail").lookup_events(**request_)
    assert caught.value.response["Error"]["Code"] == code


def test_an_account_and_a_region_see_their_own_events_only(aws: Call, endpoint: str, look_up: Call) -> None:
    make_groups(aws, "here")
    aws("logs", region="eu-west-1").create_log_group(logGroupName="there")
    (here,) = look_up("EventName", "CreateLogGroup")
    (there,) = look_up("EventName", "CreateLogGroup", region="eu-west-1")
    assert record(here)["requestParameters"] == {"logGroupName": "here"}
    assert record(there)["requestParameters"] == {"logGroupName": "there"}
    assert record(there)["awsRegion"] == "eu-west-1"
    others = client(endpoint, "cloudtrail", access_key="999999999999")
    wanted = [{"AttributeKey": "EventId", "AttributeValue": here["EventId"]}]
    assert others.lookup_events(LookupAttributes=wanted)["Events"] == []


def test_global_services_leave_their_events_in_the_partitions_region(aws: Call, look_up: Call) -> None:
    aws("iam", region="eu-west-1").create_group(GroupName="g")
    (found,) = look_up("EventName", "CreateGroup")
    assert record(found)["awsRegion"] == "us-east-1"
    aws("iam", region="cn-northwest-1").create_group(GroupName="g")
    (found,) = look_up("EventName", "CreateGroup", region="cn-north-1")
    assert record(found)["awsRegion"] == "cn-north-1"
