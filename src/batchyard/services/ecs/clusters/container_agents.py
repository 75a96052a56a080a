"""What a container agent asks of ECS: to register its instance in a cluster.

The agents are here (controllers/agents.py); each calls as the role of its instance's profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.framework.workloads import INSTANCES
from batchyard.services.ecs.clusters.container_instances import announce, describe
from batchyard.services.ecs.clusters.instance_rows import find_by_ec2_instance, insert_instance
from batchyard.services.ecs.resources import (
    CLUSTER,
    CONTAINER_INSTANCE,
    cluster_name,
    require_cluster,
    tags_on_creation,
    the_cluster,
)
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tag_lists import checked
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import RegisterContainerInstanceRequestTypeDef

_OTHERS = ecs.unbuilt(
    "registration by other agents than Batchyard's own, which register the EC2 instances that run here",
    on=["RegisterContainerInstance"],
)


def _new_instances(ctx: Context, request: dict[str, Any]) -> Iterable[str]:
    return [CONTAINER_INSTANCE.arn(ctx, cluster=cluster_name(request), id="*")]


@ecs.operation(
    on=[the_cluster(), tags_on_creation("RegisterContainerInstance", _new_instances)],
    writes=True,
    tags="tags",
    honours={"cluster", "instanceIdentityDocument", "totalResources", "tags"},
)
def register_container_instance(
    ctx: Context, request: RegisterContainerInstanceRequestTypeDef
) -> dict[str, Any]:
    """Register the instance whose role calls; an instance that is registered already is answered as it is."""
    if ctx.session.acted_for != INSTANCES:
        raise _OTHERS("registration by an agent that does not run here")
    cluster = require_cluster(ctx, request)
    instance = ctx.session.name
    row = find_by_ec2_instance(ctx.read, place(ctx), instance)
    if row is None:
        row = _insert(ctx, cluster.name, instance, request)
    ctx.note_resource(CONTAINER_INSTANCE.arn(ctx, cluster=row.cluster, id=row.id))
    return {"containerInstance": describe(ctx, row, with_tags=False)}


def _insert(ctx: Context, cluster: str, instance: str, request: Any) -> Row:
    identity = json.loads(request["instanceIdentityDocument"])
    total = {one["name"]: one for one in request["totalResources"]}
    cpu, memory = total["CPU"]["integerValue"], total["MEMORY"]["integerValue"]
    gpus = total["GPU"]["stringSetValue"] if "GPU" in total else []
    insert_instance(
        ctx.write,
        {
            **place(ctx),
            "cluster": cluster,
            "id": ids.hexadecimal(32),
            "ec2_instance_id": instance,
            "instance_type": identity["instanceType"],
            "availability_zone": identity["availabilityZone"],
            "status": "ACTIVE",
            "cpu": cpu,
            "memory": memory,
            "cpu_left": cpu,
            "memory_left": memory,
            "gpus": gpus,
            "gpus_left": gpus,
            "gpu_count_left": len(gpus),
            "running_count": 0,
            "pending_count": 0,
            "version": 1,
            "tags": checked(request.get("tags")),
            "registered_at": ctx.now,
        },
    )
    row = find_by_ec2_instance(ctx.read, place(ctx), instance)
    if row is None:
        raise LookupError(f"{instance} was not registered in {CLUSTER.arn(ctx, cluster)}")
    announce(ctx, row)
    return row
