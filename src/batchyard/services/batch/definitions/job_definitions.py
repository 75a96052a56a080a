"""Job definitions: register and deregister. A revision never changes but for its status and tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from batchyard.clock import microseconds
from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.framework.passing import pass_role
from batchyard.framework.workloads import TASKS
from batchyard.services.batch.consumables import requirements
from batchyard.services.batch.definitions import container_properties, ecs_properties
from batchyard.services.batch.definitions.container_properties import check_container
from batchyard.services.batch.definitions.ecs_properties import MOST_CONTAINERS, check_ecs_properties
from batchyard.services.batch.definitions.eks_properties import check_eks_properties
from batchyard.services.batch.definitions.job_tasks import tasks_of
from batchyard.services.batch.definitions.node_properties import checked_nodes
from batchyard.services.batch.definitions.retry_strategies import checked_retry_strategy, checked_timeout
from batchyard.services.batch.definitions.scheduling_priorities import check_scheduling_priority
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import consumable_resource, job_definition
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import job_definitions
from batchyard.services.batch.tags import check_tags, tagging
from batchyard.store.prepared import Prepared, Row
from batchyard.store.types import encode

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        DeregisterJobDefinitionRequestTypeDef,
        RegisterJobDefinitionRequestTypeDef,
    )

LARGEST_BYTES = 24 * 1024
MOST_TASKS = 5
"""Of a definition: one for each range of nodes (what-aws-says.md 37)."""
_GIVEN = ("propagateTags", "schedulingPriority")
"""What a revision has only where it was given."""
PLATFORMS = ("EC2", "FARGATE")
_CHECKED = (
    ("retryStrategy", checked_retry_strategy),
    ("timeout", checked_timeout),
    ("consumableResourceProperties", requirements.checked),
)
_REGISTERED = job_definition.named("jobDefinitionName")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_NAMED = (
    (job_definitions.c.account == bindparam("account"))
    & (job_definitions.c.region == bindparam("region"))
    & (job_definitions.c.name == bindparam("name"))
)
_NEWEST = Prepared(
    select(job_definitions.c.revision).where(_NAMED).order_by(job_definitions.c.revision.desc()).limit(1)
)
_NEWEST_ACTIVE = Prepared(
    select(job_definitions)
    .where(_NAMED)
    .where(job_definitions.c.status == "ACTIVE")
    .order_by(job_definitions.c.revision.desc())
    .limit(1)
)


def _passed_roles(ctx: Context, request: Any) -> Iterable[Check]:
    """iam:PassRole on each job and execution role, to ecs-tasks.amazonaws.com, for the definition [guess]."""
    for role in dict.fromkeys(_roles_of(request)):
        arn = job_definition.meant_arn(ctx, request["jobDefinitionName"])
        yield pass_role(_role_arn(ctx, role), to=TASKS, associated=arn)


def _roles_of(request: Any) -> Iterable[str]:
    for task in tasks_of(request):
        for member in ("taskRoleArn", "executionRoleArn"):
            if task.get(member):
                yield task[member]


def _role_arn(ctx: Context, given: str) -> str:
    return given if given.startswith("arn:") else f"arn:{ctx.partition}:iam::{ctx.account}:role/{given}"


def _on_registered(ctx: Context, request: Any) -> Iterable[Check]:
    """The definition, once for each container with the batch: keys of that one (iam-evaluation.md 4): each must be
    allowed, as one container could else hide behind another. The text of too many is a [guess]."""
    arn = job_definition.meant_arn(ctx, request["jobDefinitionName"])
    tasks = tasks_of(request)
    containers = [one for task in tasks for one in task["containers"]]
    if len(containers) > MOST_TASKS * MOST_CONTAINERS:
        # Before the policies are asked of each.
        raise refusal(ctx, f"A task can have at most {MOST_CONTAINERS} containers")
    keys = [_keys_of(one) for one in containers] or [_keys_of({})]
    for index, each in enumerate(keys):
        if each not in keys[:index]:
            yield job_definition.check(ctx, arn, **each)


def _keys_of(container: Mapping[str, Any]) -> dict[str, Values]:
    logging = container.get("logConfiguration") or {}
    options = logging.get("options") or {}
    found = {
        "batch:Image": container.get("image"),
        "batch:User": container.get("user"),
        "batch:LogDriver": logging.get("logDriver"),
        "batch:AWSLogsGroup": options.get("awslogs-group"),
        "batch:AWSLogsRegion": options.get("awslogs-region"),
        "batch:AWSLogsStreamPrefix": options.get("awslogs-stream-prefix"),
        "batch:AWSLogsCreateGroup": options.get("awslogs-create-group"),
    }
    keys: dict[str, Values] = {"batch:Privileged": "true" if container.get("privileged") else "false"}
    return keys | {name: value for name, value in found.items() if value}


@batch.operation(
    on=(
        _on_registered,
        consumable_resource.named(f"consumableResourceProperties.{requirements.NAMED}"),
        tagging(_REGISTERED),
    ),
    passes=(_passed_roles,),
    writes=True,
    tags="tags",
    refuses=(
        "nodeProperties.nodeRangeProperties.instanceTypes",
        "nodeProperties.nodeRangeProperties.container.instanceType",
        "nodeProperties.nodeRangeProperties.eksProperties",
        "nodeProperties.nodeRangeProperties.consumableResourceProperties",
    ),
)
def register_job_definition(ctx: Context, request: RegisterJobDefinitionRequestTypeDef) -> dict[str, Any]:
    """Record the next revision of a name, ACTIVE; numbers are never used twice."""
    body = _checked_body(ctx, request)
    name = request["jobDefinitionName"]
    newest = ctx.read.first(_NEWEST, account=ctx.account, region=ctx.region, name=name)
    revision = 1 if newest is None else newest.revision + 1
    arn = job_definition.arn(ctx, f"{name}:{revision}")
    ctx.write.run(
        insert(job_definitions).values(
            account=ctx.account,
            partition=ctx.partition,
            region=ctx.region,
            name=name,
            revision=revision,
            arn=arn,
            status="ACTIVE",
            type=request["type"],
            body=body,
            tags=request.get("tags", {}),
            created_ms=microseconds(ctx.now) // 1000,
        )
    )
    ctx.note_resource(arn)
    return {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": revision}


def _checked_body(ctx: Context, request: Any) -> dict[str, Any]:
    if not _NAME.fullmatch(request["jobDefinitionName"]):
        raise refusal(ctx, "jobDefinitionName must match regex [A-Za-z0-9_-]{1,128}")
    platforms = request.get("platformCapabilities", [])
    for one in platforms:
        if one not in PLATFORMS:
            raise refusal(ctx, f"Platform capability {one} is not one of {', '.join(PLATFORMS)}")
    properties = _properties(ctx, request, platforms or ["EC2"])
    check_tags(ctx, request.get("tags", {}))
    body = {
        **properties,
        "parameters": request.get("parameters", {}),
        "platformCapabilities": platforms,
        **{member: request[member] for member in _GIVEN if member in request},
    }
    check_scheduling_priority(ctx, request.get("schedulingPriority"))
    for member, check in _CHECKED:
        if member in request:
            body[member] = check(ctx, request[member])
    if len(encode(body)) > LARGEST_BYTES:
        raise refusal(ctx, f"Job definition size must be at most {LARGEST_BYTES} bytes")
    return body


def _properties(ctx: Context, request: Any, platforms: Sequence[str]) -> dict[str, Any]:
    """The properties of a request, checked, as they are kept and shown (the texts are guesses)."""
    container, ecs = request.get("containerProperties"), request.get("ecsProperties")
    eks = request.get("eksProperties")
    if request["type"] == "multinode":
        if container or ecs or eks:
            raise refusal(ctx, "Only nodeProperties can be specified for a multinode job definition")
        if "FARGATE" in platforms:
            raise refusal(ctx, "Multi-node parallel jobs are not applicable for Fargate.")
        return {"nodeProperties": checked_nodes(ctx, request.get("nodeProperties"))}
    if request.get("nodeProperties"):
        raise refusal(ctx, "nodeProperties can only be specified for a multinode job definition")
    if sum(map(bool, (container, ecs, eks))) > 1:
        raise refusal(
            ctx, "Only one of containerProperties, ecsProperties and eksProperties can be specified"
        )
    if eks:
        check_eks_properties(ctx, eks, request.get("platformCapabilities") or ())
        return {"eksProperties": eks}
    if ecs:
        check_ecs_properties(ctx, ecs, platforms)
        return {"ecsProperties": ecs_properties.with_defaults(ecs, platforms)}
    if not container:
        raise refusal(ctx, "Container properties must be specified for a container job definition")
    check_container(ctx, container, platforms)
    return {"containerProperties": container_properties.with_defaults(container, platforms)}


@batch.operation(on=job_definition.named("jobDefinition"), writes=True)
def deregister_job_definition(ctx: Context, request: DeregisterJobDefinitionRequestTypeDef) -> None:
    """Turn a revision INACTIVE: nothing new is submitted with it, its jobs go on (text: batch-jobs.md 8)."""
    given = request["jobDefinition"]
    row = job_definition.find(ctx, given)
    if row is None:
        raise refusal(ctx, f"JobDefinition {job_definition.meant_arn(ctx, given)} not found.")
    ctx.write.run(update(job_definitions).where(job_definitions.c.id == row.id).values(status="INACTIVE"))


def find_newest_active(ctx: Context, name: str) -> Row | None:
    """The newest ACTIVE revision of a name."""
    return ctx.read.first(_NEWEST_ACTIVE, account=ctx.account, region=ctx.region, name=name)
