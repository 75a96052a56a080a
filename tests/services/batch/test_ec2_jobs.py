"""Jobs on instances: from zero to as many as are needed, and back to zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.batch.conftest import job_of, queue_of
from services.batch.environments import describe, make_instance_profile, settled

Make = Callable[..., Any]


def register(batch: Any, script: str, *, vcpus: int = 1, memory: int = 128) -> str:
    arn: str = batch.register_job_definition(
        jobDefinitionName="work",
        type="container",
        containerProperties={
            "image": "busybox",
            "command": ["/bin/sh", "-c", script],
            "vcpus": vcpus,
            "memory": memory,
        },
    )["jobDefinitionArn"]
    return arn


def test_a_job_brings_an_instance_and_an_idle_instance_goes(
    batch: Any, aws: Make, ec2_queue: Make, reached: Make, wait_for: Make
) -> None:
    queue = ec2_queue(maxvCpus=4)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=register(batch, "echo hi"))["jobId"]
    job = reached(job_id, seconds=40)
    assert job["status"] == "SUCCEEDED"
    assert "containerInstanceArn" in job["container"]
    assert describe(batch, "ec2")["computeResources"]["desiredvCpus"] > 0

    def running() -> list[str]:
        pages = aws("ec2").describe_instances()["Reservations"]
        found = [one for page in pages for one in page["Instances"]]
        return [one["InstanceId"] for one in found if one["State"]["Name"] in ("pending", "running")]

    wait_for(lambda: running() == [], seconds=40)
    assert describe(batch, "ec2")["computeResources"]["desiredvCpus"] == 0


def test_jobs_never_take_more_than_max_vcpus(batch: Any, ec2_queue: Make, wait_for: Make, aws: Make) -> None:
    queue = ec2_queue(maxvCpus=2)
    arn = register(batch, "sleep 0.2", vcpus=1)
    ids = [batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"] for _ in range(12)]
    together = 0

    def ended() -> bool:
        nonlocal together
        statuses = [one["status"] for one in batch.describe_jobs(jobs=ids)["jobs"]]
        together = max(together, statuses.count("RUNNING"))
        return all(one == "SUCCEEDED" for one in statuses)

    wait_for(ended, seconds=60)
    assert 1 <= together <= 2


def test_priority_decides_between_queues_of_one_environment(
    batch: Any, ec2_queue: Make, reached: Make, wait_for: Make
) -> None:
    low = ec2_queue(maxvCpus=2)
    order = [{"order": 1, "computeEnvironment": "ec2"}]
    batch.create_job_queue(jobQueueName="high", priority=10, computeEnvironmentOrder=order)
    wait_for(lambda: queue_of(batch, "high")["status"] == "VALID")
    arn = register(batch, "sleep 0.5", vcpus=2)
    first = batch.submit_job(jobName="j", jobQueue=low, jobDefinition=arn)["jobId"]
    reached(first, "STARTING", "RUNNING", seconds=40)
    later = [
        batch.submit_job(jobName="j", jobQueue=name, jobDefinition=arn)["jobId"] for name in (low, "high")
    ]
    for job_id in later:
        reached(job_id, seconds=40)
    low_job, high_job = (job_of(batch, one) for one in later)
    assert high_job["stoppedAt"] <= low_job["startedAt"]


def test_a_job_that_no_instance_type_takes_says_so(batch: Any, ec2_queue: Make, wait_for: Make) -> None:
    queue = ec2_queue(maxvCpus=4)
    arn = register(batch, "true", memory=900_000)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"]
    reason = (
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than"
        " that can be met by the CE(s) attached to the job queue."
    )
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == reason)


def running_instances(aws: Make) -> list[str]:
    """The ids of the instances that run."""
    pages = aws("ec2").describe_instances()["Reservations"]
    found = [one for page in pages for one in page["Instances"]]
    return [one["InstanceId"] for one in found if one["State"]["Name"] == "running"]


@pytest.mark.parametrize("rule", ["Host EC2*", "Essential*"])
def test_a_job_whose_host_is_lost_is_retried_as_its_rules_say(
    batch: Any, aws: Make, ec2_queue: Make, reached: Make, rule: str
) -> None:
    queue = ec2_queue(maxvCpus=2)
    rules = [{"onStatusReason": rule, "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    job_id = batch.submit_job(
        jobName="j",
        jobQueue=queue,
        jobDefinition=register(batch, "[ $AWS_BATCH_JOB_ATTEMPT = 2 ] || sleep 600", vcpus=2),
        retryStrategy={"attempts": 2, "evaluateOnExit": rules},
    )["jobId"]
    reached(job_id, "RUNNING", seconds=40)
    [instance] = running_instances(aws)
    aws("ec2").terminate_instances(InstanceIds=[instance])
    job = reached(job_id, seconds=40)
    lost = f"Host EC2 (instance {instance}) terminated."
    assert job["attempts"][0]["statusReason"] == lost
    if rule == "Host EC2*":
        assert (job["status"], len(job["attempts"])) == ("SUCCEEDED", 2)
    else:
        assert (job["status"], job["statusReason"], len(job["attempts"])) == ("FAILED", lost, 1)


def test_jobs_run_where_the_owner_registers_instances(
    batch: Any, aws: Make, reached: Make, wait_for: Make
) -> None:
    aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    batch.create_compute_environment(computeEnvironmentName="own", type="UNMANAGED")
    cluster = settled(batch, "own")["ecsClusterArn"]
    order = [{"order": 1, "computeEnvironment": "own"}]
    batch.create_job_queue(jobQueueName="own", priority=1, computeEnvironmentOrder=order)
    arn = register(batch, "true")
    job_id = batch.submit_job(jobName="j", jobQueue="own", jobDefinition=arn)["jobId"]
    wait_for(lambda: queue_of(batch, "own")["status"] == "VALID")
    assert job_of(batch, job_id)["status"] == "RUNNABLE"
    ec2 = aws("ec2")
    ec2.run_instances(
        ImageId=ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        InstanceType="c5.large",
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Arn": make_instance_profile(aws)},
        UserData=f"#!/bin/bash\necho ECS_CLUSTER={cluster.rsplit('/', 1)[-1]} >> /etc/ecs/ecs.config\n",
    )
    assert reached(job_id)["status"] == "SUCCEEDED"
