"""Egress-only internet gateways: the way out of a VPC for IPv6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.ec2.gateways.gateway_rows import egress_only_gateways
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described, listing
from batchyard.services.ec2.nouns import EGRESS_ONLY_GATEWAY, VPC
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateEgressOnlyInternetGatewayRequestTypeDef,
        DeleteEgressOnlyInternetGatewayRequestTypeDef,
        DescribeEgressOnlyInternetGatewaysRequestTypeDef,
    )


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    return {
        "EgressOnlyInternetGatewayId": held.id,
        "Attachments": [{"State": "attached", "VpcId": held.body["VpcId"]}],
    }


@ec2.operation(on=ANY, honours={"EgressOnlyInternetGatewayIds", "Filters", "NextToken", "MaxResults"})
def describe_egress_only_internet_gateways(
    ctx: Context, request: DescribeEgressOnlyInternetGatewaysRequestTypeDef
) -> dict[str, Any]:
    """The Region's egress-only gateways, or those named."""
    return listing(
        ctx,
        request,
        EGRESS_ONLY_GATEWAY,
        egress_only_gateways.every,
        _describe,
        ids="EgressOnlyInternetGatewayIds",
        result="EgressOnlyInternetGateways",
        attributes={},
    )


@ec2.operation(
    on=[created("egress-only-internet-gateway", "CreateEgressOnlyInternetGateway"), VPC.named("VpcId")],
    writes=True,
    honours={"VpcId", "ClientToken", "TagSpecifications"},
)
def create_egress_only_internet_gateway(
    ctx: Context, request: CreateEgressOnlyInternetGatewayRequestTypeDef
) -> dict[str, Any]:
    """Make a gateway in a VPC; the same client token makes no second."""
    tags = checked(request.get("TagSpecifications"), allowed={"egress-only-internet-gateway"})
    vpc = VPC.require(ctx, request["VpcId"])
    token = request.get("ClientToken")
    before = [
        one for one in egress_only_gateways.within(ctx, vpc.id) if token and one.body.get("token") == token
    ]
    made = (
        before[0]
        if before
        else egress_only_gateways.add(
            ctx,
            "eigw-",
            {"VpcId": vpc.id, "token": token},
            tags.get("egress-only-internet-gateway", {}),
        )
    )
    answer = {"EgressOnlyInternetGateway": described(ctx, _describe, made)}
    return {**answer, "ClientToken": token} if token else answer


@ec2.operation(on=[EGRESS_ONLY_GATEWAY.named("EgressOnlyInternetGatewayId")], writes=True)
def delete_egress_only_internet_gateway(
    ctx: Context, request: DeleteEgressOnlyInternetGatewayRequestTypeDef
) -> dict[str, Any]:
    """Delete a gateway; routes to it lead nowhere then."""
    held = EGRESS_ONLY_GATEWAY.require(ctx, request["EgressOnlyInternetGatewayId"])
    egress_only_gateways.remove(ctx, held)
    return {"ReturnCode": True}
