"""EKS clusters: create, describe, list, delete. No Kubernetes control plane runs behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from batchyard.framework.check import ANY, Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.passing import pass_role
from batchyard.services.eks.resources import FIND, cluster
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
    made = cluster.arn(ctx, name=request["name"])
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
        yield Check(resource=cluster.arn(ctx, name=request["name"]), action="eks:TagResource")


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
    existing = ctx.read.first(FIND, account=ctx.account, region=ctx.region, name=name)
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
            arn=cluster.arn(ctx, name=name),
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
    return {"cluster": _shown(_require(ctx, name))}


@eks.operation(on=cluster.named("name"))
def describe_cluster(ctx: Context, request: DescribeClusterRequestTypeDef) -> dict[str, Any]:
    """One cluster; a missing one is ResourceNotFoundException `No cluster found for name: x.`"""
    return {"cluster": _shown(_require(ctx, request["name"]))}


@eks.operation(on=cluster.named("name"), writes=True)
def delete_cluster(ctx: Context, request: DeleteClusterRequestTypeDef) -> dict[str, Any]:
    """Mark a cluster DELETING; the controller removes it."""
    row = _require(ctx, request["name"])
    if row.status == "CREATING":
        raise eks.error.ResourceInUseException(f"Cluster has status {row.status}", clusterName=row.name)
    ctx.write.run(update(clusters).where(clusters.c.id == row.id).values(status="DELETING"))
    ctx.intend("eks.clusters", row.name, delay_seconds=ctx.runtime.settings.pace)
    return {"cluster": _shown(_require(ctx, row.name))}


@eks.operation(on=ANY, refuses=("include",))
def list_clusters(ctx: Context, request: ListClustersRequestTypeDef) -> dict[str, Any]:
    """The names of the account's clusters in this Region."""
    limit = request.get("maxResults", 100)
    query = (
        select(clusters.c.name)
        .where(clusters.c.account == ctx.account)
        .where(clusters.c.region == ctx.region)
        .order_by(clusters.c.name)
        .limit(limit + 1)
    )
    if "nextToken" in request:
        query = query.where(clusters.c.name > request["nextToken"])
    names = [row.name for row in ctx.read.all(query)]
    answer: dict[str, Any] = {"clusters": names[:limit]}
    if len(names) > limit:
        answer["nextToken"] = names[limit - 1]
    return answer


def _kept(request: Any) -> dict[str, Any]:
    """What a repetition of the request is compared with."""
    return {"clientRequestToken": None, **request}


def _require(ctx: Context, name: str) -> Row:
    row = ctx.read.first(FIND, account=ctx.account, region=ctx.region, name=name)
    if row is None:
        raise eks.error.ResourceNotFoundException(f"No cluster found for name: {name}.", clusterName=name)
    return row


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
