"""Capacity: what an environment has, between minvCpus and maxvCpus, in groups and in Spot Fleets (issue 3, D.1)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.conftest import job_of
from services.batch.environments import (
    delete,
    describe,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
    trust,
)

Make = Callable[..., Any]
SERVICE_TAG = {"AWSBatchServiceTag": "batch"}


@pytest.fixture
def create(aws: Make, batch: Any) -> Make:
    """`create(minvCpus=4)`: the environment `one` on instances, VALID or INVALID."""
    make_instance_profile(aws)

    def make(**resources: Any) -> Any:
        batch.create_compute_environment(
            computeEnvironmentName="one", type="MANAGED", computeResources=on_instances(aws, **resources)
        )
        return settled(batch, "one")

    return make


@pytest.fixture
def submit_work(batch: Any, wait_for: Make) -> Make:
    """`submit_work("true", count=3, vcpus=2)`: the ids of jobs in a queue on `one`."""
    order = [{"order": 1, "computeEnvironment": "one"}]

    def make(script: str, *, count: int = 1, vcpus: int = 1) -> list[str]:
        if not batch.describe_job_queues(jobQueues=["queue"])["jobQueues"]:
            batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
            wait_for(
                lambda: batch.describe_job_queues(jobQueues=["queue"])["jobQueues"][0]["status"] == "VALID"
            )
        container = {"image": "busybox", "command": ["/bin/sh", "-c", script], "vcpus": vcpus, "memory": 64}
        arn = batch.register_job_definition(
            jobDefinitionName="work", type="container", containerProperties=container
        )["jobDefinitionArn"]
        return [
            batch.submit_job(jobName="j", jobQueue="queue", jobDefinition=arn)["jobId"] for _ in range(count)
        ]

    return make


def instances(aws: Make) -> list[Any]:
    pages = aws("ec2").get_paginator("describe_instances").paginate()
    found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    return [one for one in found if one["State"]["Name"] in ("pending", "running")]


def ever_launched(aws: Make) -> int:
    """How many instances there ever were: those that idled away count, so that no look comes too late for them."""
    pages = aws("ec2").get_paginator("describe_instances").paginate()
    return sum(len(group["Instances"]) for page in pages for group in page["Reservations"])


def groups(aws: Make) -> list[Any]:
    found: list[Any] = aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return found


def fleets(aws: Make) -> list[Any]:
    found = aws("ec2").describe_spot_fleet_requests()["SpotFleetRequestConfigs"]
    return [one for one in found if not one["SpotFleetRequestState"].startswith("cancelled")]


def tags_of(resource: Any) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in resource.get("Tags", ())}


def desired(batch: Any) -> int:
    count: int = describe(batch, "one")["computeResources"]["desiredvCpus"]
    return count


def callers(aws: Make, name: str) -> set[str]:
    """The roles, or root, that made calls of this name and were not refused (a dry run is)."""
    found = aws("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}]
    )["Events"]
    records = [json.loads(one["CloudTrailEvent"]) for one in found]
    identities = [one["userIdentity"]["arn"] for one in records if "errorCode" not in one]
    return {arn.split("/")[1] if "/" in arn else "root" for arn in identities}


def test_from_zero_to_what_waits_and_back(
    aws: Make, batch: Any, create: Make, submit_work: Make, reached: Make, wait_for: Make, tmp_path: Any
) -> None:
    """A queued job raises the group's desired capacity; Auto Scaling launches; the idle go after the delay."""
    assert create(maxvCpus=8)["status"] == "VALID"
    assert [one["DesiredCapacity"] for one in groups(aws)] == [0]
    jobs = submit_work(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done", count=3, vcpus=2)
    wait_for(lambda: [one["DesiredCapacity"] for one in groups(aws)] == [3])
    for job in jobs:
        reached(job, "RUNNING", seconds=40)
    assert len(instances(aws)) == 3
    assert desired(batch) == 6
    hosts = {job_of(batch, job)["container"]["containerInstanceArn"] for job in jobs}
    assert len(hosts) == 3
    (tmp_path / "go").touch()
    wait_for(lambda: not instances(aws), seconds=40)
    wait_for(lambda: [one["DesiredCapacity"] for one in groups(aws)] == [0])
    assert desired(batch) == 0
    assert callers(aws, "SetDesiredCapacity") == {"AWSServiceRoleForBatch"}
    assert callers(aws, "TerminateInstanceInAutoScalingGroup") == {"AWSServiceRoleForBatch"}
    assert callers(aws, "RunInstances") == {"AWSServiceRoleForAutoScaling"}


def test_max_vcpus_is_never_passed(
    aws: Make, batch: Any, create: Make, submit_work: Make, wait_for: Make
) -> None:
    """5 vCPUs hold two instances of 2: a third would pass the limit."""
    assert create(maxvCpus=5)["status"] == "VALID"
    jobs = submit_work("sleep 0.1", count=10, vcpus=2)
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, len(instances(aws)))
        assert desired(batch) <= 5
        return all(one["status"] == "SUCCEEDED" for one in batch.describe_jobs(jobs=jobs)["jobs"])

    wait_for(ended, seconds=60)
    assert most == 2


def test_min_vcpus_are_kept_also_while_disabled(
    aws: Make, batch: Any, create: Make, submit_work: Make, reached: Make, wait_for: Make
) -> None:
    assert create(minvCpus=2, maxvCpus=8)["status"] == "VALID"
    wait_for(lambda: len(instances(aws)) == 1)
    (kept,) = instances(aws)
    jobs = submit_work("true", count=2, vcpus=2)
    for job in jobs:
        reached(job, seconds=40)
    wait_for(lambda: len(instances(aws)) == 1 and desired(batch) == 2, seconds=40)
    batch.update_compute_environment(computeEnvironment="one", state="DISABLED")
    assert settled(batch, "one")["status"] == "VALID"
    before = {one["InstanceId"] for one in instances(aws)}
    assert len(before) == 1
    aws("ec2").terminate_instances(InstanceIds=[*before])
    wait_for(lambda: len(instances(aws)) == 1 and before != {one["InstanceId"] for one in instances(aws)})
    assert kept["InstanceType"] == "c5.large"


def test_the_scaling_fields_take_effect(aws: Make, batch: Any, create: Make, wait_for: Make) -> None:
    assert create(maxvCpus=4)["status"] == "VALID"

    def change(**resources: int) -> None:
        batch.update_compute_environment(computeEnvironment="one", computeResources=resources)
        assert settled(batch, "one")["status"] == "VALID"

    change(minvCpus=4)
    wait_for(lambda: len(instances(aws)) == 2)
    change(maxvCpus=12)
    assert [one["MaxSize"] for one in groups(aws)] == [6]
    change(desiredvCpus=8)
    wait_for(lambda: ever_launched(aws) == 4)
    wait_for(lambda: len(instances(aws)) == 2 and desired(batch) == 4, seconds=40)
    change(minvCpus=0)
    wait_for(lambda: not instances(aws) and desired(batch) == 0, seconds=40)
    change(maxvCpus=2)
    assert [one["MaxSize"] for one in groups(aws)] == [1]


def test_desired_vcpus_at_creation_are_launched(aws: Make, batch: Any, create: Make, wait_for: Make) -> None:
    assert create(desiredvCpus=4)["status"] == "VALID"
    wait_for(lambda: ever_launched(aws) == 2)
    wait_for(lambda: not instances(aws), seconds=40)


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({"desiredvCpus": 2, "minvCpus": 0}, "Manually scaling down compute environment is not supported."),
        ({"maxvCpus": 2, "minvCpus": 0}, "Manually scaling down compute environment is not supported."),
        ({"desiredvCpus": 9}, "desiredvCpus must be between minvCpus and maxvCpus"),
        ({"minvCpus": 9}, "maxvCpus must be greater than or equal to minvCpus"),
    ],
)
def test_an_update_that_cannot_be(batch: Any, create: Make, resources: Any, text: str) -> None:
    assert create(minvCpus=4, maxvCpus=8)["status"] == "VALID"
    before = describe(batch, "one")["computeResources"]
    with pytest.raises(ClientError, match=text) as refused:
        batch.update_compute_environment(computeEnvironment="one", computeResources=resources)
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert describe(batch, "one")["computeResources"] == before


def test_fargate_is_a_cluster_alone(aws: Make, batch: Any) -> None:
    batch.create_compute_environment(
        computeEnvironmentName="one", type="MANAGED", computeResources=on_fargate(aws)
    )
    assert settled(batch, "one")["status"] == "VALID"
    assert len(aws("ecs").list_clusters()["clusterArns"]) == 1
    assert groups(aws) == []
    assert fleets(aws) == []
    assert aws("ec2").describe_launch_templates()["LaunchTemplates"] == []
    with pytest.raises(ClientError, match="minvCpus is not applicable for Fargate"):
        batch.update_compute_environment(computeEnvironment="one", computeResources={"minvCpus": 0})


def test_spot_with_a_strategy_is_a_group(
    aws: Make, batch: Any, create: Make, submit_work: Make, reached: Make
) -> None:
    assert create(type="SPOT", allocationStrategy="SPOT_CAPACITY_OPTIMIZED")["status"] == "VALID"
    assert len(groups(aws)) == 1
    assert fleets(aws) == []
    (job,) = submit_work("true")
    assert reached(job, "STARTING", "RUNNING", "SUCCEEDED", seconds=40)
    assert {one["InstanceLifecycle"] for one in instances(aws)} == {"spot"}


@pytest.fixture
def fleet_role(aws: Make) -> str:
    document = trust("spotfleet.amazonaws.com")
    arn: str = aws("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    return arn


@pytest.mark.parametrize("strategy", [{}, {"allocationStrategy": "BEST_FIT"}], ids=["none", "best-fit"])
def test_spot_without_a_strategy_is_a_fleet_request(
    aws: Make,
    batch: Any,
    create: Make,
    submit_work: Make,
    reached: Make,
    wait_for: Make,
    fleet_role: str,
    strategy: dict[str, str],
) -> None:
    made = create(type="SPOT", spotIamFleetRole=fleet_role, tags={"team": "blue"}, **strategy)
    assert (made["status"], made["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    assert groups(aws) == []
    (fleet,) = fleets(aws)
    assert tags_of(fleet) == SERVICE_TAG
    config = fleet["SpotFleetRequestConfig"]
    assert (config["IamFleetRole"], config["TargetCapacity"]) == (fleet_role, 0)
    (job,) = submit_work("true")
    assert reached(job, seconds=40)["status"] == "SUCCEEDED"
    wait_for(lambda: not instances(aws), seconds=40)
    assert fleets(aws)[0]["SpotFleetRequestConfig"]["TargetCapacity"] == 0
    assert desired(batch) == 0
    for name in ("RequestSpotFleet", "ModifySpotFleetRequest", "DescribeSpotFleetInstances"):
        assert callers(aws, name) == {"AWSServiceRoleForBatch"}
    assert callers(aws, "RunInstances") == {"AWSServiceRoleForEC2SpotFleet"}


def test_a_fleets_instances_carry_the_tags_and_go_with_the_environment(
    aws: Make, batch: Any, create: Make, wait_for: Make, fleet_role: str
) -> None:
    create(type="SPOT", spotIamFleetRole="fleet", minvCpus=4, tags={"team": "blue"})
    wait_for(lambda: len(instances(aws)) == 2)
    for one in instances(aws):
        assert {"team": "blue", **SERVICE_TAG}.items() <= tags_of(one).items()
        assert one["InstanceLifecycle"] == "spot"
    cluster = describe(batch, "one")["ecsClusterArn"]
    wait_for(lambda: len(aws("ecs").list_container_instances(cluster=cluster)["containerInstanceArns"]) == 2)
    delete(batch, "one")
    assert instances(aws) == []
    assert fleets(aws) == []
    assert aws("ecs").list_clusters()["clusterArns"] == []


def test_a_wrong_fleet_role_is_the_reason_and_heals(
    aws: Make, account: str, batch: Any, create: Make, wait_for: Make
) -> None:
    """batch-on-behalf.md 6."""
    invalid = create(type="SPOT", spotIamFleetRole=f"arn:aws:iam::{account}:role/fleet")
    assert invalid["status"] == "INVALID"
    assert invalid["statusReason"].startswith(
        "CLIENT_ERROR - Parameter: SpotFleetRequestConfig.IamFleetRole is invalid."
        " (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSpotFleetRequestConfig; Request ID: "
    )
    document = trust("spotfleet.amazonaws.com")
    aws("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument=document)
    wait_for(lambda: describe(batch, "one")["status"] == "VALID")
    assert len(fleets(aws)) == 1


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


OWNERS = (
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="==MINE=="\n\n'
    '--==MINE==\nContent-Type: text/x-shellscript; charset="us-ascii"\n\n#!/bin/bash\necho mine\n\n--==MINE==--\n'
)


def test_the_owners_launch_template_is_merged(aws: Make, batch: Any, create: Make, wait_for: Make) -> None:
    """User data, devices and tags of the owner's stay; what computeResources says overrides the rest."""
    ec2 = aws("ec2")
    device = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 99, "VolumeType": "gp3"}}
    ec2.create_launch_template(
        LaunchTemplateName="mine",
        LaunchTemplateData={
            "UserData": encoded(OWNERS),
            "InstanceType": "m5.large",
            "BlockDeviceMappings": [device],
            "TagSpecifications": [
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": "owner", "Value": "me"}, {"Key": "team", "Value": "red"}],
                }
            ],
        },
    )
    assert create(launchTemplate={"launchTemplateName": "mine"}, tags={"team": "blue"})["status"] == "VALID"
    (group,) = groups(aws)
    name = group["LaunchTemplate"]["LaunchTemplateName"]
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert [one["VersionNumber"] for one in versions] == [1]
    data = versions[0]["LaunchTemplateData"]
    assert data["InstanceType"] == "c5.large"
    assert data["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 99
    tags = {one["ResourceType"]: tags_of(one) for one in data["TagSpecifications"]}
    assert tags["instance"] == {"owner": "me", "team": "blue", **SERVICE_TAG}
    text = base64.b64decode(data["UserData"]).decode()
    cluster = describe(batch, "one")["ecsClusterArn"].rsplit("/", 1)[-1]
    assert "echo mine" in text
    assert f"ECS_CLUSTER={cluster}" in text
    assert text.count("--==MINE==--") == 1
    assert text.index("echo mine") < text.index("ECS_CLUSTER") < text.index("--==MINE==--")
    batch.update_compute_environment(computeEnvironment="one", computeResources={"minvCpus": 2})
    wait_for(lambda: describe(batch, "one")["status"] == "VALID")
    ecs = aws("ecs")
    wait_for(lambda: ecs.list_container_instances(cluster=cluster)["containerInstanceArns"])


@pytest.mark.parametrize("kind", ["EC2", "SPOT"])
def test_user_data_that_is_not_mime_is_the_reason(
    aws: Make, create: Make, fleet_role: str, kind: str
) -> None:
    """batch-on-behalf.md 6; also for a fleet."""
    aws("ec2").create_launch_template(
        LaunchTemplateName="mine", LaunchTemplateData={"UserData": encoded("#!/bin/bash\necho mine\n")}
    )
    more = {"spotIamFleetRole": fleet_role} if kind == "SPOT" else {}
    invalid = create(type=kind, launchTemplate={"launchTemplateName": "mine"}, **more)
    assert invalid["status"] == "INVALID"
    assert invalid["statusReason"] == "CLIENT_ERROR - Launch Template UserData is not MIME multipart format"


def test_several_types_have_a_group_each(
    aws: Make, batch: Any, create: Make, submit_work: Make, reached: Make, wait_for: Make
) -> None:
    """The group of the smallest type is made with the environment, another when a job needs it."""
    assert create(instanceTypes=["c5.large", "c5.xlarge"], maxvCpus=8)["status"] == "VALID"
    assert len(groups(aws)) == 1
    (job,) = submit_work("true", vcpus=3)
    assert reached(job, seconds=40)["status"] == "SUCCEEDED"
    assert len(groups(aws)) == 2
    wait_for(lambda: not instances(aws), seconds=40)
    batch.update_job_queue(jobQueue="queue", state="DISABLED")
    wait_for(lambda: batch.describe_job_queues(jobQueues=["queue"])["jobQueues"][0]["status"] == "VALID")
    batch.delete_job_queue(jobQueue="queue")
    wait_for(lambda: not batch.describe_job_queues(jobQueues=["queue"])["jobQueues"])
    delete(batch, "one")
    assert groups(aws) == []
    assert aws("ec2").describe_launch_templates()["LaunchTemplates"] == []


def test_a_group_that_is_gone_already_does_not_hold_up_the_deletion(
    aws: Make, batch: Any, create: Make, wait_for: Make
) -> None:
    """As after a crash, or with groups that end at different times: one group's template is gone before."""
    assert create()["status"] == "VALID"
    batch.update_compute_environment(computeEnvironment="one", state="DISABLED")
    settled(batch, "one")
    (group,) = groups(aws)
    name, template = group["AutoScalingGroupName"], group["LaunchTemplate"]["LaunchTemplateId"]
    aws("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    wait_for(lambda: not groups(aws))
    aws("ec2").delete_launch_template(LaunchTemplateId=template)
    batch.delete_compute_environment(computeEnvironment="one")
    wait_for(lambda: describe(batch, "one") is None)
