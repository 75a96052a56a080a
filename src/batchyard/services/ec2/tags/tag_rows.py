"""The tags of every resource of EC2, in one table: read for answers and policies, written with what they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, delete, select

from batchyard.framework.check import Tags
from batchyard.framework.context import Context
from batchyard.services.ec2.places import Place, at, columns_of, here, place
from batchyard.services.ec2.tables import tags
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import upsert

_OF_ONE = Prepared(
    select(tags.c.key, tags.c.value).where(at(tags)).where(tags.c.resource_id == bindparam("resource_id"))
)
_PUT = Prepared(upsert(tags, columns_of(tags), lambda new: {"value": new.value}))
_FORGET = Prepared(delete(tags).where(at(tags)).where(tags.c.resource_id == bindparam("resource_id")))
_TAGGED = Prepared(
    select(tags.c.resource_id)
    .where(at(tags))
    .where(tags.c.key == bindparam("key"))
    .where(tags.c.value == bindparam("value"))
    .order_by(tags.c.resource_id)
)
_AT_ONCE = 500


def find_tags(ctx: Context, arn: str) -> Tags:
    """A resource's tags by its ARN, for policies."""
    return tag_map(ctx.read, place(ctx), arn.rsplit("/", 1)[-1])


def tag_map(tx: Transaction, where: Place, resource_id: str) -> dict[str, str]:
    """One resource's tags."""
    return {row.key: row.value for row in tx.all(_OF_ONE, **where, resource_id=resource_id)}


def tag_lists(tx: Transaction, where: Place, resource_ids: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """The tags of several resources in EC2's form, by resource; a resource without tags has an empty list."""
    found: dict[str, list[dict[str, str]]] = {one: [] for one in resource_ids}
    for start in range(0, len(resource_ids), _AT_ONCE):
        chunk = resource_ids[start : start + _AT_ONCE]
        statement = (
            select(tags.c.resource_id, tags.c.key, tags.c.value)
            .where(here(tags, where))
            .where(tags.c.resource_id.in_(chunk))
            .order_by(tags.c.resource_id, tags.c.key)
        )
        for row in tx.all(statement):
            found[row.resource_id].append({"Key": row.key, "Value": row.value})
    return found


def tagged(tx: Transaction, where: Place, key: str, value: str) -> list[str]:
    """The ids of the resources that carry this tag."""
    return [row.resource_id for row in tx.all(_TAGGED, **where, key=key, value=value)]


def put_tags(
    tx: Transaction, where: Place, resource_type: str, resource_ids: Iterable[str], given: Mapping[str, str]
) -> None:
    """Give each resource these tags, over those it has."""
    rows = [
        {**where, "resource_id": one, "resource_type": resource_type, "key": key, "value": value}
        for one in resource_ids
        for key, value in given.items()
    ]
    tx.run_many(_PUT, rows)


def forget_tags(tx: Transaction, where: Place, resource_id: str) -> None:
    """Forget the tags of what is gone."""
    tx.run(_FORGET, **where, resource_id=resource_id)
