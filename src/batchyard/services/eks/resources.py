"""EKS's nouns: the cluster, its ARN and its tags."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from batchyard.framework.check import Tags
from batchyard.framework.context import Context
from batchyard.framework.resource import ResourceType
from batchyard.services.eks.tables import clusters
from batchyard.store.prepared import Prepared

FIND = Prepared(
    select(clusters)
    .where(clusters.c.account == bindparam("account"))
    .where(clusters.c.region == bindparam("region"))
    .where(clusters.c.name == bindparam("name"))
)


def _tags(ctx: Context, arn: str) -> Tags | None:
    row = ctx.read.first(FIND, account=ctx.account, region=ctx.region, name=arn.rsplit("/", 1)[-1])
    return None if row is None else row.tags


cluster = ResourceType("eks", "cluster/{name}", find_tags=_tags)
