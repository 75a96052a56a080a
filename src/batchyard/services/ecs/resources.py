"""The nouns of ECS, and what a name or an ARN in a request stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batchyard.framework import tag_operations
from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun, Words
from batchyard.framework.place import place
from batchyard.framework.rows import Rows
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import clusters, container_instances, task_definitions, tasks
from batchyard.store.prepared import Row

DEFAULT_CLUSTER = "default"


def last_part(name_or_arn: str) -> str:
    """`abc` of `abc`, `arn:…:cluster/abc` or `arn:…:task/cluster/abc`."""
    return name_or_arn.rsplit("/", 1)[-1]


def cluster_name(request: Mapping[str, Any], member: str = "cluster") -> str:
    """The name of the cluster that a request means; `default` where it names none (ECS API reference)."""
    return last_part(request.get(member) or DEFAULT_CLUSTER)


ENGINE_TAG = "batchyard:engine"
"""On a cluster: the name of the engine that runs its tasks; empty or missing: the default engine."""


def engine_tag(cluster: Row) -> str | None:
    """The engine that a cluster's tags name."""
    return next((one.get("value") for one in cluster.tags if one.get("key") == ENGINE_TAG), None) or None


def require_cluster(ctx: Context, request: Mapping[str, Any]) -> Row:
    """The active cluster that a request means; raises ClusterNotFoundException."""
    row = CLUSTER.find_named(ctx.read, place(ctx), cluster_name(request))
    if row is None:
        raise _no_cluster()
    if row.status != "ACTIVE":
        raise ecs.error.ClusterNotFoundException("The referenced cluster was inactive.")
    return row


def tag_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """ECS's list of {key, value} as a map."""
    return {tag["key"]: tag.get("value", "") for tag in tags}


def _revision(name: str) -> Mapping[str, Any] | None:
    family, _, revision = name.rpartition(":")
    number = whole_number(revision)
    return None if number is None else {"family": family, "revision": number}


def _in_cluster(name: str) -> Mapping[str, Any] | None:
    cluster, slash, identity = name.partition("/")
    return {"cluster": cluster, "id": identity} if slash and "/" not in identity else None


def _of_cluster(ctx: Context, given: str, row: Row | None) -> dict[str, str]:
    """ecs:cluster of what is in a cluster, by its ARN (service authorization reference)."""
    names = given.split("/")
    return {"ecs:cluster": CLUSTER.arn(ctx, names[1])} if len(names) == 3 else {}


def _words(parts: int, missing: Callable[[], Exception]) -> Words:
    """`parts`: how many names an ARN has behind the kind."""

    def malformed(ctx: Context, given: str) -> Exception | None:
        return (
            None
            if given.count("/") == parts
            else ecs.error.InvalidParameterException("Invalid resource arn.")
        )

    return Words(lambda ctx, given: missing(), malformed=malformed)


def _no_cluster() -> Exception:
    return ecs.error.ClusterNotFoundException("Cluster not found.")


def _no_resource() -> Exception:
    return ecs.error.InvalidParameterException("The specified resource is not found.")


CLUSTER: Noun[Row] = Noun(
    ecs, "cluster/{name}", Rows(clusters), words=_words(1, _no_cluster), given="either", tags=tag_map
)
TASK_DEFINITION: Noun[Row] = Noun(
    ecs,
    "task-definition/{family}:{revision}",
    Rows(task_definitions, ("family", "revision"), key=_revision),
    words=_words(1, _no_resource),
    given="either",
    tags=tag_map,
)
CONTAINER_INSTANCE: Noun[Row] = Noun(
    ecs,
    "container-instance/{cluster}/{id}",
    Rows(container_instances, ("cluster", "id"), key=_in_cluster),
    words=_words(2, _no_resource),
    given="either",
    conditions=_of_cluster,
    tags=tag_map,
)
TASK: Noun[Row] = Noun(
    ecs,
    "task/{cluster}/{id}",
    Rows(tasks, ("cluster", "id"), key=_in_cluster),
    words=_words(2, _no_resource),
    given="either",
    conditions=_of_cluster,
    tags=tag_map,
)
NOUNS = (CLUSTER, TASK_DEFINITION, CONTAINER_INSTANCE, TASK)


def the_cluster(member: str = "cluster") -> Target:
    """Check on the cluster that the request means."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        return [CLUSTER.check(ctx, cluster_name(request, member))]

    return checks


def each_in_cluster(noun: Noun[Any], member: str) -> Target:
    """Check on each task or container instance named at `member`, with ecs:cluster (service authorization reference).

    Where none is named, on all of the cluster's.
    """

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        given = request.get(member) or ["*"]
        named = [given] if isinstance(given, str) else given
        name = cluster_name(request)
        key = {"ecs:cluster": CLUSTER.arn(ctx, name)}
        for one in named:
            arn = one if one.startswith("arn:") else noun.arn(ctx, cluster=name, id=last_part(one))
            yield noun.check(ctx, arn, **key)

    return checks


def tags_on_creation(operation: str, arns: Callable[[Context, dict[str, Any]], Iterable[str]]) -> Target:
    """Tags given at creation need ecs:TagResource on what is made, with ecs:CreateAction (ECS developer guide)."""

    def made(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        return [Check(resource=arn) for arn in arns(ctx, request)]

    return tag_operations.tags_on_creation(made, "ecs:TagResource", **{"ecs:CreateAction": operation})
