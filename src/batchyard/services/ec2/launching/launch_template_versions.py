"""Versions of launch templates: made, described, deleted; none is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.launching.instance_launches import check_user_data, digest_of
from batchyard.services.ec2.launching.launch_template_rows import (
    find_template,
    find_version,
    require_template,
    require_version,
)
from batchyard.services.ec2.launching.launches import REFUSED_IN_TEMPLATE
from batchyard.services.ec2.nouns import LAUNCH_TEMPLATE
from batchyard.services.ec2.places import at, columns_of, place
from batchyard.services.ec2.refusals import invalid_value, missing, token_mismatch
from batchyard.services.ec2.resources import found_by_name
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import launch_template_versions as versions
from batchyard.services.ec2.tables import launch_templates
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateLaunchTemplateVersionRequestTypeDef,
        DeleteLaunchTemplateVersionsRequestTypeDef,
        DescribeLaunchTemplateVersionsRequestTypeDef,
    )

_INSERT = Prepared(insert(versions).values(columns_of(versions)))
_OF_TEMPLATE = Prepared(
    select(versions)
    .where(at(versions))
    .where(versions.c.template_id == bindparam("template_id"))
    .order_by(versions.c.version.desc())
)
_BY_TOKEN = Prepared(
    select(versions)
    .where(at(versions))
    .where(versions.c.template_id == bindparam("template_id"))
    .where(versions.c.client_token == bindparam("client_token"))
)
_LATEST = Prepared(
    update(launch_templates)
    .where(at(launch_templates))
    .where(launch_templates.c.id == bindparam("template_id"))
    .values(latest_version=bindparam("version"))
)
_DELETE = Prepared(
    delete(versions)
    .where(at(versions))
    .where(versions.c.template_id == bindparam("template_id"))
    .where(versions.c.version == bindparam("version"))
)
_FILTERS: dict[str, filters.Attribute] = {
    "create-time": "CreateTime",
    "ebs-optimized": "LaunchTemplateData.EbsOptimized",
    "iam-instance-profile": "LaunchTemplateData.IamInstanceProfile.Name",
    "image-id": "LaunchTemplateData.ImageId",
    "instance-type": "LaunchTemplateData.InstanceType",
    "is-default-version": "DefaultVersion",
}


def the_template(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Check on the template that a request names by id or name."""
    return [template_check(ctx, request)]


def template_check(ctx: Context, named: Mapping[str, Any]) -> Check:
    """The check on a template by its id, or by its name: then a denial tells no more than of a missing one [guess]."""
    identity = named.get("LaunchTemplateId")
    if identity:
        return LAUNCH_TEMPLATE.check(ctx, identity)
    row = find_template(ctx.read, place(ctx), named)
    return found_by_name(ctx, LAUNCH_TEMPLATE, None if row is None else row.id)


def caller_arn(ctx: Context) -> str:
    """Who made it: the caller's ARN."""
    return ctx.session.arn


def insert_version(
    ctx: Context, template_id: str, number: int, request: Any, *, source: dict[str, Any] | None = None
) -> None:
    """Write a version of a template from a request that makes it; its data go over the source's."""
    data = {**(source or {}), **request["LaunchTemplateData"]}
    if not data:
        raise missing("LaunchTemplateData")
    if "UserData" in data:
        check_user_data(data["UserData"])
    ctx.write.run(
        _INSERT,
        **place(ctx),
        template_id=template_id,
        version=number,
        description=request.get("VersionDescription"),
        data=data,
        client_token=request.get("ClientToken"),
        request_digest=digest_of(request),
        created_by=caller_arn(ctx),
        created_at=ctx.now,
    )


@ec2.operation(
    on=[the_template],
    writes=True,
    honours={
        "ClientToken",
        "LaunchTemplateId",
        "LaunchTemplateName",
        "SourceVersion",
        "VersionDescription",
        "LaunchTemplateData",
    },
    refuses=[f"LaunchTemplateData.{path}" for path in REFUSED_IN_TEMPLATE],
)
def create_launch_template_version(
    ctx: Context, request: CreateLaunchTemplateVersionRequestTypeDef
) -> dict[str, Any]:
    """Make the next version; given a source version, the data's members go over that one's."""
    template = require_template(ctx.read, place(ctx), request)
    token = request.get("ClientToken")
    before = (
        ctx.read.first(_BY_TOKEN, **place(ctx), template_id=template.id, client_token=token)
        if token
        else None
    )
    if before is not None:
        if before.request_digest != digest_of(request):
            raise token_mismatch()
        return {"LaunchTemplateVersion": describe(template, before)}
    number = template.latest_version + 1
    source = None
    if "SourceVersion" in request:
        source = require_version(ctx.read, place(ctx), template, request["SourceVersion"]).data
    insert_version(ctx, template.id, number, request, source=source)
    ctx.write.run(_LATEST, **place(ctx), template_id=template.id, version=number)
    template = require_template(ctx.read, place(ctx), {"LaunchTemplateId": template.id})
    made = require_version(ctx.read, place(ctx), template, str(number))
    return {"LaunchTemplateVersion": describe(template, made)}


def describe(template: Row, version: Row) -> dict[str, Any]:
    """A version as DescribeLaunchTemplateVersions gives it."""
    answer = {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionNumber": version.version,
        "CreateTime": version.created_at,
        "CreatedBy": version.created_by,
        "DefaultVersion": version.version == template.default_version,
        "LaunchTemplateData": version.data,
    }
    return {**answer, "VersionDescription": version.description} if version.description else answer


@ec2.operation(
    on=ANY,
    honours={
        "LaunchTemplateId",
        "LaunchTemplateName",
        "Versions",
        "MinVersion",
        "MaxVersion",
        "Filters",
        "NextToken",
        "MaxResults",
        "ResolveAlias",
    },
    refuses=("ResolveAlias",),
)
def describe_launch_template_versions(
    ctx: Context, request: DescribeLaunchTemplateVersionsRequestTypeDef
) -> dict[str, Any]:
    """A template's versions, the newest first. The template is required here (EC2 can list over all templates)."""
    template = require_template(ctx.read, place(ctx), request)
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key=_position)
    chosen = _chosen(ctx, template, request)
    after = whole_number(pages.start(request))
    items = (
        one
        for row in chosen
        if (after is None or row.version < after) and matches(one := describe(template, row))
    )
    return pages.answer(
        ctx,
        request,
        "LaunchTemplateVersions",
        items,
        position=_position,
        smallest=1,
        largest=200,
    )


def _position(version: dict[str, Any]) -> str:
    return str(version["VersionNumber"])


def _chosen(ctx: Context, template: Row, request: Any) -> Sequence[Row]:
    named = request.get("Versions")
    if named:
        found = {
            row.version: row
            for row in (require_version(ctx.read, place(ctx), template, one) for one in named)
        }
        return [found[number] for number in sorted(found, reverse=True)]
    lowest = _number(request.get("MinVersion"), 0)
    highest = _number(request.get("MaxVersion"), template.latest_version)
    rows = ctx.read.all(_OF_TEMPLATE, **place(ctx), template_id=template.id)
    return [row for row in rows if lowest <= row.version <= highest]


def _number(given: str | None, otherwise: int) -> int:
    if given is None:
        return otherwise
    number = whole_number(given)
    if number is None:
        raise invalid_value(f"Value ({given}) for parameter version is invalid.")
    return number


@ec2.operation(on=[the_template], writes=True, honours={"LaunchTemplateId", "LaunchTemplateName", "Versions"})
def delete_launch_template_versions(
    ctx: Context, request: DeleteLaunchTemplateVersionsRequestTypeDef
) -> dict[str, Any]:
    """Delete versions by number; the default one stays. Each is answered for itself."""
    template = require_template(ctx.read, place(ctx), request)
    ended: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    for given in request["Versions"]:
        row = find_version(ctx.read, place(ctx), template, given)
        answer = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        if row is not None and row.version != template.default_version:
            ctx.write.run(_DELETE, **place(ctx), template_id=template.id, version=row.version)
            ended.append({**answer, "VersionNumber": row.version})
            continue
        if row is not None:
            raise ApiError("OperationNotPermitted", "Cannot delete default launch template version.")
        error = {
            "Code": "launchTemplateVersionDoesNotExist",
            "Message": f"Could not find the specified version {given} for the launch template with ID {template.id}.",
        }
        number = whole_number(given) or 0
        kept.append({**answer, "VersionNumber": number, "ResponseError": error})
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": ended,
        "UnsuccessfullyDeletedLaunchTemplateVersions": kept,
    }
