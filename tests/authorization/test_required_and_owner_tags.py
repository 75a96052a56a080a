"""Policies of AWS's guide that ask for tags, where two tags' keys differ in case alone, service by service.

The guide (access_tags, elements_condition): a condition's key name matches both, one value counts, nobody knows
which. So a call goes through only where it would with either value.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name

from authorization.test_tags import (
    DEFINITION,
    FAMILY,
    GROUP,
    LAUNCH,
    Given,
    allow,
    denied,
)
from authorization.test_tags import given as given  # the fixture
from conftest import client

Tags = dict[str, str]
KEY = "aws:ResourceTag/owner"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def as_user(endpoint: str, service: str, made: dict[str, str]) -> Any:
    """A client of a service for a user that was made."""
    return client(endpoint, service, access_key=made["key"], secret=made["secret"])


def deny(action: str, **conditions: Any) -> dict[str, Any]:
    """A statement that denies an action on everything, on conditions."""
    return {**allow(action, **conditions), "Effect": "Deny"}


def except_for(action: str) -> dict[str, Any]:
    """A statement that allows all but one action."""
    return {"Effect": "Allow", "NotAction": action, "Resource": "*"}


def pairs(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: one, value: tags[one]} for one in tags]


def as_map(tags: Tags) -> dict[str, Any]:
    return {"tags": tags} if tags else {}


def as_list(tags: Tags) -> dict[str, Any]:
    return {"tags": pairs(tags, "key", "value")}


def as_pairs(tags: Tags) -> dict[str, Any]:
    return {"Tags": pairs(tags)}


def of(kind: str) -> Callable[[Tags], dict[str, Any]]:
    """EC2's TagSpecifications for one resource type; left out where there are no tags, as EC2 wants it."""
    return lambda tags: {"TagSpecifications": [{"ResourceType": kind, "Tags": pairs(tags)}]} if tags else {}


EKS = {"name": "k", "roleArn": "arn:aws:iam::{account}:role/k", "resourcesVpcConfig": {}}
CREATIONS: dict[str, tuple[dict[str, Any], Callable[[Tags], dict[str, Any]]]] = {
    "batch RegisterJobDefinition": (DEFINITION, as_map),
    "batch SubmitJob": ({"jobName": "j", "jobQueue": "q", "jobDefinition": "d:1"}, as_map),
    "ec2 CreateSecurityGroup": ({"GroupName": "s", "Description": "s", "DryRun": True}, of("security-group")),
    "ec2 RunInstances": (LAUNCH, of("instance")),
    "ecs RegisterTaskDefinition": (FAMILY, as_list),
    "ecs RunTask": ({"taskDefinition": "f"}, as_list),
    "eks CreateCluster": (EKS, as_map),
    "logs CreateLogGroup": ({"logGroupName": "l"}, as_map),
    "autoscaling CreateAutoScalingGroup": (GROUP, as_pairs),
}

REQUIRED: list[tuple[Tags, bool]] = [
    ({"team": "blue"}, True),
    ({"Team": "blue"}, True),
    ({"team": "blue", "cost": "1"}, True),
    ({"team": "blue", "TEAM": "blue"}, True),
    ({}, False),
    ({"team": "red"}, False),
    ({"cost": "1"}, False),
    ({"team": "red", "Team": "blue"}, False),
    ({"team": "blue", "Team": "red"}, False),
    ({"TEAM": "red", "Team": "red", "team": "blue"}, False),
]
"""Tags of a creation, and whether they have the one that is required: team, blue."""


INSTANCES = "arn:aws:ec2:*:*:instance/*"


def required(action: str) -> dict[str, list[dict[str, Any]]]:
    """The ways in which the guide requires a tag of a creation; of a launch, of the instance alone."""
    key = "aws:RequestTag/team"
    launches = action == "ec2:RunInstances"
    whole = {"Resource": INSTANCES if launches else "*"}
    others = {"Effect": "Allow", "Action": action, "NotResource": INSTANCES}
    rest = [except_for(action), others] if launches else [except_for(action)]

    def allowed(**conditions: Any) -> list[dict[str, Any]]:
        return [*rest, {**allow(action, **conditions), **whole}]

    def denying(*conditions: dict[str, Any]) -> list[dict[str, Any]]:
        return [ALL, *({**deny(action, **one), **whole} for one in conditions)]

    null = {"Null": {key: "true"}}
    return {
        "allow equals": allowed(StringEquals={key: "blue"}),
        "allow like, case aside": allowed(StringLike={"aws:requesttag/TEAM": "bl*"}),
        "allow any of": allowed(**{"ForAnyValue:StringEquals": {key: ["blue"]}}),
        "deny unless": denying({"StringNotEquals": {key: ["blue"]}}),
        "deny unless, by two": denying(null, {"StringNotEqualsIfExists": {key: "blue"}}),
        "deny what is another's": denying(null, {"StringEquals": {key: ["red"]}}),
    }


@pytest.mark.parametrize("creation", CREATIONS)
def test_a_required_tag_is_required(creation: str, given: Given, account: str) -> None:
    service, operation = creation.split()
    bare, with_tags = CREATIONS[creation]
    bare = json.loads(json.dumps(bare).replace("{account}", account))
    for name, statements in required(f"{service}:{operation}").items():
        call = given(service, operation, *statements)
        for tags, fits in REQUIRED:
            told = denied(call, {**bare, **with_tags(tags)})
            assert (told == "") == fits, (name, tags, told)


def test_the_tags_of_another_resource_type_or_group_are_not_its_own(given: Given, aws: Any) -> None:
    """Each resource of a call is asked for with the tags that it gets itself."""
    action = "ec2:RunInstances"
    on_instances = {
        "Effect": "Deny",
        "Action": action,
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringNotEquals": {"aws:RequestTag/team": "blue"}},
    }
    call = given("ec2", "RunInstances", ALL, on_instances)
    specified = [
        {"ResourceType": "instance", "Tags": pairs({"team": "red"})},
        {"ResourceType": "volume", "Tags": pairs({"team": "blue"})},
    ]
    assert "RunInstances" in denied(call, {**LAUNCH, "TagSpecifications": specified})
    assert "RunInstances" in denied(call, {**LAUNCH, "TagSpecifications": specified[::-1]})
    own = allow(
        "autoscaling:CreateOrUpdateTags", StringEquals={"aws:RequestTag/team": "${aws:ResourceTag/team}"}
    )
    for name, team in (("one", "red"), ("two", "blue")):
        _make_group(aws, name, {"team": team})
    tag = given("autoscaling", "CreateOrUpdateTags", own)

    def tagged(**teams: str) -> dict[str, Any]:
        return {
            "Tags": [
                {
                    "ResourceId": name,
                    "ResourceType": "auto-scaling-group",
                    "Key": "team",
                    "Value": teams[name],
                    "PropagateAtLaunch": False,
                }
                for name in teams
            ]
        }

    assert denied(tag, tagged(one="red", two="blue")) == ""
    assert "autoScalingGroupName/two" in denied(tag, tagged(one="red", two="red"))
    assert "autoScalingGroupName/one" in denied(tag, tagged(one="blue", two="blue"))


def _make_group(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    ec2 = aws("ec2")
    if not ec2.describe_launch_templates()["LaunchTemplates"]:
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        data = {"InstanceType": "c5.large", "ImageId": image}
        ec2.create_launch_template(LaunchTemplateName="template", LaunchTemplateData=data)
    aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=0,
        LaunchTemplate={"LaunchTemplateName": "template", "Version": "1"},
        AvailabilityZones=["us-east-1a"],
        **as_pairs(tags),
    )
    return {"AutoScalingGroupName": name, "MaxSize": 1}


def _define(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    made = aws("batch").register_job_definition(**{**DEFINITION, "jobDefinitionName": name}, **as_map(tags))
    return {"jobDefinition": made["jobDefinitionArn"]}


def _secure(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    made = aws("ec2").create_security_group(GroupName=name, Description="s", **of("security-group")(tags))
    return {"GroupId": made["GroupId"], "DryRun": True}


def _launch(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(
        ImageId=image, InstanceType="c5.large", MinCount=1, MaxCount=1, **of("instance")(tags)
    )
    return {"InstanceIds": [made["Instances"][0]["InstanceId"]], "DryRun": True}


def _cluster(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    aws("ecs").create_cluster(clusterName=name, **as_list(tags))
    return {"cluster": name, "settings": [{"name": "containerInsights", "value": "disabled"}]}


def _kubernetes(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = aws("iam")
    if not iam.list_roles(PathPrefix="/k/")["Roles"]:
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        iam.create_role(Path="/k/", RoleName="k", AssumeRolePolicyDocument=document)
    role = iam.get_role(RoleName="k")["Role"]["Arn"]
    subnet = aws("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    aws("eks").create_cluster(
        name=name, roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]}, **as_map(tags)
    )
    return {"name": name}


def _log_group(aws: Any, name: str, tags: Tags) -> dict[str, Any]:
    aws("logs").create_log_group(logGroupName=name, **as_map(tags))
    return {"logGroupName": name, "retentionInDays": 1}


OWNED: dict[str, Callable[[Any, str, Tags], dict[str, Any]]] = {
    "batch DeregisterJobDefinition": _define,
    "ec2 DeleteSecurityGroup": _secure,
    "ec2 TerminateInstances": _launch,
    "ecs UpdateCluster": _cluster,
    "eks DescribeCluster": _kubernetes,
    "logs PutRetentionPolicy": _log_group,
    "autoscaling UpdateAutoScalingGroup": _make_group,
}
OWNERS: list[tuple[Tags, bool]] = [
    ({"owner": "me"}, True),
    ({"Owner": "me"}, True),
    ({"owner": "me", "OWNER": "me"}, True),
    ({}, False),
    ({"owner": "alice"}, False),
    ({"owner": "alice", "Owner": "me"}, False),
    ({"owner": "me", "Owner": "alice"}, False),
]
"""Tags of a resource, and whether it is mine."""


def owner_only(action: str) -> dict[str, list[dict[str, Any]]]:
    """The ways in which the guide keeps a resource for its owner; `aws:PrincipalTag/name` is `me`."""
    me = "${aws:PrincipalTag/name}"
    return {
        "allow equals": [except_for(action), allow(action, StringEquals={KEY: me})],
        "allow any of": [except_for(action), allow(action, **{"ForAnyValue:StringLike": {KEY: me}})],
        "deny unless": [ALL, deny(action, StringNotEquals={KEY: me})],
        "deny unless, by two": [
            ALL,
            deny(action, Null={KEY: "true"}),
            deny(action, StringNotEqualsIfExists={KEY: me}),
        ],
        "as a variable": [
            except_for(action),
            allow(action, StringEquals={"aws:PrincipalTag/name": "${aws:ResourceTag/owner}"}),
        ],
    }


@pytest.mark.parametrize("change", OWNED)
def test_what_is_kept_for_its_owner_is_kept(change: str, aws: Any, user: Any, endpoint: str) -> None:
    service, operation = change.split()
    requests = [(OWNED[change](aws, f"n{number}", tags), fits) for number, (tags, fits) in enumerate(OWNERS)]
    made = user(None)
    aws("iam").tag_user(UserName=made["name"], Tags=pairs({"name": "me"}))
    call = getattr(as_user(endpoint, service, made), xform_name(operation))
    for name, statements in owner_only(f"{service}:{operation}").items():
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws("iam").put_user_policy(UserName=made["name"], PolicyName="p", PolicyDocument=document)
        for (request, fits), (tags, _) in zip(requests, OWNERS, strict=True):
            told = denied(call, request)
            assert (told == "") == fits, (name, tags, told)


def test_who_may_not_touch_a_tag_takes_nothing_over_with_one_that_is_written_otherwise(
    aws: Any, user: Any, endpoint: str
) -> None:
    """mallory may tag, and deregister what is mallory's: alice's definition stays alice's."""
    definition = _define(aws, "d", {"owner": "alice"})["jobDefinition"]
    made = user(
        {
            "Version": "2012-10-17",
            "Statement": [
                allow("batch:TagResource"),
                deny("batch:TagResource", **{"ForAnyValue:StringEquals": {"aws:TagKeys": ["owner"]}}),
                allow("batch:DeregisterJobDefinition", StringEquals={"aws:ResourceTag/owner": "mallory"}),
            ],
        }
    )
    batch = as_user(endpoint, "batch", made)
    assert "TagResource" in denied(
        batch.tag_resource, {"resourceArn": definition, **as_map({"owner": "mallory"})}
    )
    batch.tag_resource(resourceArn=definition, tags={"Owner": "mallory"})
    assert "DeregisterJobDefinition" in denied(batch.deregister_job_definition, {"jobDefinition": definition})
    aws("batch").untag_resource(resourceArn=definition, tagKeys=["owner"])
    batch.deregister_job_definition(jobDefinition=definition)


def test_the_simulator_says_the_same(aws: Any) -> None:
    """A tag with several values stands for tags whose keys differ in case."""

    def simulated(*values: str) -> str:
        document = {"Version": "2012-10-17", "Statement": allow("batch:*", StringEquals={KEY: "mallory"})}
        entry = {"ContextKeyName": KEY, "ContextKeyType": "stringList", "ContextKeyValues": list(values)}
        answer = aws("iam").simulate_custom_policy(
            PolicyInputList=[json.dumps(document)],
            ActionNames=["batch:DeregisterJobDefinition"],
            ContextEntries=[entry],
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert simulated("mallory") == simulated("mallory", "mallory") == "allowed"
    assert simulated("alice", "mallory") == simulated("mallory", "alice") == "implicitDeny"
