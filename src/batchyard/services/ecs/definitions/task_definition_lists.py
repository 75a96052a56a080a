"""The listings of task definitions and of their families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ecs import pages
from batchyard.services.ecs.resources import TASK_DEFINITION
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import families, task_definitions

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        ListTaskDefinitionFamiliesRequestTypeDef,
        ListTaskDefinitionsRequestTypeDef,
    )


@ecs.operation(on=ANY)
def list_task_definitions(ctx: Context, request: ListTaskDefinitionsRequestTypeDef) -> dict[str, Any]:
    """The ARNs of revisions, by family and revision; `familyPrefix` is the whole name of one family."""
    limit, after = pages.start(request)
    columns = task_definitions.c
    query = select(columns.family, columns.revision).where(
        *(columns[name] == value for name, value in place(ctx).items()),
        columns.status == request.get("status", "ACTIVE"),
    )
    if request.get("familyPrefix"):
        query = query.where(columns.family == request["familyPrefix"])
    key = tuple_(columns.family, columns.revision)
    descending = request.get("sort") == "DESC"
    if after:
        family, _, revision = after.rpartition(":")
        bound = (family, whole_number(revision) or 0)
        query = query.where(key < bound if descending else key > bound)
    order = (columns.family, columns.revision)
    query = query.order_by(*((one.desc() for one in order) if descending else order)).limit(limit + 1)
    names = [f"{row.family}:{row.revision}" for row in ctx.read.all(query)]
    shown, token = pages.cut(names, limit)
    return pages.answer("taskDefinitionArns", [TASK_DEFINITION.arn(ctx, one) for one in shown], token)


@ecs.operation(on=ANY)
def list_task_definition_families(
    ctx: Context, request: ListTaskDefinitionFamiliesRequestTypeDef
) -> dict[str, Any]:
    """The names of families: with an active revision, without any, or all of them."""
    limit, after = pages.start(request)
    columns = families.c
    query = select(columns.family).where(
        *(columns[name] == value for name, value in place(ctx).items()), columns.family > after
    )
    prefix = request.get("familyPrefix")
    if prefix:
        query = query.where(columns.family >= prefix, columns.family < prefix + "\uffff")
    status = request.get("status")
    if status == "ACTIVE":
        query = query.where(columns.active_count > 0)
    elif status == "INACTIVE":
        query = query.where(columns.active_count == 0)
    rows = ctx.read.all(query.order_by(columns.family).limit(limit + 1))
    shown, token = pages.cut([row.family for row in rows], limit)
    return pages.answer("families", shown, token)
