"""retryStrategy and timeout: what Batch accepts, and the same in the scheduler's words."""

from __future__ import annotations

import re
from typing import Any

from batchyard.framework.context import Context
from batchyard.scheduler.retry import EvaluateOnExit, RetryStrategy
from batchyard.services.batch.refusals import refusal

MOST_ATTEMPTS = 10
MOST_RULES = 5
ACTIONS = ("retry", "exit")
LONGEST_PATTERN = 512
SHORTEST_TIMEOUT_SECONDS = 60

_EXIT_CODE = re.compile(r"[0-9]*\*?")
_REASON = re.compile(r"[A-Za-z0-9.: \t]*\*?")
_PATTERNS = {"onExitCode": _EXIT_CODE, "onReason": _REASON, "onStatusReason": _REASON}


def checked_retry_strategy(ctx: Context, given: dict[str, Any]) -> dict[str, Any]:
    """A strategy as it is read back; raises ClientException for what Batch refuses (batch-jobs.md 3).

    Actions are read back in lower case (getmoto/moto, tests of Batch). Texts but the first are guesses.
    """
    attempts = given.get("attempts")
    if attempts is None:
        raise refusal(ctx, "RetryAttempts must be provided with retry strategy")
    if not 1 <= attempts <= MOST_ATTEMPTS:
        raise refusal(ctx, f"RetryAttempts must be between 1 and {MOST_ATTEMPTS}")
    rules = given.get("evaluateOnExit", ())
    if len(rules) > MOST_RULES:
        raise refusal(ctx, f"evaluateOnExit can have at most {MOST_RULES} elements")
    for rule in rules:
        if rule["action"].lower() not in ACTIONS:
            raise refusal(ctx, "evaluateOnExit action must be one of RETRY, EXIT")
        conditions = [name for name in _PATTERNS if name in rule]
        if not conditions:
            raise refusal(
                ctx, "evaluateOnExit must have at least one of onExitCode, onReason, onStatusReason"
            )
        for name in conditions:
            if len(rule[name]) > LONGEST_PATTERN or not _PATTERNS[name].fullmatch(rule[name]):
                raise refusal(ctx, f"{name} '{rule[name]}' does not match regex")
    if not rules:
        return given
    return {**given, "evaluateOnExit": [{**rule, "action": rule["action"].lower()} for rule in rules]}


def checked_timeout(ctx: Context, given: dict[str, Any]) -> dict[str, Any]:
    """The timeout; raises ClientException for a timeout under 60 seconds (batch-jobs.md 3; the text is a guess)."""
    seconds = given.get("attemptDurationSeconds")
    if seconds is None or seconds < SHORTEST_TIMEOUT_SECONDS:
        raise refusal(ctx, f"attemptDurationSeconds must be at least {SHORTEST_TIMEOUT_SECONDS}")
    return given


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
