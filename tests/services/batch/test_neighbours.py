"""One job's trouble in asking ECS for its task is not its neighbours' (docs/decisions/0000)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batchyard.services.batch.placing import task_requests

Make = Callable[..., Any]


def test_a_job_that_cannot_be_asked_for_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch, submit: Make, reached: Make
) -> None:
    asked = task_requests.run_task
    troubled: list[str] = []

    def ask(job: Any, **request: Any) -> Any:
        if job.tags.get("troubled") and len(troubled) < 3:
            troubled.append(job.job_id)
            raise KeyError("name")
        return asked(job, **request)

    monkeypatch.setattr(task_requests, "run_task", ask)
    first = submit(tags={"troubled": "yes"})
    assert reached(submit())["status"] == "SUCCEEDED"
    assert reached(first)["status"] == "SUCCEEDED"
    assert troubled == [first] * 3
