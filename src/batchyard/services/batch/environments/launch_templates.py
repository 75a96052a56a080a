"""The launch template of a group: image, instance profile, network, tags, and which cluster to join."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from batchyard.data import instance_types
from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments.launch_choices import image_override, template_for
from batchyard.services.batch.environments.names import (
    cluster_name,
    group_unique,
    launch_template_name,
    user_data,
)
from batchyard.services.batch.environments.unfit import Unfit
from batchyard.services.batch.service_role import SERVICE_TAG, tags_of_made
from batchyard.store.prepared import Row


def ensure_launch_template(aws: Clients, row: Row, instance_type: str) -> str:
    """The name of an instance type's launch template, made where it is missing. It has one version."""
    name = launch_template_name(row, instance_type)
    request: Any = {}
    if tags := tags_of_made(row):
        request["TagSpecifications"] = [{"ResourceType": "launch-template", "Tags": _pairs(dict(tags))}]
    try:
        aws.ec2.create_launch_template(
            LaunchTemplateName=name,
            ClientToken=group_unique(row, instance_type),
            LaunchTemplateData=launch_data(aws, row, instance_type),
            **request,
        )
    except ApiError as error:
        if error.code != "InvalidLaunchTemplateName.AlreadyExistsException":
            raise
    return name


def launch_data(aws: Clients, row: Row, instance_type: str) -> Any:
    """What an instance of the environment is launched with: the owner's template, then Batch's own."""
    resources = row.compute_resources
    given = _owners_template(aws, template_for(resources.get("launchTemplate"), instance_type))
    tags = {**resources.get("tags", {}), **SERVICE_TAG}
    given_tags = {one["ResourceType"]: _map(one["Tags"]) for one in given.pop("TagSpecifications", ())}
    data: dict[str, Any] = {
        **given,
        "ImageId": image_of(aws, row, instance_type, given),
        "InstanceType": instance_type,
        "IamInstanceProfile": _profile(resources["instanceRole"]),
        "UserData": merged_user_data(cluster_name(row), given.get("UserData")),
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": _pairs({**given_tags.pop(kind, {}), **tags})}
            for kind in ("instance", "volume")
        ],
    }
    data["TagSpecifications"] += [{"ResourceType": kind, "Tags": _pairs(t)} for kind, t in given_tags.items()]
    _set_security_groups(data, resources.get("securityGroupIds"))
    if "ec2KeyPair" in resources:
        data["KeyName"] = resources["ec2KeyPair"]
    if "placementGroup" in resources:
        data["Placement"] = {"GroupName": resources["placementGroup"]}
    if resources["type"] == "SPOT":
        data["InstanceMarketOptions"] = {"MarketType": "spot"}
    return data


def _set_security_groups(data: dict[str, Any], groups: list[str] | None) -> None:
    """The environment's groups replace the template's, on its network interfaces where it names some."""
    if not groups:
        return
    data.pop("SecurityGroups", None)
    if data.get("NetworkInterfaces"):
        data["NetworkInterfaces"] = [{**one, "Groups": groups} for one in data["NetworkInterfaces"]]
    else:
        data["SecurityGroupIds"] = groups


def image_of(aws: Clients, row: Row, instance_type: str, given: dict[str, Any]) -> str:
    """The AMI: the owner's, else the newest ECS-optimised AMI for the type's architecture."""
    resources = row.compute_resources
    named = image_override(resources, instance_type) or resources.get("imageId") or given.get("ImageId")
    if named:
        return str(named)
    found = instance_types.find(instance_type)
    architecture = found.architecture if found else "x86_64"
    images = aws.ec2.describe_images(
        Owners=["amazon"],
        Filters=[
            {"Name": "name", "Values": ["al2023-ami-ecs-hvm-*"]},
            {"Name": "architecture", "Values": [architecture]},
        ],
    )["Images"]
    if not images:
        raise Unfit("CLIENT_ERROR - AMI cannot be described")
    return max(images, key=lambda image: image["CreationDate"])["ImageId"]


def merged_user_data(cluster: str, given: str | None) -> str:
    """Batch's part beside the owner's, whose user data must be MIME multipart (batch-on-behalf.md 6)."""
    ours = user_data(cluster)
    if not given:
        return ours
    text = base64.b64decode(given).decode(errors="replace")
    marker = 'boundary="'
    if "multipart/mixed" not in text or marker not in text:
        raise Unfit("CLIENT_ERROR - Launch Template UserData is not MIME multipart format")
    boundary = text.split(marker, 1)[1].split('"', 1)[0]
    part = f'--{boundary}\nContent-Type: text/x-shellscript; charset="us-ascii"\n\n'
    script = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n\n"
    head, _, _ = text.rpartition(f"--{boundary}--")
    return base64.b64encode(f"{head}{part}{script}--{boundary}--\n".encode()).decode()


def _owners_template(aws: Clients, named: Mapping[str, Any] | None) -> dict[str, Any]:
    if not named:
        return {}
    key = "LaunchTemplateId" if "launchTemplateId" in named else "LaunchTemplateName"
    value = named.get("launchTemplateId") or named["launchTemplateName"]
    version = named.get("version") or "$Default"
    request: Any = {key: value, "Versions": [version]}
    answer = aws.ec2.describe_launch_template_versions(**request)
    return dict(answer["LaunchTemplateVersions"][0]["LaunchTemplateData"])


def _profile(given: str) -> dict[str, str]:
    return {"Arn": given} if given.startswith("arn:") else {"Name": given}


def _map(tags: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in tags}


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
