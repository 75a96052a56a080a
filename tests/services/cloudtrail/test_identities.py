"""userIdentity across accounts and by services: who is told what, and under which shared id."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conftest import client

Call = Callable[..., Any]


@pytest.fixture
def told(endpoint: str, wait_for: Call) -> Call:
    """`told(account, "AssumeRole")`: the account's events of that name with their records, the newest first."""

    def ask(account: str, name: str) -> list[tuple[Any, Any]]:
        cloudtrail = client(endpoint, "cloudtrail", access_key=account)
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        events = wait_for(lambda: cloudtrail.lookup_events(LookupAttributes=wanted)["Events"])
        return [(one, json.loads(one["CloudTrailEvent"])) for one in events]

    return ask


def on_fargate(aws: Call) -> dict[str, Any]:
    """The least that a managed environment needs: its network is the account's own."""
    ec2 = aws("ec2")
    return {
        "type": "FARGATE",
        "maxvCpus": 1,
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }


def trusting(principal: dict[str, str]) -> str:
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_role_of_another_account_is_told_in_both(
    account: str, other_account: str, user: Call, endpoint: str, told: Call
) -> None:
    """IAM guide: the owner is told the caller's account and unique id, no name, no key, under the same shared id."""
    iam = client(endpoint, "iam", access_key=other_account)
    role = iam.create_role(
        RoleName="open", AssumeRolePolicyDocument=trusting({"AWS": f"arn:aws:iam::{account}:root"})
    )["Role"]
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role["Arn"]}
    made = user({"Version": "2012-10-17", "Statement": [may]})
    sts = client(endpoint, "sts", access_key=made["key"], secret=made["secret"])
    given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="visit")["Credentials"]
    ((mine, own),) = told(account, "AssumeRole")
    ((theirs, other),) = told(other_account, "AssumeRole")
    assert other["userIdentity"] == {
        "type": "AWSAccount",
        "principalId": own["userIdentity"]["principalId"],
        "accountId": account,
    }
    assert "AccessKeyId" not in theirs
    assert (own["recipientAccountId"], other["recipientAccountId"]) == (account, other_account)
    assert own["sharedEventID"] == other["sharedEventID"]
    assert own["requestID"] == other["requestID"]
    assert mine["EventId"] != theirs["EventId"]
    assert own["resources"] == other["resources"]
    assert own["resources"] == [{"accountId": other_account, "type": "AWS::IAM::Role", "ARN": role["Arn"]}]
    assert other["responseElements"]["credentials"]["accessKeyId"] == given["AccessKeyId"]
    assert "additionalEventData" not in other
    (decision,) = own["additionalEventData"]["decision"]
    assert [one["kind"] for one in decision["statements"]] == ["user"]
    assert made["name"] not in theirs["CloudTrailEvent"]


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_refused_role_of_another_account_is_told_to_the_caller_alone(
    account: str, other_account: str, user: Call, endpoint: str, told: Call, effect: str
) -> None:
    """Whether it lacks an allow or denies, and by which statement, stays with the account that has the policy."""
    iam = client(endpoint, "iam", access_key=other_account)
    whom = f"arn:aws:iam::{other_account if effect == 'Allow' else account}:root"
    trust = trusting({"AWS": whom}).replace('"Allow"', f'"{effect}"')
    role = iam.create_role(RoleName="closed", AssumeRolePolicyDocument=trust)["Role"]
    made = user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    sts = client(endpoint, "sts", access_key=made["key"], secret=made["secret"])
    with pytest.raises(sts.exceptions.ClientError):
        sts.assume_role(RoleArn=role["Arn"], RoleSessionName="visit")
    ((_, own),) = told(account, "AssumeRole")
    assert (own["errorCode"], own["requestParameters"]) == ("AccessDenied", None)
    (decision,) = own["additionalEventData"]["decision"]
    told_of = (decision["outcome"], decision["reason"], decision["statements"])
    assert told_of == ("implicitDeny", "role trust policy", [])
    names = [
        event["EventName"]
        for event in client(endpoint, "cloudtrail", access_key=other_account).lookup_events()["Events"]
    ]
    assert "AssumeRole" not in names


def test_a_source_identity_stays_with_the_session(
    aws: Call, account: str, user: Call, endpoint: str, told: Call
) -> None:
    """CloudTrail guide: sessionContext.sourceIdentity is in every record of the session."""
    iam = aws("iam")
    role = iam.create_role(
        RoleName="named", AssumeRolePolicyDocument=trusting({"AWS": f"arn:aws:iam::{account}:root"})
    )["Role"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="named", PolicyName="all", PolicyDocument=json.dumps(everything))
    made = user(everything)
    sts = client(endpoint, "sts", access_key=made["key"], secret=made["secret"])
    given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session", SourceIdentity="Ann")[
        "Credentials"
    ]
    client(
        endpoint,
        "ecs",
        access_key=given["AccessKeyId"],
        secret=given["SecretAccessKey"],
        token=given["SessionToken"],
    ).create_cluster(clusterName="c")
    ((_, found),) = told(account, "CreateCluster")
    assert found["userIdentity"]["sessionContext"]["sourceIdentity"] == "Ann"


def test_what_a_service_does_for_a_caller_has_the_callers_identity(
    aws: Call, account: str, user: Call, endpoint: str, told: Call
) -> None:
    """A forward access session: the caller's own identity, invokedBy, and the service as address and agent."""
    made = user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    batch = client(endpoint, "batch", access_key=made["key"], secret=made["secret"])
    batch.create_compute_environment(
        computeEnvironmentName="own", type="MANAGED", computeResources=on_fargate(aws)
    )
    event, found = told(account, "CreateServiceLinkedRole")[0]
    assert event["Username"] == made["name"]
    identity = found["userIdentity"]
    assert (identity["type"], identity["userName"], identity["accessKeyId"]) == (
        "IAMUser",
        made["name"],
        made["key"],
    )
    assert identity["invokedBy"] == "batch.amazonaws.com"
    assert (found["sourceIPAddress"], found["userAgent"]) == ("batch.amazonaws.com", "batch.amazonaws.com")
    assert found["requestParameters"] == {"aWSServiceName": "batch.amazonaws.com"}


def test_a_role_assumed_by_a_service_has_a_shared_id(aws: Call, account: str, told: Call) -> None:
    aws("batch").create_compute_environment(
        computeEnvironmentName="one",
        type="MANAGED",
        computeResources=on_fargate(aws),
    )
    _, found = told(account, "AssumeRole")[-1]
    assert found["userIdentity"] == {"type": "AWSService", "invokedBy": "batch.amazonaws.com"}
    assert (found["sourceIPAddress"], found["userAgent"]) == ("batch.amazonaws.com", "batch.amazonaws.com")
    assert found["sharedEventID"]
    assert found["readOnly"] is True
    assert found["resources"][0]["type"] == "AWS::IAM::Role"
