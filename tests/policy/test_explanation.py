"""An explanation names what decided, and what came nearest, in one sentence for each statement."""

from __future__ import annotations

from typing import Any

from batchyard.policy.explanation import Explanation, explain
from policy.cases import ACCOUNT, USER, decide, to_request

SLR = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
NAME = {"StringLike": {"iam:AWSServiceName": "batch.amazonaws.com"}}
"""The statement of AWS's page on the service-linked role."""


def explained(
    *statements: dict[str, Any], context: dict[str, Any] | None = None, **policies: Any
) -> Explanation:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    case = {
        "policies": {"identity": [document], **policies},
        "request": {
            "action": "iam:CreateServiceLinkedRole",
            "resource": SLR,
            "context": context or {},
            "principal": USER,
            "resource_account": ACCOUNT,
        },
    }
    return explain(to_request(case), decide(case, trace=True))


def allow(action: str = "iam:CreateServiceLinkedRole", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def sentences(explanation: Explanation) -> list[str]:
    return [one.sentence for one in explanation.statements]


def test_the_nearest_miss_tells_the_condition_and_what_it_got() -> None:
    explanation = explained(
        allow("iam:DeleteRole"),
        allow(resource="arn:aws:iam::*:role/other"),
        allow(Condition=NAME),
        context={"iam:AWSServiceName": "autoscaling.amazonaws.com"},
    )
    assert explanation.sentence == "denied: no identity-based policy allows iam:CreateServiceLinkedRole"
    assert explanation.nearest_miss is explanation.statements[0]
    assert sentences(explanation) == [
        "would allow, but Condition StringLike iam:AWSServiceName got autoscaling.amazonaws.com, "
        "where the policy has batch.amazonaws.com",
        f"would allow, but Resource got {SLR}, where the policy has arn:aws:iam::*:role/other",
        "would allow, but Action got iam:CreateServiceLinkedRole, where the policy has iam:DeleteRole",
    ]


def test_a_key_that_the_request_lacks_got_nothing() -> None:
    assert "iam:AWSServiceName got nothing" in sentences(explained(allow(Condition=NAME)))[0]


def test_several_conditions_and_several_values_are_all_told() -> None:
    both = {**NAME, "ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b", "c", "d", "e"]}}
    (sentence,) = sentences(explained(allow(Condition=both), context={"aws:TagKeys": ["x", "y"]}))
    assert "iam:AWSServiceName got nothing" in sentence
    assert (
        "ForAnyValue:StringEquals aws:TagKeys got x, y, where the policy has a, b, c, d and 1 more"
        in sentence
    )


def test_negated_elements_are_named_as_written() -> None:
    explanation = explained(
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "NotResource": SLR},
    )
    assert sentences(explanation) == [
        f"would allow, but NotResource got {SLR}, where the policy has {SLR}",
        "would allow, but NotAction got iam:CreateServiceLinkedRole, where the policy has iam:*",
    ]


def test_without_a_statement_about_the_action_there_is_no_nearest_miss() -> None:
    assert explained(allow("s3:*")).nearest_miss is None


def test_a_boundary_that_does_not_allow_is_where_the_nearest_miss_is() -> None:
    boundary = {"Version": "2012-10-17", "Statement": allow(Condition=NAME)}
    explanation = explained(allow(), boundary=boundary)
    assert explanation.sentence == "denied: no permissions boundary allows iam:CreateServiceLinkedRole"
    assert [(one.trace.policy_type, one.decided) for one in explanation.statements] == [
        ("permissions boundary", False),
        ("identity-based policy", False),
    ]
    assert sentences(explanation)[1] == "allows, which is not enough"


def test_an_explicit_deny_comes_first() -> None:
    explanation = explained(allow(), {**allow(), "Effect": "Deny"}, {**allow("s3:*"), "Effect": "Deny"})
    assert explanation.sentence == "denied: an explicit deny in an identity-based policy"
    assert [one.decided for one in explanation.statements] == [True, False, False]
    assert sentences(explanation)[0] == "denies"
    assert sentences(explanation)[2].startswith("would deny, but Action got")
    assert explanation.nearest_miss is None


def test_what_allows_comes_first() -> None:
    explanation = explained(allow("s3:*"), allow(), allow())
    assert explanation.sentence == "allowed by an identity-based policy"
    assert sentences(explanation)[0] == "allows"
    assert sentences(explanation)[2] == "allows, too"


def test_a_variable_is_told_with_what_it_stands_for() -> None:
    own = {"StringEquals": {"aws:ResourceTag/team": ["${aws:PrincipalTag/team}", "all"]}}
    known = {"aws:ResourceTag/team": "blue", "aws:PrincipalTag/team": "red"}
    (sentence,) = sentences(explained(allow(Condition=own), context=known))
    assert sentence.endswith("got blue, where the policy has ${aws:PrincipalTag/team} (red), all")
    (sentence,) = sentences(explained(allow(Condition=own), context={"aws:ResourceTag/team": "blue"}))
    assert "where the policy has ${aws:PrincipalTag/team} (which has no value), all" in sentence
