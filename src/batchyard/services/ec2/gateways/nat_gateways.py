"""NAT gateways: kept with their addresses, and shown. No packet passes them.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.gateways.address_rows import user_of
from batchyard.services.ec2.gateways.gateway_rows import (
    internet_gateways,
    is_forgotten,
    nat_gateways,
    nat_state,
)
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described, listing
from batchyard.services.ec2.networks.networks import Subnet
from batchyard.services.ec2.networks.private_addresses import free_address
from batchyard.services.ec2.nouns import ADDRESS, NAT_GATEWAY, SUBNET
from batchyard.services.ec2.places import new_id
from batchyard.services.ec2.refusals import invalid_combination, missing
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateNatGatewayRequestTypeDef,
        DeleteNatGatewayRequestTypeDef,
        DescribeNatGatewaysRequestTypeDef,
    )

_FILTERS: dict[str, filters.Attribute] = {
    "nat-gateway-id": "NatGatewayId",
    "state": "State",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    body = held.body
    state = nat_state(ctx, held)
    address = {
        "NetworkInterfaceId": body["NetworkInterfaceId"],
        "PrivateIp": body["PrivateIp"],
        "IsPrimary": True,
        "Status": "succeeded",
    }
    if body.get("AllocationId"):
        address |= {one: body[one] for one in ("AllocationId", "PublicIp", "AssociationId")}
    shown = {
        "NatGatewayId": held.id,
        "State": state,
        "SubnetId": body["SubnetId"],
        "VpcId": body["VpcId"],
        "ConnectivityType": body["ConnectivityType"],
        "CreateTime": datetime.fromisoformat(body["CreateTime"]),
        "NatGatewayAddresses": [address],
    }
    return (
        shown
        if not body.get("DeleteTime")
        else {**shown, "DeleteTime": datetime.fromisoformat(body["DeleteTime"])}
    )


@ec2.operation(on=ANY, honours={"NatGatewayIds", "Filter", "NextToken", "MaxResults"})
def describe_nat_gateways(ctx: Context, request: DescribeNatGatewaysRequestTypeDef) -> dict[str, Any]:
    """The Region's NAT gateways, or those named; deleted gateways for an hour."""
    return listing(
        ctx,
        request,
        NAT_GATEWAY,
        nat_gateways.every,
        _describe,
        ids="NatGatewayIds",
        result="NatGateways",
        attributes=_FILTERS,
        filtered="Filter",
    )


def _parts(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    if request.get("AllocationId"):
        yield ADDRESS.check(ctx, request["AllocationId"])
    if request.get("SubnetId"):
        yield SUBNET.check(ctx, request["SubnetId"])


@ec2.operation(
    on=[created("natgateway", "CreateNatGateway"), _parts],
    writes=True,
    honours={
        "SubnetId",
        "AllocationId",
        "ConnectivityType",
        "PrivateIpAddress",
        "ClientToken",
        "TagSpecifications",
    },
)
def create_nat_gateway(ctx: Context, request: CreateNatGatewayRequestTypeDef) -> dict[str, Any]:
    """Make a gateway in a subnet: public with an address of the account, or private."""
    tags = checked(request.get("TagSpecifications"), allowed={"natgateway"})
    token = request.get("ClientToken")
    made = next((one for one in nat_gateways.every(ctx) if token and one.body["token"] == token), None)
    if made is None:
        made = _make(ctx, request, tags.get("natgateway", {}))
    answer = {"NatGateway": described(ctx, _describe, made)}
    return {**answer, "ClientToken": token} if token else answer


def _make(ctx: Context, request: Any, tags: dict[str, str]) -> Held:
    _forget_old(ctx)
    if not request.get("SubnetId"):
        raise missing("subnetId")
    subnet = SUBNET.require(ctx, request["SubnetId"])
    kind = request.get("ConnectivityType", "public")
    body: dict[str, Any] = {
        "SubnetId": subnet.id,
        "VpcId": subnet.vpc_id,
        "ConnectivityType": kind,
        "NetworkInterfaceId": new_id("eni-"),
        "CreateTime": ctx.now.isoformat(),
        "token": request.get("ClientToken"),
        **(_public(ctx, request, subnet) if kind == "public" else _private(request)),
        "PrivateIp": free_address(ctx, subnet, request.get("PrivateIpAddress")),
    }
    return nat_gateways.add(ctx, "nat-", body, tags)


def _public(ctx: Context, request: Any, subnet: Subnet) -> dict[str, Any]:
    if not request.get("AllocationId"):
        raise missing("allocationId")
    address = ADDRESS.require(ctx, request["AllocationId"])
    if user_of(ctx, address.id) is not None:
        text = f"Elastic IP address [{address.id}] is already associated"
        raise ApiError("Resource.AlreadyAssociated", text)
    if not internet_gateways.within(ctx, subnet.vpc_id):
        # EC2 makes the gateway and lets it fail [guess: told at once here, in the words of its failure].
        text = f"Network {subnet.vpc_id} has no Internet gateway attached"
        raise ApiError("Gateway.NotAttached", text)
    return {
        "AllocationId": address.id,
        "PublicIp": address.body["PublicIp"],
        "AssociationId": new_id("eipassoc-"),
    }


def _private(request: Any) -> dict[str, Any]:
    if request.get("AllocationId"):
        raise invalid_combination("AllocationId cannot be specified for a private NAT gateway.")
    return {}


def _forget_old(ctx: Context) -> None:
    for one in nat_gateways.every(ctx):
        if is_forgotten(ctx, one):
            nat_gateways.remove(ctx, one)


@ec2.operation(on=[NAT_GATEWAY.named("NatGatewayId")], writes=True)
def delete_nat_gateway(ctx: Context, request: DeleteNatGatewayRequestTypeDef) -> dict[str, Any]:
    """Delete a gateway; its address stays the account's, routes to it lead nowhere."""
    held = NAT_GATEWAY.require(ctx, request["NatGatewayId"])
    if not held.body.get("DeleteTime"):
        nat_gateways.change(ctx, held, DeleteTime=ctx.now.isoformat())
    return {"NatGatewayId": held.id}
