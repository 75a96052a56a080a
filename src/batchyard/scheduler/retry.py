"""After an attempt has failed: another attempt, or the end?"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Cause(Enum):
    """What ended an attempt."""

    EXITED = "its container exited, with whatever code"
    START_FAILED = "its container never started"
    HOST_LOST = "its instance went away"
    TIMED_OUT = "it ran longer than attemptDurationSeconds"
    CANCELLED = "its job was cancelled"
    TERMINATED = "its job was terminated"


_FINAL = frozenset((Cause.TIMED_OUT, Cause.CANCELLED, Cause.TERMINATED))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOnExit:
    """One rule: all of its given patterns must match. `action` is RETRY or EXIT in any case of letters."""

    action: str
    on_exit_code: str | None = None
    on_reason: str | None = None
    on_status_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryStrategy:
    """How many attempts in all (1-10), and the rules that may end it sooner, in order."""

    attempts: int = 1
    evaluate_on_exit: tuple[EvaluateOnExit, ...] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """Back to RUNNABLE; `attempt` is the number of the next attempt, from 1."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The job ends with this attempt's outcome; `why` is for explanations, not a text of AWS's."""

    why: Literal["succeeded", "not retried", "attempts used up", "rule"]
    rule: EvaluateOnExit | None = None


def decide(
    *,
    attempts_made: int,
    retry_strategy: RetryStrategy | None,
    exit_code: int | None,
    reason: str | None,
    status_reason: str | None,
    cause: Cause,
) -> Retry | Stop:
    """What follows an attempt that ended (batch-jobs.md section 3).

    `attempts_made` includes that attempt. `reason` is container.reason, `status_reason` the attempt's own.
    Cancelled, terminated and timed-out jobs are never retried, whatever the rules say. The first matching
    rule wins; when none matches, the job is retried while attempts are left.
    """
    if cause in _FINAL:
        return Stop("not retried")
    if cause is Cause.EXITED and exit_code == 0:
        return Stop("succeeded")
    strategy = retry_strategy or RetryStrategy()
    if attempts_made >= strategy.attempts:
        return Stop("attempts used up")
    for rule in strategy.evaluate_on_exit:
        if _applies(rule, exit_code=exit_code, reason=reason, status_reason=status_reason):
            return Stop("rule", rule) if rule.action.upper() == "EXIT" else Retry(attempts_made + 1)
    return Retry(attempts_made + 1)


def matches(pattern: str, value: str | None) -> bool:
    """True when the value is the pattern, or begins with it where the pattern ends in `*`.

    A value that is not there counts as empty, so that a catch-all `*` covers it too [guess]; letters are
    compared as they are.
    """
    value = value or ""
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def _applies(
    rule: EvaluateOnExit, *, exit_code: int | None, reason: str | None, status_reason: str | None
) -> bool:
    tests = (
        (rule.on_exit_code, None if exit_code is None else str(exit_code)),
        (rule.on_reason, reason),
        (rule.on_status_reason, status_reason),
    )
    return all(matches(pattern, value) for pattern, value in tests if pattern is not None)
