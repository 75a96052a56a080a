"""The policy simulator: what is asked, what decides, and how it is told (botocore's model since 2026-07-30)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from services.iam.answers import allow, refused, without_metadata

GET, PUT = "s3:GetObject", "s3:PutObject"
OBJECT = "arn:aws:s3:::b/k"
OTHER = "222233334444"


def deny(action: str, resource: str = "*") -> str:
    return allow(action, resource).replace('"Allow"', '"Deny"')


def conditioned(operator: str, key: str, value: Any) -> str:
    return allow(GET, Condition={operator: {key: value}})


def trusting(principal: dict[str, str], action: str = GET, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def simulate(iam: Any) -> Any:
    """`simulate(policy, …)`: the one result of GetObject under the policies, or of other ActionNames."""

    def make(*policies: str, **request: Any) -> dict[str, Any]:
        request.setdefault("ActionNames", [GET])
        answer = iam.simulate_custom_policy(PolicyInputList=list(policies), **request)
        (only,) = answer["EvaluationResults"]
        return dict(only)

    return make


def test_the_documented_examples(iam: Any) -> None:
    """aws-cli, examples/iam/simulate-custom-policy.rst, both, member by member but SourcePolicyType.

    That one is in every answer that people show since (`IAM Policy`, whatever the model's enumeration says).
    """
    document = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    )
    for moment, decision in (("2019-04-25T11:00:00Z", "allowed"), ("2014-04-25T11:00:00Z", "implicitDeny")):
        entry = {
            "ContextKeyName": "aws:CurrentTime",
            "ContextKeyValues": [moment],
            "ContextKeyType": "date",
        }
        answer = iam.simulate_custom_policy(
            PolicyInputList=[document], ActionNames=["dynamodb:CreateBackup"], ContextEntries=[entry]
        )
        matched = {
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 1, "Column": 38},
            "EndPosition": {"Line": 1, "Column": 167},
        }
        assert without_metadata(answer) == {
            "IsTruncated": False,
            "EvaluationResults": [
                {
                    "EvalActionName": "dynamodb:CreateBackup",
                    "EvalResourceName": "*",
                    "EvalDecision": decision,
                    "MatchedStatements": [matched] if decision == "allowed" else [],
                    "MissingContextValues": [],
                }
            ],
        }


def test_one_result_an_action_sums_up_its_resources(simulate: Any) -> None:
    """botocore, EvaluationResult: the strictest decision, the statements that made it, the type's ARN template."""
    found = simulate(allow(GET), deny("s3:*", OBJECT), ResourceArns=[OBJECT, "arn:aws:s3:::b/other"])
    assert found["EvalResourceName"] == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    assert found["EvalDecision"] == "explicitDeny"
    assert [one["SourcePolicyId"] for one in found["MatchedStatements"]] == ["PolicyInputList.2"]
    assert found["EvalDecisionDetails"] == {}
    denied, allowed = found["ResourceSpecificResults"]
    assert (denied["EvalResourceName"], denied["EvalResourceDecision"]) == (OBJECT, "explicitDeny")
    assert allowed["EvalResourceDecision"] == "allowed"
    assert [one["SourcePolicyId"] for one in allowed["MatchedStatements"]] == ["PolicyInputList.1"]
    assert "EvalDecisionDetails" not in allowed


def test_all_that_allow_are_told_or_all_that_deny(simulate: Any) -> None:
    two = json.dumps({"Statement": json.loads(allow(GET))["Statement"] * 2})
    found = simulate(two, allow("s3:*"), allow(PUT))
    assert [one["SourcePolicyId"] for one in found["MatchedStatements"]] == [
        "PolicyInputList.1",
        "PolicyInputList.1",
        "PolicyInputList.2",
    ]
    found = simulate(two, deny("*"))
    assert [one["SourcePolicyId"] for one in found["MatchedStatements"]] == ["PolicyInputList.2"]


@pytest.mark.parametrize(
    ("kind", "operator", "wanted", "fits", "fits_not", "no_value"),
    [
        ("string", "StringEquals", "a", "a", "b", None),
        ("numeric", "NumericLessThan", "10", "9.5", "10", "ten"),
        ("boolean", "Bool", "true", "True", "false", "yes"),
        ("ip", "IpAddress", "10.0.0.0/8", "10.1.2.3", "11.0.0.1", "10.0.0.256"),
        ("binary", "BinaryEquals", "QmluYXJ5", "QmluYXJ5", "Qmlu", "?"),
        ("date", "DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31", "2026-01-02", "tomorrow"),
    ],
)
def test_context_entries_of_every_type(
    iam: Any,
    simulate: Any,
    kind: str,
    operator: str,
    wanted: str,
    fits: str,
    fits_not: str,
    no_value: str | None,
) -> None:
    policy = conditioned(f"ForAnyValue:{operator}", "x:key", wanted)
    for values, type_ in (([fits], kind), ([fits_not, fits], f"{kind}List")):
        entry = {"ContextKeyName": "X:Key", "ContextKeyValues": values, "ContextKeyType": type_}
        assert simulate(policy, ContextEntries=[entry])["EvalDecision"] == "allowed"
    entry = {"ContextKeyName": "x:key", "ContextKeyValues": [fits_not], "ContextKeyType": kind}
    assert simulate(policy, ContextEntries=[entry])["EvalDecision"] == "implicitDeny"
    two = {"ContextKeyName": "x:key", "ContextKeyValues": [fits, fits], "ContextKeyType": kind}
    bad = {"ContextKeyName": "x:key", "ContextKeyValues": [no_value], "ContextKeyType": kind}
    for entries in ([two], *([[bad]] if no_value else ()), [entry, entry]):
        answer = refused(
            iam.simulate_custom_policy, PolicyInputList=[policy], ActionNames=[GET], ContextEntries=entries
        )
        assert answer[0] == "InvalidInput"
        assert "x:key" in answer[1]


def test_missing_context_values(simulate: Any) -> None:
    """Of statements about the action, also where the key's absence did not fail; as written; nothing given."""
    policies = [
        allow(GET, "arn:aws:s3:::b/${aws:username}/*", Condition={"StringNotEquals": {"aws:SourceVpc": "v"}}),
        allow(PUT, Condition={"Bool": {"aws:SecureTransport": "true"}}),
        conditioned("StringEquals", "aws:PrincipalTag/team", "${aws:SourceIdentity}"),
    ]
    found = simulate(*policies)
    assert found["MissingContextValues"] == [
        "aws:username",
        "aws:SourceVpc",
        "aws:PrincipalTag/team",
        "aws:SourceIdentity",
    ]
    caller = "arn:aws:iam::123456789012:user/bob"
    entry = {"ContextKeyName": "aws:sourcevpc", "ContextKeyValues": ["w"], "ContextKeyType": "string"}
    mine = "arn:aws:s3:::b/bob/x"
    found = simulate(*policies, CallerArn=caller, ContextEntries=[entry], ResourceArns=[mine])
    assert found["EvalDecision"] == "allowed"
    (specific,) = found["ResourceSpecificResults"]
    assert specific["MissingContextValues"] == ["aws:PrincipalTag/team", "aws:SourceIdentity"]


def test_a_boundary_bounds(simulate: Any) -> None:
    bounded = simulate(allow("s3:*"), PermissionsBoundaryPolicyInputList=[allow(PUT)])
    assert bounded["EvalDecision"] == "implicitDeny"
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    within = simulate(
        allow("s3:*"), PermissionsBoundaryPolicyInputList=[allow(GET, OBJECT)], ResourceArns=[OBJECT, "x"]
    )
    assert within["EvalDecision"] == "implicitDeny"
    assert within["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    first, second = within["ResourceSpecificResults"]
    assert first["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    assert [one["SourcePolicyId"] for one in first["MatchedStatements"]] == ["PolicyInputList.1"]
    assert second["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_a_resource_policy_grants_within_the_account(simulate: Any) -> None:
    caller = "arn:aws:iam::123456789012:user/bob"
    policy = trusting({"AWS": caller}, Resource=OBJECT)
    found = simulate(deny(PUT), ResourcePolicy=policy, CallerArn=caller, ResourceArns=[OBJECT])
    assert found["EvalDecision"] == "allowed"
    (matched,) = found["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == ("ResourcePolicy", "Resource Policy")
    somebody = caller.replace("bob", "eve")
    found = simulate(deny(PUT), ResourcePolicy=policy, CallerArn=somebody, ResourceArns=[OBJECT])
    assert found["EvalDecision"] == "implicitDeny"


def test_across_accounts_both_sides_must_allow(simulate: Any) -> None:
    """EvalDecisionDetails tells each side, whether the owner stands in the ARN or is ResourceOwner."""
    caller = "arn:aws:iam::123456789012:user/bob"
    queue = f"arn:aws:sqs:us-east-1:{OTHER}:q"
    asked: list[tuple[dict[str, Any], str]] = [
        ({"ActionNames": ["sqs:SendMessage"], "ResourceArns": [queue]}, "sqs:SendMessage"),
        ({"ResourceArns": [OBJECT], "ResourceOwner": OTHER}, GET),
        ({"ResourceArns": [OBJECT], "ResourceOwner": f"arn:aws:iam::{OTHER}:root"}, GET),
    ]
    for request, action in asked:
        policy = trusting({"AWS": "123456789012"}, action, Resource="*")
        both = simulate(allow(action), ResourcePolicy=policy, CallerArn=caller, **request)
        assert both["EvalDecision"] == "allowed"
        assert both["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "allowed"}
        assert len(both["MatchedStatements"]) == 2
        one = simulate(allow(action), CallerArn=caller, **request)
        assert one["EvalDecision"] == "implicitDeny"
        assert one["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "implicitDeny"}
        (specific,) = one["ResourceSpecificResults"]
        assert specific["EvalDecisionDetails"] == one["EvalDecisionDetails"]


def test_a_trust_policy_counts_for_assuming(simulate: Any) -> None:
    """A deliberate difference: AWS's simulator discards it for sts:Assume* (aws/aws-cli#10314); real calls do not."""
    caller, role = "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:role/r"
    asked = {"ActionNames": ["sts:AssumeRole"], "ResourceArns": [role], "CallerArn": caller}
    trust = trusting({"AWS": caller.replace("bob", "eve")}, "sts:AssumeRole")
    assert simulate(allow("sts:*"), ResourcePolicy=trust, **asked)["EvalDecision"] == "implicitDeny"
    trust = trusting({"AWS": caller}, "sts:AssumeRole")
    assert simulate(allow("s3:*"), ResourcePolicy=trust, **asked)["EvalDecision"] == "allowed"


def test_a_scenario_wants_its_resources(iam: Any) -> None:
    types = ["instance/*", "image/ami-1", "security-group/sg-1", "network-interface/*"]
    arns = [f"arn:aws:ec2:us-east-1::{one}" for one in types]
    request = {"PolicyInputList": [allow("ec2:*")], "ActionNames": ["ec2:RunInstances"]}
    answer = iam.simulate_custom_policy(
        **request, ResourceArns=arns, ResourceHandlingOption="EC2-VPC-InstanceStore"
    )
    (found,) = answer["EvaluationResults"]
    assert len(found["ResourceSpecificResults"]) == 4
    code, text, status = refused(
        iam.simulate_custom_policy, **request, ResourceArns=arns, ResourceHandlingOption="EC2-VPC-EBS-Subnet"
    )
    assert (code, status) == ("InvalidInput", 400)
    assert text.endswith("requires resources of the types: subnet, volume")
    answer = refused(iam.simulate_custom_policy, **request, ResourceHandlingOption="EC2-Classic-EBS")
    assert answer[0] == "InvalidInput"


def test_pages_keep_the_order_of_the_actions(iam: Any) -> None:
    actions = [f"s3:Action{number}" for number in (3, 1, 2, 5, 4)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[allow("*")], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    found = [page["EvaluationResults"] for page in pages]
    assert [len(page) for page in found] == [2, 2, 1]
    assert [one["EvalActionName"] for page in found for one in page] == actions


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"PolicyInputList": ["{"]}, "PolicyInputList.1"),
        ({"PolicyInputList": [allow(GET), trusting({"AWS": "*"}, Resource="*")]}, "PolicyInputList.2"),
        ({"ActionNames": ["GetObject"]}, "GetObject"),
        ({"ActionNames": ["s3:Get*"]}, "s3:Get*"),
        ({"CallerArn": "arn:aws:sts::123456789012:assumed-role/r/s"}, "does not clearly define"),
        ({"ResourcePolicy": trusting({"AWS": "*"}, Resource="*")}, "CallerArn"),
        ({"ResourcePolicy": "[]", "CallerArn": "arn:aws:iam::123456789012:user/u"}, "ResourcePolicy"),
        (
            {"PermissionsBoundaryPolicyInputList": [allow(GET), allow(PUT)]},
            "PermissionsBoundaryPolicyInputList",
        ),
        ({"CallerArn": "arn:aws:iam::123456789012:user/u", "ResourceOwner": "somebody"}, "ResourceOwner"),
    ],
)
def test_what_is_refused(iam: Any, request_: dict[str, Any], named: str) -> None:
    whole = {"PolicyInputList": [allow(GET)], "ActionNames": [GET], **request_}
    code, text, status = refused(iam.simulate_custom_policy, **whole)
    assert (code, status) == ("InvalidInput", 400)
    assert named in text


def test_a_principals_policies(iam: Any, user: Any, account: str) -> None:
    """Inline, attached and groups' policies with their ids; tags, name and id of the caller known; own boundary."""
    arn = user(None, name="alice")["arn"]
    iam.tag_user(UserName="alice", Tags=[{"Key": "Team", "Value": "red"}])
    mine = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:username": "alice"}}
    iam.put_user_policy(UserName="alice", PolicyName="inline", PolicyDocument=allow(GET, Condition=mine))
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="alice")
    iam.put_group_policy(GroupName="readers", PolicyName="shared", PolicyDocument=allow(GET))
    own = iam.create_policy(PolicyName="own", PolicyDocument=allow(GET))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="readers", PolicyArn=own)
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")

    def ids(**request: Any) -> list[str]:
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=[GET], **request)
        (only,) = answer["EvaluationResults"]
        return [one["SourcePolicyId"] for one in only["MatchedStatements"]]

    everything = ["user_alice_inline", "AmazonS3ReadOnlyAccess", "group_readers_shared", "own"]
    assert ids() == everything
    assert ids(PolicyInputList=[allow("s3:*")]) == [*everything, "PolicyInputList.1"]
    exclusions: list[tuple[dict[str, Any], list[str]]] = [
        ({"PolicyType": "inline"}, ["AmazonS3ReadOnlyAccess", "own"]),
        ({"PolicyType": "aws-managed"}, ["user_alice_inline", "group_readers_shared", "own"]),
        ({"PolicyType": "scp"}, everything),
        ({"PolicyArn": f"arn:aws:iam::{account}:policy/o?n"}, everything[:3]),
        (
            {
                "InlinePolicyIdentifier": {
                    "PolicyName": "shared",
                    "AttachmentType": "group",
                    "AttachmentName": "readers",
                }
            },
            ["user_alice_inline", "AmazonS3ReadOnlyAccess", "own"],
        ),
    ]
    for excluded, left in exclusions:
        assert ids(PolicyExclusionList=[excluded]) == left
    bad = {"PolicyArn": "arn:aws:iam::*:policy/own"}
    answer = refused(
        iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=[GET], PolicyExclusionList=[bad]
    )
    assert answer[0] == "InvalidInput"
    iam.put_user_permissions_boundary(
        UserName="alice", PermissionsBoundary="arn:aws:iam::aws:policy/IAMFullAccess"
    )
    assert ids() == []
    assert ids(PolicyExclusionList=[{"PolicyType": "permission-boundary"}]) == everything
    assert ids(PermissionsBoundaryPolicyInputList=[allow("*")]) == everything
    group = arn.replace("user/alice", "group/readers")
    answer = iam.simulate_principal_policy(PolicySourceArn=group, ActionNames=[GET])
    assert [one["SourcePolicyId"] for one in answer["EvaluationResults"][0]["MatchedStatements"]] == [
        "group_readers_shared",
        "own",
    ]


def test_somebody_elses_tags_stay_unknown(iam: Any, user: Any) -> None:
    """The permission is on PolicySourceArn: CallerArn lends its name alone."""
    alice, bob = user(None, name="alice")["arn"], user(None, name="bob")["arn"]
    iam.tag_user(UserName="bob", Tags=[{"Key": "team", "Value": "red"}])
    tagged = conditioned("StringEquals", "aws:PrincipalTag/team", "red")
    named = conditioned("StringEquals", "aws:username", "bob")
    for policy, decision in ((tagged, "implicitDeny"), (named, "allowed")):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=alice, CallerArn=bob, ActionNames=[GET], PolicyInputList=[policy]
        )
        assert answer["EvaluationResults"][0]["EvalDecision"] == decision


def test_a_simulation_tells_what_a_call_would_get(iam: Any, user: Any, signed: Any, account: str) -> None:
    made = user(allow("iam:GetUser", f"arn:aws:iam::{account}:user/team/*"), name="u")
    own = signed("iam", made["key"], made["secret"])
    for path in ("/team/", "/other/"):
        arn = iam.create_user(UserName=path.strip("/"), Path=path)["User"]["Arn"]
        answer = iam.simulate_principal_policy(
            PolicySourceArn=made["arn"], ActionNames=["iam:GetUser"], ResourceArns=[arn]
        )
        if answer["EvaluationResults"][0]["EvalDecision"] == "allowed":
            assert own.get_user(UserName=path.strip("/"))["User"]["Arn"] == arn
        else:
            assert refused(own.get_user, UserName=path.strip("/"))[0] == "AccessDenied"
            assert path == "/other/"


def test_which_entities_have_policies(iam: Any, account: str) -> None:
    for arn, code in (
        (f"arn:aws:iam::{account}:user/none", "NoSuchEntity"),
        (f"arn:aws:iam::{account}:root", "InvalidInput"),
        (f"arn:aws:sts::{account}:assumed-role/r/s", "InvalidInput"),
        (f"arn:aws:iam::{account}:policy/p", "InvalidInput"),
    ):
        assert refused(iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=[GET])[0] == code
        assert refused(iam.get_context_keys_for_principal_policy, PolicySourceArn=arn)[0] == code


def test_context_keys(iam: Any, user: Any) -> None:
    """Of conditions and variables, each once, whatever its case; values of operators without variables are text."""
    first = allow(
        GET,
        "arn:aws:s3:::b/${aws:username}/*",
        Condition={"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/vpc, 'none'}"}},
    )
    second = allow(PUT, Condition={"NumericEquals": {"S3:max-keys": "1"}, "Bool": {"AWS:sourcevpc": "true"}})
    keys = ["aws:username", "aws:SourceVpc", "aws:PrincipalTag/vpc", "S3:max-keys"]
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[first, second])
    assert answer["ContextKeyNames"] == keys
    arn = user(first)["arn"]
    answer = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=[second])
    assert answer["ContextKeyNames"] == keys
    old = first.replace("2012-10-17", "2008-10-17")
    answer = iam.get_context_keys_for_custom_policy(PolicyInputList=[old])
    assert answer["ContextKeyNames"] == ["aws:SourceVpc"]
    assert refused(iam.get_context_keys_for_custom_policy, PolicyInputList=["{"])[0] == "InvalidInput"


def test_a_page_is_no_larger_than_everybody_else_can_wait_for(iam: Any) -> None:
    """Actions, resources and statements multiply: a page ends where it has counted enough of them."""
    actions = [f"s3:Get{number}" for number in range(40)]
    resources = [f"{OBJECT}{number}" for number in range(10)]
    statements = [
        {"Effect": "Allow", "Action": "s3:*", "Resource": f"{OBJECT}{number}"} for number in range(200)
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    wanted = {"PolicyInputList": [policy], "ActionNames": actions, "ResourceArns": resources}
    first = iam.simulate_custom_policy(**wanted)
    assert 1 <= len(first["EvaluationResults"]) < 40
    assert first["IsTruncated"]
    pages = iam.get_paginator("simulate_custom_policy").paginate(**wanted)
    assert [one["EvalActionName"] for page in pages for one in page["EvaluationResults"]] == actions


def _worst(kind: str) -> dict[str, Any]:
    """Requests that once took seconds (minutes, within the model's limits), while everybody waited."""
    long = [f"arn:aws:s3:::{'a' * 1900}{number}" for number in range(10)]
    wanted: dict[str, Any] = {"ActionNames": ["s3:GetObject"] * 5}
    if kind == "patterns":
        statement: dict[str, Any] = {"Resource": [f"arn:aws:s3:::*a*a*b{number}*" for number in range(3000)]}
        return wanted | {"PolicyInputList": [_allowing(**statement)], "ResourceArns": long}
    if kind == "single characters":
        statement = {"Resource": [f"arn:aws:s3:::*a?a?a?a?b{number}*" for number in range(2000)]}
        return wanted | {"PolicyInputList": [_allowing(**statement)], "ResourceArns": long}
    if kind == "values":
        values = [f"*a*b{number}*" for number in range(6000)]
        entry = {
            "ContextKeyName": "aws:x",
            "ContextKeyType": "stringList",
            "ContextKeyValues": ["a" * 200 + str(number) for number in range(50)],
        }
        policy = _allowing(Condition={"ForAnyValue:StringLike": {"aws:x": values}})
        return wanted | {"PolicyInputList": [policy], "ContextEntries": [entry]}
    if kind == "statements shown":
        return wanted | {"PolicyInputList": [_allowing(times=2500)], "ResourceArns": long}
    return wanted | {"PolicyInputList": [_allowing(Action=["s3:*x"] * 16000)] * 6}


def _allowing(times: int = 1, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement] * times}, separators=(",", ":"))


@pytest.mark.parametrize(
    "kind", ["patterns", "single characters", "values", "statements shown", "text of the policies"]
)
def test_what_one_request_can_ask_is_bounded(iam: Any, kind: str) -> None:
    """The server runs in this process, so its CPU time counts; the bound is a tenth of a second, with room here.

    What else the process does at the time counts, too: the call has three tries.
    """
    for _ in range(3):
        started = time.process_time()
        answer = refused(iam.simulate_custom_policy, **_worst(kind))
        used = time.process_time() - started
        if used < 1:
            break
    assert used < 1
    assert answer[0] == "InvalidInput"
    assert "too large to be evaluated in one request" in answer[1]


def test_context_keys_of_too_much_text(iam: Any) -> None:
    answer = refused(
        iam.get_context_keys_for_custom_policy, PolicyInputList=_worst("text")["PolicyInputList"]
    )
    assert answer == ("InvalidInput", "PolicyInputList is too large to be evaluated in one request.", 400)
