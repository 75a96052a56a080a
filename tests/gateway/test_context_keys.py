"""The request context, key by key, through real calls: a policy that hangs on one key allows, or it does not.

The keys that every call brings are in tests/corpus/policy/calls.json; here are those of certain calls and callers
(iam-evaluation.md 4).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from batchyard.app import App
from batchyard.clock import wall_now
from batchyard.framework.session import Session
from conftest import client
from gateway.raw_requests import allow, policy

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
AsAllowed = Callable[..., Any]


def is_denied(call: Callable[[], Any], action: str) -> bool:
    """Whether the call is refused for want of permission for that action; other refusals come later."""
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        return found["Code"] in DENIED and f"to perform: {action} " in found["Message"]
    return False


@pytest.fixture
def asked(user: Callable[..., Any], endpoint: str) -> AsAllowed:
    """`asked("batch", "batch:SubmitJob", operator, key, value)`: a client of a user allowed under that condition."""

    def make(
        service: str,
        actions: str | list[str],
        operator: str,
        key: str,
        value: Any,
        *,
        region: str = "us-east-1",
    ) -> Any:
        actions = [actions] if isinstance(actions, str) else actions
        conditional = allow(*actions[:1], Condition={operator: {key: value}})
        made = user(policy(conditional, *(allow(one) for one in actions[1:])))
        return client(endpoint, service, access_key=made["key"], secret=made["secret"], region=region)

    return make


@pytest.mark.parametrize("region", ["eu-central-1", "ap-southeast-2"])
def test_iam_is_always_asked_in_its_one_region(asked: AsAllowed, region: str) -> None:
    """IAM user guide, aws:RequestedRegion: calls of IAM are made to us-east-1, wherever the caller is."""
    key = ("StringEquals", "aws:RequestedRegion")
    assert asked("iam", "iam:ListUsers", *key, "us-east-1", region=region).list_users()
    wrong = asked("iam", "iam:ListUsers", *key, region, region=region)
    assert is_denied(wrong.list_users, "iam:ListUsers")
    assert asked("batch", "batch:DescribeJobQueues", *key, region, region=region).describe_job_queues()


CONTAINER = {
    "image": "public.ecr.aws/x:1",
    "command": ["true"],
    "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    "user": "nobody",
    "privileged": True,
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/jobs",
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "one",
            "awslogs-create-group": "true",
        },
    },
}


@pytest.mark.parametrize(
    ("operator", "key", "right", "wrong"),
    [
        ("StringLike", "batch:Image", "public.ecr.aws/*", "docker.io/*"),
        ("StringEquals", "batch:User", "nobody", "root"),
        ("Bool", "batch:Privileged", "true", "false"),
        ("StringEquals", "batch:LogDriver", "awslogs", "splunk"),
        ("StringEquals", "batch:AWSLogsGroup", "/jobs", "/other"),
        ("StringEquals", "batch:AWSLogsRegion", "us-east-1", "eu-west-1"),
        ("StringEquals", "batch:AWSLogsStreamPrefix", "one", "two"),
        ("Bool", "batch:AWSLogsCreateGroup", "true", "false"),
        ("StringEquals", "aws:RequestTag/team", "blue", "red"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost"], ["cost"]),
    ],
)
def test_a_registration_tells_of_its_container(
    asked: AsAllowed, operator: str, key: str, right: Any, wrong: Any
) -> None:
    """Batch user guide, supported IAM actions: the keys of RegisterJobDefinition."""
    actions = ["batch:RegisterJobDefinition", "batch:TagResource"]

    def register(value: Any) -> bool:
        batch = asked("batch", actions, operator, key, value)
        given = {"type": "container", "containerProperties": CONTAINER, "tags": {"team": "blue"}}
        return is_denied(
            lambda: batch.register_job_definition(jobDefinitionName="d", **given),
            "batch:RegisterJobDefinition",
        )

    assert (register(right), register(wrong)) == (False, True)


def test_a_submission_tells_its_share(asked: AsAllowed) -> None:
    given = {"jobName": "j", "jobQueue": "q", "jobDefinition": "d", "shareIdentifier": "blue"}
    for share, denied in (("blue", False), ("red", True)):
        batch = asked("batch", "batch:SubmitJob", "StringEquals", "batch:ShareIdentifier", share)
        assert is_denied(lambda batch=batch: batch.submit_job(**given), "batch:SubmitJob") is denied


def test_the_tags_of_what_is_touched(aws: Any, asked: AsAllowed) -> None:
    """aws:ResourceTag, in any case of the key; absent where nothing has that name."""
    aws("ecs").create_cluster(clusterName="blue", tags=[{"key": "Team", "value": "blue"}])
    aws("logs").create_log_group(logGroupName="blue", tags={"Team": "blue"})
    aws("iam").create_role(
        RoleName="blue",
        AssumeRolePolicyDocument=policy(
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ),
        Tags=[{"Key": "Team", "Value": "blue"}],
    )
    for key in ("aws:ResourceTag/Team", "AWS:resourcetag/team"):
        for value, denied in (("blue", False), ("Blue", True)):
            condition = ("StringEquals", key, value)
            ecs = asked("ecs", "ecs:DeleteCluster", *condition)
            assert is_denied(lambda ecs=ecs: ecs.delete_cluster(cluster="none"), "ecs:DeleteCluster")
            logs = asked("logs", "logs:PutRetentionPolicy", *condition)
            put = {"logGroupName": "blue", "retentionInDays": 7}
            assert (
                is_denied(
                    lambda logs=logs, put=put: logs.put_retention_policy(**put), "logs:PutRetentionPolicy"
                )
                is denied
            )
            iam = asked("iam", "iam:UpdateRole", *condition)
            assert is_denied(lambda iam=iam: iam.update_role(RoleName="blue"), "iam:UpdateRole") is denied
    iam = asked("iam", "iam:UpdateRole", "StringEquals", "iam:ResourceTag/Team", "blue")
    assert iam.update_role(RoleName="blue", Description="x")


def test_what_is_attached_and_what_bounds(aws: Any, asked: AsAllowed, account: str) -> None:
    """iam:PolicyARN and iam:PermissionsBoundary (IAM user guide, reference_policies_iam-condition-keys)."""
    iam = aws("iam")
    iam.create_user(UserName="x")
    read = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    audit = "arn:aws:iam::aws:policy/SecurityAudit"
    for arn, denied in ((read, False), (audit, True)):
        attaching = asked("iam", "iam:AttachUserPolicy", "ArnEquals", "iam:PolicyARN", read)
        given = {"UserName": "x", "PolicyArn": arn}
        assert (
            is_denied(
                lambda attaching=attaching, given=given: attaching.attach_user_policy(**given),
                "iam:AttachUserPolicy",
            )
            is denied
        )
        bounding = asked(
            "iam", "iam:PutUserPermissionsBoundary", "StringEquals", "iam:PermissionsBoundary", read
        )
        bound = {"UserName": "x", "PermissionsBoundary": arn}
        assert (
            is_denied(
                lambda bounding=bounding, bound=bound: bounding.put_user_permissions_boundary(**bound),
                "iam:PutUserPermissionsBoundary",
            )
            is denied
        )
    writing = asked("iam", "iam:PutUserPolicy", "StringEquals", "iam:PermissionsBoundary", read)
    written = {"UserName": "x", "PolicyName": "p", "PolicyDocument": policy(allow("s3:*"))}
    assert not is_denied(lambda: writing.put_user_policy(**written), "iam:PutUserPolicy")
    iam.delete_user_permissions_boundary(UserName="x")
    assert is_denied(lambda: writing.put_user_policy(**written), "iam:PutUserPolicy")


def trusting(account: str, **condition: Any) -> list[Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return [{**statement, "Condition": condition}]


@pytest.mark.parametrize(
    ("operator", "key", "value", "right", "wrong"),
    [
        ("StringEquals", "sts:ExternalId", "12345", {"ExternalId": "12345"}, {"ExternalId": "54321"}),
        ("StringLike", "sts:RoleSessionName", "ci-*", {"RoleSessionName": "ci-1"}, {"RoleSessionName": "x1"}),
        (
            "StringEquals",
            "aws:RequestTag/team",
            "blue",
            {"Tags": [{"Key": "team", "Value": "blue"}]},
            {"Tags": [{"Key": "team", "Value": "red"}]},
        ),
        (
            "ForAllValues:StringEquals",
            "sts:TransitiveTagKeys",
            ["team"],
            {"Tags": [{"Key": "team", "Value": "a"}], "TransitiveTagKeys": ["team"]},
            {"Tags": [{"Key": "cost", "Value": "a"}], "TransitiveTagKeys": ["cost"]},
        ),
    ],
)
def test_assuming_a_role_tells_its_terms(
    account: str,
    role: Any,
    user: Any,
    sign_in: Any,
    operator: str,
    key: str,
    value: Any,
    right: Any,
    wrong: Any,
) -> None:
    arn = role("target", trust=trusting(account, **{operator: {key: value}}))
    sts = sign_in("sts", user(policy(allow(["sts:AssumeRole", "sts:TagSession"]))))
    given = {"RoleArn": arn, "RoleSessionName": "some"}
    assert sts.assume_role(**{**given, **right})["Credentials"]
    assert is_denied(lambda: sts.assume_role(**{**given, **wrong}), "sts:AssumeRole")


def test_what_a_session_carries(aws: Any, role: Any, session_of: Any, sign_in: Any) -> None:
    """Session tags over the role's own; the source identity; the time of issue."""

    def may(**condition: Any) -> dict[str, Any]:
        return allow("batch:DescribeJobQueues", Condition=condition)

    cases = [
        (
            may(StringEquals={"aws:PrincipalTag/team": "blue"}),
            {"Tags": [{"Key": "Team", "Value": "blue"}]},
            False,
        ),
        (may(StringEquals={"aws:PrincipalTag/team": "red"}), {}, False),
        (
            may(StringEquals={"aws:PrincipalTag/team": "red"}),
            {"Tags": [{"Key": "team", "Value": "blue"}]},
            True,
        ),
        (may(Null={"aws:SourceIdentity": "true"}), {}, False),
        (may(Null={"aws:TokenIssueTime": "true"}), {}, True),
    ]
    for number, (statement, given, denied) in enumerate(cases):
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        arn = role(f"r{number}", policy(statement), trust=[trust], Tags=[{"Key": "team", "Value": "red"}])
        batch = sign_in("batch", session_of(arn, **given))
        assert is_denied(batch.describe_job_queues, "batch:DescribeJobQueues") is denied, number


def test_temporary_keys_of_a_user_say_that_no_mfa_was_used(user: Any, sign_in: Any) -> None:
    """IAM user guide, aws:MultiFactorAuthPresent: absent for access keys, false for temporary ones without MFA."""
    made = user(
        policy(
            allow("batch:DescribeJobQueues", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
            allow("ecs:ListClusters", Condition={"Null": {"aws:MultiFactorAuthAge": "true"}}),
        )
    )
    assert is_denied(sign_in("batch", made).describe_job_queues, "batch:DescribeJobQueues")
    temporary = sign_in("sts", made).get_session_token()["Credentials"]
    assert sign_in("batch", temporary).describe_job_queues()["jobQueues"] == []
    assert sign_in("ecs", temporary).list_clusters()["clusterArns"] == []


def test_a_caller_carried_on_by_a_service_shows_the_service(aws: Any, user: Any, sign_in: Any) -> None:
    """aws:ViaAWSService, aws:CalledViaFirst and Last; no address of its own (CreateComputeEnvironment makes a role)."""
    ec2 = aws("ec2")
    environment = {
        "type": "MANAGED",
        "computeResources": {
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    }
    wrong = {"StringEquals": {"aws:CalledViaFirst": "ecs.amazonaws.com"}}
    right = {
        "Bool": {"aws:ViaAWSService": "true", "aws:PrincipalIsAWSService": "false"},
        "StringEquals": {
            "aws:CalledViaFirst": "batch.amazonaws.com",
            "aws:CalledViaLast": "batch.amazonaws.com",
            "aws:PrincipalType": "User",
        },
        "Null": {"aws:SourceIp": "true"},
    }
    for number, (condition, denied) in enumerate(((wrong, True), (right, False))):
        made = user(
            policy(
                allow("batch:CreateComputeEnvironment"),
                allow("iam:CreateServiceLinkedRole", Condition=condition),
            )
        )
        batch = sign_in("batch", made)
        name = f"e{number}"
        found = is_denied(
            lambda batch=batch, name=name: batch.create_compute_environment(
                computeEnvironmentName=name, **environment
            ),
            "iam:CreateServiceLinkedRole",
        )
        assert found is denied


def test_a_service_tells_for_which_resource_it_assumes_a_role(aws: Any, account: str, wait_for: Any) -> None:
    """Batch user guide, confused deputy: aws:SourceArn is the compute environment, aws:SourceAccount its account."""
    environments = f"arn:aws:batch:us-east-1:{account}:compute-environment"
    conditions = {
        "right": {
            "ArnLike": {"aws:SourceArn": f"{environments}/ri*"},
            "StringEquals": {"aws:SourceAccount": account, "aws:PrincipalServiceName": "batch.amazonaws.com"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        },
        "wrong": {"ArnLike": {"aws:SourceArn": f"{environments}/other"}},
    }
    iam, batch, ec2 = aws("iam"), aws("batch"), aws("ec2")
    network = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    for name, condition in conditions.items():
        principal = {"Service": "batch.amazonaws.com"}
        trust = {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(allow("*")))
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            serviceRole=made["Arn"],
            computeResources={"type": "FARGATE", "maxvCpus": 1, **network},
        )

    def status(name: str) -> str:
        found = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
        return "" if found[0]["status"] == "CREATING" else str(found[0]["status"])

    assert {name: wait_for(lambda name=name: status(name)) for name in conditions} == {
        "right": "VALID",
        "wrong": "INVALID",
    }


def test_how_long_ago_mfa_was_used(app: App, aws: Any, account: str, user: Any, sign_in: Any) -> None:
    """aws:MultiFactorAuthAge: the seconds since the session was made with a code (IAM user guide)."""
    lately = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
    }
    made = user(policy(allow("batch:DescribeJobQueues", Condition=lately)))
    user_id = aws("iam").get_user(UserName=made["name"])["User"]["UserId"]
    session = Session("user", "aws", account, made["arn"], user_id, app.runtime.epochs.of(account))
    for hours, denied in ((0, False), (2, True)):
        issued_at = wall_now() - timedelta(hours=hours)
        given = app.runtime.issuer.issue_temporary(
            session, issued_at=issued_at, expires_at=wall_now() + timedelta(hours=1), mfa=True
        )
        batch = sign_in("batch", given)
        assert is_denied(batch.describe_job_queues, "batch:DescribeJobQueues") is denied


def test_a_network_tells_where_it_is(aws: Any, asked: AsAllowed, account: str) -> None:
    """Service authorization reference, EC2: the keys of security groups, subnets and VPCs that exist."""
    ec2 = aws("ec2")
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    subnet = ec2.describe_subnets()["Subnets"][0]
    here = f"arn:aws:ec2:us-east-1:{account}:vpc/{group['VpcId']}"
    revoking = ("ec2:RevokeSecurityGroupEgress", {"GroupId": group["GroupId"], "IpPermissions": []})
    making = ("ec2:CreateSubnet", {"VpcId": group["VpcId"], "CidrBlock": "10.0.0.0/24"})
    deleting = ("ec2:DeleteSubnet", {"SubnetId": subnet["SubnetId"]})
    cases = [
        (revoking, "ArnEquals", "ec2:Vpc", here),
        (revoking, "StringEquals", "ec2:SecurityGroupID", group["GroupId"]),
        (deleting, "ArnEquals", "ec2:Vpc", here),
        (deleting, "StringEquals", "ec2:SubnetID", subnet["SubnetId"]),
        (deleting, "StringEquals", "ec2:AvailabilityZone", subnet["AvailabilityZone"]),
        (making, "StringEqualsIfExists", "ec2:VpcID", group["VpcId"]),
        (making, "StringEqualsIfExists", "ec2:Tenancy", "default"),
    ]
    for (action, given), operator, key, right in cases:
        for value, denied in ((right, False), (right.replace("a", "b") + "x", True)):
            made = asked("ec2", action, operator, key, value)
            call = getattr(made, xform_name(action.partition(":")[2]))
            assert is_denied(lambda call=call, given=given: call(**given, DryRun=True), action) is denied, key


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("subnet", "ec2:SubnetID"),
        ("security-group", "ec2:SecurityGroupID"),
        ("image", "ec2:ImageID"),
        ("network-interface", "ec2:Subnet"),
    ],
)
def test_a_launch_tells_what_it_uses(
    aws: Any, user: Any, endpoint: str, account: str, kind: str, key: str
) -> None:
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    values = {"subnet": subnet, "security-group": group, "image": image}
    right = values.get(kind, f"arn:aws:ec2:us-east-1:{account}:subnet/{subnet}")
    for value, expected in ((right, "DryRunOperation"), (f"{right}x", "UnauthorizedOperation")):
        wanted = {"StringEquals": {key: value}}
        elsewhere = {
            "Effect": "Allow",
            "Action": "ec2:RunInstances",
            "NotResource": f"arn:aws:ec2:*:*:{kind}/*",
        }
        made = user(
            policy(allow("ec2:RunInstances", f"arn:aws:ec2:*:*:{kind}/*", Condition=wanted), elsewhere)
        )
        launching = client(endpoint, "ec2", access_key=made["key"], secret=made["secret"])
        with pytest.raises(ClientError) as caught:
            launching.run_instances(
                ImageId=image,
                InstanceType="m5.large",
                MinCount=1,
                MaxCount=1,
                SubnetId=subnet,
                SecurityGroupIds=[group],
                DryRun=True,
            )
        assert caught.value.response["Error"]["Code"] == expected
