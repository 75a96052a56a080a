"""jobStateTimeLimitActions: how long a job may be at the front of its queue and wait for the same reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.scheduler import reasons
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch

CANCELED = "Canceled by JobStateTimeLimit action due to reason: {reason}"
"""The statusReason of a job that such an action has ended (batch-on-behalf.md 7)."""
SHORTEST_SECONDS, LONGEST_SECONDS = 600, 86_400
REASONS = tuple(
    reasons.code(one)
    for one in (
        reasons.INSUFFICIENT_INSTANCE_CAPACITY,
        reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE,
        reasons.JOB_RESOURCE_REQUIREMENT,
        reasons.EC2_INSTANCE_CONFIGURATION_UNSUPPORTED,
        reasons.ENGINE_ABILITIES,
    )
)
"""What can be acted on: AWS's (batch-on-behalf.md 7), and the reason that only Batchyard has."""


def checked_time_limits(ctx: Context, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The actions as they are kept; raises ClientException.

    Texts: what-aws-says.md 37; those of a reason that nothing is done about and of the time are [guess].
    """
    for one in given:
        if one["action"] != "CANCEL":
            raise batch.error.ClientException("Invalid job action. Valid job actions: [CANCEL]")
        if one["reason"] not in REASONS:
            raise refusal(ctx, f"Invalid job state limit reason. Valid reasons: [{', '.join(REASONS)}]")
        if not SHORTEST_SECONDS <= one["maxTimeSeconds"] <= LONGEST_SECONDS:
            raise refusal(ctx, f"maxTimeSeconds must be between {SHORTEST_SECONDS} and {LONGEST_SECONDS}")
    if len({(one["state"], one["reason"]) for one in given}) < len(given):
        raise batch.error.ClientException("Duplicate job state limit actions are not allowed.")
    return [dict(one) for one in given]


def limit_for(limits: Sequence[Mapping[str, Any]] | None, reason: str | None) -> int | None:
    """After how many seconds a job is canceled that waits for this reason; None: never."""
    found = (one["maxTimeSeconds"] for one in limits or () if one["reason"] == reason)
    return next(found, None)
