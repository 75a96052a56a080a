"""What a group launches from and where: the launch template and the subnets, looked up in EC2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.errors import AccessDenied, ApiError, NotBuilt
from batchyard.services.autoscaling.group_rules import invalid

DEFAULT_VERSION = "$Default"


def resolve_template(aws: Clients, given: Mapping[str, str]) -> dict[str, str]:
    """The launch template with both its id and its name, and the version as given.

    Raises ValidationError where the template or the version is missing, AccessDenied where the caller may not look.
    """
    known = next(key for key in ("LaunchTemplateId", "LaunchTemplateName") if key in given)
    version = given.get("Version") or DEFAULT_VERSION
    try:
        found = aws.ec2.describe_launch_template_versions(
            **{known: given[known]},  # type: ignore[arg-type]
            Versions=[version],
        )["LaunchTemplateVersions"]
    except ApiError as error:
        if not error.code.startswith("InvalidLaunchTemplate"):
            raise
        raise _missing(given, error) from error
    if not found:
        raise _missing(given, None)
    return {
        "LaunchTemplateId": found[0]["LaunchTemplateId"],
        "LaunchTemplateName": found[0]["LaunchTemplateName"],
        "Version": version,
    }


def _missing(given: Mapping[str, str], error: ApiError | None) -> ApiError:
    by_id = "LaunchTemplateId" in given
    how = f"ID {given['LaunchTemplateId']}" if by_id else f"name {given['LaunchTemplateName']}"
    which = f"launch template, with template {how}, does not exist."
    if error is None or "Version" in error.code:
        which = f"version {given.get('Version') or DEFAULT_VERSION} of the {which}"
    return _not_formed(f"The specified {which}")


def _not_formed(text: str) -> ApiError:
    return invalid(f"You must use a valid fully-formed launch template. {text}")


def check_may_launch(aws: Clients, given: Mapping[str, str], subnet: str | None) -> str:
    """Ask EC2 by a dry run whether the caller may launch from the template; returns the template's id.

    RunInstances, CreateTags, PassRole (Auto Scaling User Guide, "Control Amazon EC2 launch template usage"); that it
    is a dry run, which has the template's tags and not the group's, is recorded
    (aws-cloudformation/cloudformation-coverage-roadmap#1525). Raises AccessDenied in the recorded words
    (hashicorp/terraform-provider-aws, terraform-aws-eks#822); what was lacking stands in the audit, in the record of
    the dry run. Raises ValidationError with EC2's text where it finds what the template names missing (recorded:
    hashicorp/terraform-provider-aws#4769). That it names a subnet of the group is a guess.
    """
    request: Any = {"LaunchTemplate": dict(given), **({"SubnetId": subnet} if subnet else {})}
    try:
        aws.ec2.run_instances(**request, MinCount=1, MaxCount=1, DryRun=True)
    except AccessDenied as denied:
        named = given.get("LaunchTemplateId") or given["LaunchTemplateName"]
        text = f"You are not authorized to use launch template: {named}"
        raise AccessDenied("AccessDenied", text, status=403) from denied
    except NotBuilt:
        raise
    except ApiError as error:
        if error.code == "DryRunOperation":
            return str(error.members["LaunchTemplateId"])
        if error.code.startswith("InvalidLaunchTemplate"):
            raise _missing(given, error) from error
        raise _not_formed(error.message) from error
    raise AssertionError("a dry run has no result")


def resolve_subnets(aws: Clients, subnets: Sequence[str], zones: Sequence[str]) -> list[dict[str, str]]:
    """Each subnet with its Availability Zone; the zones' default subnets where no subnet is named.

    Raises ValidationError where a subnet is missing or its zone is none of `zones`.
    """
    if not subnets:
        return _default_subnets(aws, zones)
    try:
        found = aws.ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]
    except ApiError as error:
        if error.code != "InvalidSubnetID.NotFound":
            raise
        raise invalid(error.message) from error
    placed = sorted((_place(one) for one in found), key=lambda one: subnets.index(one["SubnetId"]))
    if zones and {one["AvailabilityZone"] for one in placed} != set(zones):
        raise invalid("The availability zones of the specified subnets and the AutoScalingGroup do not match")
    return placed


def _default_subnets(aws: Clients, zones: Sequence[str]) -> list[dict[str, str]]:
    found = aws.ec2.describe_subnets(
        Filters=[
            {"Name": "availability-zone", "Values": list(zones)},
            {"Name": "default-for-az", "Values": ["true"]},
        ]
    )["Subnets"]
    placed = sorted((_place(one) for one in found), key=lambda one: one["AvailabilityZone"])
    missing = sorted(set(zones) - {one["AvailabilityZone"] for one in placed})
    if missing:
        raise invalid(f"Invalid availability zones: [{', '.join(missing)}]")
    return placed


def _place(subnet: Any) -> dict[str, str]:
    return {
        "SubnetId": subnet["SubnetId"],
        "AvailabilityZone": subnet["AvailabilityZone"],
        "AvailabilityZoneId": subnet.get("AvailabilityZoneId", ""),
    }
