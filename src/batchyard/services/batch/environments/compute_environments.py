"""Compute environments: create, describe, update, delete. The compute controller makes the rest true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from batchyard import ids
from batchyard.clock import microseconds
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.batch.answers import describe_page
from batchyard.services.batch.environments import infrastructure
from batchyard.services.batch.environments.compute_environment_roles import (
    decide_service_role,
    full_role_arn,
    passes_instance_role,
    passes_service_role,
    passes_spot_fleet_role,
)
from batchyard.services.batch.environments.compute_environment_updates import (
    check_something_is_asked,
    is_policy_alone,
    resource_changes,
    update_policy,
)
from batchyard.services.batch.environments.compute_resource_rules import check_compute_resources
from batchyard.services.batch.environments.eks_configurations import check_eks_configuration
from batchyard.services.batch.environments.engine_tags import check_engine_tag
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import compute_environment
from batchyard.services.batch.service import batch
from batchyard.services.batch.service_role import role_arn
from batchyard.services.batch.tables import compute_environments, queue_environments
from batchyard.services.batch.tags import check_tags, tagging
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        CreateComputeEnvironmentRequestTypeDef,
        DeleteComputeEnvironmentRequestTypeDef,
        DescribeComputeEnvironmentsRequestTypeDef,
        UpdateComputeEnvironmentRequestTypeDef,
    )

MOST_PER_REGION = 50
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CREATED = compute_environment.named("computeEnvironmentName")


@batch.operation(
    on=(_CREATED, tagging(_CREATED)),
    passes=(passes_service_role, passes_instance_role, passes_spot_fleet_role),
    writes=True,
    tags="tags",
    refuses=(
        "ecsSettings",
        "computeResources.managedInstancesProvider",
        "computeResources.capacityTags",
        "computeResources.ec2Configuration.batchImageStatus",
        "eksConfiguration.accessEntry",
    ),
)
def create_compute_environment(
    ctx: Context, request: CreateComputeEnvironmentRequestTypeDef
) -> dict[str, Any]:
    """Record an environment as CREATING, with the service-linked role unless another was named.

    Text of a taken name: batch-jobs.md 14.
    """
    name = request["computeEnvironmentName"]
    _check_names(ctx, request)
    compute_environment.refuse_taken(ctx, name)
    resources = _checked_resources(ctx, request)
    role = decide_service_role(ctx, request)
    arn = compute_environment.arn(ctx, name)
    ctx.write.run(
        insert(compute_environments).values(
            account=ctx.account,
            partition=ctx.partition,
            region=ctx.region,
            name=name,
            arn=arn,
            uuid=ids.uuid4(),
            type=request["type"],
            state=request.get("state", "ENABLED"),
            status="CREATING",
            status_reason="",
            service_role=role,
            service_linked=role == role_arn(ctx.partition, ctx.account),
            orchestration="EKS" if "eksConfiguration" in request else "ECS",
            unmanaged_vcpus=request.get("unmanagedvCpus"),
            compute_resources=resources,
            eks_configuration=request.get("eksConfiguration"),
            context=request.get("context"),
            tags=request.get("tags", {}),
            made={},
            desired_vcpus=(resources or {}).get("desiredvCpus", (resources or {}).get("minvCpus", 0)),
            ending=False,
            generation=1,
            created_ms=microseconds(ctx.now) // 1000,
        )
    )
    ctx.intend("batch.compute", name, delay_seconds=ctx.runtime.settings.pace)
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}


def _check_names(ctx: Context, request: Any) -> None:
    """Refuse a name, tags or unmanagedvCpus that the environment cannot have; the texts are guesses.

    Names are those of batch-jobs.md, limits; unmanagedvCpus is for UNMANAGED alone (botocore's model).
    """
    if not _NAME.fullmatch(request["computeEnvironmentName"]):
        raise refusal(ctx, "computeEnvironmentName must match regex [A-Za-z0-9_-]{1,128}")
    check_tags(ctx, request.get("tags", {}))
    check_engine_tag(ctx, request.get("tags", {}))
    if "eksConfiguration" in request:
        check_eks_configuration(request["eksConfiguration"], request.get("computeResources") or {})
    if "unmanagedvCpus" in request and request["type"] != "UNMANAGED":
        raise refusal(ctx, "unmanagedvCpus can only be set for an UNMANAGED compute environment.")


def _checked_resources(ctx: Context, request: Any) -> dict[str, Any] | None:
    counted = select(compute_environments.c.id).where(compute_environments.c.account == ctx.account)
    existing = ctx.read.all(counted.where(compute_environments.c.region == ctx.region).limit(MOST_PER_REGION))
    if len(existing) >= MOST_PER_REGION:
        raise batch.error.ClientException(
            f"Error executing request, Exception : Maximum number of compute environments is {MOST_PER_REGION}"
        )
    if request["type"] == "UNMANAGED":
        if "computeResources" in request:
            text = "computeResources must not be specified for an UNMANAGED compute environment."
            raise batch.error.ClientException(f"Error executing request, Exception : {text}")
        return None
    if "computeResources" not in request:
        text = "computeResources must be specified for a MANAGED compute environment."
        raise batch.error.ClientException(f"Error executing request, Exception : {text}")
    resources = dict(request["computeResources"])
    check_compute_resources(resources, is_eks="eksConfiguration" in request)
    return resources


@batch.operation(on=ANY)
def describe_compute_environments(
    ctx: Context, request: DescribeComputeEnvironmentsRequestTypeDef
) -> dict[str, Any]:
    """The named environments, or all of the account in this Region in pages; unknown names are left out."""
    return describe_page(
        ctx,
        request,
        noun=compute_environment,
        names="computeEnvironments",
        result="computeEnvironments",
        show=_shown,
    )


@batch.operation(
    on=compute_environment.named("computeEnvironment"),
    passes=(passes_service_role, passes_instance_role),
    writes=True,
    refuses=(
        "ecsSettings",
        "eksConfiguration",
        "computeResources.managedInstancesProvider",
        "computeResources.capacityTags",
        "computeResources.ec2Configuration.batchImageStatus",
    ),
)
def update_compute_environment(
    ctx: Context, request: UpdateComputeEnvironmentRequestTypeDef
) -> dict[str, Any]:
    """Record the change as UPDATING; the controller makes it VALID, once old instances have ended where new are due."""
    check_something_is_asked(dict(request))
    row = compute_environment.find(ctx, request["computeEnvironment"])
    if row is None:
        arn = compute_environment.meant_arn(ctx, request["computeEnvironment"])
        raise batch.error.ClientException(f"Error executing request, Exception : {arn} does not exist")
    if row.status in ("CREATING", "UPDATING", "DELETING"):
        raise batch.error.ClientException("Cannot update, resource is being modified.")
    changes = _changes(ctx, row, request)
    if not is_policy_alone(dict(request)):
        changes |= {
            "status": "UPDATING",
            "status_reason": "",
            "ending": False,
            "generation": row.generation + 1,
        }
        ctx.intend("batch.compute", row.name, delay_seconds=ctx.runtime.settings.pace)
    if changes:
        ctx.write.run(
            update(compute_environments).where(compute_environments.c.id == row.id).values(**changes)
        )
    return {"computeEnvironmentName": row.name, "computeEnvironmentArn": row.arn}


def _changes(ctx: Context, row: Row, request: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "state" in request:
        changes["state"] = request["state"]
    if "context" in request:
        changes["context"] = request["context"]
    if "unmanagedvCpus" in request:
        changes["unmanaged_vcpus"] = request["unmanagedvCpus"]
    if "serviceRole" in request:
        changes |= _role_change(ctx, row, request["serviceRole"])
    policy = update_policy(row, request.get("updatePolicy"))
    if policy != row.update_policy:
        changes["update_policy"] = policy
    if request.get("computeResources"):
        given = dict(request["computeResources"])
        changes |= resource_changes(ctx, row, given, policy or infrastructure.DEFAULT_POLICY)
    return changes


def _role_change(ctx: Context, row: Row, given: str) -> dict[str, Any]:
    """One role kind for life: the service-linked role ("" names it, too) can't be swapped for another, nor the
    reverse."""
    linked = role_arn(ctx.partition, ctx.account)
    arn = full_role_arn(ctx, given) if given else linked
    becomes_linked = arn == linked
    if becomes_linked != row.service_linked:
        text = (
            "The service role of a compute environment cannot be changed from or to the service-linked role"
            f" {linked}"
        )
        raise batch.error.ClientException(f"Error executing request, Exception : {text}")
    return {"service_role": arn}


@batch.operation(on=compute_environment.named("computeEnvironment"), writes=True)
def delete_compute_environment(ctx: Context, request: DeleteComputeEnvironmentRequestTypeDef) -> None:
    """Mark an environment DELETING; it must be DISABLED and in no queue. A missing environment is a success [guess]."""
    row = compute_environment.find(ctx, request["computeEnvironment"])
    if row is None or row.status == "DELETING":
        return
    if row.status in ("CREATING", "UPDATING"):
        raise batch.error.ClientException("Cannot delete, resource is being modified.")
    if row.state != "DISABLED":
        raise batch.error.ClientException("Cannot delete, state must be DISABLED")
    related = select(queue_environments.c.queue_id).where(queue_environments.c.environment_id == row.id)
    if ctx.read.first(related.limit(1)) is not None:
        raise batch.error.ClientException("Cannot delete, found existing JobQueue relationship")
    ctx.write.run(
        update(compute_environments)
        .where(compute_environments.c.id == row.id)
        .values(status="DELETING", ending=True, generation=row.generation + 1)
    )
    ctx.intend("batch.compute", row.name, delay_seconds=ctx.runtime.settings.pace)


def _shown(row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "computeEnvironmentName": row.name,
        "computeEnvironmentArn": row.arn,
        "tags": row.tags,
        "type": row.type,
        "state": row.state,
        "status": row.status,
        "statusReason": row.status_reason,
        "serviceRole": row.service_role,
        "containerOrchestrationType": row.orchestration,
        "uuid": row.uuid,
    }
    if row.made.get("cluster_arn"):
        shown["ecsClusterArn"] = row.made["cluster_arn"]
    if row.compute_resources is not None:
        shown["computeResources"] = _shown_resources(row)
    for member, value in (
        ("unmanagedvCpus", row.unmanaged_vcpus),
        ("updatePolicy", row.update_policy),
        ("eksConfiguration", row.eks_configuration),
        ("context", row.context),
    ):
        if value is not None:
            shown[member] = value
    return shown


def _shown_resources(row: Row) -> dict[str, Any]:
    resources = dict(row.compute_resources)
    if resources["type"] not in ("FARGATE", "FARGATE_SPOT"):
        resources["desiredvCpus"] = row.desired_vcpus
        resources.setdefault("instanceTypes", [])
        resources.setdefault("tags", {})
        resources.setdefault("ec2Configuration", [{"imageType": f"{row.orchestration}_AL2023"}])
    return resources
