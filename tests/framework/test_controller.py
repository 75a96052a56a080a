"""What every controller counts by: the injected clock, and no moment that a turned clock put out of reach."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from batchyard.clock import AdvancedClock
from batchyard.framework.controller import Controller
from batchyard.services.autoscaling.controllers.sizing import is_waiting


@pytest.mark.parametrize(("began", "left"), [(0, 30), (-10, 20), (-40, -10), (0.5, 30.5), (600, 0)])
def test_a_stay_that_is_yet_to_begin_is_over(began: float, left: float) -> None:
    """A stay of 30 s that began so many seconds from now."""
    runtime: Any = SimpleNamespace(clock=AdvancedClock())
    controller = Controller(runtime)
    assert controller.left(30, controller.now + timedelta(seconds=began)) == pytest.approx(left, abs=0.2)


@pytest.mark.parametrize(
    ("until", "waits"), [(None, False), (-1, False), (30, True), (60, True), (600, False)]
)
def test_a_group_waits_no_longer_than_the_longest_delay(until: float | None, waits: bool) -> None:
    now = AdvancedClock().now()
    group: Any = SimpleNamespace(retry_at=None if until is None else now + timedelta(seconds=until))
    assert is_waiting(group, now) is waits
