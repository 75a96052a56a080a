"""What the tests of CloudWatch Logs share: a client, a group with a stream, the error that a call ends in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def logs(aws: Callable[..., Any]) -> Any:
    """CloudWatch Logs as root of this test's account."""
    return aws("logs")


@pytest.fixture
def stream(logs: Any) -> dict[str, str]:
    """The group and the name of an empty stream, as requests name them."""
    named = {"logGroupName": "/group", "logStreamName": "stream"}
    logs.create_log_group(logGroupName="/group")
    logs.create_log_stream(**named)
    return named


def now_ms() -> int:
    """The time as CloudWatch Logs tells it."""
    return int(time.time() * 1000)


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
