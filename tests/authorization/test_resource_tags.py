"""aws:ResourceTag on each type that has tags, and what a launch and an instance tell of themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name

from authorization.test_tags import TRUST, as_list, as_map, as_pairs, denied, of
from conftest import client, wait_for

RED = "red"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

Make = Callable[[Any], dict[str, Any]]
"""From clients (`aws("ec2")`) to the request that names what was made with the tag team=red."""


def _subnet(aws: Any) -> tuple[str, str]:
    ec2 = aws("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    return subnet, ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]


def _environment(aws: Any) -> str:
    subnet, group = _subnet(aws)
    batch = aws("batch")
    made = batch.create_compute_environment(
        computeEnvironmentName="e",
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [subnet],
            "securityGroupIds": [group],
        },
        **as_map(RED),
    )
    described = {"computeEnvironments": ["e"]}
    wait_for(
        lambda: (
            batch.describe_compute_environments(**described)["computeEnvironments"][0]["status"] == "VALID"
        )
    )
    return str(made["computeEnvironmentArn"])


def _queue(aws: Any) -> str:
    order = [{"order": 1, "computeEnvironment": _environment(aws)}]
    made = aws("batch").create_job_queue(
        jobQueueName="q", priority=1, computeEnvironmentOrder=order, **as_map(RED)
    )
    return str(made["jobQueueArn"])


def _definition(aws: Any) -> str:
    container = {
        "image": "x",
        "command": ["true"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
    }
    made = aws("batch").register_job_definition(
        jobDefinitionName="d", type="container", containerProperties=container, **as_map(RED)
    )
    return str(made["jobDefinitionArn"])


def _tagged_id(aws: Any, identity: str) -> dict[str, Any]:
    aws("ec2").create_tags(Resources=[identity], **as_pairs(RED))
    return {"Resources": [identity], "Tags": [{"Key": "other", "Value": "x"}]}


def _instance(aws: Any) -> dict[str, Any]:
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launched = ec2.run_instances(
        ImageId=image, InstanceType="c5.large", MinCount=1, MaxCount=1, **of("instance")(RED)
    )
    return {"InstanceIds": [launched["Instances"][0]["InstanceId"]], "DryRun": True}


def _template(aws: Any) -> dict[str, Any]:
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"InstanceType": "c5.large", "ImageId": image},
        **of("launch-template")(RED),
    )
    return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "DryRun": True}


def _group(aws: Any) -> dict[str, Any]:
    template = {"LaunchTemplateName": "template", "Version": "1"}
    _template(aws)
    zones = ["us-east-1a"]
    aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="g",
        MinSize=0,
        MaxSize=0,
        LaunchTemplate=template,
        AvailabilityZones=zones,
        **as_pairs(RED),
    )
    return {"AutoScalingGroupName": "g", "MaxSize": 1}


def _cluster(aws: Any) -> dict[str, Any]:
    aws("ecs").create_cluster(clusterName="c", **as_list(RED))
    return {"cluster": "c"}


def _family(aws: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "x", "memory": 128}]
    made = aws("ecs").register_task_definition(family="f", containerDefinitions=containers, **as_list(RED))
    return {"taskDefinition": made["taskDefinition"]["taskDefinitionArn"]}


def _log_group(aws: Any) -> dict[str, Any]:
    aws("logs").create_log_group(logGroupName="l", **as_map(RED))
    return {"logGroupName": "l", "logStreamName": "s"}


def _eks_cluster(aws: Any) -> dict[str, Any]:
    subnet, _ = _subnet(aws)
    role = _iam(aws, "role", RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    vpc = {"subnetIds": [subnet]}
    aws("eks").create_cluster(name="k", roleArn=role, resourcesVpcConfig=vpc, **as_map(RED))
    return {"name": "k"}


def _iam(aws: Any, kind: str, **request: Any) -> Any:
    return getattr(aws("iam"), f"create_{kind}")(**request, **as_pairs(RED))


def _policy(aws: Any) -> dict[str, Any]:
    made = _iam(aws, "policy", PolicyName="p", PolicyDocument=POLICY)
    return {"PolicyArn": made["Policy"]["Arn"]}


def _named(kind: str, member: str, **more: Any) -> Make:
    def make(aws: Any) -> dict[str, Any]:
        _iam(aws, kind, **{member: "n"}, **more)
        return {member: "n"}

    return make


TYPES: dict[str, tuple[str, str, Make]] = {
    "compute environment": ("batch", "ListTagsForResource", lambda aws: {"resourceArn": _environment(aws)}),
    "job queue": ("batch", "ListTagsForResource", lambda aws: {"resourceArn": _queue(aws)}),
    "job definition": ("batch", "DeregisterJobDefinition", lambda aws: {"jobDefinition": _definition(aws)}),
    "cluster": ("ecs", "DeleteCluster", _cluster),
    "task definition": ("ecs", "RunTask", _family),
    "instance": ("ec2", "TerminateInstances", _instance),
    "launch template": ("ec2", "DeleteLaunchTemplate", _template),
    "subnet": ("ec2", "CreateTags", lambda aws: _tagged_id(aws, _subnet(aws)[0])),
    "security group": ("ec2", "CreateTags", lambda aws: _tagged_id(aws, _subnet(aws)[1])),
    "Auto Scaling group": ("autoscaling", "UpdateAutoScalingGroup", _group),
    "log group": ("logs", "CreateLogStream", _log_group),
    "EKS cluster": ("eks", "DescribeCluster", _eks_cluster),
    "user": ("iam", "GetUser", _named("user", "UserName")),
    "role": ("iam", "GetRole", _named("role", "RoleName", AssumeRolePolicyDocument=TRUST)),
    "instance profile": ("iam", "GetInstanceProfile", _named("instance_profile", "InstanceProfileName")),
    "policy": ("iam", "GetPolicy", _policy),
}


@pytest.mark.parametrize("kind", TYPES)
def test_the_tags_of_a_resource_decide(kind: str, aws: Any, user: Any, endpoint: str) -> None:
    service, operation, make = TYPES[kind]
    request = make(aws)
    made = user(None)
    call = getattr(
        client(endpoint, service, access_key=made["key"], secret=made["secret"]), xform_name(operation)
    )

    def denied_for(value: str) -> str:
        action = f"{service}:{operation}"
        others = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
        tagged = {"StringEquals": {"aws:ResourceTag/team": value}}
        statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": tagged}
        document = json.dumps({"Version": "2012-10-17", "Statement": [others, statement]})
        aws("iam").put_user_policy(UserName=made["name"], PolicyName="p", PolicyDocument=document)
        return denied(call, request)

    assert f"perform: {service}:{operation} on resource" in denied_for("blue")
    assert denied_for(RED) == ""


LAUNCHED = ("launch-template/*", "snapshot/snap-0123456789abcdef0")
"""What a launch names beside that which tests/services/ec2/test_permissions.py denies it."""


def test_run_instances_is_checked_on_what_it_takes_from_and_on_its_volumes(
    aws: Any, user: Any, endpoint: str
) -> None:
    """One that a statement denies is enough (EC2 user guide, example policies; service authorization reference)."""
    ec2 = aws("ec2")
    subnet, group = _subnet(aws)
    ec2.create_key_pair(KeyName="k")
    request = {
        "ImageId": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        "LaunchTemplate": {"LaunchTemplateId": _template(aws)["LaunchTemplateId"]},
        "SubnetId": subnet,
        "SecurityGroupIds": [group],
        "KeyName": "k",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": "snap-0123456789abcdef0", "Encrypted": True}}
        ],
        "MinCount": 1,
        "MaxCount": 1,
        "DryRun": True,
    }
    made = user(None)
    run = client(endpoint, "ec2", access_key=made["key"], secret=made["secret"]).run_instances

    def denied_without(*statements: Any) -> str:
        allowing = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowing, *statements]})
        aws("iam").put_user_policy(UserName=made["name"], PolicyName="p", PolicyDocument=document)
        return denied(run, request)

    deny = {"Effect": "Deny", "Action": "ec2:RunInstances"}
    assert denied_without() == ""
    for one in LAUNCHED:
        message = denied_without({**deny, "Resource": f"arn:aws:ec2:us-east-1:*:{one}"})
        assert f":{one.partition('/')[0]}/" in message
        assert "with an explicit deny in an identity-based policy" in message
    unencrypted = {"Bool": {"ec2:Encrypted": "false"}}
    volumes = {**deny, "Resource": "arn:aws:ec2:*:*:volume/*"}
    assert ":volume/*" in denied_without({**volumes, "Condition": unencrypted})
    large = {"NumericGreaterThan": {"ec2:VolumeSize": "1000"}}
    assert denied_without({**volumes, "Condition": large}) == ""


def test_what_an_instance_is_decides_about_ending_it(aws: Any, user_client: Any) -> None:
    request = _instance(aws)

    def denied_for(kind: str) -> str:
        condition = {"StringEquals": {"ec2:InstanceType": kind, "ec2:InstanceMarketType": "on-demand"}}
        statement = {"Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
        return denied(user_client("ec2", document).terminate_instances, request)

    assert denied_for("c5.large") == ""
    assert "ec2:TerminateInstances on resource" in denied_for("t3.micro")
