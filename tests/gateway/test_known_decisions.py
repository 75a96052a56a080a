"""What was decided once is not asked again, and never answers for another caller, policy, resource or condition."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client
from gateway.raw_requests import allow, deny, policy


def code_of(call: Any, **request: Any) -> str | None:
    """The error code that a call ends in, or None."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def test_what_one_root_may_do_says_nothing_of_another(endpoint: str, account: str) -> None:
    definition = f"arn:aws:batch:us-east-1:{account}:job-definition/none:1"
    request = {"jobDefinition": definition}
    own = client(endpoint, "batch", access_key=account)
    for _ in range(2):
        assert code_of(own.deregister_job_definition, **request) == "ClientException"
    other = client(endpoint, "batch", access_key=f"{(int(account) + 10**11) % 10**12:012}")
    assert code_of(other.deregister_job_definition, **request) == "AccessDeniedException"


def test_a_new_policy_acts_on_the_next_call(user: Any, sign_in: Any, aws: Any) -> None:
    made = user(policy(allow("logs:*")))
    logs = sign_in("logs", made)
    for _ in range(2):
        assert code_of(logs.describe_log_groups) is None
    put = {"UserName": made["name"], "PolicyName": "no"}
    aws("iam").put_user_policy(**put, PolicyDocument=policy(deny("logs:*")))
    assert code_of(logs.describe_log_groups) == "AccessDeniedException"
    aws("iam").delete_user_policy(**put)
    assert code_of(logs.describe_log_groups) is None


def test_a_denial_is_asked_again(user: Any, sign_in: Any, aws: Any) -> None:
    made = user()
    logs = sign_in("logs", made)
    assert code_of(logs.describe_log_groups) == "AccessDeniedException"
    aws("iam").put_user_policy(
        UserName=made["name"], PolicyName="yes", PolicyDocument=policy(allow("logs:*"))
    )
    assert code_of(logs.describe_log_groups) is None


@pytest.mark.parametrize("tag", ["aws:RequestTag/team", "aws:TagKeys"])
def test_what_looked_at_a_condition_key_is_asked_again(user: Any, sign_in: Any, tag: str) -> None:
    wanted = {"StringEquals": {tag: "red" if "/" in tag else "team"}}
    made = user(policy({**allow("logs:*"), "Condition": wanted}))
    logs = sign_in("logs", made)
    good, bad = ({"team": "red"}, {"colour": "blue"})
    assert code_of(logs.create_log_group, logGroupName="one", tags=good) is None
    assert code_of(logs.create_log_group, logGroupName="one", tags=bad) == "AccessDeniedException"
    assert code_of(logs.create_log_group, logGroupName="one", tags=good) == "ResourceAlreadyExistsException"
