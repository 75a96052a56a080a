"""What ends a session and what does not: its key, its role's trust, a policy against older sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.sts.conftest import allow, document, refused, trusting

Call = Callable[..., Any]


def test_a_key_stops_and_begins_at_the_next_call(aws: Call, user: Call, as_: Call) -> None:
    """iam-evaluation.md 8: a deactivated key is answered like an unknown one."""
    made = user(document(allow("logs:*")))
    iam, logs = aws("iam"), as_(made, "logs")
    key = {"UserName": made["name"], "AccessKeyId": made["key"]}
    logs.describe_log_groups()
    iam.update_access_key(**key, Status="Inactive")
    invalid = ("UnrecognizedClientException", "The security token included in the request is invalid.")
    assert refused(logs.describe_log_groups) == invalid
    iam.update_access_key(**key, Status="Active")
    logs.describe_log_groups()
    iam.delete_access_key(**key)
    assert refused(logs.describe_log_groups) == invalid


def test_a_session_token_outlives_the_key_that_asked_for_it(aws: Call, user: Call, as_: Call) -> None:
    """IAM user guide, "Disabling permissions for temporary security credentials": they are valid until they expire."""
    made = user(document(allow("logs:*")))
    given = as_(made).get_session_token()["Credentials"]
    aws("iam").update_access_key(UserName=made["name"], AccessKeyId=made["key"], Status="Inactive")
    as_(given, "logs").describe_log_groups()
    aws("iam").delete_user_policy(UserName=made["name"], PolicyName="inline")
    assert "no identity-based policy" in refused(as_(given, "logs").describe_log_groups)[1]


def test_a_roles_session_survives_its_trust_but_not_its_role(
    aws: Call, user: Call, role: Call, as_: Call, account: str
) -> None:
    iam = aws("iam")
    arn = role("acting", trusting({"AWS": account}), may=[allow("logs:*")])["Arn"]
    sts = as_(user(document(allow("sts:AssumeRole"))))
    given = sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    nobody = document(trusting({"Service": "ec2.amazonaws.com"}))
    iam.update_assume_role_policy(RoleName="acting", PolicyDocument=nobody)
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="work")[0] == "AccessDenied"
    as_(given, "logs").describe_log_groups()
    iam.delete_role_policy(RoleName="acting", PolicyName="inline")
    iam.delete_role(RoleName="acting")
    assert refused(as_(given, "logs").describe_log_groups)[0] == "UnrecognizedClientException"


def test_older_sessions_are_revoked_by_their_time(
    aws: Call, user: Call, role: Call, as_: Call, account: str
) -> None:
    """The policy that the console's "Revoke active sessions" puts: AWSRevokeOlderSessions (IAM user guide)."""
    arn = role("acting", trusting({"AWS": account}), may=[allow("logs:*")])["Arn"]
    sts = as_(user(document(allow("sts:AssumeRole"))))
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="work", DurationSeconds=900)["Credentials"]
    issued = answer["Expiration"] - timedelta(seconds=900)

    def revoke(moment: Any) -> None:
        condition = {"DateLessThan": {"aws:TokenIssueTime": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")}}
        deny = {"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": condition}
        aws("iam").put_role_policy(
            RoleName="acting", PolicyName="AWSRevokeOlderSessions", PolicyDocument=document(deny)
        )

    revoke(issued)
    as_(answer, "logs").describe_log_groups()
    revoke(issued + timedelta(seconds=1))
    assert refused(as_(answer, "logs").describe_log_groups)[1].endswith(
        "with an explicit deny in an identity-based policy"
    )
