"""EKS clusters: create, describe, list, delete. No Kubernetes control plane runs behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update

from batchyard.framework.check import ANY, Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.passing import pass_role
from batchyard.services.eks.resources import cluster
from batchyard.services.eks.service import eks
from batchyard.services.eks.tables import clusters
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_eks.type_defs import (
        CreateClusterRequestTypeDef,
        DeleteClusterRequestTypeDef,
        DescribeClusterRequestTypeDef,
        ListClustersRequestTypeDef,
    )

NEWEST_VERSION = "1.33"
SUPPORTED_VERSIONS = ("1.29", "1.30", "1.31", "1.32", "1.33")


def _passes_role(ctx: Context, request: Any) -> Iterable[Check]:
    """iam:PassRole on the cluster's role, for the cluster that is to be [guess]."""
    made = cluster.arn(ctx, request["name"])
    yield pass_role(request["roleArn"], to="eks.amazonaws.com", associated=made)


def _conditions(ctx: Context, request: dict[str, Any]) -> Mapping[str, Values]:
    return {"eks:kubernetesVersion": request["version"]} if request.get("version") else {}


@eks.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """That they are refused: EKS user guide, tag restrictions; code and text: a guess."""
    return eks.error.InvalidParameterException(
        "aws: prefixed tag key names are not allowed for external use."
    )


def _tags_on_creation(ctx: Context, request: Any) -> Iterable[Check]:
    """Tags given at creation need eks:TagResource, too (recorded: aws/aws-cdk#7163)."""
    if request.get("tags"):
        yield Check(resource=cluster.arn(ctx, request["name"]), action="eks:TagResource")


@eks.operation(
    on=(cluster.named("name"), _tags_on_creation),
    passes=(_passes_role,),
    writes=True,
    tags="tags",
    conditions=_conditions,
    honours={"name", "version", "roleArn", "resourcesVpcConfig", "tags", "clientRequestToken"},
    refuses=(
        "resourcesVpcConfig.endpointPublicAccess",
        "resourcesVpcConfig.endpointPrivateAccess",
        "resourcesVpcConfig.publicAccessCidrs",
        "resourcesVpcConfig.controlPlaneEgressMode",
    ),
)
def create_cluster(ctx: Context, request: CreateClusterRequestTypeDef) -> dict[str, Any]:
    """Record a cluster as CREATING; the controller makes it ACTIVE. It has no endpoint: nothing runs in it.

    The same request under the same token is answered with what it made before [guess: for as long as that is there].
    """
    name = request["name"]
    existing = cluster.find(ctx, name)
    if existing is not None:
        if existing.request["clientRequestToken"] is not None and existing.request == _kept(request):
            return {"cluster": _shown(existing)}
        raise eks.error.ResourceInUseException(f"Cluster already exists with name: {name}", clusterName=name)
    version = request.get("version", NEWEST_VERSION)
    if version not in SUPPORTED_VERSIONS:
        raise eks.error.InvalidParameterException(
            f"unsupported Kubernetes version {version}", clusterName=name
        )
    ctx.write.run(
        insert(clusters).values(
            account=ctx.account,
            region=ctx.region,
            name=name,
            arn=cluster.arn(ctx, name),
            status="CREATING",
            created_at=ctx.now,
            version=version,
            role_arn=request["roleArn"],
            vpc_config=request["resourcesVpcConfig"],
            tags=request.get("tags", {}),
            request=_kept(request),
        )
    )
    ctx.intend("eks.clusters", name, delay_seconds=ctx.runtime.settings.pace)
    return {"cluster": _shown(cluster.require(ctx, name))}


@eks.operation(on=cluster.named("name"))
def describe_cluster(ctx: Context, request: DescribeClusterRequestTypeDef) -> dict[str, Any]:
    """One cluster; a missing cluster is ResourceNotFoundException `No cluster found for name: x.`"""
    return {"cluster": _shown(cluster.require(ctx, request["name"]))}


@eks.operation(on=cluster.named("name"), writes=True)
def delete_cluster(ctx: Context, request: DeleteClusterRequestTypeDef) -> dict[str, Any]:
    """Mark a cluster DELETING; the controller removes it."""
    row = cluster.require(ctx, request["name"])
    if row.status == "CREATING":
        raise eks.error.ResourceInUseException(f"Cluster has status {row.status}", clusterName=row.name)
    ctx.write.run(update(clusters).where(clusters.c.id == row.id).values(status="DELETING"))
    ctx.intend("eks.clusters", row.name, delay_seconds=ctx.runtime.settings.pace)
    return {"cluster": _shown(cluster.require(ctx, row.name))}


@eks.operation(on=ANY, refuses=("include",))
def list_clusters(ctx: Context, request: ListClustersRequestTypeDef) -> dict[str, Any]:
    """The names of the account's clusters in this Region."""
    shown, more = cluster.page(ctx, request.get("nextToken", ""), request.get("maxResults", 100))
    names = [row.name for row in shown]
    return {"clusters": names, **({"nextToken": names[-1]} if more else {})}


def _kept(request: Any) -> dict[str, Any]:
    """What a repetition of the request is compared with."""
    return {"clientRequestToken": None, **request}


def _shown(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "arn": row.arn,
        "createdAt": row.created_at,
        "version": row.version,
        "roleArn": row.role_arn,
        "resourcesVpcConfig": {
            "subnetIds": row.vpc_config.get("subnetIds", []),
            "securityGroupIds": row.vpc_config.get("securityGroupIds", []),
        },
        "status": row.status,
        "tags": row.tags,
    }
