"""The routes of route tables: where packets for a destination would go. They are kept and shown; none goes here.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.gateways.gateway_rows import (
    egress_only_gateways,
    internet_gateways,
    nat_gateways,
    nat_state,
)
from batchyard.services.ec2.instances.instance_rows import find_instance
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import Vpc
from batchyard.services.ec2.nouns import (
    EGRESS_ONLY_GATEWAY,
    INSTANCE,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    ROUTE_TABLE,
)
from batchyard.services.ec2.places import place
from batchyard.services.ec2.refusals import invalid_value, missing
from batchyard.services.ec2.routing.route_table_rows import route_tables
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateRouteRequestTypeDef,
        DeleteRouteRequestTypeDef,
        ReplaceRouteRequestTypeDef,
    )

Route = dict[str, str]
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
_TARGETS = ("GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId", "InstanceId")
MOST_ROUTES = 1000
"""Of a table (VPC user guide: 500 at first, raised as far as this)."""
_HONOURED = {"RouteTableId", *_DESTINATIONS, *_TARGETS}
LOCAL = "local"


def described_routes(ctx: Context, held: Held) -> list[dict[str, Any]]:
    """The local routes of the VPC's blocks, then those that were made; `blackhole` where the target is gone."""
    vpc = networks.find(ctx.read, place(ctx), Vpc, held.body["VpcId"])
    shown = [
        {**route, "GatewayId": LOCAL, "Origin": "CreateRouteTable", "State": "active"}
        for route in _local(vpc)
    ]
    for route in held.body["routes"]:
        state = "active" if _leads_somewhere(ctx, held, route) else "blackhole"
        shown.append({**route, "Origin": "CreateRoute", "State": state})
    return shown


def _local(vpc: Vpc | None) -> list[Route]:
    if vpc is None:
        return []
    ipv4 = [vpc.cidr, *(one["cidr"] for one in vpc.settings.get("cidrs", ()))]
    found = [{"DestinationCidrBlock": one} for one in ipv4]
    return found + [{"DestinationIpv6CidrBlock": one["cidr"]} for one in vpc.settings.get("ipv6", ())]


def _leads_somewhere(ctx: Context, held: Held, route: Route) -> bool:
    target = next(one for one in _TARGETS if one in route)
    return _FIND[target](ctx, held.body["VpcId"], route[target])


def _is_attached(ctx: Context, vpc: str, identity: str) -> bool:
    found = internet_gateways.find(ctx.read, place(ctx), identity)
    return found is not None and found.body.get("VpcId") == vpc


def _is_nat(ctx: Context, vpc: str, identity: str) -> bool:
    found = nat_gateways.find(ctx.read, place(ctx), identity)
    return found is not None and found.body["VpcId"] == vpc and not nat_state(ctx, found).startswith("delet")


def _is_egress_only(ctx: Context, vpc: str, identity: str) -> bool:
    found = egress_only_gateways.find(ctx.read, place(ctx), identity)
    return found is not None and found.body["VpcId"] == vpc


def _is_instance(ctx: Context, vpc: str, identity: str) -> bool:
    found = find_instance(ctx.read, place(ctx), identity)
    return found is not None and found.vpc_id == vpc and found.state == "running"


_FIND: dict[str, Callable[[Context, str, str], bool]] = {
    "GatewayId": _is_attached,
    "NatGatewayId": _is_nat,
    "EgressOnlyInternetGatewayId": _is_egress_only,
    "InstanceId": _is_instance,
}


@ec2.operation(on=[ROUTE_TABLE.named("RouteTableId")], writes=True, honours=_HONOURED)
def create_route(ctx: Context, request: CreateRouteRequestTypeDef) -> dict[str, Any]:
    """Add a route to a destination that the table has none for; the same one again changes nothing."""
    held = ROUTE_TABLE.require(ctx, request["RouteTableId"])
    route = _route(ctx, held, request)
    destination = _destination(route)
    for one in held.body["routes"]:
        if _destination(one) == destination:
            if one == route:
                return {"Return": True}
            raise ApiError("RouteAlreadyExists", f"The route identified by {destination[1]} already exists.")
    if len(held.body["routes"]) >= MOST_ROUTES:
        raise ApiError(
            "RouteLimitExceeded", f"The maximum number of routes has been reached for route table {held.id}."
        )
    route_tables.change(ctx, held, routes=[*held.body["routes"], route])
    return {"Return": True}


@ec2.operation(on=[ROUTE_TABLE.named("RouteTableId")], writes=True, honours=_HONOURED)
def replace_route(ctx: Context, request: ReplaceRouteRequestTypeDef) -> dict[str, Any]:
    """Lead an existing route somewhere else."""
    held = ROUTE_TABLE.require(ctx, request["RouteTableId"])
    route = _route(ctx, held, request)
    _require(held, _destination(route), verb="replace")
    routes = [route if _destination(one) == _destination(route) else one for one in held.body["routes"]]
    route_tables.change(ctx, held, routes=routes)
    return {}


@ec2.operation(on=[ROUTE_TABLE.named("RouteTableId")], writes=True, honours={"RouteTableId", *_DESTINATIONS})
def delete_route(ctx: Context, request: DeleteRouteRequestTypeDef) -> dict[str, Any]:
    """Take a route away; local routes stay."""
    held = ROUTE_TABLE.require(ctx, request["RouteTableId"])
    destination = _given_destination(request)
    if {destination[0]: destination[1]} in _local(
        networks.find(ctx.read, place(ctx), Vpc, held.body["VpcId"])
    ):
        raise invalid_value(f"cannot remove local route {destination[1]} in route table {held.id}")
    _require(held, destination, verb="remove")
    left = [one for one in held.body["routes"] if _destination(one) != destination]
    route_tables.change(ctx, held, routes=left)
    return {}


def _require(held: Held, destination: tuple[str, str], *, verb: str) -> None:
    if any(_destination(one) == destination for one in held.body["routes"]):
        return
    if verb == "replace":
        text = (
            f"There is no route defined for '{destination[1]}' in the route table. Use CreateRoute instead."
        )
        raise invalid_value(text)
    name = "destination-ipv6-cidr-block" if "Ipv6" in destination[0] else "destination-cidr-block"
    raise ApiError("InvalidRoute.NotFound", f"no route with {name} {destination[1]} in route table {held.id}")


def _destination(route: Route) -> tuple[str, str]:
    return next((one, route[one]) for one in _DESTINATIONS if one in route)


def _given_destination(request: Any) -> tuple[str, str]:
    """The destination of a request in its canonical form (EC2 makes 100.68.0.18/18 into 100.68.0.0/18)."""
    given = [(one, request[one]) for one in _DESTINATIONS if request.get(one)]
    if len(given) != 1:
        raise (
            missing("destinationCidrBlock")
            if not given
            else invalid_value("Only one destination may be specified.")
        )
    member, value = given[0]
    network = ipaddress.IPv4Network if member == _DESTINATIONS[0] else ipaddress.IPv6Network
    try:
        return member, str(network(value, strict=False))
    except ValueError as error:
        name = member[0].lower() + member[1:]
        raise invalid_value(
            f"Value ({value}) for parameter {name} is invalid. This is not a valid CIDR block."
        ) from error


def _route(ctx: Context, held: Held, request: Any) -> Route:
    """The route of a request, its target looked up; raises in EC2's words."""
    member, block = _given_destination(request)
    targets = [one for one in _TARGETS if request.get(one)]
    if len(targets) != 1:
        if targets:
            raise invalid_value("The parameters are mutually exclusive. Only one target may be specified.")
        raise missing("gatewayId")
    target, identity = targets[0], request[targets[0]]
    vpc = networks.find(ctx.read, place(ctx), Vpc, held.body["VpcId"])
    if {member: block} in _local(vpc):
        raise ApiError("RouteAlreadyExists", f"The route identified by {block} already exists.")
    if target == "EgressOnlyInternetGatewayId" and member != _DESTINATIONS[1]:
        raise invalid_value("The destination CIDR block must be IPv6 for an egress-only internet gateway.")
    _require_target(ctx, target, identity)
    if not _FIND[target](ctx, held.body["VpcId"], identity):
        kind = "network gateway" if target != "InstanceId" else "instance"
        raise invalid_value(f"route table {held.id} and {kind} {identity} belong to different networks")
    return {member: block, target: identity}


def _require_target(ctx: Context, target: str, identity: str) -> None:
    if target == "GatewayId":
        INTERNET_GATEWAY.require(ctx, identity)
    elif target == "NatGatewayId":
        NAT_GATEWAY.require(ctx, identity)
    elif target == "EgressOnlyInternetGatewayId":
        EGRESS_ONLY_GATEWAY.require(ctx, identity)
    else:
        INSTANCE.require(ctx, identity)
