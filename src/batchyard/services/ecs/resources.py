"""The nouns of ECS: their ARNs, their tags, and what a name or an ARN in a request stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import Check, Tags, Target
from batchyard.framework.context import Context
from batchyard.framework.resource import ResourceType
from batchyard.framework.whole_numbers import whole_number
from batchyard.framework.work import Key
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import clusters, container_instances, task_definitions, tasks
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

DEFAULT_CLUSTER = "default"

_CLUSTER = Prepared(
    select(clusters)
    .where(clusters.c.account == bindparam("account"))
    .where(clusters.c.partition == bindparam("partition"))
    .where(clusters.c.region == bindparam("region"))
    .where(clusters.c.name == bindparam("name"))
)
_DEFINITION_TAGS = Prepared(
    select(task_definitions.c.tags)
    .where(task_definitions.c.account == bindparam("account"))
    .where(task_definitions.c.partition == bindparam("partition"))
    .where(task_definitions.c.region == bindparam("region"))
    .where(task_definitions.c.family == bindparam("family"))
    .where(task_definitions.c.revision == bindparam("revision"))
)
_INSTANCE_TAGS = Prepared(
    select(container_instances.c.tags)
    .where(container_instances.c.account == bindparam("account"))
    .where(container_instances.c.partition == bindparam("partition"))
    .where(container_instances.c.region == bindparam("region"))
    .where(container_instances.c.cluster == bindparam("cluster"))
    .where(container_instances.c.id == bindparam("id"))
)
_TASK_TAGS = Prepared(
    select(tasks.c.tags, tasks.c.account, tasks.c.region).where(tasks.c.id == bindparam("id"))
)


def place(ctx: Context | Key | Row) -> dict[str, str]:
    """Account, partition and Region: what every lookup begins with."""
    return {"account": ctx.account, "partition": ctx.partition, "region": ctx.region}


def last_part(name_or_arn: str) -> str:
    """`abc` of `abc`, `arn:…:cluster/abc` or `arn:…:task/cluster/abc`."""
    return name_or_arn.rsplit("/", 1)[-1]


def cluster_name(request: Mapping[str, Any], member: str = "cluster") -> str:
    """The name of the cluster that a request means; `default` where it names none (ECS API reference)."""
    return last_part(request.get(member) or DEFAULT_CLUSTER)


ENGINE_TAG = "batchyard:engine"
"""On a cluster: the name of the engine that runs its tasks; empty or missing: the default one."""


def engine_tag(cluster: Row) -> str | None:
    """The engine that a cluster's tags name."""
    return next((one.get("value") for one in cluster.tags if one.get("key") == ENGINE_TAG), None) or None


def find_cluster(tx: Transaction, at: Mapping[str, str], name: str) -> Row | None:
    """A cluster by name, active or not."""
    return tx.first(_CLUSTER, **at, name=name)


def require_cluster(ctx: Context, request: Mapping[str, Any]) -> Row:
    """The active cluster that a request means; raises ClusterNotFoundException."""
    row = find_cluster(ctx.read, place(ctx), cluster_name(request))
    if row is None:
        raise ecs.error.ClusterNotFoundException("Cluster not found.")
    if row.status != "ACTIVE":
        raise ecs.error.ClusterNotFoundException("The referenced cluster was inactive.")
    return row


def _cluster_tags(ctx: Context, arn: str) -> Tags | None:
    row = find_cluster(ctx.read, place(ctx), last_part(arn))
    return None if row is None else tag_map(row.tags)


def _definition_tags(ctx: Context, arn: str) -> Tags | None:
    family, _, revision = last_part(arn).rpartition(":")
    number = whole_number(revision)
    if number is None:
        return None
    row = ctx.read.first(_DEFINITION_TAGS, **place(ctx), family=family, revision=number)
    return None if row is None else tag_map(row.tags)


def _instance_tags(ctx: Context, arn: str) -> Tags | None:
    _, cluster, identity = _three(arn)
    row = ctx.read.first(_INSTANCE_TAGS, **place(ctx), cluster=cluster, id=identity)
    return None if row is None else tag_map(row.tags)


def _task_tags(ctx: Context, arn: str) -> Tags | None:
    row = ctx.read.first(_TASK_TAGS, id=last_part(arn))
    if row is None or (row.account, row.region) != (ctx.account, ctx.region):
        return None
    return tag_map(row.tags)


def tag_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """ECS's list of {key, value} as a map."""
    return {tag["key"]: tag.get("value", "") for tag in tags}


cluster = ResourceType("ecs", "cluster/{name}", find_tags=_cluster_tags)
task_definition = ResourceType("ecs", "task-definition/{name}", find_tags=_definition_tags)
container_instance = ResourceType("ecs", "container-instance/{name}", find_tags=_instance_tags)
task = ResourceType("ecs", "task/{name}", find_tags=_task_tags)

BY_KIND = {
    "cluster": cluster,
    "task-definition": task_definition,
    "container-instance": container_instance,
    "task": task,
}


def cluster_arn(ctx: Context | Key, name: str) -> str:
    """The ARN of a cluster in the call's (or the key's) account and Region."""
    return f"arn:{ctx.partition}:ecs:{ctx.region}:{ctx.account}:cluster/{name}"


def in_cluster_arn(ctx: Context | Key, kind: str, cluster: str, identity: str) -> str:
    """The ARN of a `task` or `container-instance` of a cluster."""
    return f"arn:{ctx.partition}:ecs:{ctx.region}:{ctx.account}:{kind}/{cluster}/{identity}"


def the_cluster(member: str = "cluster") -> Target:
    """Check on the cluster that the request means."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        return [cluster.check(ctx, cluster_arn(ctx, cluster_name(request, member)))]

    return checks


def each_in_cluster(kind: str, member: str) -> Target:
    """Check on each task or container instance named at `member`, with ecs:cluster (service authorization reference).

    Where none is named, on all of the cluster's.
    """
    resource = BY_KIND[kind]

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        given = request.get(member) or ["*"]
        named = [given] if isinstance(given, str) else given
        name = cluster_name(request)
        key = {"ecs:cluster": cluster_arn(ctx, name)}
        for one in named:
            arn = one if one.startswith("arn:") else in_cluster_arn(ctx, kind, name, last_part(one))
            yield resource.check(ctx, arn, **key)

    return checks


def tags_on_creation(operation: str, arns: Callable[[Context, dict[str, Any]], Iterable[str]]) -> Target:
    """Tags given at creation need ecs:TagResource on what is made, with ecs:CreateAction (ECS developer guide)."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        if not request.get("tags"):
            return []
        return [
            Check(resource=arn, action="ecs:TagResource", context={"ecs:CreateAction": operation})
            for arn in arns(ctx, request)
        ]

    return checks


def _three(arn: str) -> tuple[str, str, str]:
    parts = arn.rsplit(":", 1)[-1].split("/")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (parts[0], "", parts[-1])
