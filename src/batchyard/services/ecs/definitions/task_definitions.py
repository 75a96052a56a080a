"""Task definitions: register, describe, list, deregister."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select, update

from batchyard.framework.check import ANY, Check
from batchyard.framework.container_parts import check_storage
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.passing import pass_role
from batchyard.framework.place import place
from batchyard.framework.whole_numbers import whole_number
from batchyard.framework.workloads import TASKS
from batchyard.services.ecs.definitions.container_definitions import NOT_HONOURED, normalized
from batchyard.services.ecs.definitions.task_sizes import check_fargate, cpu_units, memory_mib, size_keys
from batchyard.services.ecs.resources import TASK_DEFINITION, tags_on_creation
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import families, task_definitions
from batchyard.services.ecs.tag_lists import checked
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import upsert

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        DeregisterTaskDefinitionRequestTypeDef,
        DescribeTaskDefinitionRequestTypeDef,
        RegisterTaskDefinitionRequestTypeDef,
    )

_SYSTEMS = ecs.unbuilt(
    "`runtimePlatform.operatingSystemFamily` other than `LINUX`", on=["RegisterTaskDefinition"]
)
_KEPT = (
    "networkMode",
    "requiresCompatibilities",
    "runtimePlatform",
    "ephemeralStorage",
    "pidMode",
    "ipcMode",
)
"""Members that are kept as they are given."""
_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_PLACE = (
    (task_definitions.c.account == bindparam("account"))
    & (task_definitions.c.partition == bindparam("partition"))
    & (task_definitions.c.region == bindparam("region"))
    & (task_definitions.c.family == bindparam("family"))
)
_ONE = Prepared(
    select(task_definitions).where(_PLACE).where(task_definitions.c.revision == bindparam("revision"))
)
_NEWEST = Prepared(
    select(task_definitions)
    .where(_PLACE)
    .where(task_definitions.c.status == "ACTIVE")
    .order_by(task_definitions.c.revision.desc())
    .limit(1)
)
_BUMP = Prepared(
    upsert(
        families,
        {
            **{name: bindparam(name) for name in ("account", "partition", "region", "family")},
            "last_revision": 1,
            "active_count": 1,
        },
        lambda new: {
            "last_revision": families.c.last_revision + 1,
            "active_count": families.c.active_count + 1,
        },
    )
)
_LAST = Prepared(
    select(families.c.last_revision)
    .where(families.c.account == bindparam("account"))
    .where(families.c.partition == bindparam("partition"))
    .where(families.c.region == bindparam("region"))
    .where(families.c.family == bindparam("family"))
)


def find(tx: Transaction, at: Mapping[str, str], family: str, revision: int) -> Row | None:
    """One revision of a family, active or not."""
    return tx.first(_ONE, **at, family=family, revision=revision)


def resolve(tx: Transaction, at: Mapping[str, str], given: str) -> Row | None:
    """The row that `family` (its newest active revision), `family:revision` or an ARN means."""
    family, _, revision = given.rsplit("/", 1)[-1].partition(":")
    if not revision:
        return tx.first(_NEWEST, **at, family=family)
    number = whole_number(revision)
    return None if number is None else find(tx, at, family, number)


def definition_arn(ctx: Context, row: Row) -> str:
    """The ARN of a revision."""
    return TASK_DEFINITION.arn(ctx, f"{row.family}:{row.revision}")


def role_arn(ctx: Context, given: str) -> str:
    """A role as given by ARN, or by its short name (ECS API reference of taskRoleArn)."""
    return given if given.startswith("arn:") else f"arn:{ctx.partition}:iam::{ctx.account}:role/{given}"


def passed_to_tasks(ctx: Context, given: str, *, associated: str) -> Check:
    """The check that the caller may hand a role to tasks; what `associated` is on AWS is a [guess]."""
    return pass_role(role_arn(ctx, given), to=TASKS, associated=associated)


def _registered(ctx: Context, request: dict[str, Any]) -> Iterable[str]:
    return [TASK_DEFINITION.arn(ctx, f"{request.get('family', '')}:*")]


def _on_registered(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    return [Check(resource=arn) for arn in _registered(ctx, request)]


def _passed(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    made = TASK_DEFINITION.arn(ctx, f"{request.get('family', '')}:*")
    given = [request[name] for name in ("taskRoleArn", "executionRoleArn") if request.get(name)]
    return [passed_to_tasks(ctx, role, associated=made) for role in given]


def _conditions(ctx: Context, request: dict[str, Any]) -> dict[str, str | tuple[str, ...]]:
    privileged = any(one.get("privileged") for one in request.get("containerDefinitions") or ())
    keys: dict[str, str | tuple[str, ...]] = {"ecs:privileged": "true" if privileged else "false"}
    if request.get("requiresCompatibilities"):
        keys["ecs:compute-compatibility"] = tuple(request["requiresCompatibilities"])
    return {**keys, **size_keys(request)}


@ecs.operation(
    on=[_on_registered, tags_on_creation("RegisterTaskDefinition", _registered)],
    passes=[_passed],
    writes=True,
    tags="tags",
    conditions=_conditions,
    refuses=(
        "volumes.dockerVolumeConfiguration",
        "volumes.fsxWindowsFileServerVolumeConfiguration",
        "volumes.configuredAtLaunch",
        "placementConstraints",
        "proxyConfiguration",
        "inferenceAccelerators",
        "enableFaultInjection",
        "trustedExecutionConfiguration",
        *(f"containerDefinitions.{name}" for name in NOT_HONOURED),
    ),
)
def register_task_definition(ctx: Context, request: RegisterTaskDefinitionRequestTypeDef) -> dict[str, Any]:
    """Store a new revision of a family; revisions count from 1 and are never used again."""
    family = request["family"]
    if not _FAMILY.fullmatch(family):
        raise ecs.error.ClientException("Family contains invalid characters.")
    document = _document(ctx, request)
    tags = checked(request.get("tags"))
    ctx.write.run(_BUMP, **place(ctx), family=family)
    last = ctx.read.first(_LAST, **place(ctx), family=family)
    revision = 1 if last is None else last.last_revision
    ctx.write.run(
        insert(task_definitions).values(
            **place(ctx),
            family=family,
            revision=revision,
            status="ACTIVE",
            document=document,
            tags=tags,
            registered_by=ctx.session.arn,
            registered_at=ctx.now,
        )
    )
    row = _require(ctx, f"{family}:{revision}")
    ctx.note_resource(definition_arn(ctx, row))
    return {"taskDefinition": describe(ctx, row), **({"tags": tags} if tags else {})}


def _document(ctx: Context, request: Any) -> dict[str, Any]:
    """What is kept of a request: its members in AWS's names, sizes and roles made uniform."""
    document: dict[str, Any] = {
        "containerDefinitions": normalized(
            request["containerDefinitions"],
            request.get("volumes") or (),
            task_memory=bool(request.get("memory")),
            fargate="FARGATE" in (request.get("requiresCompatibilities") or ()),
        ),
        "volumes": request.get("volumes") or [],
        "placementConstraints": [],
    }
    check_storage(request.get("ephemeralStorage"), ecs.error.ClientException)
    for name in _KEPT:
        if request.get(name):
            document[name] = request[name]
    family = (request.get("runtimePlatform") or {}).get("operatingSystemFamily", "LINUX")
    if family != "LINUX":
        raise _SYSTEMS(f"the operating system family {family}")
    for name in ("taskRoleArn", "executionRoleArn"):
        if request.get(name):
            document[name] = role_arn(ctx, request[name])
    if request.get("cpu"):
        document["cpu"] = str(cpu_units(request["cpu"]))
    if request.get("memory"):
        document["memory"] = str(memory_mib(request["memory"]))
    fargate = "FARGATE" in document.get("requiresCompatibilities", ())
    if fargate:
        _check_for_fargate(document)
    fits = fargate or (document.get("networkMode") == "awsvpc" and {"cpu", "memory"} <= document.keys())
    document["compatibilities"] = ["EC2", "FARGATE"] if fits else ["EXTERNAL", "EC2"]
    return document


def _check_for_fargate(document: Mapping[str, Any]) -> None:
    if document.get("networkMode") != "awsvpc":
        raise ecs.error.ClientException("Fargate only supports network mode ‘awsvpc’.")
    if "cpu" not in document or "memory" not in document:
        raise ecs.error.ClientException(
            "Fargate requires that 'cpu' be defined at the task level."
            if "cpu" not in document
            else "Fargate requires that 'memory' be defined at the task level."
        )
    check_fargate(int(document["cpu"]), int(document["memory"]))
    if any(one.get("privileged") for one in document["containerDefinitions"]):
        raise ecs.error.ClientException("Fargate compatible task definitions do not support privileged")
    if "executionRoleArn" not in document and any(
        one.get("logConfiguration") for one in document["containerDefinitions"]
    ):
        raise ecs.error.ClientException(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs."
        )


def _require(ctx: Context, given: str) -> Row:
    row = resolve(ctx.read, place(ctx), given)
    if row is None:
        raise ecs.error.ClientException("Unable to describe task definition.")
    return row


def describe(ctx: Context, row: Row) -> dict[str, Any]:
    """A revision as DescribeTaskDefinition gives it."""
    shown = {
        "taskDefinitionArn": definition_arn(ctx, row),
        "family": row.family,
        "revision": row.revision,
        "status": row.status,
        "registeredAt": row.registered_at,
        "registeredBy": row.registered_by,
        **row.document,
    }
    if row.deregistered_at is not None:
        shown["deregisteredAt"] = row.deregistered_at
    return shown


@ecs.operation(on=ANY)
def describe_task_definition(ctx: Context, request: DescribeTaskDefinitionRequestTypeDef) -> dict[str, Any]:
    """One revision, deregistered revisions too; a family alone means its newest active revision."""
    row = _require(ctx, request["taskDefinition"])
    answer: dict[str, Any] = {"taskDefinition": describe(ctx, row)}
    if "TAGS" in (request.get("include") or ()):
        answer["tags"] = row.tags
    return answer


@ecs.operation(on=ANY, writes=True)
def deregister_task_definition(
    ctx: Context, request: DeregisterTaskDefinitionRequestTypeDef
) -> dict[str, Any]:
    """Turn a revision INACTIVE: nothing new runs from it, what runs goes on."""
    given = request["taskDefinition"]
    if ":" not in given.rsplit("/", 1)[-1]:
        raise ApiError("ClientException", "Revision is missing.")
    row = _require(ctx, given)
    if row.status == "ACTIVE":
        at = place(ctx)
        mine = [task_definitions.c[name] == value for name, value in at.items()]
        ctx.write.run(
            update(task_definitions)
            .where(*mine)
            .where(task_definitions.c.family == row.family)
            .where(task_definitions.c.revision == row.revision)
            .values(status="INACTIVE", deregistered_at=ctx.now)
        )
        ctx.write.run(
            update(families)
            .where(*(families.c[name] == value for name, value in at.items()))
            .where(families.c.family == row.family)
            .values(active_count=families.c.active_count - 1)
        )
    return {"taskDefinition": describe(ctx, _require(ctx, given))}
