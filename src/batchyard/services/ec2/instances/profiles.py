"""Instance profiles as EC2 sees them: IAM's, passed on to instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.passing import pass_role
from batchyard.services.ec2.places import arn, place

SERVICE = "ec2.amazonaws.com"


def profile_name(given: Mapping[str, Any] | None) -> str | None:
    """The name of the profile that a launch gives by name or by ARN; None where it gives none."""
    if not given:
        return None
    name = given.get("Name") or str(given.get("Arn", "")).rsplit("/", 1)[-1]
    return name or None


def profile_arn(ctx: Context, given: Mapping[str, Any] | None) -> str | None:
    """The profile's ARN; of one given by name, as if it had no path (IAM is asked for roles only)."""
    name = profile_name(given)
    if given and given.get("Arn"):
        return str(given["Arn"])
    return f"arn:{ctx.partition}:iam::{ctx.account}:instance-profile/{name}" if name else None


def role_of(ctx: Context, given: Mapping[str, Any] | None) -> str | None:
    """The ARN of the role inside the profile, None where there is none."""
    name = profile_name(given)
    if name is None or given is None:
        return None
    profile = given.get("Arn") or name
    return ctx.runtime.policies.find_profile_role(ctx.read, ctx.partition, ctx.account, profile=profile)


def passed_role(ctx: Context, given: Mapping[str, Any] | None) -> Iterable[Check]:
    """iam:PassRole for the role inside the profile to EC2; nothing is passed where there is no such profile.

    What will have the role is an instance yet to be made (IAM user guide, iam:AssociatedResourceArn).
    """
    role = role_of(ctx, given)
    if role is not None:
        yield pass_role(role, to=SERVICE, associated=arn(place(ctx), "instance/*"))


def require_profile(ctx: Context, given: Mapping[str, Any] | None) -> str | None:
    """The profile's ARN; raises InvalidParameterValue where it is not there or holds no role."""
    if given and given.get("Name") and given.get("Arn"):
        raise ApiError(
            "InvalidParameterCombination",
            "The parameter 'iamInstanceProfile.name' may not be used in combination"
            " with 'iamInstanceProfile.arn'",
        )
    if not profile_name(given) or not given:
        return None
    if role_of(ctx, given) is None:
        member, what = ("arn", "ARN") if given.get("Arn") else ("name", "name")
        value = given.get("Arn") or given.get("Name")
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter iamInstanceProfile.{member} is invalid."
            f" Invalid IAM Instance Profile {what}",
        )
    return profile_arn(ctx, given)
