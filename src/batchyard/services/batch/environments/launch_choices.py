"""Which AMI and launch template an instance type gets: ec2Configuration and the overrides of launchTemplate.

The texts are guesses but that of an imageType (badmintoncryer/cdk-preflight: probed); the rules are botocore's model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.data import instance_types
from batchyard.framework.errors import ApiError
from batchyard.services.batch.service import batch

IMAGE_TYPES = {
    False: ("ECS_AL2023", "ECS_AL2023_NVIDIA", "ECS_AL2", "ECS_AL2_NVIDIA", "ECS_AL1"),
    True: ("EKS_AL2023", "EKS_AL2023_NVIDIA", "EKS_AL2", "EKS_AL2_NVIDIA"),
}
"""By whether the environment is of EKS."""
MOST_CONFIGURATIONS, MOST_OVERRIDES = 2, 10
_NO_TARGETS = ("optimal", "default_x86_64", "default_arm64")


def check_choices(resources: Mapping[str, Any], *, is_eks: bool) -> None:
    """Raise ClientException for what Batch refuses of ec2Configuration and launchTemplate."""
    given = resources.get("ec2Configuration") or ()
    if len(given) > MOST_CONFIGURATIONS:
        raise _refused(f"ec2Configuration can have at most {MOST_CONFIGURATIONS} elements.")
    for one in given:
        if one["imageType"] not in IMAGE_TYPES[is_eks]:
            raise _refused("Invalid imageType in ComputeResources.ec2Configuration")
        if "imageKubernetesVersion" in one and not is_eks:
            raise _refused("imageKubernetesVersion is only applicable for EKS compute environments.")
    template = resources.get("launchTemplate")
    if template is not None:
        _check_template(template, "launchTemplate", is_eks=is_eks)
        _check_overrides(resources, template.get("overrides") or (), is_eks=is_eks)


def _check_template(given: Mapping[str, Any], where: str, *, is_eks: bool) -> None:
    if bool(given.get("launchTemplateId")) == bool(given.get("launchTemplateName")):
        raise _refused(f"Exactly one of launchTemplateId and launchTemplateName is required in {where}.")
    if "userdataType" in given and not is_eks:
        raise _refused("userdataType is only applicable for EKS compute environments.")


def _check_overrides(
    resources: Mapping[str, Any], given: Sequence[Mapping[str, Any]], *, is_eks: bool
) -> None:
    if len(given) > MOST_OVERRIDES:
        raise _refused(f"launchTemplate can have at most {MOST_OVERRIDES} overrides.")
    within = {one.name for one in instance_types.expand(resources.get("instanceTypes", ()))}
    seen: set[str] = set()
    for one in given:
        _check_template(one, "overrides", is_eks=is_eks)
        targets = one.get("targetInstanceTypes") or ()
        if not targets:
            raise _refused("targetInstanceTypes is required in overrides.")
        for target in targets:
            known = target not in _NO_TARGETS and instance_types.is_known(target)
            if not known or not within.intersection(each.name for each in instance_types.expand([target])):
                raise _refused(f"targetInstanceTypes {target} is not one of instanceTypes.")
            if target in seen:
                raise _refused(f"targetInstanceTypes {target} is in several overrides.")
            seen.add(target)


def template_for(template: Mapping[str, Any] | None, instance_type: str) -> Mapping[str, Any] | None:
    """The launch template of an instance type: that of its own override, of its family's, or the default."""
    overrides = (template or {}).get("overrides") or ()
    family = instance_type.partition(".")[0]
    for target in (instance_type, family):
        for one in overrides:
            if target in one["targetInstanceTypes"]:
                return dict(one)
    return template


def image_override(resources: Mapping[str, Any], instance_type: str) -> str | None:
    """The AMI that ec2Configuration names for an instance type: an AMI for GPUs goes with those that have some."""
    given = resources.get("ec2Configuration") or ()
    found = instance_types.find(instance_type)
    has_gpus = bool(found and found.gpus)
    fitting = [one for one in given if one["imageType"].endswith("_NVIDIA") == has_gpus] or list(given)[:1]
    return next((str(one["imageIdOverride"]) for one in fitting if one.get("imageIdOverride")), None)


def _refused(text: str) -> ApiError:
    return batch.error.ClientException(f"Error executing request, Exception : {text}")
