"""SubmitJob: the path that everything else may not make slower."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard import ids
from batchyard.clock import microseconds
from batchyard.framework.check import Values
from batchyard.framework.context import Context
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.consumables import requirements
from batchyard.services.batch.definitions.job_definitions import find_newest_active
from batchyard.services.batch.jobs import depends_on, job_rows, job_specs, node_specs
from batchyard.services.batch.jobs.array_rows import OPEN, WAITING, insert_array
from batchyard.services.batch.jobs.depends_on import Unmet
from batchyard.services.batch.jobs.job_endings import PLACING_DELAY_SECONDS
from batchyard.services.batch.jobs.job_rows import PLAIN
from batchyard.services.batch.jobs.job_shares import NO_SHARE, share_of
from batchyard.services.batch.jobs.states import PENDING, RUNNABLE, SUBMITTED
from batchyard.services.batch.placing.engine_needs import check_engines
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import (
    consumable_resource,
    job,
    job_definition,
    job_queue,
    name_of,
)
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments, queue_environments
from batchyard.services.batch.tags import tagging
from batchyard.store.prepared import Prepared, Row
from batchyard.store.types import encode

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import SubmitJobRequestTypeDef

SMALLEST_ARRAY, LARGEST_ARRAY = 2, 10_000
MAKING_DELAY_SECONDS = 0.01
"""The answer goes out before the making of children takes the processor."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_ATTACHED_TYPES = Prepared(
    select(compute_environments.c.type)
    .join(queue_environments, queue_environments.c.environment_id == compute_environments.c.id)
    .where(queue_environments.c.queue_id == bindparam("queue_id"))
)
_GIVEN_DEFINITION = job_definition.named("jobDefinition")


def _conditions(ctx: Context, request: dict[str, Any]) -> Mapping[str, Values]:
    share = request.get("shareIdentifier")
    return {"batch:ShareIdentifier": share} if share else {}


_PODS = batch.unbuilt("jobs of a definition with `eksProperties`", on=["SubmitJob"])


@batch.operation(
    on=(
        _GIVEN_DEFINITION,
        job_queue.named("jobQueue"),
        consumable_resource.named(f"consumableResourcePropertiesOverride.{requirements.NAMED}"),
        tagging(_GIVEN_DEFINITION),
    ),
    writes=True,
    tags="tags",
    conditions=_conditions,
    refuses=(
        "nodeOverrides.nodePropertyOverrides.instanceTypes",
        "nodeOverrides.nodePropertyOverrides.eksPropertiesOverride",
        "nodeOverrides.nodePropertyOverrides.consumableResourcePropertiesOverride",
        "nodeOverrides.nodePropertyOverrides.containerOverrides.instanceType",
        "eksPropertiesOverride",
    ),
)
def submit_job(ctx: Context, request: SubmitJobRequestTypeDef) -> dict[str, Any]:
    """Record a job as RUNNABLE, or as PENDING while others must succeed first; it was evaluated with that.

    An array job is PENDING until its children have ended.
    """
    if not _NAME.fullmatch(request["jobName"]):
        raise refusal(ctx, "Job name should match valid pattern")
    if len(encode(request)) > job_specs.LARGEST_BYTES:
        raise refusal(ctx, f"Request size must be at most {job_specs.LARGEST_BYTES} bytes")
    queue = _queue(ctx, request)
    definition = _definition(ctx, request["jobDefinition"])
    if "eksProperties" in definition.body:
        raise _PODS("jobs of eksProperties")
    _check_platform(ctx, queue, definition)
    multinode = definition.type == "multinode"
    node_specs.check_members(ctx, request, multinode=multinode)
    if multinode:
        _check_takes_nodes(ctx, queue)
        spec, sizes = node_specs.resolve(ctx, request, definition.body)
    else:
        spec, sizes = job_specs.resolve(ctx, request, definition.body, platform=queue.platform)
    asked = check_engines(ctx, queue, node_specs.task_specs(spec))
    size = _array_size(ctx, request)
    waits = depends_on.unmet(ctx, spec["dependsOn"], array_size=size)
    share = share_of(ctx, request, queue, definition)
    job_id = ids.uuid4()
    values = {
        "job_id": job_id,
        "account": ctx.account,
        "partition": ctx.partition,
        "region": ctx.region,
        "name": request["jobName"],
        "name_key": request["jobName"].lower(),
        "queue_id": queue.id,
        "queue_arn": queue.arn,
        "definition_id": definition.id,
        "definition_name": definition.name,
        "definition_arn": definition.arn,
        "status": RUNNABLE if size is None and not waits else PENDING,
        "created_ms": microseconds(ctx.now) // 1000,
        "vcpus": sizes.vcpus,
        "memory_mib": sizes.memory_mib,
        "gpus": sizes.gpus,
        "asked": None if asked is None else asked.members,
        "document": spec,
        "resources": requirements.amounts(ctx, spec.get("consumableResourceProperties")),
        "tags": request.get("tags") or {},
        **share,
    }
    if size is not None:
        _insert_array(ctx, values, waits, size)
    elif waits:
        depends_on.wait_for(ctx, waits, _insert(ctx, values))
    else:
        _insert(ctx, values)
        if share is not NO_SHARE or not ctx.read.remembered(job_rows.front_of(queue.id)):
            ctx.intend("batch.placing", "queues", delay_seconds=PLACING_DELAY_SECONDS)
    arn = job.arn(ctx, job_id)
    ctx.note_resource(arn)
    return {"jobArn": arn, "jobName": request["jobName"], "jobId": job_id}


def _insert(ctx: Context, values: dict[str, Any]) -> int:
    """Record a job that is no array; answers its `id`."""
    nodes = values["document"].get("nodes")
    if nodes is None:
        return job_rows.insert_job(ctx.write, now=ctx.now, **values)
    counts = {"node_count": nodes["numNodes"], "main_node": nodes["mainNode"]}
    return job_rows.insert_with_nodes(ctx.write, now=ctx.now, **values, **counts)


def _array_size(ctx: Context, request: Any) -> int | None:
    """How many children the job has, None without arrayProperties.size (batch-jobs.md 4; the text is a guess)."""
    size: int | None = (request.get("arrayProperties") or {}).get("size")
    if size is not None and not SMALLEST_ARRAY <= size <= LARGEST_ARRAY:
        text = f"Array size must be between {SMALLEST_ARRAY} and {LARGEST_ARRAY}"
        raise refusal(ctx, text)
    return size


def _insert_array(ctx: Context, values: dict[str, Any], waits: Sequence[Unmet], size: int) -> None:
    """Record an array job with its last child, which keeps the ids of the others; a controller makes these."""
    identity = job_rows.insert_parent(ctx.write, now=ctx.now, array_size=size, **values)
    depends_on.wait_for(ctx, waits, identity)
    gate = WAITING if any(one.kind == PLAIN for one in waits) else OPEN
    array = insert_array(ctx.write, identity, account=ctx.account, size=size, gate=gate, now=ctx.now)
    parent = job_rows.require(ctx.write, identity)
    job_rows.insert_children(ctx.write, parent, array.base, {size - 1: SUBMITTED})
    ctx.intend("batch.arrays", values["job_id"], delay_seconds=MAKING_DELAY_SECONDS)


def _queue(ctx: Context, request: Any) -> Row:
    """The queue, which must take jobs. The text of a disabled queue is a guess."""
    given = request["jobQueue"]
    row = job_queue.find(ctx, given)
    if row is None or row.status == "DELETING":
        raise batch.error.ClientException(f"JobQueue {given} not found.")
    if row.state == "DISABLED":
        raise refusal(ctx, f"JobQueue {row.arn} is DISABLED and does not accept jobs")
    return row


def _definition(ctx: Context, given: str) -> Row:
    """The revision that is meant, ACTIVE; without a revision the newest that is ACTIVE. Texts: batch-jobs.md 8."""
    name, colon, revision = name_of(given).partition(":")
    if colon and whole_number(revision) is None:
        text = f"Provided name {name_of(given)} is not supported pattern[a-zA-Z_0-9-]{{1,128}}"
        raise batch.error.ClientException(text)
    if given.startswith("arn:"):
        _check_place(ctx, given)
    row = job_definition.find(ctx, given) if colon else find_newest_active(ctx, name)
    if row is None and colon:
        raise batch.error.ClientException(f"JobDefinition {job_definition.meant_arn(ctx, given)} not found.")
    if row is None or row.status != "ACTIVE":
        text = f"JobDefinition name {name_of(given)} does not exist or is not in ACTIVE status"
        raise batch.error.ClientException(text)
    return row


def _check_place(ctx: Context, arn: str) -> None:
    """An ARN of another account or Region is not there: who may use it there may not use its namesake here."""
    if arn != job_definition.arn(ctx, name_of(arn)):
        raise batch.error.ClientException(f"JobDefinition {arn} not found.")


def _check_takes_nodes(ctx: Context, queue: Row) -> None:
    """Raise ClientException where the queue's environments are UNMANAGED (batch-jobs.md 5; the text is a guess)."""
    kinds = [row.type for row in ctx.read.all(_ATTACHED_TYPES, queue_id=queue.id)]
    if kinds and all(kind == "UNMANAGED" for kind in kinds):
        raise refusal(ctx, "Multi-node parallel jobs are not supported on UNMANAGED compute environments.")


def _check_platform(ctx: Context, queue: Row, definition: Row) -> None:
    platforms = definition.body["platformCapabilities"] or ["EC2"]
    if queue.platform not in platforms:
        text = f"JobDefinition {definition.arn} does not have the platform capability {queue.platform} of the queue"
        raise refusal(ctx, text)
