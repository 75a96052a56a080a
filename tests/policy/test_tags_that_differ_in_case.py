"""Tags whose keys differ in case alone: no decision depends on which of their values a condition is given."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.cases import USER, decide
from policy.dice import Dice
from policy.generated import condition_case, decision_case
from policy.words import REQUEST_VALUES

TAGS = [key for key in REQUEST_VALUES if "tag/" in key.lower()]
BOTH = {"aws:ResourceTag/team": "red", "aws:ResourceTag/Team": "blue"}


def outcome(context, *statements, resource="*"):
    request = {
        "action": "batch:SubmitJob",
        "resource": resource,
        "context": context,
        "principal": USER,
        "resource_account": USER["account"],
    }
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return decide({"policies": {"identity": [policy]}, "request": request}).outcome


def statement(effect, condition, resource="*"):
    return {"Effect": effect, "Action": "*", "Resource": resource, "Condition": condition}


def line(operator, *values, key="aws:ResourceTag/TEAM"):
    return {operator: {key: list(values)}}


ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}

ALLOWS_BOTH = [
    line("StringEquals", "red", "blue"),
    line("StringEqualsIfExists", "red", "blue"),
    line("StringLike", "*"),
    line("StringNotEquals", "green"),
    line("ForAllValues:StringEquals", "red", "blue"),
    line("ForAnyValue:StringNotLike", "gr*"),
    line("Null", "false"),
]
"""What holds for either value, whichever AWS would take."""
ALLOWS_ONE = [
    line("StringEquals", "red"),
    line("StringEquals", "blue"),
    line("StringEqualsIfExists", "blue"),
    line("StringEqualsIgnoreCase", "BLUE"),
    line("StringLike", "b*"),
    line("StringNotEquals", "red"),
    line("StringNotEquals", "blue"),
    line("StringNotEqualsIfExists", "red"),
    line("StringNotLike", "r*"),
    line("ForAllValues:StringEquals", "blue"),
    line("ForAnyValue:StringEquals", "blue"),
    line("ForAnyValue:StringEqualsIfExists", "red"),
    line("ForAllValues:StringNotEquals", "red"),
    line("ForAnyValue:StringNotEquals", "blue"),
]
"""What holds for one value and not for the other."""
HOLDS_FOR_NONE = [
    line("StringEquals", "green"),
    line("StringNotEquals", "red", "blue"),
    line("ForAnyValue:StringEquals", "green"),
    line("Null", "true"),
]


@pytest.mark.parametrize("condition", ALLOWS_BOTH, ids=json.dumps)
def test_what_holds_for_each_value_allows_and_denies(condition):
    assert outcome(BOTH, statement("Allow", condition)) == "allowed"
    assert outcome(BOTH, ANY, statement("Deny", condition)) == "explicitDeny"


@pytest.mark.parametrize("condition", ALLOWS_ONE, ids=json.dumps)
def test_what_holds_for_one_value_does_not_allow_and_denies(condition):
    for context in (BOTH, dict(reversed(BOTH.items()))):
        assert outcome(context, statement("Allow", condition)) == "implicitDeny"
        assert outcome(context, ANY, statement("Deny", condition)) == "explicitDeny"


@pytest.mark.parametrize("condition", HOLDS_FOR_NONE, ids=json.dumps)
def test_what_holds_for_no_value_neither_allows_nor_denies(condition):
    assert outcome(BOTH, statement("Allow", condition)) == "implicitDeny"
    assert outcome(BOTH, ANY, statement("Deny", condition)) == "allowed"


@pytest.mark.parametrize("variable", ["${aws:ResourceTag/team}", "${aws:resourcetag/TEAM, 'red'}"])
def test_as_a_variable_they_do_not_allow_and_deny(variable):
    condition = {"StringEquals": {"aws:username": variable}}
    context = {**BOTH, "aws:username": "red"}
    other = {"StringNotEquals": {"aws:username": variable}}
    for block in (condition, other):
        assert outcome(context, statement("Allow", block)) == "implicitDeny"
        assert outcome(context, ANY, statement("Deny", block)) == "explicitDeny"
    named = f"arn:aws:s3:::{variable}/x"
    given = {"resource": "arn:aws:s3:::red/x"}
    for element in ("Resource", "NotResource"):
        rest = {"Action": "*", element: named}
        assert outcome(context, {"Effect": "Allow", **rest}, **given) == "implicitDeny"
        assert outcome(context, ANY, {"Effect": "Deny", **rest}, **given) == "explicitDeny"


def test_two_with_the_same_value_are_as_one():
    both = {"aws:ResourceTag/team": "red", "aws:ResourceTag/Team": "red"}
    assert outcome(both, statement("Allow", line("StringEquals", "red"))) == "allowed"
    assert outcome(both, ANY, statement("Deny", line("StringNotEquals", "red"))) == "allowed"
    named = "arn:aws:s3:::${aws:ResourceTag/team}/x"
    assert outcome(both, {**ANY, "Resource": named}, resource="arn:aws:s3:::red/x") == "allowed"


@given(st.randoms(use_true_random=True).map(Dice))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_allowed_would_be_allowed_with_whichever_value(dice):
    case = dice.one_of([decision_case, condition_case])(dice)
    context = case["request"]["context"]
    lists = {key: context[key] for key in TAGS if isinstance(context.get(key), list)}
    several = {key: values for key, values in lists.items() if len(set(values)) > 1}
    if decide(case).outcome != "allowed":
        return
    for choice in itertools.islice(itertools.product(*several.values()), 32):
        chosen = {**context, **dict(zip(several, choice, strict=True))}
        with_one = {**case, "request": {**case["request"], "context": chosen}}
        assert decide(with_one).outcome == "allowed", json.dumps(with_one)


def test_each_value_is_judged_as_if_it_were_the_only_one():
    """An empty value is an empty set to ForAllValues, also where a variable of the condition has no value."""
    context = {"aws:ResourceTag/team": "", "aws:ResourceTag/Team": "blue"}
    unfilled = line("ForAllValues:StringNotEquals", "${aws:username}")
    for value, expected in (("", "explicitDeny"), ("blue", "allowed")):
        alone = {"aws:ResourceTag/team": value}
        assert outcome(alone, ANY, statement("Deny", unfilled)) == expected
    assert outcome(context, ANY, statement("Deny", unfilled)) == "explicitDeny"
    assert outcome(context, statement("Allow", unfilled)) == "implicitDeny"
