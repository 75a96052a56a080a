"""100,000 generated requests, most of them absurd, against a served process; `make bad-input` sends a million."""

from __future__ import annotations

import pytest

from input.run import run

SEED = 4
HELD_UP = 2.0
"""Others may have to wait so many times as long beside bad input as beside as many ordinary requests."""


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_server_stays_well() -> None:
    """No 5xx, no crash, nothing logged as an error, no growth in memory; a restart works; others are served."""
    findings = run(count=100_000, seed=SEED)
    assert findings.problems == []
    assert findings.record.sent == 100_000
    times = {name: median for name, (_, median) in findings.milliseconds.items()}
    assert times["under bad input"] <= HELD_UP * times["under ordinary load"], times
    assert times["beside stalled requests"] <= HELD_UP * times["usual"], times
