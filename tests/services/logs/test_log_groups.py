"""Log groups, their streams, retention and tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.logs.conftest import now_ms, refused

NO_GROUP = ("ResourceNotFoundException", "The specified log group does not exist.")
NO_STREAM = ("ResourceNotFoundException", "The specified log stream does not exist.")


def test_a_group_is_made_shown_and_deleted(logs: Any, account: str) -> None:
    logs.create_log_group(logGroupName="/one", tags={"a": "b"})
    (shown,) = logs.describe_log_groups()["logGroups"]
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:/one"
    assert (shown["logGroupName"], shown["arn"], shown["logGroupArn"]) == ("/one", f"{arn}:*", arn)
    assert (shown["storedBytes"], shown["metricFilterCount"]) == (0, 0)
    assert abs(shown["creationTime"] - now_ms()) < 60_000
    assert "retentionInDays" not in shown
    assert refused(logs.create_log_group, logGroupName="/one") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    logs.delete_log_group(logGroupName="/one")
    assert refused(logs.delete_log_group, logGroupName="/one") == NO_GROUP
    assert logs.describe_log_groups()["logGroups"] == []


def test_groups_are_listed_by_prefix_pattern_and_page(logs: Any) -> None:
    for name in ("/b/two", "/a/one", "/b/one"):
        logs.create_log_group(logGroupName=name)

    def names(**request: Any) -> list[str]:
        return [one["logGroupName"] for one in logs.describe_log_groups(**request)["logGroups"]]

    assert names() == ["/a/one", "/b/one", "/b/two"]
    assert names(logGroupNamePrefix="/b") == ["/b/one", "/b/two"]
    assert names(logGroupNamePattern="one") == ["/a/one", "/b/one"]
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["logGroups"]) for page in pages] == [2, 1]
    assert refused(logs.describe_log_groups, nextToken="%%%")[0] == "InvalidParameterException"


def test_retention_is_set_and_lifted(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    assert (
        refused(logs.put_retention_policy, logGroupName="g", retentionInDays=8)[0]
        == "InvalidParameterException"
    )
    logs.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_retention_hides_what_is_older(aws: Callable[..., Any], logs: Any, stream: dict[str, str]) -> None:
    """Events older than the retention are no longer shown (PutRetentionPolicy, API reference)."""
    old, young = now_ms() - 2 * 86_400_000, now_ms()
    events = [{"timestamp": old, "message": "old"}, {"timestamp": young, "message": "young"}]
    logs.put_log_events(**stream, logEvents=events)

    def shown() -> list[str]:
        return [one["message"] for one in logs.get_log_events(**stream, startFromHead=True)["events"]]

    assert shown() == ["old", "young"]
    logs.put_retention_policy(logGroupName=stream["logGroupName"], retentionInDays=1)
    assert shown() == ["young"]
    found = logs.filter_log_events(logGroupName=stream["logGroupName"])["events"]
    assert [one["message"] for one in found] == ["young"]
    answer = logs.put_log_events(**stream, logEvents=[{"timestamp": old, "message": "late"}])
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    logs.delete_retention_policy(logGroupName=stream["logGroupName"])
    assert shown() == ["young"]


def test_tags_of_a_group(logs: Any, account: str) -> None:
    logs.create_log_group(logGroupName="g", tags={"a": "1"})
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:g"
    logs.tag_resource(resourceArn=arn, tags={"a": "2", "b": "3"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "2", "b": "3"}
    logs.untag_resource(resourceArn=arn, tagKeys=["a", "missing"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "3"}
    many = {f"k{number}": "v" for number in range(50)}
    assert refused(logs.tag_resource, resourceArn=arn, tags=many)[0] == "TooManyTagsException"
    elsewhere = arn.replace("us-east-1", "eu-west-1")
    for missing in (f"{arn}x", elsewhere):
        assert refused(logs.list_tags_for_resource, resourceArn=missing) == NO_GROUP
    assert refused(logs.tag_resource, resourceArn=elsewhere, tags={"a": "b"}) == NO_GROUP


def test_streams_are_made_and_deleted(logs: Any, stream: dict[str, str], account: str) -> None:
    assert refused(logs.create_log_stream, **stream) == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    (shown,) = logs.describe_log_streams(logGroupName="/group")["logStreams"]
    assert shown["arn"] == f"arn:aws:logs:us-east-1:{account}:log-group:/group:log-stream:stream"
    assert "lastEventTimestamp" not in shown
    logs.delete_log_stream(**stream)
    assert refused(logs.delete_log_stream, **stream) == NO_STREAM
    assert refused(logs.create_log_stream, logGroupName="none", logStreamName="s") == NO_GROUP
    assert refused(logs.describe_log_streams, logGroupName="none") == NO_GROUP


def test_a_deleted_group_takes_its_events_along(logs: Any, stream: dict[str, str]) -> None:
    logs.put_log_events(**stream, logEvents=[{"timestamp": now_ms(), "message": "m"}])
    logs.delete_log_group(logGroupName="/group")
    logs.create_log_group(logGroupName="/group")
    assert logs.describe_log_streams(logGroupName="/group")["logStreams"] == []
    assert logs.filter_log_events(logGroupName="/group")["events"] == []


@pytest.fixture
def three(logs: Any) -> list[str]:
    """Three streams: `b` with the newest event, `a` with an older one, `c` with none."""
    logs.create_log_group(logGroupName="g")
    now = now_ms()
    for name, age in (("a", 5000), ("b", 0), ("c", None)):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
        if age is not None:
            event = {"timestamp": now - age, "message": name}
            logs.put_log_events(logGroupName="g", logStreamName=name, logEvents=[event])
    return ["a", "b", "c"]


def test_streams_are_listed_by_name_and_by_time(logs: Any, three: list[str]) -> None:
    def names(**request: Any) -> list[str]:
        shown = logs.describe_log_streams(logGroupName="g", **request)["logStreams"]
        return [one["logStreamName"] for one in shown]

    assert names() == three
    assert names(descending=True) == three[::-1]
    assert names(logStreamNamePrefix="b") == ["b"]
    assert names(orderBy="LastEventTime", descending=True) == ["b", "a", "c"]
    assert names(orderBy="LastEventTime") == ["c", "a", "b"]
    wrong = {"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "b"}
    assert refused(logs.describe_log_streams, **wrong)[0] == "InvalidParameterException"


@pytest.mark.parametrize("order", ["LogStreamName", "LastEventTime"])
@pytest.mark.parametrize("descending", [True, False])
def test_pages_of_streams_have_each_once(order: str, descending: bool, logs: Any, three: list[str]) -> None:
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName="g", orderBy=order, descending=descending, PaginationConfig={"PageSize": 1}
    )
    shown = [one["logStreamName"] for page in pages for one in page["logStreams"]]
    assert sorted(shown) == three


def test_a_region_has_its_own_groups(aws: Callable[..., Any], logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    assert aws("logs", region="eu-west-1").describe_log_groups()["logGroups"] == []
