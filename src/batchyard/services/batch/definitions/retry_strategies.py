"""retryStrategy and timeout: what Batch accepts, and the same in the scheduler's words."""

from __future__ import annotations

import re
from typing import Any

from batchyard.framework.context import Context
from batchyard.scheduler.retry import EvaluateOnExit, RetryStrategy
from batchyard.services.batch.refusals import refusal

MOST_ATTEMPTS = 10
MOST_RULES = 5
LONGEST_PATTERN = 512
SHORTEST_TIMEOUT_SECONDS = 60

_EXIT_CODE = re.compile(r"[0-9]*\*?")
_REASON = re.compile(r"[A-Za-z0-9.: \t]*\*?")
_PATTERNS = {"onExitCode": _EXIT_CODE, "onReason": _REASON, "onStatusReason": _REASON}


def check_retry_strategy(ctx: Context, given: dict[str, Any]) -> None:
    """Raise ClientException for a strategy that Batch refuses (batch-jobs.md 3; texts but the first [guess])."""
    attempts = given.get("attempts")
    if attempts is None:
        raise refusal(ctx, "RetryAttempts must be provided with retry strategy")
    if not 1 <= attempts <= MOST_ATTEMPTS:
        raise refusal(ctx, f"RetryAttempts must be between 1 and {MOST_ATTEMPTS}")
    rules = given.get("evaluateOnExit", ())
    if len(rules) > MOST_RULES:
        raise refusal(ctx, f"evaluateOnExit can have at most {MOST_RULES} elements")
    for rule in rules:
        conditions = [name for name in _PATTERNS if name in rule]
        if not conditions:
            raise refusal(
                ctx, "evaluateOnExit must have at least one of onExitCode, onReason, onStatusReason"
            )
        for name in conditions:
            if len(rule[name]) > LONGEST_PATTERN or not _PATTERNS[name].fullmatch(rule[name]):
                raise refusal(ctx, f"{name} '{rule[name]}' does not match regex")


def check_timeout(ctx: Context, given: dict[str, Any]) -> None:
    """Raise ClientException for a timeout under 60 seconds (batch-jobs.md 3; the text is a guess)."""
    seconds = given.get("attemptDurationSeconds")
    if seconds is None or seconds < SHORTEST_TIMEOUT_SECONDS:
        raise refusal(ctx, f"attemptDurationSeconds must be at least {SHORTEST_TIMEOUT_SECONDS}")


def shown_retry_strategy(given: dict[str, Any] | None) -> dict[str, Any]:
    """A strategy as DescribeJobs shows it: one attempt where none was asked for."""
    return {"attempts": 1, "evaluateOnExit": [], **(given or {})}


def scheduling_strategy(given: dict[str, Any]) -> RetryStrategy:
    """A strategy in the scheduler's words."""
    rules = tuple(
        EvaluateOnExit(
            action=rule["action"],
            on_exit_code=rule.get("onExitCode"),
            on_reason=rule.get("onReason"),
            on_status_reason=rule.get("onStatusReason"),
        )
        for rule in given.get("evaluateOnExit", ())
    )
    return RetryStrategy(attempts=given.get("attempts", 1), evaluate_on_exit=rules)
