"""Parsing: whatever comes in, MalformedPolicy is all that comes out; policies are values."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchyard.data import managed_policies
from batchyard.policy.document import MalformedPolicy, empty, parse
from batchyard.policy.evaluate import PolicySet, Principal, Request, Source, evaluate
from policy.strategies import documents

KINDS = ["identity", "managed", "aws-managed", "boundary", "session", "resource", "trust", "scp", "rcp"]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
TEXTS = """Version Statement Id Sid Effect Action NotAction Resource Condition Principal Allow Deny 2012-10-17 * a:b
s3:Get* arn:aws:s3:::${aws:username} arn:aws:iam::1:x StringLike DateEquals NumericEquals IpAddress BinaryEquals Null
ForAllValues:Bool AWS Service 1 true :: arn:aws \ud800 999999999999999999999999 2020-01-01 ${"""
WORDS = st.sampled_from(TEXTS.split())
JSON = st.recursive(
    SCALARS | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5)
)


def parses_or_refuses(document, kind):
    try:
        policy = parse(document, kind=kind)
    except MalformedPolicy:
        return
    assert policy.statements


@given(st.text() | st.text(alphabet='{}[]":,0123456789.eE+-tfn \\u', max_size=40), st.sampled_from(KINDS))
@settings(max_examples=300)
def test_any_text_parses_or_is_refused(text, kind):
    parses_or_refuses(text, kind)


@given(JSON, st.sampled_from(KINDS))
@settings(max_examples=300)
def test_any_json_parses_or_is_refused(document, kind):
    parses_or_refuses(document, kind)
    parses_or_refuses(json.dumps(document), kind)


@given(documents(with_principal=True), st.data(), st.sampled_from(KINDS))
@settings(max_examples=300)
def test_a_policy_with_one_part_replaced_parses_or_is_refused(document, data, kind):
    statement = document["Statement"] if isinstance(document["Statement"], dict) else document["Statement"][0]
    statement[data.draw(st.sampled_from([*statement, "Sid", "Extra", "Condition"]))] = data.draw(JSON)
    parses_or_refuses(document, kind)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"Version":"2012-10-17","Statement":' + "9" * 10_000 + "}",
        '{"Version":1e999,"Statement":[]}',
        '{"Statement":NaN}',
        "",
        "\x00",
    ],
)
def test_hostile_texts_are_refused(text):
    with pytest.raises(MalformedPolicy):
        parse(text, kind="identity")


def test_things_that_are_no_json_are_refused():
    for thing in (None, 1, object(), {1: {2}}, {"Statement": object()}, b"{}"):
        with pytest.raises(MalformedPolicy):
            parse(thing, kind="identity")  # type: ignore[arg-type]  # not what it takes


ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}


def test_policies_are_equal_by_their_text():
    assert parse(ALLOW, kind="identity") == parse(ALLOW, kind="session")
    assert len({parse(ALLOW, kind="identity"), parse(dict(ALLOW), kind="identity")}) == 1
    assert parse(ALLOW, kind="identity") != parse(json.dumps(ALLOW), kind="identity")


def test_a_policy_cannot_be_changed():
    policy = parse(ALLOW, kind="identity")
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.version = "2008-10-17"  # type: ignore[misc]  # what is tried


def test_size_leaves_out_white_space():
    spread = json.dumps(ALLOW, indent=8)
    assert parse(spread, kind="identity").size == parse(ALLOW, kind="identity").size == 89


def test_version_is_the_old_one_when_left_out():
    assert parse({"Statement": ALLOW["Statement"]}, kind="identity").version == "2008-10-17"


ALICE = Principal("user", "123456789012", "arn:aws:iam::123456789012:user/alice", "AIDAX")


def ask(policy, action="s3:GetObject", resource="*"):
    request = Request(action, resource, {}, ALICE, "123456789012")
    return evaluate(request, PolicySet(identity=(Source("user", "p", None, None, policy),)))


def test_the_empty_policy_allows_nothing():
    assert ask(empty()).outcome == "implicitDeny"
    assert ask(parse(ALLOW, kind="identity")).outcome == "allowed"


def test_many_different_actions_do_not_fill_the_memory():
    policy = parse(ALLOW, kind="identity")
    for number in range(5000):
        assert ask(policy, f"s3:Get{number}").outcome == "allowed"
        assert ask(policy, f"s3:Put{number}").outcome == "implicitDeny"
    assert len(policy._by_action) <= 2048


def test_many_wildcards_do_not_take_long():
    pattern = "arn:aws:s3:::" + "a*" * 200
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": pattern}}
    policy = parse(document, kind="identity")
    assert ask(policy, resource="arn:aws:s3:::" + "a" * 5000).outcome == "allowed"
    assert ask(policy, resource="arn:aws:s3:::" + "a" * 199).outcome == "implicitDeny"
    assert ask(policy, resource="arn:aws:s3:::" + "a" * 150 + "b" * 5000).outcome == "implicitDeny"


def test_all_of_awss_managed_policies_obey_the_rules_for_customers_and_can_be_asked():
    # 1,595 documents that IAM took are evidence that the rules refuse nothing that it takes.
    names = managed_policies.names()
    assert len(names) > 1500
    for name in names:
        found = managed_policies.find(name)
        assert found is not None
        document = found.document
        assert parse(document, kind="managed", partition="aws").statements
        policy = parse(document, kind="aws-managed")
        assert policy.size <= len(document)
        for statement in policy.statements:
            assert statement.elements.actions is not None
            action = statement.elements.actions[0].replace("*", "X")
            decision = ask(policy, action)
            assert decision.outcome in ("allowed", "implicitDeny", "explicitDeny")
