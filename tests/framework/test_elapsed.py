"""Durations: by a clock that nobody turns, from a moment that the store may have of another."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from batchyard.clock import AdvancedClock
from batchyard.framework import elapsed
from batchyard.framework.elapsed import Elapsed


class TurnedBack(AdvancedClock):
    """A machine's clock that somebody sets."""

    seconds = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.seconds)


@pytest.mark.parametrize(("began", "lasted"), [(-10, 10), (0, 0), (600, 0)])
def test_what_is_first_seen_has_lasted_since_its_moment_and_never_less_than_nothing(
    began: float, lasted: float
) -> None:
    clock = AdvancedClock()
    since = clock.now() + timedelta(seconds=began)
    assert Elapsed(clock).seconds("it", since) == pytest.approx(lasted, abs=0.2)


@pytest.mark.parametrize("turned", [-3600, 3600])
def test_a_clock_that_is_set_changes_nothing(turned: float) -> None:
    clock = TurnedBack()
    counted, since = Elapsed(clock), clock.now()
    counted.seconds("it", since)
    clock.advance(20)
    clock.seconds = turned
    assert counted.seconds("it", since) == pytest.approx(20, abs=0.2)
    clock.advance(10)
    assert counted.seconds("it", since) == pytest.approx(30, abs=0.2)


def test_what_nobody_asks_about_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elapsed, "_KEPT", 2)
    clock = TurnedBack()
    counted, since = Elapsed(clock), clock.now()
    for thing in ("old", "asked again", "old", "new"):
        counted.seconds(thing, since)
    clock.seconds = 600
    lasted = [counted.seconds(thing, since) for thing in ("old", "new", "asked again")]
    assert lasted == [pytest.approx(one, abs=0.2) for one in (0, 0, 600)]
