"""The nouns of IAM as `on=` lists them: with the path where they exist, without where they don't."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.passing import pass_role
from batchyard.services.iam.nouns import BY_KIND, GROUP, INSTANCE_PROFILE, ROLE, USER, Noun, Row, find

LINKED_PATH = "/aws-service-role/"


def named(noun: Noun) -> Target:
    """The thing whose name stands in the noun's own request member."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        return [check_on(ctx, noun, request[noun.member])]

    return checks


def own_or_named(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The named user; without UserName the caller itself (a user's own keys, tags and description)."""
    return [check_on(ctx, USER, user_name(ctx, request))]


def user_name(ctx: Context, request: Mapping[str, Any]) -> str:
    """UserName, or the calling user's own; raises ValidationError for callers that are no user (recorded: SNAP)."""
    if "UserName" in request:
        return str(request["UserName"])
    if ctx.session.kind == "user":
        return ctx.session.name
    raise ApiError("ValidationError", "Must specify userName when calling with non-User credentials")


def to_be(noun: Noun) -> Target:
    """The thing that a Create call would make: its ARN has the request's Path."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        path = request.get("Path", "/")
        context = {}
        if "PermissionsBoundary" in request:
            context["iam:PermissionsBoundary"] = request["PermissionsBoundary"]
        arn = noun.arn(ctx.partition, ctx.account, path, request[noun.member])
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


def tagging_checks(noun: Noun, arn: str, request: Mapping[str, Any]) -> list[Check]:
    """Tags given at creation need the kind's tag action, too (recorded for roles: openshift/installer#1073)."""
    return [Check(resource=arn, action=_TAG_ACTIONS[noun.kind])] if request.get("Tags") else []


def to_become(noun: Noun) -> Target:
    """What a user or group is renamed to: the caller needs the permission on both (API reference, UpdateUser)."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        name, path = request.get(f"New{noun.member}"), request.get("NewPath")
        if name is None and path is None:
            return []
        row = find(ctx, noun, request[noun.member])
        kept_path = "/" if row is None else row.path
        new_name = request[noun.member] if name is None else name
        arn = noun.arn(ctx.partition, ctx.account, kept_path if path is None else path, new_name)
        return [Check(resource=arn, told=in_words(noun, new_name))]

    return checks


def listing(noun: Noun) -> Target:
    """A listing, checked on the path below which it looks: `role/`, `user/some/path/` (recorded in denials)."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        prefix = request.get("PathPrefix", "/")
        return [Check(resource=noun.arn(ctx.partition, ctx.account, prefix, ""))]

    return checks


def in_words(noun: Noun, name: str) -> str:
    """How IAM's denials name a thing that a request gives by name: `role admin`, without its path.

    Recorded of users, groups, roles and instance profiles (aws/aws-cdk#27067, aws/chalice#591, and AWS Cloud9's
    guide: "iam:GetInstanceProfile on resource: instance profile …"); of what is made, passed or given by ARN they
    name the ARN. For server certificates it is a [guess].
    """
    return f"{noun.kind.replace('-', ' ')} {name}"


def check_on(ctx: Context, noun: Noun, name: str) -> Check:
    """The check on one thing, with what policies may ask about it: tags, boundary, linked service."""
    row = find(ctx, noun, name)
    told = in_words(noun, name)
    if row is None:
        arn = noun.arn(ctx.partition, ctx.account, "/", name)
        return Check(resource=arn, tags=lambda: None, told=told)
    context = {}
    if noun in (USER, ROLE) and row.boundary_arn:
        context["iam:PermissionsBoundary"] = row.boundary_arn
    if noun is ROLE and row.service_principal:
        context["iam:AWSServiceName"] = row.service_principal
    return Check(resource=noun.arn_of(row), context=context, tags=lambda: row.tags, told=told)


def with_policy_arn(noun: Noun) -> Target:
    """The thing that a managed policy is attached to or detached from: iam:PolicyARN tells which."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        check = check_on(ctx, noun, request[noun.member])
        return [replace(check, context={**check.context, "iam:PolicyARN": request["PolicyArn"]})]

    return checks


def with_boundary(noun: Noun) -> Target:
    """The user or role that gets a boundary: iam:PermissionsBoundary is the new one."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        check = check_on(ctx, noun, request[noun.member])
        boundary = {"iam:PermissionsBoundary": request["PermissionsBoundary"]}
        return [replace(check, context={**check.context, **boundary})]

    return checks


def given_policy(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The managed policy whose ARN is given."""
    arn = request["PolicyArn"]
    row = find_policy_row(ctx, arn)
    return [Check(resource=arn, tags=lambda: None if row is None else row.tags)]


def find_policy_row(ctx: Context, arn: str) -> Row | None:
    """The caller's account's managed policy with exactly this ARN; None for AWS's and for missing ones."""
    noun = BY_KIND["policy"]
    row = find(ctx, noun, arn.rsplit("/", 1)[-1])
    return row if row is not None and noun.arn_of(row) == arn else None


def passed_to_instances(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The role put into an instance profile, passed to EC2 (IAM API reference, AddRoleToInstanceProfile).

    That it is passed for the profile is a [guess].
    """
    role = check_on(ctx, ROLE, request["RoleName"]).resource
    profile = check_on(ctx, INSTANCE_PROFILE, request["InstanceProfileName"]).resource
    return [pass_role(role, to="ec2.amazonaws.com", associated=profile)]


user = named(USER)
group = named(GROUP)
role = named(ROLE)
instance_profile = named(INSTANCE_PROFILE)
