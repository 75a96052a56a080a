"""Clusters: create, describe, list, update, delete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import AccessDenied
from batchyard.framework.place import place
from batchyard.services.ecs import pages
from batchyard.services.ecs.clusters.engine_tags import check_named
from batchyard.services.ecs.clusters.instance_rows import KEPT_SECONDS
from batchyard.services.ecs.resources import (
    CLUSTER,
    DEFAULT_CLUSTER,
    cluster_name,
    last_part,
    require_cluster,
    tags_on_creation,
    the_cluster,
)
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.service_role import PRINCIPAL, ROLE_NAME
from batchyard.services.ecs.tables import clusters
from batchyard.services.ecs.tag_lists import checked
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        CreateClusterRequestTypeDef,
        DeleteClusterRequestTypeDef,
        DescribeClustersRequestTypeDef,
        ListClustersRequestTypeDef,
        UpdateClusterRequestTypeDef,
    )

_NAMES = Prepared(
    select(clusters.c.name)
    .where(clusters.c.account == bindparam("account"))
    .where(clusters.c.partition == bindparam("partition"))
    .where(clusters.c.region == bindparam("region"))
    .where(clusters.c.status == "ACTIVE")
    .where(clusters.c.name > bindparam("after"))
    .order_by(clusters.c.name)
    .limit(bindparam("size"))
)


def _new_cluster_arn(ctx: Context, request: dict[str, Any]) -> Iterable[str]:
    return [CLUSTER.arn(ctx, cluster_name(request, "clusterName"))]


@ecs.operation(
    on=[the_cluster("clusterName"), tags_on_creation("CreateCluster", _new_cluster_arn)],
    writes=True,
    tags="tags",
    honours={"clusterName", "tags", "settings"},
)
def create_cluster(ctx: Context, request: CreateClusterRequestTypeDef) -> dict[str, Any]:
    """Make a cluster, and as the caller ECS's service-linked role where it is missing.

    Creating an active cluster again answers it unchanged; a deleted one begins anew.
    """
    name = request.get("clusterName") or DEFAULT_CLUSTER
    _check_name(name)
    tags = checked(request.get("tags"))
    check_named(ctx, tags)
    settings = _settings(request)
    held = CLUSTER.find_named(ctx.read, place(ctx), name)
    if held is None or held.status != "ACTIVE":
        if held is not None:
            ctx.write.run(delete(clusters).where(*_is(ctx, name)))
        ctx.write.run(
            insert(clusters).values(
                **place(ctx),
                name=name,
                status="ACTIVE",
                settings=settings,
                tags=tags,
                instance_count=0,
                running_count=0,
                pending_count=0,
                created_at=ctx.now,
            )
        )
        _make_role(ctx)
    row = require_cluster(ctx, {"cluster": name})
    return {"cluster": describe(ctx, row, include=("TAGS", "SETTINGS"))}


def _make_role(ctx: Context) -> None:
    """As CreateCluster's reference says: attempted as the caller, and left out where the caller may not."""
    if ctx.runtime.policies.find_role(ctx.read, ctx.partition, ctx.account, ROLE_NAME) is not None:
        return
    try:
        ctx.forward().iam.create_service_linked_role(AWSServiceName=PRINCIPAL)
    except AccessDenied:
        return


def _check_name(name: str) -> None:
    if len(name) > 255 or not all(letter.isalnum() or letter in "-_" for letter in name) or not name:
        raise ecs.error.InvalidParameterException(
            "The specified cluster name is invalid. Cluster names may only contain letters, numbers, hyphens, and"
            " underscores, up to 255 characters."
        )


def _settings(request: Any) -> list[dict[str, str]]:
    """Cluster settings as given over the default (Container Insights off)."""
    settings = {"containerInsights": "disabled"}
    for setting in request.get("settings") or ():
        if setting.get("value") not in ("enabled", "disabled", "enhanced"):
            raise ecs.error.InvalidParameterException("Invalid value for cluster setting containerInsights.")
        settings[setting.get("name", "containerInsights")] = setting["value"]
    return [{"name": name, "value": value} for name, value in settings.items()]


def _is(ctx: Context, name: str) -> tuple[Any, ...]:
    return (*(clusters.c[column] == value for column, value in place(ctx).items()), clusters.c.name == name)


def describe(ctx: Context, row: Row, *, include: Iterable[str] = ()) -> dict[str, Any]:
    """A cluster as DescribeClusters gives it; the parts of `include` are empty unless asked for."""
    wanted = set(include)
    return {
        "clusterArn": CLUSTER.arn(ctx, row.name),
        "clusterName": row.name,
        "status": row.status,
        "registeredContainerInstancesCount": row.instance_count,
        "runningTasksCount": row.running_count,
        "pendingTasksCount": row.pending_count,
        "activeServicesCount": 0,
        "statistics": [],
        "tags": row.tags if "TAGS" in wanted else [],
        "settings": row.settings if "SETTINGS" in wanted else [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    }


def _each_cluster(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    for name in request.get("clusters") or [DEFAULT_CLUSTER]:
        yield CLUSTER.check(ctx, name if name.startswith("arn:") else CLUSTER.arn(ctx, name))


@ecs.operation(on=_each_cluster)
def describe_clusters(ctx: Context, request: DescribeClustersRequestTypeDef) -> dict[str, Any]:
    """Up to 100 clusters, deleted clusters for a while too; the missing are failures."""
    names = request.get("clusters") or [DEFAULT_CLUSTER]
    if len(names) > 100:
        raise ecs.error.InvalidParameterException("Clusters cannot have more than 100 elements.")
    found: list[Any] = []
    failures: list[Any] = []
    for given in names:
        if not given:
            raise ecs.error.InvalidParameterException("Clusters can not be blank.")
        row = CLUSTER.find_named(ctx.read, place(ctx), last_part(given))
        if row is None:
            failures.append({"arn": CLUSTER.arn(ctx, last_part(given)), "reason": "MISSING"})
        else:
            found.append(describe(ctx, row, include=request.get("include") or ()))
    return {"clusters": found, "failures": failures}


@ecs.operation(on=ANY)
def list_clusters(ctx: Context, request: ListClustersRequestTypeDef) -> dict[str, Any]:
    """The ARNs of the active clusters, by name."""
    limit, after = pages.start(request)
    rows = ctx.read.all(_NAMES, **place(ctx), after=after, size=limit + 1)
    names, token = pages.cut([row.name for row in rows], limit)
    return pages.answer("clusterArns", [CLUSTER.arn(ctx, name) for name in names], token)


@ecs.operation(
    on=the_cluster(),
    writes=True,
    honours={"cluster", "settings"},
)
def update_cluster(ctx: Context, request: UpdateClusterRequestTypeDef) -> dict[str, Any]:
    """Change a cluster's settings."""
    row = require_cluster(ctx, request)
    if "settings" in request:
        ctx.write.run(update(clusters).where(*_is(ctx, row.name)).values(settings=_settings(request)))
    row = require_cluster(ctx, request)
    return {"cluster": describe(ctx, row, include=("TAGS", "SETTINGS"))}


@ecs.operation(on=the_cluster(), writes=True)
def delete_cluster(ctx: Context, request: DeleteClusterRequestTypeDef) -> dict[str, Any]:
    """Turn an empty cluster INACTIVE; deleting it again answers the same."""
    name = cluster_name(request)
    row = CLUSTER.find_named(ctx.read, place(ctx), name)
    if row is None:
        raise ecs.error.ClusterNotFoundException("Cluster not found.")
    if row.status == "ACTIVE":
        if row.instance_count:
            raise ecs.error.ClusterContainsContainerInstancesException(
                "The Cluster cannot be deleted while Container Instances are active or draining."
            )
        if row.running_count or row.pending_count:
            raise ecs.error.ClusterContainsTasksException(
                "The Cluster cannot be deleted while Tasks are active."
            )
        ctx.write.run(update(clusters).where(*_is(ctx, name)).values(status="INACTIVE", deleted_at=ctx.now))
        ctx.intend("ecs.sweeping", name, delay_seconds=KEPT_SECONDS)
    row = CLUSTER.find_named(ctx.read, place(ctx), name)
    return {"cluster": describe(ctx, row, include=("TAGS", "SETTINGS"))}
