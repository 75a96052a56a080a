"""Capacity providers: AWS's own two for Fargate; others cannot be made here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.services.ecs.resources import last_part
from batchyard.services.ecs.service import ecs

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import DescribeCapacityProvidersRequestTypeDef

_OWN = ("FARGATE", "FARGATE_SPOT")


def _named(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    for name in request.get("capacityProviders") or ["*"]:
        yield Check(resource=name if name.startswith("arn:") else _arn(ctx, name))


def _arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:ecs:{ctx.region}:{ctx.account}:capacity-provider/{name}"


@ecs.operation(on=_named, refuses=("cluster",))
def describe_capacity_providers(
    ctx: Context, request: DescribeCapacityProvidersRequestTypeDef
) -> dict[str, Any]:
    """FARGATE and FARGATE_SPOT, which every account has; other names are failures."""
    wanted = [last_part(name) for name in request.get("capacityProviders") or _OWN]
    found = [
        {"capacityProviderArn": _arn(ctx, name), "name": name, "status": "ACTIVE", "tags": []}
        for name in wanted
        if name in _OWN
    ]
    failures = [{"arn": _arn(ctx, name), "reason": "MISSING"} for name in wanted if name not in _OWN]
    return {"capacityProviders": found, "failures": failures}
