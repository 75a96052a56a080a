"""Definitions of jobs on EKS: checked and read back; their jobs answer 501, as no engine runs pods yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.environments import on_fargate, on_instances

CONTAINER = {
    "name": "main",
    "image": "public.ecr.aws/docker/library/busybox",
    "command": ["sleep", "1"],
    "env": [{"name": "STEP", "value": "1"}],
    "resources": {"limits": {"cpu": "1", "memory": "1024Mi"}, "requests": {"cpu": "0.5"}},
    "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
    "securityContext": {"runAsUser": 1000, "privileged": False},
}
POD = {
    "serviceAccountName": "jobs",
    "hostNetwork": True,
    "dnsPolicy": "ClusterFirst",
    "containers": [CONTAINER],
    "initContainers": [{**CONTAINER, "name": "before"}],
    "volumes": [{"name": "scratch", "emptyDir": {"medium": "", "sizeLimit": "1Gi"}}],
    "metadata": {"labels": {"team": "red"}},
    "shareProcessNamespace": False,
}


def register(batch: Any, pod: Any, **more: Any) -> Any:
    return batch.register_job_definition(
        jobDefinitionName="pod", type="container", eksProperties={"podProperties": pod}, **more
    )


def test_a_pod_is_read_back_and_its_jobs_are_not_built(batch: Any, queue: str) -> None:
    arn = register(batch, POD)["jobDefinitionArn"]
    [shown] = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    assert shown["eksProperties"] == {"podProperties": POD}
    assert shown["containerOrchestrationType"] == "EKS"
    with pytest.raises(ClientError, match="eksProperties") as refused:
        batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("pod", "text"),
    [
        ({"containers": []}, "podProperties must have between 1 and 10 containers."),
        ({"containers": [CONTAINER] * 2}, "Container name main is not unique in the pod."),
        ({"dnsPolicy": "None"}, "dnsPolicy must be one of"),
        ({"volumes": [{"name": "scratch"}]}, "Volume scratch must have exactly one of"),
        ({"volumes": []}, "volumeMounts names the volume scratch"),
        ({"containers": [{**CONTAINER, "imagePullPolicy": "Later"}]}, "imagePullPolicy must be one of"),
        ({"containers": [{**CONTAINER, "env": [{"name": "AWS_BATCH_X"}]}]}, "cannot start with AWS_BATCH"),
        ({"containers": [{**CONTAINER, "resources": {}}]}, "cpu is required in limits or requests"),
        ({"containers": [{**CONTAINER, "resources": {"limits": {"disk": "1"}}}]}, "disk is not a resource"),
        (
            {"containers": [{**CONTAINER, "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]},
            "1Gi is not valid for memory in limits.",
        ),
    ],
)
def test_a_pod_that_kubernetes_would_not_take(batch: Any, pod: dict[str, Any], text: str) -> None:
    with pytest.raises(ClientError, match=re.escape(text)) as refused:
        register(batch, {**POD, **pod})
    assert refused.value.response["Error"]["Code"] == "ClientException"


def test_a_definition_is_of_one_kind(batch: Any) -> None:
    container = {"image": "x", "vcpus": 1, "memory": 128}
    with pytest.raises(ClientError, match="Only one of containerProperties, ecsProperties and eksProperties"):
        register(batch, POD, containerProperties=container)
    with pytest.raises(ClientError, match="eksProperties is not applicable for Fargate"):
        register(batch, POD, platformCapabilities=["FARGATE"])


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"eksClusterArn": "jobs"}, "eksClusterArn jobs is not the ARN of an EKS cluster."),
        ({"kubernetesNamespace": "default"}, "kubernetesNamespace cannot be default."),
        ({"kubernetesNamespace": "kube-jobs"}, "kubernetesNamespace cannot be kube-jobs."),
        ({"kubernetesNamespace": "Jobs"}, "kubernetesNamespace Jobs must match"),
    ],
)
def test_an_environment_names_a_cluster_and_a_namespace(
    aws: Callable[..., Any], account: str, changes: dict[str, str], text: str
) -> None:
    cluster = f"arn:aws:eks:us-east-1:{account}:cluster/k"
    given = {"eksClusterArn": cluster, "kubernetesNamespace": "jobs", **changes}
    with pytest.raises(ClientError, match=re.escape(text)):
        aws("batch").create_compute_environment(
            computeEnvironmentName="one",
            type="MANAGED",
            computeResources=on_instances(aws),
            eksConfiguration=given,
        )


def test_pods_are_not_for_fargate(aws: Callable[..., Any], account: str) -> None:
    given = {"eksClusterArn": f"arn:aws:eks:us-east-1:{account}:cluster/k", "kubernetesNamespace": "jobs"}
    with pytest.raises(ClientError, match="Fargate is not applicable for EKS"):
        aws("batch").create_compute_environment(
            computeEnvironmentName="one",
            type="MANAGED",
            computeResources=on_fargate(aws),
            eksConfiguration=given,
        )
