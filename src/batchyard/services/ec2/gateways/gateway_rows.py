"""The gateways of VPCs as kept: to the Internet, out of it alone for IPv6, and those that translate addresses."""

from __future__ import annotations

from datetime import datetime, timedelta

from batchyard.framework.context import Context
from batchyard.services.ec2.kept import Held, Kept, Quota
from batchyard.services.ec2.places import Place, derived_id


def default_gateway_id(where: Place) -> str:
    """The gateway of a Region's default VPC: its VPC's digits, as a migration could make them up, too."""
    return derived_id(where, "vpc-", "vpc").replace("vpc-", "igw-")


def _default(where: Place) -> list[Held]:
    return [Held(default_gateway_id(where), {"VpcId": derived_id(where, "vpc-", "vpc")})]


internet_gateways = Kept(
    "internet-gateway",
    quota=Quota(
        500, "InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."
    ),
    defaults=_default,
)
egress_only_gateways = Kept(
    "egress-only-internet-gateway",
    quota=Quota(
        500,
        "EgressOnlyInternetGatewayLimitExceeded",
        "The maximum number of egress-only internet gateways has been reached.",
    ),
)
nat_gateways = Kept(
    "natgateway",
    quota=Quota(500, "NatGatewayLimitExceeded", "The maximum number of NAT gateways has been reached."),
)
KEPT_SECONDS = 3600
"""How long a deleted NAT gateway is still described (VPC user guide: "usually for about an hour")."""


def nat_state(ctx: Context, held: Held) -> str:
    """`pending` and `deleting` last as long as each passing state does here (the setting `pace`)."""
    deleted_at = held.body.get("DeleteTime")
    if deleted_at:
        return "deleting" if _is_passing(ctx, deleted_at) else "deleted"
    return "pending" if _is_passing(ctx, held.body["CreateTime"]) else "available"


def _is_passing(ctx: Context, since: str) -> bool:
    return ctx.now < datetime.fromisoformat(since) + timedelta(seconds=ctx.runtime.settings.pace)


def is_forgotten(ctx: Context, held: Held) -> bool:
    """Was a NAT gateway deleted so long ago that nobody is told of it any more?"""
    deleted_at = held.body.get("DeleteTime")
    if not deleted_at:
        return False
    return ctx.now > datetime.fromisoformat(deleted_at) + timedelta(seconds=KEPT_SECONDS)


def live_in(ctx: Context, vpc_id: str) -> list[Held]:
    """The NAT gateways of a VPC that are not deleted."""
    return [one for one in nat_gateways.within(ctx, vpc_id) if nat_state(ctx, one) != "deleted"]


def live_in_subnet(ctx: Context, vpc_id: str, subnet_id: str) -> list[Held]:
    """Those of one of its subnets."""
    return [one for one in live_in(ctx, vpc_id) if one.body["SubnetId"] == subnet_id]
