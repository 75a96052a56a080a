"""A story in which Batch, Auto Scaling, ECS and Spot Fleet make every call that they ever make as their roles."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from conftest import EXECUTION_POLICY, wait_for
from services.batch.environments import (
    Aws,
    delete,
    describe,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
    trust,
)

SIZES = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
MAY_MAKE_GROUPS = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": [
            "autoscaling:CreateAutoScalingGroup",
            "autoscaling:DeleteAutoScalingGroup",
            "ec2:RunInstances",
        ],
        "Resource": "*",
    },
}


def tell(aws: Aws, user_client: Callable[..., Any]) -> None:
    """From the first environment to the deletion of the last; jobs run on each, one is terminated."""
    batch = aws("batch")
    make_instance_profile(aws)
    execution = make_role(aws, "execution", "ecs-tasks.amazonaws.com", EXECUTION_POLICY)
    begin(aws, "grouped", on_named_things(aws))
    jobs = [run_job(batch, "grouped")]
    wait_for(lambda: live_instances(aws))  # Auto Scaling's role makes Spot's, before anybody else needs it.
    make_role(aws, "fleet", "spotfleet.amazonaws.com")
    begin(aws, "fleet", on_instances(aws, type="SPOT", spotIamFleetRole="fleet"))
    begin(aws, "fargate", on_fargate(aws))
    choose_an_engine(aws, "fargate")
    jobs += [run_job(batch, "fleet"), run_job(batch, "fargate", execution)]
    stopped = run_job(batch, "fargate", execution, command=["sleep", "600"])
    look_at_kubernetes(aws)
    take_back_own_instances(aws)
    cancel_a_fleet(aws)
    make_a_group_as_one_who_may_not_look(aws, user_client)
    wait_for(lambda: described(batch, [stopped])[0]["status"] == "RUNNING")
    batch.terminate_job(jobId=stopped, reason="enough")
    wait_for(lambda: all(one["status"] == "SUCCEEDED" for one in described(batch, jobs)), seconds=60)
    for job in described(batch, jobs):
        stream = job["container"]["logStreamName"]
        wait_for(partial(says_hello, aws, stream))
    wait_for(lambda: described(batch, [stopped])[0]["status"] == "FAILED")
    batch.update_compute_environment(computeEnvironment="grouped", computeResources={"maxvCpus": 16})
    wait_for(lambda: not live_instances(aws), seconds=60)
    for name in ("grouped", "fleet", "fargate"):
        end_queue(batch, name)
        settled(batch, name)
        delete(batch, name)


def on_named_things(aws: Aws) -> dict[str, Any]:
    """computeResources of Spot Instances in a group, with a key pair, an image and a launch template of their own."""
    ec2 = aws("ec2")
    ec2.create_key_pair(KeyName="key")
    ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData={"EbsOptimized": True})
    images = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"]
    return on_instances(
        aws,
        type="SPOT",
        allocationStrategy="SPOT_CAPACITY_OPTIMIZED",
        ec2KeyPair="key",
        imageId=images[0]["ImageId"],
        launchTemplate={"launchTemplateName": "own"},
    )


def begin(aws: Aws, name: str, resources: dict[str, Any]) -> None:
    """Make an environment with a queue of the same name."""
    batch = aws("batch")
    batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    shown = settled(batch, name)
    assert (shown["status"], shown["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    order = [{"order": 1, "computeEnvironment": name}]
    batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: batch.describe_job_queues(jobQueues=[name])["jobQueues"][0]["status"] == "VALID")


def choose_an_engine(aws: Aws, name: str) -> None:
    """Name the engine of an idle environment: Batch tags the cluster."""
    batch, ecs = aws("batch"), aws("ecs")
    shown = describe(batch, name)
    batch.tag_resource(resourceArn=shown["computeEnvironmentArn"], tags={"batchyard:engine": "process"})

    def tagged() -> bool:
        found = ecs.describe_clusters(clusters=[shown["ecsClusterArn"]], include=["TAGS"])["clusters"]
        return {"key": "batchyard:engine", "value": "process"} in found[0]["tags"]

    wait_for(tagged)
    assert settled(batch, name)["status"] == "VALID"


def run_job(batch: Any, name: str, execution: str | None = None, command: Any = ("echo", "hello")) -> str:
    """Submit one job to the queue of this name; its id."""
    container = {"image": "busybox", "command": list(command), "resourceRequirements": SIZES}
    definition = batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        platformCapabilities=["FARGATE" if execution else "EC2"],
        containerProperties={**container, **({"executionRoleArn": execution} if execution else {})},
    )["jobDefinitionArn"]
    job: str = batch.submit_job(
        jobName="j", jobQueue=name, jobDefinition=definition, propagateTags=True, tags={"team": "red"}
    )["jobId"]
    return job


def look_at_kubernetes(aws: Aws) -> None:
    """An environment on a cluster of EKS, and its end."""
    eks, batch = aws("eks"), aws("batch")
    role = make_role(aws, "eks", "eks.amazonaws.com")
    cluster = eks.create_cluster(name="k", roleArn=role, resourcesVpcConfig={})["cluster"]["arn"]
    wait_for(lambda: eks.describe_cluster(name="k")["cluster"]["status"] == "ACTIVE")
    batch.create_compute_environment(
        computeEnvironmentName="kubernetes",
        type="MANAGED",
        computeResources=on_instances(aws),
        eksConfiguration={"eksClusterArn": cluster, "kubernetesNamespace": "n"},
    )
    assert settled(batch, "kubernetes")["status"] == "VALID"
    delete(batch, "kubernetes")


def take_back_own_instances(aws: Aws) -> None:
    """An UNMANAGED environment with an instance of its owner's; its deletion takes the instance off the cluster."""
    batch, ec2, ecs = aws("batch"), aws("ec2"), aws("ecs")
    role = aws("iam").get_role(RoleName="AWSServiceRoleForBatch")["Role"]["Arn"]
    batch.create_compute_environment(computeEnvironmentName="own", type="UNMANAGED", serviceRole=role)
    assert settled(batch, "own")["status"] == "VALID"
    cluster = describe(batch, "own")["ecsClusterArn"]
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0][
        "ImageId"
    ]
    script = f"#!/bin/bash\necho ECS_CLUSTER={cluster.rsplit('/', 1)[-1]} >> /etc/ecs/ecs.config\n"
    request = {"ImageId": image, "InstanceType": "c5.large", "IamInstanceProfile": {"Name": "nodes"}}
    [made] = ec2.run_instances(**request, UserData=script, MinCount=1, MaxCount=1)["Instances"]
    wait_for(lambda: ecs.list_container_instances(cluster=cluster)["containerInstanceArns"])
    delete(batch, "own")
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])


def cancel_a_fleet(aws: Aws) -> None:
    """A Spot Fleet request of the account's own, whose instance Spot Fleet ends with it."""
    ec2 = aws("ec2")
    specification = {"LaunchTemplateSpecification": {"LaunchTemplateName": "spot", "Version": "1"}}
    images = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"]
    data = {"ImageId": images[0]["ImageId"], "InstanceType": "c5.large"}
    ec2.create_launch_template(LaunchTemplateName="spot", LaunchTemplateData=data)
    fleet = aws("iam").get_role(RoleName="fleet")["Role"]["Arn"]
    config = {"IamFleetRole": fleet, "TargetCapacity": 1, "LaunchTemplateConfigs": [specification]}
    request = ec2.request_spot_fleet(SpotFleetRequestConfig=config)["SpotFleetRequestId"]
    wait_for(lambda: ec2.describe_spot_fleet_instances(SpotFleetRequestId=request)["ActiveInstances"])
    ec2.cancel_spot_fleet_requests(SpotFleetRequestIds=[request], TerminateInstances=True)


def make_a_group_as_one_who_may_not_look(aws: Aws, user_client: Callable[..., Any]) -> None:
    """Auto Scaling looks up template and subnets as its role where the group's creator could not."""
    mine = user_client("autoscaling", MAY_MAKE_GROUPS)
    subnet = aws("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    mine.create_auto_scaling_group(
        AutoScalingGroupName="mine",
        MinSize=0,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "spot"},
        VPCZoneIdentifier=subnet,
    )
    wait_for(lambda: records(aws, "AutoScaling", "DescribeSubnets"))
    mine.delete_auto_scaling_group(AutoScalingGroupName="mine")


def make_role(aws: Aws, name: str, service: str, policy: str | None = None) -> str:
    iam = aws("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
    if policy is not None:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return arn


def described(batch: Any, jobs: list[str]) -> list[Any]:
    found: list[Any] = batch.describe_jobs(jobs=jobs)["jobs"]
    return found


def says_hello(aws: Aws, stream: str) -> bool:
    return written(aws, stream) == ["hello"]


def written(aws: Aws, stream: str) -> list[str]:
    answer = aws("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)
    return [one["message"] for one in answer["events"]]


def live_instances(aws: Aws) -> list[str]:
    pages = aws("ec2").get_paginator("describe_instances").paginate()
    found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    return [one["InstanceId"] for one in found if one["State"]["Name"] in ("pending", "running")]


def end_queue(batch: Any, name: str) -> None:
    batch.update_job_queue(jobQueue=name, state="DISABLED")
    wait_for(lambda: batch.describe_job_queues(jobQueues=[name])["jobQueues"][0]["status"] == "VALID")
    batch.delete_job_queue(jobQueue=name)
    wait_for(lambda: not batch.describe_job_queues(jobQueues=[name])["jobQueues"])


def records(aws: Aws, username: str | None, name: str | None = None) -> list[Any]:
    """The records of a user name's calls, or of the calls of this name, or both; the oldest first."""
    attributes = (
        [{"AttributeKey": "Username", "AttributeValue": username}]
        if username
        else [{"AttributeKey": "EventName", "AttributeValue": name}]
    )
    pages = aws("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=attributes)
    found = [event for page in pages for event in page["Events"] if name in (None, event["EventName"])]
    return [json.loads(event["CloudTrailEvent"]) for event in found][::-1]
