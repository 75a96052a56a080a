"""Builds what an environment needs: each step is a call as its role, and harmless when made twice."""

from __future__ import annotations

from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments.compute_resource_rules import FARGATE
from batchyard.services.batch.environments.engine_tags import ENGINE_TAG, engine_tag
from batchyard.services.batch.environments.names import cluster_name
from batchyard.services.batch.environments.unfit import Unfit
from batchyard.services.batch.service_role import tags_of_made
from batchyard.store.prepared import Row

_LINKED_ROLES = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
    "spotfleet.amazonaws.com": "AWSServiceRoleForEC2SpotFleet",
}


def build(aws: Clients, row: Row) -> dict[str, Any]:
    """Validate what the owner named and make the cluster; returns what was made. Raises ApiError as the
    refusing service worded it, or Unfit.
    """
    if row.orchestration == "EKS":
        _find_kubernetes_cluster(aws, row)
        return {}
    if row.type == "MANAGED":
        _validate(aws, row.compute_resources)
    for principal in _needed_roles(row):
        _ensure_linked_role(aws, principal)
    return {"cluster_arn": _ensure_cluster(aws, row)}


def _find_kubernetes_cluster(aws: Clients, row: Row) -> None:
    """Raise Unfit for a cluster that is not ACTIVE; its text is a [guess]."""
    name = row.eks_configuration["eksClusterArn"].rsplit("/", 1)[-1]
    cluster = aws.eks.describe_cluster(name=name)["cluster"]
    if cluster["status"] != "ACTIVE":
        raise Unfit(f"CLIENT_ERROR - EKS Cluster {cluster['arn']} is not ACTIVE")


def _validate(aws: Clients, resources: dict[str, Any]) -> None:
    """Raise Unfit in the words of batch-on-behalf.md 6."""
    aws.ec2.describe_subnets(SubnetIds=resources["subnets"])
    if resources.get("securityGroupIds"):
        aws.ec2.describe_security_groups(GroupIds=resources["securityGroupIds"])
    if resources["type"] in FARGATE:
        return
    _validate_instance_profile(aws, resources["instanceRole"])
    template = resources.get("launchTemplate") or {}
    for one in (template, *(template.get("overrides") or ())):
        if one:
            _validate_launch_template(aws, one)
    if "ec2KeyPair" in resources:
        aws.ec2.describe_key_pairs(KeyNames=[resources["ec2KeyPair"]])
    if "imageId" in resources:
        images = aws.ec2.describe_images(ImageIds=[resources["imageId"]])["Images"]
        if not images:
            raise Unfit("CLIENT_ERROR - AMI cannot be described")


def _validate_instance_profile(aws: Clients, given: str) -> None:
    """The profile must be there, at the whole ARN where that is given: a namesake elsewhere is another profile."""
    absent = Unfit(f"CLIENT_ERROR - Instance profile {given} does not exist")
    try:
        found = aws.iam.get_instance_profile(InstanceProfileName=given.rsplit("/", 1)[-1])
    except ApiError as error:
        if error.code not in ("NoSuchEntity", "ValidationError"):
            raise
        raise absent from error
    if given.startswith("arn:") and found["InstanceProfile"]["Arn"] != given:
        raise absent


def _validate_launch_template(aws: Clients, given: dict[str, Any]) -> None:
    named = (
        {"LaunchTemplateId": given["launchTemplateId"]}
        if "launchTemplateId" in given
        else {"LaunchTemplateName": given["launchTemplateName"]}
    )
    version = given.get("version") or "$Default"
    aws.ec2.describe_launch_template_versions(**named, Versions=[version])


def _needed_roles(row: Row) -> list[str]:
    """The service-linked roles of the services that Batch uses for this environment (statement 6)."""
    needed = ["ecs.amazonaws.com"]
    if row.type == "MANAGED" and row.compute_resources["type"] not in FARGATE:
        if uses_spot_fleet(row):
            needed += ["spot.amazonaws.com", "spotfleet.amazonaws.com"]
        else:
            needed.append("autoscaling.amazonaws.com")
    return needed


def uses_spot_fleet(row: Row) -> bool:
    """SPOT with BEST_FIT or no strategy is a Spot Fleet request; every other one an Auto Scaling group."""
    resources = row.compute_resources or {}
    return resources.get("type") == "SPOT" and resources.get("allocationStrategy", "BEST_FIT") == "BEST_FIT"


def _ensure_linked_role(aws: Clients, principal: str) -> None:
    if _has_role(aws, _LINKED_ROLES[principal]):
        return
    try:
        aws.iam.create_service_linked_role(AWSServiceName=principal)
    except ApiError as error:
        # Another environment, or the service itself, was quicker.
        if error.code != "InvalidInput" or not _has_role(aws, _LINKED_ROLES[principal]):
            raise


def _has_role(aws: Clients, name: str) -> bool:
    try:
        aws.iam.get_role(RoleName=name)
    except ApiError as error:
        if error.code != "NoSuchEntity":
            raise
        return False
    return True


def _ensure_cluster(aws: Clients, row: Row) -> str:
    name = cluster_name(row)
    found = aws.ecs.describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    if found and found[0]["status"] == "ACTIVE":
        _keep_engine(aws, row, found[0])
        return found[0]["clusterArn"]
    given = dict(tags_of_made(row))
    engine = engine_tag(row)
    if engine is not None:
        given[ENGINE_TAG] = engine
    tags = [{"key": key, "value": value} for key, value in given.items()]
    request: Any = {"clusterName": name, **({"tags": tags} if tags else {})}
    made = aws.ecs.create_cluster(**request)
    return made["cluster"]["clusterArn"]


def _keep_engine(aws: Clients, row: Row, cluster: Any) -> None:
    """Tag the cluster with the environment's engine, where that changed.

    Without it, the value is empty: the role may tag clusters and not untag them (BatchServiceRolePolicy, statement 1).
    """
    wanted = engine_tag(row) or ""
    held = next((one.get("value", "") for one in cluster.get("tags", ()) if one.get("key") == ENGINE_TAG), "")
    if held != wanted:
        tags: Any = [{"key": ENGINE_TAG, "value": wanted}]
        aws.ecs.tag_resource(resourceArn=cluster["clusterArn"], tags=tags)
