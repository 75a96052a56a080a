"""A record's fields: who called, what was asked and answered, what went wrong, what decided, what is hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client

Call = Callable[..., Any]
Record = dict[str, Any]

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def recorded(aws: Call, wait_for: Call) -> Callable[[str], list[Record]]:
    """`recorded("CreateUser")`: the records of an event's name, the newest first."""

    def ask(name: str) -> list[Record]:
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        events = wait_for(lambda: aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"])
        return [json.loads(one["CloudTrailEvent"]) for one in events]

    return ask


def allow(action: str, resource: str = "*") -> Any:
    statement = {"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_record_has_cloudtrails_fields(aws: Call, account: str, recorded: Any) -> None:
    aws("eks").create_cluster(
        name="c",
        roleArn=f"arn:aws:iam::{account}:role/x",
        resourcesVpcConfig={},
        tags={"Own": "Key"},
        clientRequestToken="token",
    )
    (found,) = recorded("CreateCluster")
    assert found["eventVersion"] == "1.11"
    assert re.fullmatch(TIME, found["eventTime"])
    assert (found["eventSource"], found["eventName"], found["awsRegion"]) == (
        "eks.amazonaws.com",
        "CreateCluster",
        "us-east-1",
    )
    assert found["sourceIPAddress"] == "127.0.0.1"
    assert found["userAgent"].startswith("Boto3/")
    assert found["requestParameters"] == {
        "name": "c",
        "roleArn": f"arn:aws:iam::{account}:role/x",
        "resourcesVpcConfig": {},
        "tags": {"Own": "Key"},
        "clientRequestToken": "token",
    }
    assert found["responseElements"]["cluster"]["status"] == "CREATING"
    assert (found["readOnly"], found["managementEvent"], found["eventType"]) == (False, True, "AwsApiCall")
    assert (found["recipientAccountId"], found["eventCategory"]) == (account, "Management")
    assert re.fullmatch(r"[0-9a-f-]{36}", found["eventID"])
    assert re.fullmatch(r"[0-9a-f-]{36}", found["requestID"])


def test_members_begin_with_a_lower_letter_and_a_reading_call_has_no_answer(aws: Call, recorded: Any) -> None:
    aws("iam").create_group(GroupName="g")
    aws("iam").get_group(GroupName="g")
    (made,) = recorded("CreateGroup")
    assert made["requestParameters"] == {"groupName": "g"}
    assert made["responseElements"]["group"]["groupName"] == "g"
    (read,) = recorded("GetGroup")
    assert (read["readOnly"], read["responseElements"]) == (True, None)


def test_the_root_user(aws: Call, account: str, recorded: Any) -> None:
    aws("iam").create_group(GroupName="g")
    assert recorded("CreateGroup")[0]["userIdentity"] == {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": account,
    }


def test_an_iam_user(aws: Call, account: str, user: Call, endpoint: str, recorded: Any) -> None:
    made = user(allow("ecs:*"))
    client(endpoint, "ecs", access_key=made["key"], secret=made["secret"]).create_cluster(clusterName="c")
    assert recorded("CreateCluster")[0]["userIdentity"] == {
        "type": "IAMUser",
        "principalId": aws("iam").get_user(UserName=made["name"])["User"]["UserId"],
        "arn": made["arn"],
        "accountId": account,
        "accessKeyId": made["key"],
        "userName": made["name"],
    }


def _role(aws: Call, account: str, name: str = "acting") -> Any:
    principal = {"AWS": f"arn:aws:iam::{account}:root", "Service": "ecs-tasks.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, Path="/some/")["Role"]
    aws("iam").put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(allow("ecs:*")))
    return role


def _assumed(aws: Call, role: Any, user: Call, endpoint: str) -> Any:
    made = user(allow("sts:AssumeRole"))
    sts = client(endpoint, "sts", access_key=made["key"], secret=made["secret"])
    return sts.assume_role(RoleArn=role["Arn"], RoleSessionName="work")["Credentials"]


def test_a_roles_session(aws: Call, account: str, user: Call, endpoint: str, recorded: Any) -> None:
    role = _role(aws, account)
    given = _assumed(aws, role, user, endpoint)
    ecs = client(
        endpoint,
        "ecs",
        access_key=given["AccessKeyId"],
        secret=given["SecretAccessKey"],
        token=given["SessionToken"],
    )
    ecs.create_cluster(clusterName="c")
    identity = recorded("CreateCluster")[0]["userIdentity"]
    created = identity["sessionContext"]["attributes"].pop("creationDate")
    assert re.fullmatch(TIME, created)
    assert identity == {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:work",
        "arn": f"arn:aws:sts::{account}:assumed-role/acting/work",
        "accountId": account,
        "accessKeyId": given["AccessKeyId"],
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role["RoleId"],
                "arn": role["Arn"],
                "accountId": account,
                "userName": "acting",
            },
            "attributes": {"mfaAuthenticated": "false"},
        },
    }


def test_a_session_of_a_user(aws: Call, user: Call, endpoint: str, recorded: Any) -> None:
    made = user(allow("ecs:*"))
    given = client(endpoint, "sts", access_key=made["key"], secret=made["secret"]).get_session_token()
    given = given["Credentials"]
    client(
        endpoint,
        "ecs",
        access_key=given["AccessKeyId"],
        secret=given["SecretAccessKey"],
        token=given["SessionToken"],
    ).create_cluster(clusterName="c")
    identity = recorded("CreateCluster")[0]["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", made["name"])
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert "sessionIssuer" not in identity["sessionContext"]


def test_a_service_and_the_role_that_it_acts_as(
    aws: Call, account: str, recorded: Any, wait_for: Call
) -> None:
    """Batch assumes its role as itself, then calls as the role: invokedBy in both."""
    ec2 = aws("ec2")
    aws("batch").create_compute_environment(
        computeEnvironmentName="one",
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )
    made = recorded("CreateCluster")[0]
    identity = made["userIdentity"]
    arn = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForBatch/aws-batch"
    assert (identity["type"], identity["arn"]) == ("AssumedRole", arn)
    assert identity["invokedBy"] == "batch.amazonaws.com"
    assert (made["sourceIPAddress"], made["userAgent"]) == ("batch.amazonaws.com", "batch.amazonaws.com")
    assumed = [one for one in recorded("AssumeRole") if one["userIdentity"]["type"] == "AWSService"]
    assert assumed[-1]["userIdentity"] == {"type": "AWSService", "invokedBy": "batch.amazonaws.com"}
    assert assumed[-1]["responseElements"]["assumedRoleUser"]["arn"] == arn
    decision = made["additionalEventData"]["decision"][0]
    (statement,) = decision["statements"]
    assert statement["policy"] == "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    assert (statement["version"], decision["action"]) == ("v8", "ecs:CreateCluster")
    document = aws("iam").get_policy_version(PolicyArn=statement["policy"], VersionId="v8")
    statements = document["PolicyVersion"]["Document"]["Statement"]
    named = statements[statement["statement"] - 1]
    assert "ecs:CreateCluster" in named["Action"]
    assert named["Sid"] == statement["sid"] == f"AWSBatchPolicyStatement{statement['statement']}"


def test_an_error_has_cloudtrails_code_and_no_answer(aws: Call, recorded: Any) -> None:
    for call, request in (
        (aws("iam").delete_group, {"GroupName": "missing"}),
        (aws("ec2").delete_launch_template, {"LaunchTemplateName": "missing"}),
        (aws("ecs").delete_cluster, {"cluster": "missing"}),
    ):
        with pytest.raises(ClientError):
            call(**request)
    found = [recorded(name)[0] for name in ("DeleteGroup", "DeleteLaunchTemplate", "DeleteCluster")]
    assert [one["errorCode"] for one in found] == [
        "NoSuchEntityException",
        "Client.InvalidLaunchTemplateName.NotFoundException",
        "ClusterNotFoundException",
    ]
    assert found[0]["errorMessage"] == "The group with name missing cannot be found."
    assert [one["responseElements"] for one in found] == [None, None, None]


def test_a_denied_call_tells_the_refusing_statement(user: Call, endpoint: str, recorded: Any) -> None:
    document = allow("ecs:*")
    document["Statement"].append({"Effect": "Deny", "Action": "ecs:CreateCluster", "Resource": "*"})
    made = user(document)
    ecs = client(endpoint, "ecs", access_key=made["key"], secret=made["secret"])
    with pytest.raises(ClientError):
        ecs.create_cluster(clusterName="c")
    found = recorded("CreateCluster")[0]
    assert found["errorCode"] == "AccessDeniedException"
    assert found["errorMessage"].startswith(
        f"User: {made['arn']} is not authorized to perform: ecs:CreateCluster"
    )
    (decision,) = found["additionalEventData"]["decision"]
    assert (decision["outcome"], decision["reason"]) == ("explicitDeny", "identity-based policy")
    (statement,) = decision["statements"]
    assert (statement["policy"], statement["statement"]) == (f"{made['arn']}/inline", 2)


def test_an_allowed_call_tells_policy_version_and_statement(
    aws: Call, user: Call, endpoint: str, recorded: Any
) -> None:
    made = user(None)
    iam = aws("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allow("logs:*")))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow("ecs:*")), SetAsDefault=True)
    iam.attach_user_policy(UserName=made["name"], PolicyArn=arn)
    client(endpoint, "ecs", access_key=made["key"], secret=made["secret"]).create_cluster(clusterName="c")
    (decision,) = recorded("CreateCluster")[0]["additionalEventData"]["decision"]
    assert decision["statements"] == [
        {"policy": arn, "kind": "managed", "version": "v2", "statement": 1, "sid": "One"}
    ]


def test_secrets_are_left_out(aws: Call, account: str, user: Call, endpoint: str, recorded: Any) -> None:
    made = user(allow("sts:AssumeRole"))
    role = _role(aws, account)
    sts = client(endpoint, "sts", access_key=made["key"], secret=made["secret"])
    given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="work")["Credentials"]
    temporary = sts.get_session_token()["Credentials"]
    aws("logs").create_log_group(logGroupName="g")
    aws("logs").create_log_stream(logGroupName="g", logStreamName="s")
    now = int(role["CreateDate"].timestamp() * 1000)
    events = [{"timestamp": now, "message": "what the job said"}]
    aws("logs").put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    found = [
        recorded(name)[0] for name in ("CreateAccessKey", "AssumeRole", "GetSessionToken", "PutLogEvents")
    ]
    shown = json.dumps(found)
    for secret in (made["secret"], given["SecretAccessKey"], given["SessionToken"], "what the job said"):
        assert secret not in shown
    assert temporary["SecretAccessKey"] not in shown
    hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert sorted(found[0]["responseElements"]["accessKey"]) == [
        "accessKeyId",
        "createDate",
        "status",
        "userName",
    ]
    assert sorted(found[1]["responseElements"]["credentials"]) == [
        "accessKeyId",
        "expiration",
        "sessionToken",
    ]
    credentials = found[1]["responseElements"]["credentials"]
    assert (credentials["accessKeyId"], credentials["sessionToken"]) == (given["AccessKeyId"], hidden)
