"""Launch templates: made, described, changed and deleted. Their versions stand in `launch_template_versions`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.launching.instance_launches import digest_of
from batchyard.services.ec2.launching.launch_template_rows import (
    find_template,
    require_template,
    require_version,
    template_not_found,
)
from batchyard.services.ec2.launching.launch_template_versions import caller_arn, insert_version, the_template
from batchyard.services.ec2.launching.launches import REFUSED_IN_TEMPLATE
from batchyard.services.ec2.places import arn, at, columns_of, new_id, place
from batchyard.services.ec2.refusals import token_mismatch
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import launch_template_versions, launch_templates
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags, tag_lists
from batchyard.services.ec2.tags.tag_specifications import checked
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateLaunchTemplateRequestTypeDef,
        DeleteLaunchTemplateRequestTypeDef,
        DescribeLaunchTemplatesRequestTypeDef,
        ModifyLaunchTemplateRequestTypeDef,
    )

_INSERT = Prepared(insert(launch_templates).values(columns_of(launch_templates)))
_BY_TOKEN = Prepared(
    select(launch_templates)
    .where(at(launch_templates))
    .where(launch_templates.c.client_token == bindparam("client_token"))
)
_ALL = Prepared(
    select(launch_templates)
    .where(at(launch_templates))
    .where(launch_templates.c.id > bindparam("after"))
    .order_by(launch_templates.c.id)
    .limit(bindparam("size"))
)
_DEFAULT = Prepared(
    update(launch_templates)
    .where(at(launch_templates))
    .where(launch_templates.c.id == bindparam("template_id"))
    .values(default_version=bindparam("version"))
)
_DELETE = Prepared(
    delete(launch_templates).where(at(launch_templates)).where(launch_templates.c.id == bindparam("id"))
)
_DELETE_VERSIONS = Prepared(
    delete(launch_template_versions)
    .where(at(launch_template_versions))
    .where(launch_template_versions.c.template_id == bindparam("id"))
)
_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")

_FILTERS: dict[str, filters.Attribute] = {
    "create-time": "CreateTime",
    "launch-template-name": "LaunchTemplateName",
}


@ec2.operation(
    on=[created("launch-template", "CreateLaunchTemplate")],
    writes=True,
    honours={
        "ClientToken",
        "LaunchTemplateName",
        "VersionDescription",
        "LaunchTemplateData",
        "TagSpecifications",
    },
    refuses=[f"LaunchTemplateData.{path}" for path in REFUSED_IN_TEMPLATE],
)
def create_launch_template(ctx: Context, request: CreateLaunchTemplateRequestTypeDef) -> dict[str, Any]:
    """Make a template with its version 1. What its data names is looked up at launch, not now (as EC2 does)."""
    token, digest = request.get("ClientToken"), digest_of(request)
    before = ctx.read.first(_BY_TOKEN, **place(ctx), client_token=token) if token else None
    if before is not None:
        if before.request_digest != digest:
            raise token_mismatch()
        return {"LaunchTemplate": _described(ctx, [before])[0]}
    name = request["LaunchTemplateName"]
    _check_name(ctx, name)
    tags = checked(request.get("TagSpecifications"), allowed={"launch-template"})
    identity = new_id("lt-")
    insert_version(ctx, identity, 1, request)
    ctx.write.run(
        _INSERT,
        **place(ctx),
        id=identity,
        name=name,
        default_version=1,
        latest_version=1,
        client_token=token,
        request_digest=digest,
        created_by=caller_arn(ctx),
        created_at=ctx.now,
    )
    put_tags(ctx.write, place(ctx), "launch-template", [identity], tags.get("launch-template", {}))
    ctx.note_resource(arn(place(ctx), f"launch-template/{identity}"))
    row = require_template(ctx.read, place(ctx), {"LaunchTemplateId": identity})
    return {"LaunchTemplate": _described(ctx, [row])[0]}


def _check_name(ctx: Context, name: str) -> None:
    """A name is well formed and not taken."""
    if not _NAME.fullmatch(name):
        raise ApiError(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the"
            " following characters: - ( ) . / _.",
        )
    if find_template(ctx.read, place(ctx), {"LaunchTemplateName": name}) is not None:
        raise ApiError(
            "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."
        )


@ec2.operation(
    on=ANY, honours={"LaunchTemplateIds", "LaunchTemplateNames", "Filters", "NextToken", "MaxResults"}
)
def describe_launch_templates(ctx: Context, request: DescribeLaunchTemplatesRequestTypeDef) -> dict[str, Any]:
    """The Region's templates by id, or those named, each of which has to be there."""
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="LaunchTemplateId")
    found = (one for rows in _candidates(ctx, request) for one in _described(ctx, rows) if matches(one))
    return pages.answer(
        ctx, request, "LaunchTemplates", found, position="LaunchTemplateId", smallest=1, largest=200
    )


def _candidates(ctx: Context, request: Any) -> Iterable[list[Row]]:
    after = pages.start(request)
    named = [{"LaunchTemplateId": one} for one in request.get("LaunchTemplateIds") or ()]
    named += [{"LaunchTemplateName": one} for one in request.get("LaunchTemplateNames") or ()]
    if not named:
        return pages.row_chunks(ctx.read, _ALL, after, **place(ctx))
    rows: dict[str, Row] = {}
    for one in named:
        row = find_template(ctx.read, place(ctx), one)
        if row is None:
            raise _not_described(one)
        rows[row.id] = row
    return [[rows[identity] for identity in sorted(rows) if identity > after]]


def _not_described(named: dict[str, str]) -> ApiError:
    """Of names, DescribeLaunchTemplates says which are missing in words of its own."""
    if "LaunchTemplateName" in named:
        return ApiError(
            "InvalidLaunchTemplateName.NotFoundException",
            "At least one of the launch templates specified in the request does not exist.",
        )
    return template_not_found(named["LaunchTemplateId"], None)


def _described(ctx: Context, rows: list[Row]) -> list[dict[str, Any]]:
    tags = tag_lists(ctx.read, place(ctx), [row.id for row in rows])
    return [
        {
            "LaunchTemplateId": row.id,
            "LaunchTemplateName": row.name,
            "CreateTime": row.created_at,
            "CreatedBy": row.created_by,
            "DefaultVersionNumber": row.default_version,
            "LatestVersionNumber": row.latest_version,
            "Tags": tags[row.id],
        }
        for row in rows
    ]


@ec2.operation(
    on=[the_template],
    writes=True,
    honours={"ClientToken", "LaunchTemplateId", "LaunchTemplateName", "DefaultVersion"},
)
def modify_launch_template(ctx: Context, request: ModifyLaunchTemplateRequestTypeDef) -> dict[str, Any]:
    """Choose the default version. It is idempotent as it is, so a client token adds nothing."""
    row = require_template(ctx.read, place(ctx), request)
    if "DefaultVersion" in request:
        version = require_version(ctx.read, place(ctx), row, request["DefaultVersion"])
        ctx.write.run(_DEFAULT, **place(ctx), template_id=row.id, version=version.version)
    row = require_template(ctx.read, place(ctx), {"LaunchTemplateId": row.id})
    return {"LaunchTemplate": _described(ctx, [row])[0]}


@ec2.operation(on=[the_template], writes=True, honours={"LaunchTemplateId", "LaunchTemplateName"})
def delete_launch_template(ctx: Context, request: DeleteLaunchTemplateRequestTypeDef) -> dict[str, Any]:
    """Delete a template with all its versions."""
    row = require_template(ctx.read, place(ctx), request)
    described = _described(ctx, [row])[0]
    ctx.write.run(_DELETE_VERSIONS, **place(ctx), id=row.id)
    ctx.write.run(_DELETE, **place(ctx), id=row.id)
    forget_tags(ctx.write, place(ctx), row.id)
    return {"LaunchTemplate": described}
