"""Which attempts are followed by another."""

import pytest

from batchyard.scheduler.retry import Cause, EvaluateOnExit, Retry, RetryStrategy, Stop, decide, matches

HOST_LOST = "Host EC2 (instance i-0123456789abcdef0) terminated."
ENDED = "Essential container in task exited"


def after(*rules, made=1, attempts=3, exit_code=1, reason=None, status_reason=ENDED, cause=Cause.EXITED):
    return decide(
        attempts_made=made,
        retry_strategy=RetryStrategy(attempts=attempts, evaluate_on_exit=rules),
        exit_code=exit_code,
        reason=reason,
        status_reason=status_reason,
        cause=cause,
    )


def rule(action, **patterns):
    return EvaluateOnExit(action=action, **patterns)


def test_without_rules_a_failure_is_retried_until_attempts_are_used_up():
    assert after(made=1) == Retry(2)
    assert after(made=2) == Retry(3)
    assert after(made=3) == Stop("attempts used up")


def test_without_a_strategy_there_is_one_attempt():
    made = decide(
        attempts_made=1,
        retry_strategy=None,
        exit_code=1,
        reason=None,
        status_reason=ENDED,
        cause=Cause.EXITED,
    )
    assert made == Stop("attempts used up")


def test_success_is_not_retried():
    assert after(rule("RETRY", on_exit_code="0"), exit_code=0) == Stop("succeeded")


@pytest.mark.parametrize("cause", [Cause.TIMED_OUT, Cause.CANCELLED, Cause.TERMINATED])
def test_no_rule_brings_back_what_was_ended_on_purpose(cause):
    assert after(rule("RETRY", on_reason="*"), cause=cause) == Stop("not retried")


@pytest.mark.parametrize("cause", [Cause.EXITED, Cause.HOST_LOST, Cause.START_FAILED])
def test_other_ends_are_retried(cause):
    assert after(cause=cause, exit_code=None) == Retry(2)


def test_the_documented_way_to_retry_only_lost_hosts():
    rules = (rule("RETRY", on_status_reason="Host EC2*"), rule("EXIT", on_reason="*"))
    assert after(*rules, status_reason=HOST_LOST, exit_code=None, cause=Cause.HOST_LOST) == Retry(2)
    assert after(*rules, exit_code=1) == Stop("rule", rules[1])
    assert after(*rules, exit_code=1, reason="OutOfMemoryError: killed") == Stop("rule", rules[1])


def test_the_first_matching_rule_wins():
    leave, again = rule("EXIT", on_exit_code="1*"), rule("RETRY", on_exit_code="137")
    assert after(leave, again, exit_code=137) == Stop("rule", leave)
    assert after(again, leave, exit_code=137) == Retry(2)


def test_all_conditions_of_a_rule_must_match():
    both = rule("EXIT", on_exit_code="137", on_reason="OutOfMemory*")
    assert after(both, exit_code=137, reason="OutOfMemoryError: x") == Stop("rule", both)
    assert after(both, exit_code=137, reason="Killed") == Retry(2)
    assert after(both, exit_code=1, reason="OutOfMemoryError: x") == Retry(2)


def test_none_matching_means_retry():
    assert after(rule("EXIT", on_exit_code="2"), exit_code=3) == Retry(2)


@pytest.mark.parametrize("action", ["exit", "Exit", "EXIT"])
def test_actions_are_read_in_any_case(action):
    assert isinstance(after(rule(action, on_exit_code="1")), Stop)
    assert after(rule("retry", on_exit_code="1"), rule("EXIT", on_reason="*")) == Retry(2)


def test_a_retry_rule_does_not_go_past_attempts():
    assert after(rule("RETRY", on_exit_code="1"), made=3) == Stop("attempts used up")


@pytest.mark.parametrize(
    ("pattern", "value", "match"),
    [
        ("137", "137", True),
        ("137", "1370", False),
        ("13*", "137", True),
        ("13*", "13", True),
        ("13*", "1", False),
        ("*", None, True),
        ("*", "", True),
        ("1", None, False),
        ("Host EC2*", HOST_LOST, True),
        ("host EC2*", HOST_LOST, False),
        ("a.c", "abc", False),
        ("[a]*", "a", False),
    ],
)
def test_patterns(pattern, value, match):
    assert matches(pattern, value) is match
