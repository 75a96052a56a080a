"""Internet gateways: made, attached to a VPC, detached, deleted. The default VPC of every Region has one.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.gateways.gateway_rows import internet_gateways, live_in
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described, listing
from batchyard.services.ec2.nouns import INTERNET_GATEWAY, VPC
from batchyard.services.ec2.refusals import in_use, invalid_value
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AttachInternetGatewayRequestTypeDef,
        CreateInternetGatewayRequestTypeDef,
        DeleteInternetGatewayRequestTypeDef,
        DescribeInternetGatewaysRequestTypeDef,
        DetachInternetGatewayRequestTypeDef,
    )

_FILTERS: dict[str, filters.Attribute] = {
    "attachment.state": "Attachments.State",
    "attachment.vpc-id": "Attachments.VpcId",
    "internet-gateway-id": "InternetGatewayId",
    "owner-id": "OwnerId",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    vpc = held.body.get("VpcId")
    return {
        "InternetGatewayId": held.id,
        "OwnerId": ctx.account,
        "Attachments": [{"State": "available", "VpcId": vpc}] if vpc else [],
    }


@ec2.operation(on=ANY, honours={"InternetGatewayIds", "Filters", "NextToken", "MaxResults"})
def describe_internet_gateways(
    ctx: Context, request: DescribeInternetGatewaysRequestTypeDef
) -> dict[str, Any]:
    """The Region's internet gateways, or those named."""
    return listing(
        ctx,
        request,
        INTERNET_GATEWAY,
        internet_gateways.every,
        _describe,
        ids="InternetGatewayIds",
        result="InternetGateways",
        attributes=_FILTERS,
    )


@ec2.operation(
    on=[created("internet-gateway", "CreateInternetGateway")], writes=True, honours={"TagSpecifications"}
)
def create_internet_gateway(ctx: Context, request: CreateInternetGatewayRequestTypeDef) -> dict[str, Any]:
    """Make a gateway that no VPC has yet."""
    tags = checked(request.get("TagSpecifications"), allowed={"internet-gateway"})
    made = internet_gateways.add(ctx, "igw-", {}, tags.get("internet-gateway", {}))
    return {"InternetGateway": described(ctx, _describe, made)}


_GATEWAY_AND_VPC = [INTERNET_GATEWAY.named("InternetGatewayId"), VPC.named("VpcId")]


@ec2.operation(on=_GATEWAY_AND_VPC, writes=True)
def attach_internet_gateway(ctx: Context, request: AttachInternetGatewayRequestTypeDef) -> dict[str, Any]:
    """Attach a gateway to a VPC that has none."""
    held = INTERNET_GATEWAY.require(ctx, request["InternetGatewayId"])
    vpc = VPC.require(ctx, request["VpcId"])
    attached = held.body.get("VpcId")
    if attached:
        text = f"resource {held.id} is already attached to network {attached}"
        raise ApiError("Resource.AlreadyAssociated", text)
    if internet_gateways.within(ctx, vpc.id):
        raise invalid_value(f"Network {vpc.id} already has an internet gateway attached")
    internet_gateways.change(ctx, held, VpcId=vpc.id)
    return {}


@ec2.operation(on=_GATEWAY_AND_VPC, writes=True)
def detach_internet_gateway(ctx: Context, request: DetachInternetGatewayRequestTypeDef) -> dict[str, Any]:
    """Detach a gateway; not while its VPC has public addresses."""
    held = INTERNET_GATEWAY.require(ctx, request["InternetGatewayId"])
    vpc = VPC.require(ctx, request["VpcId"])
    if held.body.get("VpcId") != vpc.id:
        raise ApiError("Gateway.NotAttached", f"resource {held.id} is not attached to network {vpc.id}")
    if any(one.body["ConnectivityType"] == "public" for one in live_in(ctx, vpc.id)):
        text = (
            f"Network {vpc.id} has some mapped public address(es). Please unmap those public address(es) before"
            " detaching the gateway."
        )
        raise ApiError("DependencyViolation", text)
    internet_gateways.change(ctx, held, VpcId=None)
    return {}


@ec2.operation(on=[INTERNET_GATEWAY.named("InternetGatewayId")], writes=True)
def delete_internet_gateway(ctx: Context, request: DeleteInternetGatewayRequestTypeDef) -> dict[str, Any]:
    """Delete a gateway that is attached to no VPC."""
    held = INTERNET_GATEWAY.require(ctx, request["InternetGatewayId"])
    if held.body.get("VpcId"):
        raise in_use("internetGateway", held.id)
    internet_gateways.remove(ctx, held)
    return {}
