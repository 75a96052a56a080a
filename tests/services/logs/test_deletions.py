"""Deleted groups and streams are out of sight at once; their events go some at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from batchyard.app import App
from batchyard.services.logs.controllers import sweeping
from batchyard.services.logs.tables import log_events, log_groups, log_streams

EVENTS = 50


@pytest.fixture
def filled(aws: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client, with a group of two streams of EVENTS events, of which few are forgotten at a time."""
    monkeypatch.setattr(sweeping, "AT_ONCE", 20)
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    now = int(time.time() * 1000)
    for stream in ("s0", "s1"):
        logs.create_log_stream(logGroupName="g", logStreamName=stream)
        events = [{"timestamp": now, "message": f"{stream} {number}"} for number in range(EVENTS)]
        logs.put_log_events(logGroupName="g", logStreamName=stream, logEvents=events)
    return logs


def _left(app: App, account: str, table: Any) -> int:
    with app.store.read() as tx:
        row = tx.first(select(func.count().label("rows")).where(table.c.account == account))
    return 0 if row is None else int(row.rows)


def test_a_deleted_stream(filled: Any, app: App, account: str, wait_for: Callable[..., Any]) -> None:
    filled.delete_log_stream(logGroupName="g", logStreamName="s0")
    found = filled.filter_log_events(logGroupName="g")["events"]
    assert {one["logStreamName"] for one in found} == {"s1"}
    filled.create_log_stream(logGroupName="g", logStreamName="s0")
    assert filled.get_log_events(logGroupName="g", logStreamName="s0")["events"] == []
    wait_for(lambda: _left(app, account, log_events) == EVENTS)
    wait_for(lambda: _left(app, account, log_streams) == 2)
    assert len(filled.filter_log_events(logGroupName="g")["events"]) == EVENTS


def test_a_deleted_group(filled: Any, app: App, account: str, wait_for: Callable[..., Any]) -> None:
    filled.delete_log_stream(logGroupName="g", logStreamName="s1")
    filled.delete_log_group(logGroupName="g")
    assert filled.describe_log_groups()["logGroups"] == []
    filled.create_log_group(logGroupName="g")
    assert filled.filter_log_events(logGroupName="g")["events"] == []
    wait_for(lambda: _left(app, account, log_events) == 0)
    wait_for(lambda: _left(app, account, log_streams) == 0)
    wait_for(lambda: _left(app, account, log_groups) == 1)


def test_a_page_has_a_megabyte_at_most(filled: Any) -> None:
    """API reference, GetLogEvents and FilterLogEvents."""
    now = int(time.time() * 1000)
    for _ in range(3):
        large = [{"timestamp": now, "message": "x" * 200_000} for _ in range(4)]
        filled.put_log_events(logGroupName="g", logStreamName="s0", logEvents=large)
    wanted = {"logGroupName": "g", "logStreamNames": ["s0"]}
    pages = list(filled.get_paginator("filter_log_events").paginate(**wanted))
    assert next(len(page["events"]) for page in pages) > EVENTS
    assert all(sum(len(one["message"]) for one in page["events"]) < 1_300_000 for page in pages)
    assert sum(len(page["events"]) for page in pages) == EVENTS + 12
    token, read = "", 0
    for _ in range(10):
        more = {"nextToken": token} if token else {}
        page = filled.get_log_events(logGroupName="g", logStreamName="s0", startFromHead=True, **more)
        assert sum(len(one["message"]) for one in page["events"]) <= 1_048_576
        read += len(page["events"])
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert read == EVENTS + 12
