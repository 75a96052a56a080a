"""A trace says of each statement whether it matched, and if not, on what it failed."""

from batchyard.policy.decision import ConditionMiss, nearest_misses
from policy.cases import ACCOUNT, USER, decide

SLR = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
NAME = {"StringLike": {"iam:AWSServiceName": "batch.amazonaws.com"}}


def traced(*statements, context=None, **policies):
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
    return decide(case, trace=True)


def allow(action="iam:CreateServiceLinkedRole", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_each_statement_tells_on_what_it_failed():
    decision = traced(
        allow("iam:DeleteRole"),
        allow(resource="arn:aws:iam::*:role/other"),
        allow(Condition=NAME),
        {**allow(), "Effect": "Deny", "Action": "iam:Get*"},
        context={"iam:AWSServiceName": "autoscaling.amazonaws.com"},
    )
    assert decision.outcome == "implicitDeny"
    assert [one.failed_on for one in decision.trace] == ["action", "resource", "condition", "action"]
    assert [one.ref.index for one in decision.trace] == [0, 1, 2, 3]
    assert decision.trace[2].misses == (
        ConditionMiss(
            "StringLike",
            "iam:AWSServiceName",
            ("batch.amazonaws.com",),
            "autoscaling.amazonaws.com",
            told=("batch.amazonaws.com",),
        ),
    )


def test_an_absent_key_is_told_as_none():
    (one,) = traced(allow(Condition=NAME)).trace
    assert one.misses[0].got is None


def test_the_nearest_miss_comes_first():
    decision = traced(
        allow("iam:DeleteRole"),
        allow(resource="arn:aws:iam::*:role/other"),
        allow(Condition={**NAME, "Bool": {"aws:SecureTransport": "true"}}),
        allow(Condition=NAME),
    )
    assert [one.ref.index for one in nearest_misses(decision.trace)] == [3, 2, 1, 0]


def test_what_matched_is_no_miss_and_every_type_is_told():
    boundary = {"Version": "2012-10-17", "Statement": allow("s3:*")}
    decision = traced(allow(), boundary=boundary)
    assert decision.reason == "permissions boundary"
    assert [(one.policy_type, one.matched) for one in decision.trace] == [
        ("identity-based policy", True),
        ("permissions boundary", False),
    ]
    assert [one.policy_type for one in nearest_misses(decision.trace)] == ["permissions boundary"]


def test_a_principal_that_is_not_named_is_told():
    resource = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "batch.amazonaws.com"},
            "Action": "iam:*",
            "Resource": "*",
        },
    }
    assert traced(allow(), resource=resource).trace[0].failed_on == "principal"


def test_without_asking_there_is_no_trace():
    case = {
        "policies": {"identity": []},
        "request": {
            "action": "s3:GetObject",
            "resource": "*",
            "context": {},
            "principal": USER,
            "resource_account": ACCOUNT,
        },
    }
    assert decide(case).trace == ()
