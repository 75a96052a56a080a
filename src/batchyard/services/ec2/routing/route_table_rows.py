"""Route tables as kept: each VPC has a main table, which its subnets follow unless they are associated with another."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.services.ec2.gateways.gateway_rows import default_gateway_id
from batchyard.services.ec2.kept import Held, Kept, Quota
from batchyard.services.ec2.places import Place, derived_id, new_id

Association = dict[str, Any]
"""`id`, and `subnet`, or `gateway`, or neither: the main association."""


def _default(where: Place) -> list[Held]:
    vpc = derived_id(where, "vpc-", "vpc")
    main = {"id": vpc.replace("vpc-", "rtbassoc-")}
    out = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": default_gateway_id(where)}
    body = {"VpcId": vpc, "routes": [out], "associations": [main]}
    return [Held(vpc.replace("vpc-", "rtb-"), body)]


route_tables = Kept(
    "route-table",
    quota=Quota(1000, "RouteTableLimitExceeded", "The maximum number of route tables has been reached."),
    defaults=_default,
)


def add_main(ctx: Context, vpc_id: str) -> None:
    """Make the main route table of a new VPC: it has the local routes alone."""
    body = {"VpcId": vpc_id, "routes": [], "associations": [{"id": new_id("rtbassoc-")}]}
    route_tables.add(ctx, "rtb-", body, {})


def is_main(held: Held) -> bool:
    """Is it its VPC's main table?"""
    return any(set(one) == {"id"} for one in held.body["associations"])


def forget_subnet(ctx: Context, vpc_id: str, subnet_id: str) -> None:
    """Take the associations of a subnet that goes away."""
    for one in route_tables.within(ctx, vpc_id):
        left = [each for each in one.body["associations"] if each.get("subnet") != subnet_id]
        if len(left) < len(one.body["associations"]):
            route_tables.change(ctx, one, associations=left)
