"""RunTask and StartTask: tasks recorded as wanted and placed; the controller makes them run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchyard import ids
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.ecs.definitions.task_definitions import resolve
from batchyard.services.ecs.definitions.task_sizes import gpu_count, gpus_of, size_keys, task_size
from batchyard.services.ecs.resources import (
    CLUSTER,
    CONTAINER_INSTANCE,
    TASK,
    TASK_DEFINITION,
    cluster_name,
    engine_tag,
    last_part,
    require_cluster,
    tags_on_creation,
)
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tag_lists import checked, merged
from batchyard.services.ecs.tasks import gangs, placing, run_tokens, task_overrides, task_rows, task_views
from batchyard.services.ecs.tasks.placing import Need
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import RunTaskRequestTypeDef, StartTaskRequestTypeDef

MOST_TASKS = 10
PLATFORM_VERSION = "1.4.0"
_LAUNCH_TYPES = ecs.unbuilt("`launchType` other than `EC2` and `FARGATE`", on=["RunTask"])

_UNABLE = ecs.unbuilt(
    "parameters of the task definition that the cluster's engine does not make true (see [engines](#engines))",
    on=["RunTask", "StartTask"],
)

_REFUSED = (
    "enableExecuteCommand",
    "capacityProviderStrategy",
    "placementConstraints",
    "placementStrategy",
    "volumeConfigurations",
    "referenceId",
    *task_overrides.REFUSED,
)


_SHOWN = ("name", "image", "cpu", "memory", "memoryReservation", "essential")
"""What DescribeTasks tells of a container, or what its end depends on."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One call's wish, resolved."""

    cluster: str
    definition: Row
    overrides: Mapping[str, Any]
    launch_type: str
    need: Need
    group: str
    member: gangs.Member | None
    started_by: str | None
    tags: list[Any]
    network: Mapping[str, Any] | None
    engine: str


def _definition(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Check on the revision that a family stands for, as ECS does since 2024 (aws/aws-cdk#30390); a denial tells it."""
    given = request.get("taskDefinition") or ""
    row = resolve(ctx.read, place(ctx), given)
    name = f"{row.family}:{row.revision}" if row is not None else last_part(given)
    arn = TASK_DEFINITION.arn(ctx, name)
    return [TASK_DEFINITION.check(ctx, arn, **{"ecs:cluster": CLUSTER.arn(ctx, cluster_name(request))})]


def _conditions(ctx: Context, request: dict[str, Any]) -> dict[str, str | tuple[str, ...]]:
    keys: dict[str, str | tuple[str, ...]] = {
        "ecs:enable-execute-command": "true" if request.get("enableExecuteCommand") else "false"
    }
    if request.get("containerInstances"):
        keys["ecs:container-instances"] = tuple(
            CONTAINER_INSTANCE.arn(ctx, cluster=cluster_name(request), id=last_part(one))
            for one in request["containerInstances"]
        )
    return {**keys, **size_keys(request.get("overrides") or {})}


def _new_tasks(ctx: Context, request: dict[str, Any]) -> Iterable[str]:
    return [TASK.arn(ctx, cluster=cluster_name(request), id="*")]


@ecs.operation(
    on=[_definition, tags_on_creation("RunTask", _new_tasks)],
    passes=[task_overrides.passed_roles],
    writes=True,
    tags="tags",
    conditions=_conditions,
    refuses=_REFUSED,
)
def run_task(ctx: Context, request: RunTaskRequestTypeDef) -> dict[str, Any]:
    """Place up to ten copies of a task; each comes back as wanted (PENDING), or as a failure with its reason."""
    count = request.get("count") or 1
    if not 1 <= count <= MOST_TASKS:
        raise ecs.error.InvalidParameterException(f"Task count must be between 1 and {MOST_TASKS}.")
    cluster = require_cluster(ctx, request)
    earlier = run_tokens.find(ctx, cluster.name, request)
    if earlier is not None:
        return _again(ctx, earlier)
    run = _resolved(ctx, request, cluster)
    if run.launch_type == "EC2" and not cluster.instance_count:
        raise ecs.error.InvalidParameterException("No Container Instances were found in your cluster.")
    made: list[Row] = []
    failures: list[Any] = []
    for _ in range(count):
        instance = None
        if run.launch_type == "EC2":
            instance = placing.fitting_instance(ctx.read, place(ctx), run.cluster, run.need)
            if instance is None:
                failures += _failures(ctx, run)
                continue
        made.append(_insert(ctx, run, instance))
    if made:
        answer = {"tasks": [row.id for row in made], "failures": failures}
        run_tokens.keep(ctx, cluster.name, request, answer)
    return {"tasks": _described(ctx, made), "failures": failures}


@ecs.operation(
    on=[_definition, tags_on_creation("StartTask", _new_tasks)],
    passes=[task_overrides.passed_roles],
    writes=True,
    tags="tags",
    conditions=_conditions,
    refuses=_REFUSED,
)
def start_task(ctx: Context, request: StartTaskRequestTypeDef) -> dict[str, Any]:
    """Place one copy of a task on each of the named container instances."""
    named = request["containerInstances"]
    if not 1 <= len(named) <= MOST_TASKS:
        raise ecs.error.InvalidParameterException(
            "Container instances can not be empty."
            if not named
            else "You may start tasks on at most 10 instances."
        )
    cluster = require_cluster(ctx, request)
    run = _resolved(ctx, request, cluster)
    made: list[Row] = []
    failures: list[Any] = []
    for given in named:
        identity = last_part(given)
        instance = placing.find_instance(ctx.read, place(ctx), run.cluster, identity)
        reason = "MISSING" if instance is None else placing.lacking(instance, run.need)
        if reason is not None:
            arn = CONTAINER_INSTANCE.arn(ctx, cluster=run.cluster, id=identity)
            failures.append({"arn": arn, "reason": reason})
        else:
            made.append(_insert(ctx, run, instance))
    return {"tasks": _described(ctx, made), "failures": failures}


def _resolved(ctx: Context, request: Any, cluster: Row) -> _Run:
    definition = resolve(ctx.read, place(ctx), request["taskDefinition"])
    if definition is None:
        raise ecs.error.ClientException("TaskDefinition not found.")
    if definition.status != "ACTIVE":
        raise ecs.error.ClientException("TaskDefinition is inactive")
    launch_type = request.get("launchType") or "EC2"
    if launch_type not in ("EC2", "FARGATE"):
        raise _LAUNCH_TYPES(f"the launch type {launch_type}")
    if launch_type not in definition.document["compatibilities"]:
        raise ecs.error.InvalidParameterException(
            f"Task definition does not support launch_type {launch_type}."
        )
    overrides = request.get("overrides") or {}
    task_overrides.check(definition.document, overrides)
    _check_engine(ctx, cluster, definition.document, overrides)
    _check_network(request, definition)
    cpu, memory = task_size(definition.document, overrides)
    engine, group = _engine(ctx, cluster), request.get("group") or f"family:{definition.family}"
    member = gangs.member_of(group)
    if member is not None:
        _check_gang(ctx, engine, member)
    started_by = request.get("startedBy")
    if started_by and len(started_by) > 128:
        raise ecs.error.InvalidParameterException("startedBy can have at most 128 characters.")
    return _Run(
        cluster=cluster.name,
        definition=definition,
        overrides=overrides,
        launch_type=launch_type,
        need=Need(cpu, memory, gpu_count(definition.document, overrides)),
        group=group,
        member=member,
        started_by=started_by,
        tags=_tags(request, definition, cluster.name),
        network=request.get("networkConfiguration"),
        engine=engine,
    )


def _check_gang(ctx: Context, name: str, member: gangs.Member) -> None:
    """A gang that the engine can never start as a whole is refused [guess: AWS has no gangs]."""
    engine = ctx.runtime.engines[name]
    slots = engine.capacity().slots if "gang" in engine.abilities.groups else 0
    if member.size > slots:
        text = f"The engine {name} can not start the {member.size} tasks of a gang at once: at most {slots}."
        raise ecs.error.ClientException(text)


def _engine(ctx: Context, cluster: Row) -> str:
    """The name of the cluster's engine (no text of AWS's)."""
    tag = engine_tag(cluster)
    name = ctx.runtime.engines.name_of(ctx.account, tag)
    if name is None:
        raise ecs.error.ClientException(f"The engine {tag} that the cluster's tags name is not open.")
    return name


def _check_engine(
    ctx: Context, cluster: Row, document: Mapping[str, Any], overrides: Mapping[str, Any]
) -> None:
    """Raise what is told where the cluster's engine cannot run the task."""
    asked = task_overrides.asked(document, overrides)
    refused = ctx.runtime.engines.refusal(ctx.account, [engine_tag(cluster)], asked) if asked else None
    if refused is not None:
        raise ecs.error.ClientException(refused.text) if refused.by_setting else _UNABLE(refused.text)


def _check_network(request: Any, definition: Row) -> None:
    needed = definition.document.get("networkMode") == "awsvpc"
    given = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if needed and not given:
        raise ecs.error.InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    if given and not needed:
        raise ecs.error.InvalidParameterException(
            "Network Configuration is not valid for the given networkMode of this task definition."
        )


def _tags(request: Any, definition: Row, cluster: str) -> list[Any]:
    given = checked(request.get("tags"))
    held = definition.tags if request.get("propagateTags") == "TASK_DEFINITION" else []
    if request.get("propagateTags") == "SERVICE":
        raise ecs.error.InvalidParameterException("SERVICE is not a valid value of propagateTags for a task.")
    if request.get("enableECSManagedTags"):
        held = [*held, {"key": "aws:ecs:clusterName", "value": cluster}]
    return merged(held, given)


def _failures(ctx: Context, run: _Run) -> list[Any]:
    return [
        {
            "arn": CONTAINER_INSTANCE.arn(ctx, cluster=run.cluster, id=instance.id),
            "reason": placing.lacking(instance, run.need) or "AGENT",
        }
        for instance in placing.active_instances(ctx.read, place(ctx), run.cluster)
    ]


def _insert(ctx: Context, run: _Run, instance: Row | None) -> Row:
    identity = ids.hexadecimal(32)
    pending = "PROVISIONING" if run.launch_type == "FARGATE" else "PENDING"
    values = {
        **place(ctx),
        "id": identity,
        "cluster": run.cluster,
        "desired_status": "RUNNING",
        "last_status": pending,
        "phase": task_rows.NEW,
        "engine": run.engine,
        "ordinal": ctx.now,
        "family": run.definition.family,
        "revision": run.definition.revision,
        "task_group": run.group,
        "gang": None if run.member is None else run.member.gang,
        "launch_type": run.launch_type,
        "instance": None if instance is None else instance.id,
        "started_by": run.started_by,
        "cpu": run.need.cpu,
        "memory": run.need.memory,
        "gpu_ids": [] if instance is None else instance.gpus_left[: run.need.gpus],
        "described": _described_parts(ctx, run, instance),
        "overrides": run.overrides,
        "tags": run.tags,
        "version": 1,
        "created_at": ctx.now,
        "cursors": {},
        "outcomes": {},
    }
    row = task_rows.insert_task(ctx.write, values)
    task_rows.count(ctx.write, [row], pending=1, running=0)
    task_rows.take_room(ctx.write, row)
    ctx.intend("ecs.tasks", identity, grouping=CLUSTER.arn(ctx, run.cluster))
    ctx.note_resource(TASK.arn(ctx, cluster=run.cluster, id=identity))
    return row


def _described_parts(ctx: Context, run: _Run, instance: Row | None) -> dict[str, Any]:
    """What DescribeTasks tells of the task that never changes."""
    document = run.definition.document
    containers = [task_overrides.overridden(one, run.overrides) for one in document["containerDefinitions"]]
    parts: dict[str, Any] = {
        "containers": [
            {"id": ids.uuid4(), "gpus": gpus_of(one), **{name: one.get(name) for name in _SHOWN}}
            for one in containers
        ],
        "zone": f"{ctx.region}a" if instance is None else instance.availability_zone,
        "ec2InstanceId": None if instance is None else instance.ec2_instance_id,
        "architecture": (document.get("runtimePlatform") or {}).get("cpuArchitecture", "x86_64").lower(),
    }
    if run.launch_type == "FARGATE":
        parts["platformVersion"] = PLATFORM_VERSION
    if run.network is not None:
        subnets = run.network["awsvpcConfiguration"].get("subnets") or []
        details = [{"name": "subnetId", "value": subnet} for subnet in subnets[:1]]
        parts["attachments"] = [
            {
                "id": ids.uuid4(),
                "type": "ElasticNetworkInterface",
                "status": "PRECREATED",
                "details": details,
            }
        ]
    return parts


def _described(ctx: Context, rows: Iterable[Row]) -> list[Any]:
    return [task_views.describe(ctx, row, with_tags=True) for row in rows]


def _again(ctx: Context, earlier: Mapping[str, Any]) -> dict[str, Any]:
    """The same call once more (clientToken): the tasks as they are now, and nothing new."""
    return {
        "tasks": _described(ctx, task_rows.find_tasks(ctx.read, earlier["tasks"])),
        "failures": earlier["failures"],
    }
