"""What the tests of ECS share: a cluster, and a task definition that runs a shell command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import INSTANCE_POLICY

Register = Callable[..., str]


@pytest.fixture(autouse=True)
def _forget(app: Any, account: str) -> Iterator[None]:
    """End what a test leaves running: the engine's slots are everybody's."""
    yield
    app.reset(account)


@pytest.fixture
def ecs(aws: Callable[..., Any]) -> Any:
    """ECS as root of this test's account."""
    return aws("ecs")


@pytest.fixture
def logs(aws: Callable[..., Any]) -> Any:
    """CloudWatch Logs as root of this test's account."""
    return aws("logs")


@pytest.fixture
def role(aws: Callable[..., Any]) -> str:
    """A role that tasks may have, and that may write any log."""
    iam = aws("iam")
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}'
    )
    arn: str = iam.create_role(RoleName="execution", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}'
    iam.put_role_policy(RoleName="execution", PolicyName="logs", PolicyDocument=policy)
    return arn


@pytest.fixture
def profile(aws: Callable[..., Any]) -> Callable[..., str]:
    """`profile(policy=None, trusted="ecs")`: the name of an instance profile, by default as AWS documents it."""

    def make(policy: str | None = INSTANCE_POLICY, *, trusted: str = "ec2", condition: str = "{}") -> str:
        iam = aws("iam")
        trust = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
            f'"Condition":{condition},"Principal":{{"Service":"{trusted}.amazonaws.com"}}}}]}}'
        )
        iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=trust)
        if policy is not None:
            iam.attach_role_policy(RoleName="nodes", PolicyArn=policy)
        iam.create_instance_profile(InstanceProfileName="nodes")
        iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
        return "nodes"

    return make


@pytest.fixture
def launch(aws: Callable[..., Any]) -> Callable[..., str]:
    """`launch("c", "nodes")`: the id of a fresh instance with that profile, whose user data names that cluster."""
    ec2 = aws("ec2")

    def start(cluster: str, profile: str | None) -> str:
        script = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]
        answer = ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType="c5.large" if image["Architecture"] == "x86_64" else "m6g.large",
            MinCount=1,
            MaxCount=1,
            UserData=script,
            **({"IamInstanceProfile": {"Name": profile}} if profile else {}),
        )
        identity: str = answer["Instances"][0]["InstanceId"]
        return identity

    return start


@pytest.fixture
def joined(ecs: Any, wait_for: Callable[..., Any]) -> Callable[..., Any]:
    """`joined("c")`: the cluster's one container instance, once it is there."""

    def wait(cluster: str = "c") -> Any:
        arns = wait_for(lambda: ecs.list_container_instances(cluster=cluster)["containerInstanceArns"])
        found = ecs.describe_container_instances(cluster=cluster, containerInstances=arns)
        return found["containerInstances"][0]

    return wait


@pytest.fixture
def records(aws: Callable[..., Any]) -> Callable[[str], list[Any]]:
    """`records("RunTask")`: the audit's records of an operation, the newest first."""

    def look(name: str) -> list[Any]:
        lookup = [{"AttributeKey": "EventName", "AttributeValue": name}]
        events = aws("cloudtrail").lookup_events(LookupAttributes=lookup)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in events]

    return look


@pytest.fixture
def fargate(ecs: Any, role: str) -> Register:
    """`fargate("echo hello", group="/x")`: the ARN of a task definition for Fargate with that shell command."""

    def register(script: str, *, group: str | None = None, family: str = "work", **container: Any) -> str:
        definition: dict[str, Any] = {
            "name": "default",
            "image": "busybox",
            "command": ["/bin/sh", "-c", script],
            **container,
        }
        if group is not None:
            options = {"awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
            definition["logConfiguration"] = {"logDriver": "awslogs", "options": options}
        answer = ecs.register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=role,
            containerDefinitions=[definition],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    return register


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@pytest.fixture
def run(ecs: Any) -> Callable[..., str]:
    """`run(definition, cluster="c")`: a Fargate task's ARN; further arguments are RunTask's."""

    def start(definition: str, *, cluster: str = "c", **request: Any) -> str:
        answer = ecs.run_task(
            cluster=cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            **request,
        )
        assert answer["failures"] == []
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    return start


@pytest.fixture
def stopped(ecs: Any, wait_for: Callable[..., Any]) -> Callable[..., Any]:
    """`stopped(task_arn, cluster="c")`: waits until the task is STOPPED and gives it."""

    def wait(arn: str, *, cluster: str = "c", seconds: float = 20) -> Any:
        def look() -> Any:
            task = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]
            return task if task["lastStatus"] == "STOPPED" else None

        return wait_for(look, seconds=seconds)

    return wait
