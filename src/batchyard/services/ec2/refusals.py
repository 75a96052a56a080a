"""EC2's errors in its own words: codes and texts as its API reference and recorded answers have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from batchyard.framework.errors import ApiError


@dataclass(frozen=True, slots=True)
class Kind:
    """How EC2 speaks of one kind of resource: its id's prefix, its error codes' stem, the noun in its texts."""

    prefix: str
    not_found: str
    text: str
    malformed: str


INSTANCE = Kind(
    "i-", "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist", "InvalidInstanceID.Malformed"
)
SUBNET = Kind(
    "subnet-", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist", "InvalidSubnetID.Malformed"
)
VPC = Kind("vpc-", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist", "InvalidVpcId.Malformed")
GROUP = Kind(
    "sg-", "InvalidGroup.NotFound", "The security group '{}' does not exist", "InvalidGroupId.Malformed"
)
IMAGE = Kind("ami-", "InvalidAMIID.NotFound", "The image id '[{}]' does not exist", "InvalidAMIID.Malformed")
SPOT_FLEET = Kind(
    "sfr-",
    "InvalidSpotFleetRequestId.NotFound",
    "The spot fleet request ID '{}' does not exist",
    "InvalidSpotFleetRequestId.Malformed",
)
SPOT_REQUEST = Kind(
    "sir-",
    "InvalidSpotInstanceRequestID.NotFound",
    "The spot instance request ID '{}' does not exist",
    "InvalidSpotInstanceRequestID.Malformed",
)

INTERNET_GATEWAY = Kind(
    "igw-",
    "InvalidInternetGatewayID.NotFound",
    "The internetGateway ID '{}' does not exist",
    "InvalidInternetGatewayId.Malformed",
)
EGRESS_ONLY = Kind(
    "eigw-",
    "InvalidGatewayID.NotFound",
    "The egressOnlyInternetGateway ID '{}' does not exist",
    "InvalidEgressOnlyInternetGatewayId.Malformed",
)
NAT_GATEWAY = Kind("nat-", "NatGatewayNotFound", "The Nat gateway {} was not found", "NatGatewayMalformed")
ADDRESS = Kind(
    "eipalloc-",
    "InvalidAllocationID.NotFound",
    "The allocation ID '{}' does not exist",
    "InvalidAllocationID.Malformed",
)
ROUTE_TABLE = Kind(
    "rtb-",
    "InvalidRouteTableID.NotFound",
    "The routeTable ID '{}' does not exist",
    "InvalidRouteTableId.Malformed",
)
NETWORK_ACL = Kind(
    "acl-",
    "InvalidNetworkAclID.NotFound",
    "The networkAcl ID '{}' does not exist",
    "InvalidNetworkAclId.Malformed",
)
DHCP_OPTIONS = Kind(
    "dopt-",
    "InvalidDhcpOptionID.NotFound",
    "The dhcpOption ID '{}' does not exist",
    "InvalidDhcpOptionsId.Malformed",
)
PLACEMENT_GROUP = Kind(
    "pg-",
    "InvalidPlacementGroup.Unknown",
    "The Placement Group '{}' is unknown.",
    "InvalidPlacementGroupId.Malformed",
)
INTERFACE = Kind(
    "eni-",
    "InvalidNetworkInterfaceID.NotFound",
    "The networkInterface ID '{}' does not exist",
    "InvalidNetworkInterfaceId.Malformed",
)
RULE = Kind(
    "sgr-",
    "InvalidSecurityGroupRuleId.NotFound",
    "The security group rule ID '{}' does not exist",
    "InvalidSecurityGroupRuleId.Malformed",
)


def not_found(kind: Kind, identity: str) -> ApiError:
    """The resource is not there; a text that is no id of this kind is refused as malformed."""
    body = identity.removeprefix(kind.prefix)
    if not identity.startswith(kind.prefix) or not re.fullmatch(r"[0-9a-f-]+", body):
        expected = "" if kind is INSTANCE else f' (expecting "{kind.prefix}...")'
        return ApiError(kind.malformed, f'Invalid id: "{identity}"{expected}')
    return ApiError(kind.not_found, kind.text.format(identity))


def none_found(kind: Kind, identities: Sequence[str]) -> ApiError:
    """As `not_found` for one or several; several instances have a text of their own."""
    if len(identities) > 1 and kind is INSTANCE:
        return ApiError(kind.not_found, f"The instance IDs '{', '.join(identities)}' do not exist")
    return not_found(kind, identities[0])


def in_use(noun: str, identity: str) -> ApiError:
    """DependencyViolation, as EC2 words it for a part of a network that others need."""
    return ApiError("DependencyViolation", f"The {noun} '{identity}' has dependencies and cannot be deleted.")


def too_much() -> ApiError:
    """RequestLimitExceeded, as hashicorp/terraform-provider-aws#138 has it: more work than one call may be."""
    return ApiError("RequestLimitExceeded", "Request limit exceeded.", status=503)


def invalid_value(message: str) -> ApiError:
    """InvalidParameterValue."""
    return ApiError("InvalidParameterValue", message)


def invalid_combination(message: str) -> ApiError:
    """InvalidParameterCombination."""
    return ApiError("InvalidParameterCombination", message)


def missing(parameter: str) -> ApiError:
    """MissingParameter, as EC2 words it for what its model does not call required."""
    return ApiError("MissingParameter", f"The request must contain the parameter {parameter}")


def token_mismatch() -> ApiError:
    """A client token was used again with other parameters."""
    return ApiError(
        "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
    )
