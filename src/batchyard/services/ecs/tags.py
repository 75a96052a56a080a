"""The tag operations of ECS, the same for its four kinds of resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select, update

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ecs.clusters.engine_tags import check_change
from batchyard.services.ecs.resources import BY_KIND, cluster_arn, last_part, place
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import clusters, container_instances, task_definitions, tasks
from batchyard.services.ecs.tag_lists import checked, merged

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )


def _resource(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    arn = request.get("resourceArn") or ""
    kind = _kind(arn)
    if kind not in BY_KIND:
        return [Check(resource=arn)]
    names = arn.split("/")
    within = {"ecs:cluster": cluster_arn(ctx, names[1])} if len(names) == 3 else {}
    return [BY_KIND[kind].check(ctx, arn, **within)]


def _kind(arn: str) -> str:
    return arn.split(":", 5)[-1].split("/", 1)[0]


def _find(ctx: Context, arn: str) -> tuple[Table, list[Any], list[dict[str, str]]]:
    """(table, conditions of the row, its tags); raises as AWS does for what is no ARN or is not there."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "ecs" or _kind(arn) not in BY_KIND:
        raise ecs.error.InvalidParameterException("Invalid resource arn.")
    table, key = _row(_kind(arn), parts[5].split("/")[1:])
    if (parts[1], parts[3], parts[4]) == (ctx.partition, ctx.region, ctx.account):
        mine = [table.c[name] == value for name, value in place(ctx).items()]
        conditions = [*mine, *(table.c[name] == value for name, value in key.items())]
        row = ctx.read.first(select(table.c.tags).where(*conditions))
        if row is not None:
            return table, conditions, row.tags
    if _kind(arn) == "cluster":
        raise ecs.error.ClusterNotFoundException("Cluster not found.")
    raise ecs.error.InvalidParameterException("The specified resource is not found.")


def _row(kind: str, names: list[str]) -> tuple[Table, dict[str, Any]]:
    if kind == "cluster" and len(names) == 1:
        return clusters, {"name": names[0]}
    if kind == "task-definition" and len(names) == 1:
        family, _, revision = names[0].rpartition(":")
        return task_definitions, {"family": family, "revision": whole_number(revision) or 0}
    if kind == "container-instance" and len(names) == 2:
        return container_instances, {"cluster": names[0], "id": names[1]}
    if kind == "task" and len(names) == 2:
        return tasks, {"cluster": names[0], "id": names[1]}
    raise ecs.error.InvalidParameterException("Invalid resource arn.")


@ecs.operation(on=_resource, writes=True, tags="tags")
def tag_resource(ctx: Context, request: TagResourceRequestTypeDef) -> None:
    """Put tags on a resource, over those with the same keys."""
    table, conditions, held = _find(ctx, request["resourceArn"])
    tags = merged(held, checked(request["tags"]))
    if table is clusters:
        check_change(ctx, last_part(request["resourceArn"]), held, tags)
    ctx.write.run(update(table).where(*conditions).values(tags=tags))


@ecs.operation(on=_resource, writes=True, tag_keys="tagKeys")
def untag_resource(ctx: Context, request: UntagResourceRequestTypeDef) -> None:
    """Take tags off a resource; keys that it does not have are no error."""
    table, conditions, held = _find(ctx, request["resourceArn"])
    gone = set(request["tagKeys"])
    tags = [tag for tag in held if tag["key"] not in gone]
    if table is clusters:
        check_change(ctx, last_part(request["resourceArn"]), held, tags)
    ctx.write.run(update(table).where(*conditions).values(tags=tags))


@ecs.operation(on=_resource)
def list_tags_for_resource(ctx: Context, request: ListTagsForResourceRequestTypeDef) -> dict[str, Any]:
    """The tags of a resource."""
    return {"tags": _find(ctx, request["resourceArn"])[2]}
