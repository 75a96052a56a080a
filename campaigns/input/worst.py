"""The heaviest requests that the limits allow, operation by operation, and what has to be there for them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse

Client = Callable[[str], Any]
"""`client("iam")`: a boto3 client of the account that sends the heavy requests."""

ROLE_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
TAGS = [{"Key": f"k{number}", "Value": "v" * 200} for number in range(50)]
LONG = [f"arn:aws:s3:::{'a' * 1900}{number}" for number in range(10)]


def policy(*statements: dict[str, Any]) -> str:
    """A policy document without spaces."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def allowing(**more: Any) -> dict[str, Any]:
    """An Allow of everything, or of what `more` says."""
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **more}


def prepare(client: Client, *, scale: int) -> dict[str, Any]:
    """Make what the requests read; `scale` 1 takes some seconds. Returns the names that they need."""
    iam, ec2, logs = client("iam"), client("ec2"), client("logs")
    for number in range(8 * scale):
        name = f"user-{number}"
        iam.create_user(UserName=name, Tags=TAGS)
        iam.put_user_policy(
            UserName=name,
            PolicyName="p",
            PolicyDocument=policy(allowing(Resource=["arn:aws:s3:::*a*b"] * 80)),
        )
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=policy(ROLE_TRUST))["Role"]["Arn"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tagged = [{"ResourceType": "instance", "Tags": TAGS}]
    ids: list[str] = []
    for _ in range(scale):
        launched = ec2.run_instances(
            ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=200, TagSpecifications=tagged
        )
        ids += [one["InstanceId"] for one in launched["Instances"]]
    group = ec2.create_security_group(GroupName="group", Description="group")["GroupId"]
    template = ec2.create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData={"ImageId": image, "UserData": _user_data()}
    )["LaunchTemplate"]["LaunchTemplateId"]
    for _ in range(4 * scale):
        ec2.create_launch_template_version(
            LaunchTemplateId=template, LaunchTemplateData={"ImageId": image, "UserData": _user_data()}
        )
    logs.create_log_group(logGroupName="group")
    for number in range(scale):
        logs.create_log_stream(logGroupName="group", logStreamName=f"stream-{number}")
        logs.put_log_events(logGroupName="group", logStreamName=f"stream-{number}", logEvents=_events())
    batch, fairshare = client("batch"), _fairshare()
    policies = [
        batch.create_scheduling_policy(name=f"p{number}", fairsharePolicy=fairshare)["arn"]
        for number in range(min(100, 20 * scale))
    ]
    return {
        "image": image,
        "ids": ids,
        "group": group,
        "template": template,
        "role": role,
        "policies": policies,
    }


def submit_jobs(client: Client) -> list[str]:
    """As many jobs as a call may name, each as large as definition and submission may be, that wait for ever.

    Made by a server whose environments become VALID at once.
    """
    batch, ec2 = client("batch"), client("ec2")
    batch.create_compute_environment(
        computeEnvironmentName="small",
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )
    while batch.describe_compute_environments()["computeEnvironments"][0]["status"] != "VALID":
        time.sleep(0.01)
    order = [{"order": 1, "computeEnvironment": "small"}]
    batch.create_job_queue(jobQueueName="small", priority=1, computeEnvironmentOrder=order)
    batch.register_job_definition(
        jobDefinitionName="large",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": "x",
            "command": ["true"],
            "executionRoleArn": "arn:aws:iam::111111111111:role/role",
            "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}],
            "environment": [{"name": f"n{n}", "value": "v"} for n in range(800)],
        },
    )
    overrides = {"environment": [{"name": f"m{n}", "value": "v"} for n in range(900)]}
    large = {"jobQueue": "small", "jobDefinition": "large", "containerOverrides": overrides}
    return [batch.submit_job(jobName="large", **large)["jobId"] for _ in range(100)]


def submit_nodes(client: Client) -> str:
    """A job of as many nodes as may be, whose environment is too small for it: its id. Made as `submit_jobs` makes."""
    batch, ec2, iam = client("batch"), client("ec2"), client("iam")
    iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=policy(ROLE_TRUST))
    iam.create_instance_profile(InstanceProfileName="nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
    batch.create_compute_environment(
        computeEnvironmentName="nodes",
        type="MANAGED",
        computeResources={
            "type": "EC2",
            "minvCpus": 0,
            "maxvCpus": 2,
            "instanceTypes": ["c5.large"],
            "instanceRole": "nodes",
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )
    named = {"computeEnvironments": ["nodes"]}
    while batch.describe_compute_environments(**named)["computeEnvironments"][0]["status"] != "VALID":
        time.sleep(0.01)
    order = [{"order": 1, "computeEnvironment": "nodes"}]
    batch.create_job_queue(jobQueueName="nodes", priority=1, computeEnvironmentOrder=order)
    batch.register_job_definition(jobDefinitionName="nodes", type="multinode", nodeProperties=_nodes())
    job: str = batch.submit_job(jobName="nodes", jobQueue="nodes", jobDefinition="nodes")["jobId"]
    return job


def _nodes() -> dict[str, Any]:
    """nodeProperties with as many nodes and as much in their ranges as may be."""
    container = {
        "image": "x",
        "command": ["true"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "4"}],
        "environment": [{"name": f"n{n}", "value": "v"} for n in range(150)],
    }
    ranges = [{"targetNodes": f"{first}:", "container": container} for first in range(5)]
    return {"numNodes": 1000, "mainNode": 0, "nodeRangeProperties": ranges}


def _user_data() -> str:
    return base64.b64encode(b"x" * 16000).decode()


def _fairshare() -> dict[str, Any]:
    shares = [{"shareIdentifier": f"{number:03}" + "s" * 200, "weightFactor": 0.5} for number in range(500)]
    return {"shareDistribution": shares}


def _events() -> list[dict[str, Any]]:
    now = int(time.time() * 1000)
    return [{"timestamp": now, "message": "a" * 70 + str(number)} for number in range(10_000)]


Request = tuple[str, str, dict[str, Any]]
"""Service, boto3's method, parameters."""


def requests(names: dict[str, Any]) -> dict[str, Request]:
    """Each by what is heavy about it."""
    return {**_of_iam(names), **_of_ec2(names), **_of_others(names)}


def _of_iam(names: dict[str, Any]) -> dict[str, Request]:
    actions = ["s3:GetObject"] * 1000
    patterns = [f"arn:aws:s3:::*a*a*b{number}*" for number in range(1200)]
    gaps = [f"arn:aws:s3:::*a?a?a?b{number}" for number in range(12)]
    values = [f"*a*b{number}*" for number in range(1000)]
    entry = {
        "ContextKeyName": "aws:x",
        "ContextKeyType": "stringList",
        "ContextKeyValues": ["a" * 200 + str(number) for number in range(50)],
    }
    condition = {"ForAnyValue:StringLike": {"aws:x": values}}
    sized = policy(allowing(Resource=["arn:aws:s3:::*a*b"] * 290))
    return {
        "simulated patterns": _simulating([allowing(Resource=patterns)], actions, ResourceArns=LONG[:2]),
        "simulated patterns, refused": _simulating(
            [allowing(Resource=patterns * 4)], actions, ResourceArns=LONG
        ),
        "simulated gaps": _simulating([allowing(Resource=gaps)], actions, ResourceArns=LONG[:2]),
        "simulated values": _simulating([allowing(Condition=condition)], actions, ContextEntries=[entry]),
        "simulated statements": _simulating([allowing()] * 700, actions, ResourceArns=LONG[:2]),
        "simulated resources": _simulating([allowing()], actions, ResourceArns=LONG * 100),
        "simulated text": _simulating([allowing(Action=["s3:*x"] * 5000)], actions),
        "context keys": (
            "iam",
            "get_context_keys_for_custom_policy",
            {
                "PolicyInputList": [
                    policy(allowing(Condition={"StringLike": {f"a:{n}": "${a:b}" for n in range(3000)}}))
                ]
            },
        ),
        "a policy as large as may be": ("iam", "create_policy", {"PolicyName": "p", "PolicyDocument": sized}),
        "a policy that is too large": (
            "iam",
            "create_policy",
            {"PolicyName": "p", "PolicyDocument": policy(allowing(Resource=["arn:aws:s3:::*a*b"] * 6000))},
        ),
        "authorization details": ("iam", "get_account_authorization_details", {"MaxItems": 1000}),
        "all managed policies": ("iam", "list_policies", {"MaxItems": 1000}),
        "all users": ("iam", "list_users", {"MaxItems": 1000}),
        "a session with tags": (
            "sts",
            "assume_role",
            {"RoleArn": names["role"], "RoleSessionName": "s1", "Policy": sized[:2000]},
        ),
        "an assertion": (
            "sts",
            "assume_role_with_saml",
            {
                "RoleArn": names["role"],
                "PrincipalArn": "arn:aws:iam::111111111111:saml-provider/x",
                "SAMLAssertion": base64.b64encode(b"<a>" + b"<b/>" * 18000 + b"</a>").decode(),
            },
        ),
    }


def _simulating(statements: list[dict[str, Any]], actions: list[str], **more: Any) -> Request:
    wanted = {"PolicyInputList": [policy(*statements)], "ActionNames": actions, **more}
    return "iam", "simulate_custom_policy", wanted


def _of_ec2(names: dict[str, Any]) -> dict[str, Request]:
    ids = names["ids"]
    stars = [f"*v*v*{number}*" for number in range(200)]
    gaps = [f"*v?v?v?b{number}*" for number in range(200)]
    rules = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        for port in range(1, 1000)
    ]
    launch = {"ImageId": names["image"], "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1000}
    tagged = [{"ResourceType": kind, "Tags": TAGS} for kind in ("instance", "volume", "network-interface")]
    return {
        "all instances": ("ec2", "describe_instances", {}),
        "instances by stars": (
            "ec2",
            "describe_instances",
            {"Filters": [{"Name": "tag:k1", "Values": stars}]},
        ),
        "instances by gaps": ("ec2", "describe_instances", {"Filters": [{"Name": "tag:k1", "Values": gaps}]}),
        "instances by id": (
            "ec2",
            "describe_instances",
            {"InstanceIds": [f"i-{n:017x}" for n in range(18000)]},
        ),
        "instance status": ("ec2", "describe_instance_status", {"IncludeAllInstances": True}),
        "all tags": ("ec2", "describe_tags", {}),
        "tags by stars": ("ec2", "describe_tags", {"Filters": [{"Name": "value", "Values": stars}]}),
        "tags on many": ("ec2", "create_tags", {"Resources": (ids * 10)[:1000], "Tags": TAGS[:1]}),
        "many tags": ("ec2", "create_tags", {"Resources": ids[:100], "Tags": TAGS}),
        "no tags on many": ("ec2", "delete_tags", {"Resources": ids[:150], "Tags": TAGS[25:]}),
        "a launch of many": ("ec2", "run_instances", {**launch, "DryRun": True}),
        "a launch with tags": (
            "ec2",
            "run_instances",
            {**launch, "MinCount": 1000, "TagSpecifications": tagged},
        ),
        "instance types": (
            "ec2",
            "describe_instance_types",
            {"Filters": [{"Name": "instance-type", "Values": [f"*?{n}*a*" for n in range(200)]}]},
        ),
        "security groups": ("ec2", "describe_security_groups", {}),
        "many rules": (
            "ec2",
            "authorize_security_group_ingress",
            {"GroupId": names["group"], "IpPermissions": rules},
        ),
        "template versions": (
            "ec2",
            "describe_launch_template_versions",
            {"LaunchTemplateId": names["template"], "MaxResults": 200},
        ),
    }


def _of_others(names: dict[str, Any]) -> dict[str, Request]:
    tags = [
        {"ResourceId": "g", "ResourceType": "auto-scaling-group", "Key": f"k{n}", "Value": "v" * 200}
        for n in range(1000)
    ]
    return {
        "log events": ("logs", "get_log_events", {"logGroupName": "group", "logStreamName": "stream-0"}),
        "log events found": ("logs", "filter_log_events", {"logGroupName": "group"}),
        "log events passed over": (
            "logs",
            "filter_log_events",
            {"logGroupName": "group", "filterPattern": " ".join(["a", *(f"a{n}" for n in range(150))])},
        ),
        "log events put": (
            "logs",
            "put_log_events",
            {"logGroupName": "group", "logStreamName": "stream-0", "logEvents": _events()},
        ),
        "tags of groups": ("autoscaling", "create_or_update_tags", {"Tags": tags}),
        "jobs": (
            "batch",
            "describe_jobs",
            {"jobs": [f"{n:08x}-0000-4000-8000-000000000000" for n in range(100)]},
        ),
        "large jobs": ("batch", "describe_jobs", {"jobs": names["jobs"]}),
        "nodes of a job": (
            "batch",
            "list_jobs",
            {"multiNodeJobId": names["job of nodes"], "jobStatus": "RUNNABLE"},
        ),
        "large nodes": (
            "batch",
            "describe_jobs",
            {"jobs": [f"{names['job of nodes']}#{n}" for n in range(100)]},
        ),
        "a definition of many nodes": (
            "batch",
            "register_job_definition",
            {"jobDefinitionName": "d", "type": "multinode", "nodeProperties": _nodes()},
        ),
        "jobs cancelled": ("batch", "cancel_jobs", {"jobs": names["jobs"][:50], "reason": "r" * 1024}),
        "a large definition": (
            "batch",
            "register_job_definition",
            {
                "jobDefinitionName": "d",
                "type": "container",
                "containerProperties": {
                    "image": "x",
                    "environment": [{"name": f"n{n}", "value": "v" * 100} for n in range(5000)],
                },
            },
        ),
        "scheduling policies": ("batch", "describe_scheduling_policies", {"arns": names["policies"]}),
        "a scheduling policy of many shares": (
            "batch",
            "create_scheduling_policy",
            {"name": "p", "fairsharePolicy": _fairshare()},
        ),
        "tasks": ("ecs", "describe_tasks", {"tasks": [f"{n:032x}" for n in range(100)]}),
        "events": ("cloudtrail", "lookup_events", {}),
    }


@contextmanager
def _captured(client: Any) -> Iterator[list[Any]]:
    """What the client would send, sent by nobody."""
    sent: list[Any] = []

    def keep(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        raise _Sent

    client.meta.events.register("before-send.*", keep)
    try:
        yield sent
    finally:
        client.meta.events.unregister("before-send.*", keep)


class _Sent(Exception):
    pass


def as_bytes(client: Client, request: Request) -> bytes:
    """A request, signed, as HTTP."""
    service, method, parameters = request
    one = client(service)
    with _captured(one) as sent, suppress(_Sent):
        getattr(one, method)(**parameters)
    prepared = sent[0]
    parts = urlsplit(prepared.url)
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in prepared.headers.items()
    }
    headers |= {"Host": parts.netloc, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{prepared.method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body
