"""The event history goes back 90 days, and no further."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchyard.clock import AdvancedClock
from batchyard.config import Settings
from conftest import Serving, client, wait_for

DAY = 86_400


@pytest.fixture
def server() -> Iterator[Serving]:
    one = Serving(Settings(ephemeral=True, port=0, test_clock=True))
    yield one
    one.close()


def test_events_are_forgotten_after_90_days(server: Serving) -> None:
    clock = server.app.clock
    assert isinstance(clock, AdvancedClock)
    trail = client(server.endpoint, "cloudtrail", access_key="111122223333")
    client(server.endpoint, "iam", access_key="111122223333").create_user(UserName="bob")

    def names() -> list[str]:
        attribute = {"AttributeKey": "ResourceName", "AttributeValue": "bob"}
        return [event["EventName"] for event in trail.lookup_events(LookupAttributes=[attribute])["Events"]]

    clock.advance(89 * DAY)
    assert names() == ["CreateUser"]
    clock.advance(2 * DAY)
    wait_for(lambda: names() == [])
