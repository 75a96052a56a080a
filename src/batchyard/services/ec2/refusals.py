"""EC2's errors in its own words: codes and texts as its API reference and recorded answers have them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Words


def _words(prefix: str, code: str, text: str, malformed: str, *, expecting: bool = True) -> Words:
    """What EC2 says to an id that nothing has, and to a text that is no id of the kind, which begins with `prefix`."""

    def refuse(ctx: Context, identity: str) -> ApiError | None:
        if identity.startswith(prefix) and re.fullmatch(r"[0-9a-f-]+", identity.removeprefix(prefix)):
            return None
        expected = f' (expecting "{prefix}...")' if expecting else ""
        return ApiError(malformed, f'Invalid id: "{identity}"{expected}')

    return Words(lambda ctx, identity: ApiError(code, text.format(identity)), malformed=refuse)


INSTANCE = _words(
    "i-",
    "InvalidInstanceID.NotFound",
    "The instance ID '{}' does not exist",
    "InvalidInstanceID.Malformed",
    expecting=False,
)
SUBNET = _words(
    "subnet-", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist", "InvalidSubnetID.Malformed"
)
VPC = _words("vpc-", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist", "InvalidVpcId.Malformed")
GROUP = _words(
    "sg-", "InvalidGroup.NotFound", "The security group '{}' does not exist", "InvalidGroupId.Malformed"
)
IMAGE = _words(
    "ami-", "InvalidAMIID.NotFound", "The image id '[{}]' does not exist", "InvalidAMIID.Malformed"
)
SPOT_FLEET = _words(
    "sfr-",
    "InvalidSpotFleetRequestId.NotFound",
    "The spot fleet request ID '{}' does not exist",
    "InvalidSpotFleetRequestId.Malformed",
)
SPOT_REQUEST = _words(
    "sir-",
    "InvalidSpotInstanceRequestID.NotFound",
    "The spot instance request ID '{}' does not exist",
    "InvalidSpotInstanceRequestID.Malformed",
)

INTERNET_GATEWAY = _words(
    "igw-",
    "InvalidInternetGatewayID.NotFound",
    "The internetGateway ID '{}' does not exist",
    "InvalidInternetGatewayId.Malformed",
)
EGRESS_ONLY = _words(
    "eigw-",
    "InvalidGatewayID.NotFound",
    "The egressOnlyInternetGateway ID '{}' does not exist",
    "InvalidEgressOnlyInternetGatewayId.Malformed",
)
NAT_GATEWAY = _words("nat-", "NatGatewayNotFound", "The Nat gateway {} was not found", "NatGatewayMalformed")
ADDRESS = _words(
    "eipalloc-",
    "InvalidAllocationID.NotFound",
    "The allocation ID '{}' does not exist",
    "InvalidAllocationID.Malformed",
)
ROUTE_TABLE = _words(
    "rtb-",
    "InvalidRouteTableID.NotFound",
    "The routeTable ID '{}' does not exist",
    "InvalidRouteTableId.Malformed",
)
NETWORK_ACL = _words(
    "acl-",
    "InvalidNetworkAclID.NotFound",
    "The networkAcl ID '{}' does not exist",
    "InvalidNetworkAclId.Malformed",
)
DHCP_OPTIONS = _words(
    "dopt-",
    "InvalidDhcpOptionID.NotFound",
    "The dhcpOption ID '{}' does not exist",
    "InvalidDhcpOptionsId.Malformed",
)
PLACEMENT_GROUP = _words(
    "pg-",
    "InvalidPlacementGroup.Unknown",
    "The Placement Group '{}' is unknown.",
    "InvalidPlacementGroupId.Malformed",
)
INTERFACE = _words(
    "eni-",
    "InvalidNetworkInterfaceID.NotFound",
    "The networkInterface ID '{}' does not exist",
    "InvalidNetworkInterfaceId.Malformed",
)
RULE = _words(
    "sgr-",
    "InvalidSecurityGroupRuleId.NotFound",
    "The security group rule ID '{}' does not exist",
    "InvalidSecurityGroupRuleId.Malformed",
)


LAUNCH_TEMPLATE = Words(lambda ctx, identity: no_template(identity))
KEY_PAIR = Words(
    lambda ctx, identity: ApiError("InvalidKeyPair.NotFound", f"The key pair ID '{identity}' does not exist")
)


def no_template(identity: str) -> ApiError:
    """A launch template, named by its id, is not there."""
    return ApiError(
        "InvalidLaunchTemplateId.NotFound",
        f"The specified launch template, with template ID {identity}, does not exist.",
    )


def no_instances(ctx: Context, identities: Sequence[str]) -> Exception:
    """As for an instance that is not there; several have a text of their own."""
    if len(identities) > 1:
        text = f"The instance IDs '{', '.join(identities)}' do not exist"
        return ApiError("InvalidInstanceID.NotFound", text)
    return INSTANCE.error(ctx, identities[0])


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
