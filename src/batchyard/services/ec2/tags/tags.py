"""CreateTags, DeleteTags and DescribeTags, over every kind of resource that is here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, or_, select, tuple_

from batchyard.framework.check import ANY, Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.instances.images import find_image
from batchyard.services.ec2.instances.placement_group_rows import placement_groups
from batchyard.services.ec2.networks.security_group_rules import find_rule
from batchyard.services.ec2.nouns import BY_ID
from batchyard.services.ec2.places import at, here, place
from batchyard.services.ec2.refusals import RULE
from batchyard.services.ec2.resources import part_check, placement_group_check
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import tags
from batchyard.services.ec2.tags.tag_rows import put_tags, tag_map
from batchyard.services.ec2.tags.tag_specifications import check_number, check_tags, tag_keys
from batchyard.store.prepared import Prepared

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        ClientCreateTagsRequestTypeDef,
        ClientDeleteTagsRequestTypeDef,
        DescribeTagsRequestTypeDef,
    )

_DELETE_ONE = Prepared(
    delete(tags)
    .where(at(tags))
    .where(tags.c.resource_id == bindparam("resource_id"))
    .where(tags.c.key == bindparam("key"))
    .where(or_(bindparam("any_value") == 1, tags.c.value == bindparam("value")))
)
_DELETE_OWN = Prepared(
    delete(tags)
    .where(at(tags))
    .where(tags.c.resource_id == bindparam("resource_id"))
    .where(tags.c.key.not_like("aws:%"))
)
_FILTERS: dict[str, filters.Attribute] = {
    "key": "Key",
    "resource-id": "ResourceId",
    "resource-type": "ResourceType",
    "value": "Value",
    "tag-key": "Key",
    "tag-value": "Value",
}
_CHUNK = 500


_PER_TAGGED, _PER_TAG = 80.0, 14.0
"""Microseconds for a resource that gets tags, and for each of them."""


def _each_resource(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    given = {tag.get("Key", ""): tag.get("Value", "") for tag in request.get("Tags") or ()}
    ctx.effort.spend(len(request.get("Resources", ())) * (_PER_TAGGED + _PER_TAG * len(given)))
    return [_check(ctx, identity, tag_keys(given)) for identity in request.get("Resources", ())]


def _check(ctx: Context, identity: str, keys: Mapping[str, Values]) -> Check:
    """A placement group's ARN has its name, which its id stands for."""
    held = placement_groups.find(ctx.read, place(ctx), identity) if identity.startswith("pg-") else None
    if held is None:
        noun = BY_ID.get(identity.partition("-")[0])
        if noun is not None:
            return noun.check(ctx, identity, **keys)
        kind = "security-group-rule" if identity.startswith("sgr-") else "*"
        return part_check(ctx, f"{kind}/{identity}", **keys)
    check = placement_group_check(ctx, held, held.body["name"])
    return replace(check, context={**check.context, **keys})


def _require(ctx: Context, identity: str) -> str:
    """The type of the resource with this id; raises where it is not there."""
    noun = BY_ID.get(identity.partition("-")[0])
    if noun is not None:
        noun.require(ctx, identity)
        return noun.kind
    if identity.startswith("sgr-"):
        if find_rule(ctx, identity) is None:
            raise RULE.error(ctx, identity)
        return "security-group-rule"
    if find_image(ctx.region, identity) is not None:
        raise ApiError("UnauthorizedOperation", "You are not authorized to tag this image.", status=403)
    raise ApiError("InvalidID", f"The ID '{identity}' is not valid")


@ec2.operation(on=[_each_resource], writes=True, honours={"Resources", "Tags"})
def create_tags(ctx: Context, request: ClientCreateTagsRequestTypeDef) -> dict[str, Any]:
    """Give each resource these tags, over those it has; all or none."""
    check_tags(request["Tags"])
    given = {tag["Key"]: tag.get("Value", "") for tag in request["Tags"]}
    for identity in request["Resources"]:
        kind = _require(ctx, identity)
        check_number({**tag_map(ctx.read, place(ctx), identity), **given})
        put_tags(ctx.write, place(ctx), kind, [identity], given)
    return {}


@ec2.operation(on=[_each_resource], writes=True, honours={"Resources", "Tags"})
def delete_tags(ctx: Context, request: ClientDeleteTagsRequestTypeDef) -> dict[str, Any]:
    """Take tags away: by key, by key and value where a value is given, or all but AWS's own where none is named."""
    for identity in request["Resources"]:
        _require(ctx, identity)
        if not request.get("Tags"):
            ctx.write.run(_DELETE_OWN, **place(ctx), resource_id=identity)
        for tag in request.get("Tags") or ():
            ctx.write.run(
                _DELETE_ONE,
                **place(ctx),
                resource_id=identity,
                key=tag.get("Key", ""),
                value=tag.get("Value", ""),
                any_value=int("Value" not in tag),
            )
    return {}


@ec2.operation(on=ANY, honours={"Filters", "NextToken", "MaxResults"})
def describe_tags(ctx: Context, request: DescribeTagsRequestTypeDef) -> dict[str, Any]:
    """The Region's tags, each with its resource."""
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key=_position)
    found = (one for one in _all_tags(ctx, request) if matches(one))
    return pages.answer(ctx, request, "Tags", found, position=_position)


def _position(tag: Mapping[str, Any]) -> str:
    return f"{tag['ResourceId']}/{tag['Key']}"


def _all_tags(ctx: Context, request: Any) -> Iterable[dict[str, Any]]:
    """Tags by resource and key from the page's start on; only the named resources' where a filter names them."""
    identity, _, key = pages.start(request).partition("/")
    named = filters.exact_values(request.get("Filters"), "resource-id")
    while True:
        statement = (
            select(tags)
            .where(and_(here(tags, place(ctx)), tuple_(tags.c.resource_id, tags.c.key) > (identity, key)))
            .order_by(tags.c.resource_id, tags.c.key)
            .limit(_CHUNK)
        )
        if named is not None:
            statement = statement.where(tags.c.resource_id.in_(named))
        rows = ctx.read.all(statement)
        for row in rows:
            yield {
                "ResourceId": row.resource_id,
                "ResourceType": row.resource_type,
                "Key": row.key,
                "Value": row.value,
            }
        if len(rows) < _CHUNK:
            return
        identity, key = rows[-1].resource_id, rows[-1].key
