"""Instances join the cluster that their user data names, as the role of their profile; their tasks go with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import INSTANCE_POLICY

Make = Callable[..., Any]


def test_an_instance_joins_and_leaves(
    ecs: Any, aws: Make, launch: Make, profile: Make, joined: Make, wait_for: Make, stopped: Make
) -> None:
    ecs.create_cluster(clusterName="c")
    identity = launch("c", profile())
    instance = joined()
    assert instance["ec2InstanceId"] == identity
    assert (instance["status"], instance["agentConnected"]) == ("ACTIVE", True)
    sizes = {one["name"]: one["integerValue"] for one in instance["registeredResources"]}
    assert (sizes["CPU"], sizes["MEMORY"]) in ((2048, 4096), (2048, 8192))
    container = {"name": "default", "image": "b", "command": ["sleep", "600"], "memory": 64}
    ecs.register_task_definition(family="work", containerDefinitions=[container])
    task = ecs.run_task(cluster="c", taskDefinition="work")["tasks"][0]["taskArn"]
    wait_for(lambda: ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING")
    aws("ec2").terminate_instances(InstanceIds=[identity])
    end = stopped(task)
    assert end["stoppedReason"] == f"Host EC2 (instance {identity}) terminated."
    assert end["stopCode"] == "TerminationNotice"
    assert "exitCode" not in end["containers"][0]
    wait_for(lambda: not ecs.list_container_instances(cluster="c")["containerInstanceArns"])
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["registeredContainerInstancesCount"] == 0
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"


def test_one_that_names_another_cluster_stays_away(
    ecs: Any, launch: Make, profile: Make, joined: Make
) -> None:
    ecs.create_cluster(clusterName="c")
    launch("elsewhere", profile())
    mine = launch("c", "nodes")
    assert joined()["ec2InstanceId"] == mine
    assert len(ecs.list_container_instances(cluster="c")["containerInstanceArns"]) == 1


def test_ecs_looks_as_its_own_service_linked_role(
    ecs: Any, launch: Make, profile: Make, joined: Make, records: Make, wait_for: Make
) -> None:
    ecs.create_cluster(clusterName="c")
    launch("c", profile())
    joined()
    [record] = wait_for(lambda: records("DescribeInstanceAttribute"))
    assert "assumed-role/AWSServiceRoleForECS/" in record["userIdentity"]["arn"]


def test_it_registers_as_the_role_of_its_profile(
    ecs: Any, account: str, launch: Make, profile: Make, joined: Make, records: Make, wait_for: Make
) -> None:
    """EC2 assumes the role for the instance; ECS's decision is that of any call, and the audit has both."""
    ecs.create_cluster(clusterName="c")
    identity = launch("c", profile())
    instance = joined()
    [record] = wait_for(lambda: records("RegisterContainerInstance"))
    assert record["userIdentity"]["arn"] == f"arn:aws:sts::{account}:assumed-role/nodes/{identity}"
    assert record["userIdentity"]["invokedBy"] == "ec2.amazonaws.com"
    [decision] = record["additionalEventData"]["decision"]
    assert decision["resource"] == f"arn:aws:ecs:us-east-1:{account}:cluster/c"
    assert decision["statements"][0]["policy"] == INSTANCE_POLICY
    assert instance["containerInstanceArn"] in [one["ARN"] for one in record["resources"]]
    assumed = [
        one
        for one in wait_for(lambda: records("AssumeRole"))
        if one["userIdentity"].get("invokedBy") == "ec2.amazonaws.com"
    ]
    assert [one["requestParameters"]["roleSessionName"] for one in assumed] == [identity]


def test_one_without_a_profile_joins_no_cluster(
    ecs: Any, app: Any, launch: Make, wait_for: Make, records: Make
) -> None:
    """ec2:RunInstances alone puts nothing into anybody's cluster: nothing on the instance can sign."""
    ecs.create_cluster(clusterName="prod")
    launch("prod", None)
    wait_for(lambda: records("DescribeInstanceAttribute"))
    wait_for(app.driver.is_idle)
    assert ecs.list_container_instances(cluster="prod")["containerInstanceArns"] == []
    assert records("RegisterContainerInstance") == []


def test_one_whose_role_may_not_joins_once_it_may(
    ecs: Any,
    account: str,
    aws: Make,
    launch: Make,
    profile: Make,
    joined: Make,
    records: Make,
    wait_for: Make,
) -> None:
    ecs.create_cluster(clusterName="c")
    identity = launch("c", profile(None))
    denied = wait_for(lambda: records("RegisterContainerInstance"))[0]
    assert denied["errorCode"] == "AccessDeniedException"
    assert denied["errorMessage"] == (
        f"User: arn:aws:sts::{account}:assumed-role/nodes/{identity} is not authorized to perform:"
        f" ecs:RegisterContainerInstance on resource: arn:aws:ecs:us-east-1:{account}:cluster/c because no"
        " identity-based policy allows the ecs:RegisterContainerInstance action"
    )
    assert ecs.list_container_instances(cluster="c")["containerInstanceArns"] == []
    other = f"arn:aws:ecs:us-east-1:{account}:cluster/d"
    statement = f'{{"Effect":"Allow","Action":"ecs:RegisterContainerInstance","Resource":"{other}"}}'
    policy = f'{{"Version":"2012-10-17","Statement":{statement}}}'
    aws("iam").put_role_policy(RoleName="nodes", PolicyName="p", PolicyDocument=policy)
    count = len(records("RegisterContainerInstance"))
    wait_for(lambda: len(records("RegisterContainerInstance")) > count + 1)
    assert ecs.list_container_instances(cluster="c")["containerInstanceArns"] == []
    aws("iam").put_role_policy(RoleName="nodes", PolicyName="p", PolicyDocument=policy.replace("/d", "/c"))
    assert joined()["ec2InstanceId"] == identity


@pytest.mark.parametrize(
    "trust",
    [
        {"trusted": "ecs"},
        {"trusted": "ecs-tasks"},
        {"condition": '{"StringEquals":{"aws:SourceAccount":"111111111111"}}'},
        {"condition": '{"ArnLike":{"aws:SourceArn":"arn:aws:ec2:eu-west-1:*:*"}}'},
    ],
)
def test_one_whose_role_ec2_may_not_assume_does_not_join(
    ecs: Any, launch: Make, profile: Make, records: Make, wait_for: Make, trust: Any
) -> None:
    ecs.create_cluster(clusterName="c")
    identity = launch("c", profile(**trust))

    def refused() -> list[Any]:
        return [
            one
            for one in records("AssumeRole")
            if one.get("errorCode") == "AccessDenied"
            and one["userIdentity"]["invokedBy"] == "ec2.amazonaws.com"
        ]

    [denied, *_] = wait_for(refused)
    assert denied["errorMessage"].startswith(
        "User: ec2.amazonaws.com is not authorized to perform: sts:AssumeRole"
    )
    assert ecs.list_container_instances(cluster="c")["containerInstanceArns"] == []
    assert records("RegisterContainerInstance") == []
    assert identity


def test_a_trust_policy_may_name_account_and_instances(
    ecs: Any, account: str, launch: Make, profile: Make, joined: Make
) -> None:
    ecs.create_cluster(clusterName="c")
    condition = (
        f'{{"StringEquals":{{"aws:SourceAccount":"{account}"}},'
        f'"ArnLike":{{"aws:SourceArn":"arn:aws:ec2:us-east-1:{account}:instance/*"}}}}'
    )
    assert launch("c", profile(condition=condition)) == joined()["ec2InstanceId"]


def test_nobody_else_registers_an_instance(ecs: Any, user_client: Make) -> None:
    """Whoever may is told that only the agents here can; whoever may not is told that."""
    ecs.create_cluster(clusterName="c")
    with pytest.raises(ClientError) as unbuilt:
        ecs.register_container_instance(cluster="c", instanceIdentityDocument="{}")
    assert unbuilt.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    with pytest.raises(ClientError) as denied:
        user_client("ecs").register_container_instance(cluster="c")
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert ecs.list_container_instances(cluster="c")["containerInstanceArns"] == []
