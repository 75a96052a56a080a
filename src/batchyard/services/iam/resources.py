"""The nouns of IAM as `on=` lists them: with the path where they exist, without where they don't."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun
from batchyard.framework.passing import pass_role
from batchyard.services.iam.nouns import GROUP, INSTANCE_PROFILE, POLICY, ROLE, USER, in_words
from batchyard.store.prepared import Row

LINKED_PATH = "/aws-service-role/"


def own_or_named(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The named user; without UserName the caller itself (a user's own keys, tags and description)."""
    return [USER.check(ctx, user_name(ctx, request))]


def user_name(ctx: Context, request: Mapping[str, Any]) -> str:
    """UserName, or the calling user's own; raises ValidationError for callers that are no user (recorded: SNAP)."""
    if "UserName" in request:
        return str(request["UserName"])
    if ctx.session.kind == "user":
        return ctx.session.name
    raise ApiError("ValidationError", "Must specify userName when calling with non-User credentials")


def to_be(noun: Noun[Row], member: str = "") -> Target:
    """The thing that a Create call would make, named at `member`: its ARN has the request's Path."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        path = request.get("Path", "/")
        context = {}
        if "PermissionsBoundary" in request:
            context["iam:PermissionsBoundary"] = request["PermissionsBoundary"]
        arn = noun.arn(ctx, path=path, name=request[member or noun.member])
        return [Check(resource=arn, context=context), *tagging_checks(noun, arn, request)]

    return checks


_TAG_ACTIONS = {
    "user": "iam:TagUser",
    "role": "iam:TagRole",
    "policy": "iam:TagPolicy",
    "instance-profile": "iam:TagInstanceProfile",
    "server-certificate": "iam:TagServerCertificate",
    "mfa": "iam:TagMFADevice",
    "oidc-provider": "iam:TagOpenIDConnectProvider",
    "saml-provider": "iam:TagSAMLProvider",
}


def tagging_checks(noun: Noun[Row], arn: str, request: Mapping[str, Any]) -> list[Check]:
    """Tags given at creation need the kind's tag action, too (recorded for roles: openshift/installer#1073)."""
    return [Check(resource=arn, action=_TAG_ACTIONS[noun.kind])] if request.get("Tags") else []


def to_become(noun: Noun[Row]) -> Target:
    """What a user or group is renamed to: the caller needs the permission on both (API reference, UpdateUser)."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        name, path = request.get(f"New{noun.member}"), request.get("NewPath")
        if name is None and path is None:
            return []
        row = noun.find(ctx, request[noun.member])
        kept_path = "/" if row is None else row.path
        new_name = request[noun.member] if name is None else name
        arn = noun.arn(ctx, path=kept_path if path is None else path, name=new_name)
        return [Check(resource=arn, told=in_words(noun, new_name))]

    return checks


def listing(noun: Noun[Row]) -> Target:
    """A listing, checked on the path below which it looks: `role/`, `user/some/path/` (recorded in denials)."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        prefix = request.get("PathPrefix", "/")
        return [Check(resource=noun.arn(ctx, path=prefix, name=""))]

    return checks


def with_policy_arn(noun: Noun[Row]) -> Target:
    """The thing that a managed policy is attached to or detached from: iam:PolicyARN tells which."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        check = noun.check(ctx, request[noun.member])
        return [replace(check, context={**check.context, "iam:PolicyARN": request["PolicyArn"]})]

    return checks


def with_boundary(noun: Noun[Row]) -> Target:
    """The user or role that gets a boundary: iam:PermissionsBoundary is the new boundary."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        check = noun.check(ctx, request[noun.member])
        boundary = {"iam:PermissionsBoundary": request["PermissionsBoundary"]}
        return [replace(check, context={**check.context, **boundary})]

    return checks


def passed_to_instances(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The role put into an instance profile, passed to EC2 (IAM API reference, AddRoleToInstanceProfile).

    That it is passed for the profile is a [guess].
    """
    role = ROLE.check(ctx, request["RoleName"]).resource
    profile = INSTANCE_PROFILE.check(ctx, request["InstanceProfileName"]).resource
    return [pass_role(role, to="ec2.amazonaws.com", associated=profile)]


user = USER.named()
group = GROUP.named()
role = ROLE.named()
instance_profile = INSTANCE_PROFILE.named()
given_policy = POLICY.named()
"""The managed policy whose ARN is given."""
