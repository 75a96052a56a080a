"""Consumable resources: create, describe, update, delete.

Texts are guesses but that of a taken name (batch-jobs.md 14). The number of resources and what a name may be: Batch
user guide, "Create consumable resources", and the names of Batch's other resources.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from batchyard.clock import microseconds
from batchyard.framework.context import Context
from batchyard.services.batch.consumables.consumable_tables import (
    consumable_resources,
    consumable_updates,
    consumers,
)
from batchyard.services.batch.consumables.consumption import REPLENISHABLE, USED_UP
from batchyard.services.batch.jobs.states import PLACED, WAITING
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import consumable_resource
from batchyard.services.batch.service import batch
from batchyard.services.batch.tags import check_tags, tagging
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        CreateConsumableResourceRequestTypeDef,
        DeleteConsumableResourceRequestTypeDef,
        DescribeConsumableResourceRequestTypeDef,
        UpdateConsumableResourceRequestTypeDef,
    )

MOST_RESOURCES = 50_000
LARGEST_QUANTITY = 2**63 - 1
TOKEN_SECONDS = 8 * 3600
"""How long a clientToken is remembered (botocore's model, UpdateConsumableResource)."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_CREATED = consumable_resource.named("consumableResourceName")
_GIVEN = consumable_resource.named("consumableResource")


@batch.operation(on=(_CREATED, tagging(_CREATED)), writes=True, tags="tags")
def create_consumable_resource(
    ctx: Context, request: CreateConsumableResourceRequestTypeDef
) -> dict[str, Any]:
    """Record a resource, of which nothing is in use; without totalQuantity there is none of it."""
    name = request["consumableResourceName"]
    kind = request.get("resourceType") or REPLENISHABLE
    if not _NAME.fullmatch(name):
        raise refusal(ctx, "Consumable Resource name should match a valid pattern.")
    if kind not in (REPLENISHABLE, USED_UP):
        raise refusal(ctx, f"resourceType must be one of {REPLENISHABLE}, {USED_UP}")
    _check_quantity(ctx, "totalQuantity", request.get("totalQuantity", 0))
    consumable_resource.refuse_taken(ctx, name)
    check_tags(ctx, request.get("tags", {}))
    _check_count(ctx)
    arn = consumable_resource.arn(ctx, name)
    ctx.write.run(
        insert(consumable_resources).values(
            account=ctx.account,
            partition=ctx.partition,
            region=ctx.region,
            name=name,
            name_key=name.lower(),
            arn=arn,
            type=kind,
            total=request.get("totalQuantity", 0),
            in_use=0,
            tags=request.get("tags", {}),
            created_ms=microseconds(ctx.now) // 1000,
        )
    )
    return {"consumableResourceName": name, "consumableResourceArn": arn}


@batch.operation(on=_GIVEN)
def describe_consumable_resource(
    ctx: Context, request: DescribeConsumableResourceRequestTypeDef
) -> dict[str, Any]:
    """A resource, with how much of it jobs hold, and how much is left."""
    row = consumable_resource.require(ctx, request["consumableResource"])
    return {
        "consumableResourceName": row.name,
        "consumableResourceArn": row.arn,
        "totalQuantity": row.total,
        "inUseQuantity": row.in_use,
        "availableQuantity": max(0, row.total - row.in_use),
        "resourceType": row.type,
        "createdAt": row.created_ms,
        "tags": row.tags,
    }


@batch.operation(on=_GIVEN, writes=True)
def update_consumable_resource(
    ctx: Context, request: UpdateConsumableResourceRequestTypeDef
) -> dict[str, Any]:
    """Set, raise or lower how much there is; jobs go on that hold more than is left.

    A clientToken does so once, however often the request comes; a token that came with another change is refused.
    """
    row = consumable_resource.require(ctx, request["consumableResource"])
    operation, quantity = request.get("operation"), request.get("quantity")
    if operation not in ("SET", "ADD", "REMOVE"):
        raise refusal(ctx, "operation must be one of SET, ADD, REMOVE")
    if quantity is None:
        raise refusal(ctx, "quantity is required")
    _check_quantity(ctx, "quantity", quantity)
    total = {"SET": quantity, "ADD": row.total + quantity, "REMOVE": row.total - quantity}[operation]
    if "clientToken" in request and _was_done(ctx, row, request["clientToken"], [operation, quantity]):
        total = row.total
    else:
        _check_quantity(ctx, "totalQuantity", total)
        this = consumable_resources.c.id == row.id
        ctx.write.run(update(consumable_resources).where(this).values(total=total))
        ctx.intend("batch.placing", "queues")
    return {"consumableResourceName": row.name, "consumableResourceArn": row.arn, "totalQuantity": total}


@batch.operation(on=_GIVEN, writes=True)
def delete_consumable_resource(ctx: Context, request: DeleteConsumableResourceRequestTypeDef) -> None:
    """Forget a resource that no job needs which has not ended; such a job would wait for ever."""
    row = consumable_resource.require(ctx, request["consumableResource"])
    needing = select(consumers.c.job).where(consumers.c.resource_id == row.id)
    for status in (*WAITING, *PLACED):
        if ctx.read.first(needing.where(consumers.c.status == status).limit(1)) is not None:
            raise batch.error.ClientException("Cannot delete, found existing Job relationship")
    ctx.write.run(delete(consumable_updates).where(consumable_updates.c.resource_id == row.id))
    ctx.write.run(delete(consumable_resources).where(consumable_resources.c.id == row.id))


def _was_done(ctx: Context, row: Row, token: str, change: list[Any]) -> bool:
    """Was this change made under this token? Where none was, it is remembered from now on."""
    now_ms = microseconds(ctx.now) // 1000
    mine = consumable_updates.c.resource_id == row.id
    forgotten = consumable_updates.c.at_ms <= now_ms - TOKEN_SECONDS * 1000
    ctx.write.run(delete(consumable_updates).where(mine).where(forgotten))
    found = ctx.read.first(select(consumable_updates).where(mine).where(consumable_updates.c.token == token))
    if found is None:
        values = {"resource_id": row.id, "token": token, "account": ctx.account, "change": change}
        ctx.write.run(insert(consumable_updates).values(**values, at_ms=now_ms))
        return False
    if found.change != change:
        raise refusal(ctx, "clientToken was used with other parameters")
    return True


def _check_quantity(ctx: Context, member: str, quantity: int) -> None:
    if not 0 <= quantity <= LARGEST_QUANTITY:
        raise refusal(ctx, f"{member} must be a non-negative value")


def _check_count(ctx: Context) -> None:
    mine = (
        select(consumable_resources.c.id)
        .where(consumable_resources.c.account == ctx.account)
        .where(consumable_resources.c.region == ctx.region)
    )
    if (
        ctx.read.first(mine.order_by(consumable_resources.c.name).offset(MOST_RESOURCES - 1).limit(1))
        is not None
    ):
        raise refusal(ctx, f"Maximum number of consumable resources is {MOST_RESOURCES}")
