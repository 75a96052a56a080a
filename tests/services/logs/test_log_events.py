"""Log events: put in order, read forwards and backwards, filtered."""

from __future__ import annotations

from typing import Any

import pytest

from services.logs.conftest import now_ms, refused

HOUR = 3_600_000
DAY = 24 * HOUR


def put(logs: Any, stream: dict[str, str], *messages: str, start: int | None = None) -> int:
    """Put messages, a millisecond apart; the first one's timestamp."""
    first = now_ms() - 60_000 if start is None else start
    events = [{"timestamp": first + index, "message": text} for index, text in enumerate(messages)]
    logs.put_log_events(**stream, logEvents=events)
    return first


def messages(answer: Any) -> list[str]:
    return [one["message"] for one in answer["events"]]


def test_events_come_back_as_they_were_put(logs: Any, stream: dict[str, str]) -> None:
    first = put(logs, stream, "one", "zwei ü", "三")
    answer = logs.get_log_events(**stream, startFromHead=True)
    assert [(one["timestamp"] - first, one["message"]) for one in answer["events"]] == [
        (0, "one"),
        (1, "zwei ü"),
        (2, "三"),
    ]
    assert all(abs(one["ingestionTime"] - now_ms()) < 60_000 for one in answer["events"])
    (shown,) = logs.describe_log_streams(logGroupName="/group")["logStreams"]
    assert (shown["firstEventTimestamp"], shown["lastEventTimestamp"]) == (first, first + 2)
    size = sum(len(text.encode()) + 26 for text in ("one", "zwei ü", "三"))
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == size


def test_pages_forwards(logs: Any, stream: dict[str, str]) -> None:
    put(logs, stream, *"abcde")
    shown, token = [], None
    while True:
        more: dict[str, Any] = {"nextToken": token} if token else {}
        answer = logs.get_log_events(**stream, startFromHead=True, limit=2, **more)
        if answer["nextForwardToken"] == token:
            break
        shown.append(messages(answer))
        token = answer["nextForwardToken"]
    assert shown == [["a", "b"], ["c", "d"], ["e"]]
    put(logs, stream, "f", start=now_ms())
    assert messages(logs.get_log_events(**stream, nextToken=token)) == ["f"]


def test_pages_backwards(logs: Any, stream: dict[str, str]) -> None:
    put(logs, stream, *"abcde")
    last = logs.get_log_events(**stream, limit=2)
    assert messages(last) == ["d", "e"]
    before = logs.get_log_events(**stream, limit=2, nextToken=last["nextBackwardToken"])
    assert messages(before) == ["b", "c"]
    again = logs.get_log_events(**stream, limit=2, nextToken=before["nextForwardToken"])
    assert messages(again) == ["d", "e"]


def test_events_of_one_millisecond_keep_their_order(logs: Any, stream: dict[str, str]) -> None:
    now = now_ms()
    logs.put_log_events(**stream, logEvents=[{"timestamp": now, "message": one} for one in "abc"])
    first = logs.get_log_events(**stream, startFromHead=True, limit=2)
    rest = logs.get_log_events(**stream, startFromHead=True, nextToken=first["nextForwardToken"])
    assert (messages(first), messages(rest)) == (["a", "b"], ["c"])


def test_a_time_range_has_its_start_and_not_its_end(logs: Any, stream: dict[str, str]) -> None:
    first = put(logs, stream, *"abcd")
    answer = logs.get_log_events(**stream, startTime=first + 1, endTime=first + 3, startFromHead=True)
    assert messages(answer) == ["b", "c"]


@pytest.mark.parametrize("token", ["x/MTox", "f/%%%", "f/bm90IG91cnM="])
def test_a_token_that_is_not_ours(token: str, logs: Any, stream: dict[str, str]) -> None:
    wanted = ("InvalidParameterException", "The specified nextToken is invalid.")
    assert refused(logs.get_log_events, **stream, nextToken=token) == wanted


def test_what_cannot_be_put(logs: Any, stream: dict[str, str]) -> None:
    now = now_ms()
    later_first = [{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}]
    code, message = refused(logs.put_log_events, **stream, logEvents=later_first)
    assert (code, "chronological order" in message) == ("InvalidParameterException", True)
    large = [{"timestamp": now, "message": "x" * 209_716}] * 5
    assert refused(logs.put_log_events, **stream, logEvents=large) == (
        "InvalidParameterException",
        "Upload too large: 1048710 bytes exceeds limit of 1048576",
    )
    missing = {"logGroupName": "/group", "logStreamName": "none"}
    assert refused(logs.put_log_events, **missing, logEvents=later_first) == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    assert messages(logs.get_log_events(**stream)) == []


def test_events_too_old_or_too_new_are_left_out_and_told(logs: Any, stream: dict[str, str]) -> None:
    now = now_ms()
    times = [now - 15 * DAY, now - DAY, now, now + 3 * HOUR]
    events = [{"timestamp": one, "message": str(index)} for index, one in enumerate(times)]
    answer = logs.put_log_events(**stream, logEvents=events)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 3}
    assert messages(logs.get_log_events(**stream, startFromHead=True)) == ["1", "2"]


@pytest.fixture
def two(logs: Any) -> str:
    """A group with two streams of events."""
    logs.create_log_group(logGroupName="g")
    start = now_ms() - 60_000
    for offset, name, texts in (
        (0, "web/1", ("GET / 200", "ERROR disk full")),
        (5, "job/1", ("ERROR no memory", "done")),
    ):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
        put(logs, {"logGroupName": "g", "logStreamName": name}, *texts, start=start + offset)
    return "g"


def test_filtering(logs: Any, two: str) -> None:
    def found(**request: Any) -> list[str]:
        return messages(logs.filter_log_events(logGroupName=two, **request))

    assert found() == ["GET / 200", "ERROR disk full", "ERROR no memory", "done"]
    assert found(filterPattern="ERROR") == ["ERROR disk full", "ERROR no memory"]
    assert found(filterPattern="ERROR disk") == ["ERROR disk full"]
    assert found(filterPattern='"no memory"') == ["ERROR no memory"]
    assert found(filterPattern="error") == []
    assert found(logStreamNames=["job/1"]) == ["ERROR no memory", "done"]
    assert found(logStreamNamePrefix="web", filterPattern="ERROR") == ["ERROR disk full"]
    for pattern in ("{ $.a = 1 }", "[a, b]", "?ERROR ?WARN", "ERROR -disk", "%a%"):
        code, _ = refused(logs.filter_log_events, logGroupName=two, filterPattern=pattern)
        assert code == "NotImplemented", pattern


def test_filtered_pages_have_each_event_once(logs: Any, two: str) -> None:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=two, PaginationConfig={"PageSize": 3}
    )
    shown = [one for page in pages for one in page["events"]]
    assert [one["logStreamName"] for one in shown] == ["web/1", "web/1", "job/1", "job/1"]
    assert len({one["eventId"] for one in shown}) == 4
