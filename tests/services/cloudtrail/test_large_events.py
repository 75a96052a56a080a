"""A page of large events ends early, and the next one goes on behind it: one request holds nobody up."""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError

from conftest import wait_for

LARGE = "x" * 130_000
MADE = 40
BY_NAME = [{"AttributeKey": "EventName", "AttributeValue": "SimulateCustomPolicy"}]


def test_no_event_is_lost_between_pages_that_end_early(aws: Any) -> None:
    iam, trail = aws("iam"), aws("cloudtrail")
    for _ in range(MADE):
        with contextlib.suppress(ClientError):  # no policy: the event has the text all the same
            iam.simulate_custom_policy(PolicyInputList=[LARGE], ActionNames=["s3:GetObject"])

    def pages() -> list[list[str]]:
        found = trail.get_paginator("lookup_events").paginate(LookupAttributes=BY_NAME)
        return [[event["EventId"] for event in page["Events"]] for page in found]

    wait_for(lambda: sum(map(len, pages())) == MADE)
    told = pages()
    assert 1 < len(told) <= 4
    assert len({event for page in told for event in page}) == MADE
