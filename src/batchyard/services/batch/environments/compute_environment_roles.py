"""The roles that a compute environment is given: what PassRole is checked on, and which service role it gets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import AccessDenied, ApiError
from batchyard.framework.passing import pass_role
from batchyard.services.batch.resources import compute_environment
from batchyard.services.batch.service import batch
from batchyard.services.batch.service_role import PRINCIPAL, ROLE_NAME, role_arn


def full_role_arn(ctx: Context, given: str) -> str:
    """The ARN that a role's name stands for: a bare name has no path (BUG troubleshooting), `/foo/bar` has a path."""
    if given.startswith("arn:"):
        return given
    return f"arn:{ctx.partition}:iam::{ctx.account}:role/{given.lstrip('/')}"


def passes_service_role(ctx: Context, request: Any) -> Iterable[Check]:
    """iam:PassRole on the serviceRole, where it is named; not when it is left out (slr.md 2)."""
    if request.get("serviceRole"):
        yield _passed(ctx, request, full_role_arn(ctx, request["serviceRole"]), PRINCIPAL)


def passes_instance_role(ctx: Context, request: Any) -> Iterable[Check]:
    """iam:PassRole on the role inside the instance profile; on the profile's own ARN where it is absent."""
    given = request.get("computeResources", {}).get("instanceRole")
    if not given:
        return
    profile = instance_profile_arn(ctx, given)
    inside = ctx.runtime.policies.find_profile_role(ctx.read, ctx.partition, ctx.account, profile=given)
    yield _passed(ctx, request, inside or profile, "ec2.amazonaws.com")


def passes_spot_fleet_role(ctx: Context, request: Any) -> Iterable[Check]:
    """iam:PassRole on the spotIamFleetRole."""
    given = request.get("computeResources", {}).get("spotIamFleetRole")
    if given:
        yield _passed(ctx, request, full_role_arn(ctx, given), "spotfleet.amazonaws.com")


def instance_profile_arn(ctx: Context, given: str) -> str:
    """The ARN of the instance profile that `instanceRole` names, by name or by ARN."""
    if given.startswith("arn:"):
        return given
    return f"arn:{ctx.partition}:iam::{ctx.account}:instance-profile/{given}"


def _passed(ctx: Context, request: Any, role: str, to: str) -> Check:
    """iam:PassRole for the environment [guess]."""
    creates = "computeEnvironmentName" in request
    name = request["computeEnvironmentName" if creates else "computeEnvironment"]
    return pass_role(role, to=to, associated=compute_environment.meant_arn(ctx, name))


def decide_service_role(ctx: Context, request: Any) -> str:
    """The ARN of the environment's service role; makes AWSServiceRoleForBatch where it is wanted and missing.

    Raises AccessDeniedException with IAM's text where the caller may not make it, and ClientException
    `ServiceRole is required.` for an UNMANAGED environment without a role (batch-on-behalf.md 4), and with
    IAM's text where a customer's role has the name.
    """
    given = request.get("serviceRole")
    if given:
        return full_role_arn(ctx, given)
    wanted = role_arn(ctx.partition, ctx.account)
    role = ctx.runtime.policies.find_role(ctx.read, ctx.partition, ctx.account, ROLE_NAME)
    if role is not None and role.arn == wanted:
        return wanted
    if request["type"] == "UNMANAGED":
        raise batch.error.ClientException("ServiceRole is required.")
    try:
        made = ctx.forward().iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
    except AccessDenied as denied:
        raise ApiError("AccessDeniedException", denied.message, status=403) from denied
    except ApiError as refused:
        if refused.code != "InvalidInput":
            raise
        # A customer's role has the name; how Batch tells it is not public [guess].
        raise batch.error.ClientException(
            f"Error executing request, Exception : {refused.message}"
        ) from refused
    ctx.note_resource(made["Role"]["Arn"])
    return made["Role"]["Arn"]
