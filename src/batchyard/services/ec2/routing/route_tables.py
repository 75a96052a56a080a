"""Route tables: made, described, associated with subnets and gateways, deleted. Their routes stand in `routes`.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described, listing
from batchyard.services.ec2.networks.network_keys import in_vpc
from batchyard.services.ec2.nouns import INTERNET_GATEWAY, ROUTE_TABLE, SUBNET, VPC
from batchyard.services.ec2.places import new_id
from batchyard.services.ec2.refusals import in_use, invalid_combination, invalid_value, missing
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.routing.route_table_rows import Association, route_tables
from batchyard.services.ec2.routing.routes import described_routes
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AssociateRouteTableRequestTypeDef,
        CreateRouteTableRequestTypeDef,
        DeleteRouteTableRequestTypeDef,
        DescribeRouteTablesRequestTypeDef,
        DisassociateRouteTableRequestTypeDef,
        ReplaceRouteTableAssociationRequestTypeDef,
    )

_FILTERS: dict[str, filters.Attribute] = {
    "association.gateway-id": "Associations.GatewayId",
    "association.main": "Associations.Main",
    "association.route-table-association-id": "Associations.RouteTableAssociationId",
    "association.route-table-id": "Associations.RouteTableId",
    "association.subnet-id": "Associations.SubnetId",
    "owner-id": "OwnerId",
    "route-table-id": "RouteTableId",
    "route.destination-cidr-block": "Routes.DestinationCidrBlock",
    "route.destination-ipv6-cidr-block": "Routes.DestinationIpv6CidrBlock",
    "route.egress-only-internet-gateway-id": "Routes.EgressOnlyInternetGatewayId",
    "route.gateway-id": "Routes.GatewayId",
    "route.nat-gateway-id": "Routes.NatGatewayId",
    "route.origin": "Routes.Origin",
    "route.state": "Routes.State",
    "vpc-id": "VpcId",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    return {
        "RouteTableId": held.id,
        "VpcId": held.body["VpcId"],
        "OwnerId": ctx.account,
        "Associations": [_association(held, one) for one in held.body["associations"]],
        "Routes": described_routes(ctx, held),
        "PropagatingVgws": [],
    }


def _association(held: Held, one: Association) -> dict[str, Any]:
    shown = {
        "RouteTableAssociationId": one["id"],
        "RouteTableId": held.id,
        "Main": "subnet" not in one and "gateway" not in one,
        "AssociationState": {"State": "associated"},
    }
    for key, member in (("subnet", "SubnetId"), ("gateway", "GatewayId")):
        if key in one:
            shown[member] = one[key]
    return shown


@ec2.operation(on=ANY, honours={"RouteTableIds", "Filters", "NextToken", "MaxResults"})
def describe_route_tables(ctx: Context, request: DescribeRouteTablesRequestTypeDef) -> dict[str, Any]:
    """The Region's route tables, or those named."""
    return listing(
        ctx,
        request,
        ROUTE_TABLE,
        route_tables.every,
        _describe,
        ids="RouteTableIds",
        result="RouteTables",
        attributes=_FILTERS,
    )


@ec2.operation(
    on=[created("route-table", "CreateRouteTable", keys=in_vpc), VPC.named("VpcId")],
    writes=True,
    honours={"VpcId", "ClientToken", "TagSpecifications"},
)
def create_route_table(ctx: Context, request: CreateRouteTableRequestTypeDef) -> dict[str, Any]:
    """Make a route table with the VPC's local routes; the same client token makes no second."""
    tags = checked(request.get("TagSpecifications"), allowed={"route-table"})
    vpc = VPC.require(ctx, request["VpcId"])
    token = request.get("ClientToken")
    before = [one for one in route_tables.within(ctx, vpc.id) if token and one.body.get("token") == token]
    body: dict[str, Any] = {"VpcId": vpc.id, "routes": [], "associations": [], "token": token}
    made = before[0] if before else route_tables.add(ctx, "rtb-", body, tags.get("route-table", {}))
    answer = {"RouteTable": described(ctx, _describe, made)}
    return {**answer, "ClientToken": token} if token else answer


@ec2.operation(on=[ROUTE_TABLE.named("RouteTableId")], writes=True)
def delete_route_table(ctx: Context, request: DeleteRouteTableRequestTypeDef) -> dict[str, Any]:
    """Delete a route table that nothing is associated with; a main one stays."""
    held = ROUTE_TABLE.require(ctx, request["RouteTableId"])
    if held.body["associations"]:
        raise in_use("routeTable", held.id)
    route_tables.remove(ctx, held)
    return {}


def _table_and_other(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    yield ROUTE_TABLE.check(ctx, request["RouteTableId"])
    if request.get("SubnetId"):
        yield SUBNET.check(ctx, request["SubnetId"])
    if request.get("GatewayId"):
        yield INTERNET_GATEWAY.check(ctx, request["GatewayId"])


@ec2.operation(on=[_table_and_other], writes=True, honours={"RouteTableId", "SubnetId", "GatewayId"})
def associate_route_table(ctx: Context, request: AssociateRouteTableRequestTypeDef) -> dict[str, Any]:
    """Have a subnet, or what comes in by an Internet gateway, follow a route table of the same VPC."""
    held = ROUTE_TABLE.require(ctx, request["RouteTableId"])
    subnet, gateway = request.get("SubnetId"), request.get("GatewayId")
    if bool(subnet) == bool(gateway):
        raise (
            missing("subnetId")
            if not subnet
            else invalid_combination("Only one of subnetId and gatewayId may be specified")
        )
    _check_network(ctx, held, subnet, gateway)
    key, identity = ("subnet", subnet) if subnet else ("gateway", gateway)
    for other in route_tables.within(ctx, held.body["VpcId"]):
        for one in other.body["associations"]:
            if one.get(key) == identity:
                if other.id == held.id:
                    return _associated(one)
                text = f"the specified association for route table {held.id} conflicts with an existing association"
                raise ApiError("Resource.AlreadyAssociated", text)
    made = {"id": new_id("rtbassoc-"), key: identity}
    route_tables.change(ctx, held, associations=[*held.body["associations"], made])
    return _associated(made)


def _associated(one: Association) -> dict[str, Any]:
    return {"AssociationId": one["id"], "AssociationState": {"State": "associated"}}


def _check_network(ctx: Context, held: Held, subnet: str | None, gateway: str | None) -> None:
    vpc = held.body["VpcId"]
    if subnet and SUBNET.require(ctx, subnet).vpc_id != vpc:
        raise invalid_value(f"route table {held.id} and subnet {subnet} belong to different networks")
    if gateway and INTERNET_GATEWAY.require(ctx, gateway).body.get("VpcId") != vpc:
        raise invalid_value(
            f"route table {held.id} and network gateway {gateway} belong to different networks"
        )


def _find(ctx: Context, association: str) -> tuple[Held, Association] | None:
    for held in route_tables.every(ctx):
        for one in held.body["associations"]:
            if one["id"] == association:
                return held, one
    return None


def _require(ctx: Context, association: str) -> tuple[Held, Association]:
    found = _find(ctx, association)
    if found is None:
        raise ApiError("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")
    return found


def _of_association(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    found = _find(ctx, request["AssociationId"])
    if "RouteTableId" in request:
        yield ROUTE_TABLE.check(ctx, request["RouteTableId"])
    if found is None:
        yield ROUTE_TABLE.check(ctx, "*")
        return
    yield ROUTE_TABLE.check(ctx, found[0].id)
    if "subnet" in found[1]:
        yield SUBNET.check(ctx, found[1]["subnet"])
    if "gateway" in found[1]:
        yield INTERNET_GATEWAY.check(ctx, found[1]["gateway"])


@ec2.operation(on=[_of_association], writes=True)
def disassociate_route_table(ctx: Context, request: DisassociateRouteTableRequestTypeDef) -> dict[str, Any]:
    """Have a subnet follow the main route table again."""
    held, one = _require(ctx, request["AssociationId"])
    if set(one) == {"id"}:
        text = f"cannot disassociate the main route table association {one['id']}"
        raise invalid_value(text)
    left = [each for each in held.body["associations"] if each is not one]
    route_tables.change(ctx, held, associations=left)
    return {}


@ec2.operation(on=[_of_association], writes=True)
def replace_route_table_association(
    ctx: Context, request: ReplaceRouteTableAssociationRequestTypeDef
) -> dict[str, Any]:
    """Have what follows one route table follow another; of the main association: make that the main table."""
    held, one = _require(ctx, request["AssociationId"])
    target = ROUTE_TABLE.require(ctx, request["RouteTableId"])
    if target.body["VpcId"] != held.body["VpcId"]:
        raise invalid_value(f"route table {held.id} and route table {target.id} belong to different networks")
    if target.id == held.id:
        return {"NewAssociationId": one["id"], "AssociationState": {"State": "associated"}}
    new = {**one, "id": new_id("rtbassoc-")}
    left = [each for each in held.body["associations"] if each is not one]
    route_tables.change(ctx, held, associations=left)
    route_tables.change(ctx, target, associations=[*target.body["associations"], new])
    return {"NewAssociationId": new["id"], "AssociationState": {"State": "associated"}}
