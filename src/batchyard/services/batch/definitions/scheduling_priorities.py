"""The scheduling priority of a job definition or a job: it orders the jobs of one share."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal

HIGHEST = 9999


def check_scheduling_priority(ctx: Context, given: int | None) -> None:
    """Raise for one out of its range; text recorded of RegisterJobDefinition (cdk-preflight,
    `pf-batch-jd-scheduling-priority-range`)."""
    if given is not None and not 0 <= given <= HIGHEST:
        raise refusal(ctx, f"Scheduling priority must be between 0 and {HIGHEST}.")
