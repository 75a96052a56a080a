"""Values that are declared as not built (docs/coverage.md) are refused with 501, each by name, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.services import load_services
from services.batch.environments import make_instance_profile, on_instances, settled, trust
from services.ec2.conftest import image_of

Aws = Callable[..., Any]
SIZES = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
JOB = {"image": "x", "command": ["true"], "resourceRequirements": SIZES}
CONTAINER = {"name": "c", "image": "x", "memory": 128}
GROUP = {"AutoScalingGroupName": "g", "MinSize": 0, "MaxSize": 1}


def of_job(**container: Any) -> dict[str, Any]:
    """A registration of a job definition."""
    return {"jobDefinitionName": "d", "type": "container", "containerProperties": {**JOB, **container}}


def of_task(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A registration of a task definition."""
    return {"family": "f", "containerDefinitions": list(containers) or [CONTAINER], **more}


def logging(driver: str, **options: str) -> dict[str, Any]:
    """A log configuration."""
    return {"logConfiguration": {"logDriver": driver, "options": options}}


def launch(aws: Aws, **more: Any) -> dict[str, Any]:
    """A launch of one instance."""
    image = image_of(aws("ec2"), "x86_64")
    return {"ImageId": image, "InstanceType": "c5.large", "MinCount": 1, "MaxCount": 1, **more}


def instance(aws: Aws) -> str:
    """A running instance."""
    return str(aws("ec2").run_instances(**launch(aws))["Instances"][0]["InstanceId"])


def task(aws: Aws, **container: Any) -> str:
    """A task definition in the default cluster."""
    aws("ecs").create_cluster()
    made = aws("ecs").register_task_definition(**of_task({**CONTAINER, **container}))
    return str(made["taskDefinition"]["taskDefinitionArn"])


def template(aws: Aws) -> dict[str, Any]:
    """A group's launch template and subnets."""
    data = {"ImageId": image_of(aws("ec2"), "x86_64"), "InstanceType": "c5.large"}
    aws("ec2").create_launch_template(LaunchTemplateName="t-1", LaunchTemplateData=data)
    subnet = aws("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    return {"LaunchTemplate": {"LaunchTemplateName": "t-1"}, "VPCZoneIdentifier": subnet}


def fleet(aws: Aws) -> dict[str, Any]:
    """A request for a Spot Fleet in a placement group."""
    role = aws("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument=trust("spotfleet.amazonaws.com"))
    one = {
        "ImageId": image_of(aws("ec2"), "x86_64"),
        "InstanceType": "c5.large",
        "Placement": {"GroupName": "p"},
    }
    return {"IamFleetRole": role["Role"]["Arn"], "TargetCapacity": 1, "LaunchSpecifications": [one]}


def log_group(aws: Aws) -> str:
    """A log group."""
    aws("logs").create_log_group(logGroupName="g")
    return "g"


def queue(aws: Aws) -> str:
    """A queue whose engine takes no user, and a definition that asks for one."""
    make_instance_profile(aws)
    batch = aws("batch")
    batch.create_compute_environment(
        computeEnvironmentName="e", type="MANAGED", computeResources=on_instances(aws)
    )
    assert settled(batch, "e")["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": "e"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    batch.register_job_definition(**of_job(user="nobody"))
    return "q"


def pods(aws: Aws) -> str:
    """A definition of a pod."""
    containers = [{"image": "x", "resources": {"requests": {"cpu": "1", "memory": "512Mi"}}}]
    made = aws("batch").register_job_definition(
        jobDefinitionName="pods",
        type="container",
        eksProperties={"podProperties": {"containers": containers}},
    )
    return str(made["jobDefinitionArn"])


def cluster(aws: Aws) -> str:
    """A cluster."""
    return str(aws("ecs").create_cluster()["cluster"]["clusterName"])


TWO_INTERFACES = [{"DeviceIndex": 0}, {"DeviceIndex": 1}]
PERSISTENT = {"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "persistent"}}
ROWS: dict[tuple[str, str], Callable[[Aws], dict[str, Any]]] = {
    ("RegisterJobDefinition", "options"): lambda aws: of_job(
        **logging("awslogs", **{"awslogs-datetime-format": "%Y"})
    ),
    ("RegisterTaskDefinition", "logDriver"): lambda aws: of_task({**CONTAINER, **logging("splunk")}),
    ("RegisterTaskDefinition", "options"): lambda aws: of_task(
        {
            **CONTAINER,
            **logging(
                "awslogs",
                **{"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-multiline-pattern": "x"},
            ),
        }
    ),
    ("RegisterTaskDefinition", "operatingSystemFamily"): lambda aws: of_task(
        runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}
    ),
    ("RunTask", "`launchType`"): lambda aws: {"taskDefinition": task(aws), "launchType": "EXTERNAL"},
    ("RunTask", "does not make true"): lambda aws: {"taskDefinition": task(aws, user="nobody")},
    ("RegisterContainerInstance", "other agents"): lambda aws: {"cluster": cluster(aws)},
    ("SubmitJob", "eksProperties"): lambda aws: {
        "jobName": "j",
        "jobQueue": queue(aws),
        "jobDefinition": pods(aws),
    },
    ("SubmitJob", "no engine of the queue"): lambda aws: {
        "jobName": "j",
        "jobQueue": queue(aws),
        "jobDefinition": "d",
    },
    ("DescribeInstanceAttribute", "`Attribute`"): lambda aws: {
        "InstanceId": instance(aws),
        "Attribute": "kernel",
    },
    ("CreateVpc", "`InstanceTenancy`"): lambda aws: {
        "CidrBlock": "10.9.0.0/16",
        "InstanceTenancy": "dedicated",
    },
    ("RunInstances", "more than one"): lambda aws: launch(aws, NetworkInterfaces=TWO_INTERFACES),
    ("RunInstances", "MarketType"): lambda aws: launch(
        aws, InstanceMarketOptions={"MarketType": "capacity-block"}
    ),
    ("RunInstances", "SpotInstanceType"): lambda aws: launch(aws, InstanceMarketOptions=PERSISTENT),
    ("PutAccountProperties", "`RoleManager/Enabled`"): lambda aws: {
        "Properties": {"RoleManager/Enabled": "true"}
    },
    ("CreateKeyPair", "`KeyFormat`"): lambda aws: {"KeyName": "k", "KeyFormat": "ppk"},
    ("RequestSpotFleet", "GroupName"): lambda aws: {"SpotFleetRequestConfig": fleet(aws)},
    ("CreateAutoScalingGroup", "HealthCheckType"): lambda aws: {
        **GROUP,
        **template(aws),
        "HealthCheckType": "ELB",
    },
    ("CreateAutoScalingGroup", "TerminationPolicies"): lambda aws: {
        **GROUP,
        **template(aws),
        "TerminationPolicies": ["arn:aws:lambda:us-east-1:111122223333:function:f"],
    },
    ("FilterLogEvents", "`filterPattern`"): lambda aws: {
        "logGroupName": log_group(aws),
        "filterPattern": "{ $.a = 1 }",
    },
}
DECLARED = [
    (service.name, declared.operations[0], declared.described)
    for service in load_services().values()
    for declared in service.unbuilt_values
]


@pytest.mark.parametrize(("service", "operation", "described"), DECLARED)
def test_a_value_that_is_not_built_is_refused(service: str, operation: str, described: str, aws: Aws) -> None:
    (row,) = [make for (name, words), make in ROWS.items() if name == operation and words in described]
    client = aws(service)
    request = row(aws)
    with pytest.raises(ClientError, match="Batchyard does not support") as refused:
        getattr(client, _method(client, operation))(**request)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)


def _method(client: Any, operation: str) -> str:
    return next(name for name, its in client.meta.method_to_api_mapping.items() if its == operation)


def test_no_row_is_of_something_that_is_built() -> None:
    declared = [(operation, described) for _, operation, described in DECLARED]
    assert [
        row for row in ROWS if not any(row[0] == one and row[1] in words for one, words in declared)
    ] == []
