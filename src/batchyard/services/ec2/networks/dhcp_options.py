"""Sets of DHCP options: what a VPC's instances are told. Nothing here asks for them; they are kept and shown.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described, listing
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.dhcp_option_rows import default_id, dhcp_options, option
from batchyard.services.ec2.networks.networks import Vpc
from batchyard.services.ec2.nouns import DHCP_OPTIONS, VPC
from batchyard.services.ec2.places import Place, place
from batchyard.services.ec2.refusals import in_use, invalid_value
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AssociateDhcpOptionsRequestTypeDef,
        CreateDhcpOptionsRequestTypeDef,
        DeleteDhcpOptionsRequestTypeDef,
        DescribeDhcpOptionsRequestTypeDef,
    )

_KEYS = {
    "domain-name": 1,
    "domain-name-servers": 4,
    "ntp-servers": 4,
    "netbios-name-servers": 4,
    "netbios-node-type": 1,
    "ipv6-address-preferred-lease-time": 1,
}
"""With the most values of each (EC2 API reference, CreateDhcpOptions)."""
NONE = "default"
"""What AssociateDhcpOptions is told for no options at all."""


_FILTERS: dict[str, filters.Attribute] = {
    "dhcp-options-id": "DhcpOptionsId",
    "key": "DhcpConfigurations.Key",
    "value": "DhcpConfigurations.Values.Value",
    "owner-id": "OwnerId",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    return {"DhcpOptionsId": held.id, "OwnerId": ctx.account, **held.body}


@ec2.operation(on=ANY, honours={"DhcpOptionsIds", "Filters", "NextToken", "MaxResults"})
def describe_dhcp_options(ctx: Context, request: DescribeDhcpOptionsRequestTypeDef) -> dict[str, Any]:
    """The Region's sets, or those named."""
    return listing(
        ctx,
        request,
        DHCP_OPTIONS,
        dhcp_options.every,
        _describe,
        ids="DhcpOptionsIds",
        result="DhcpOptions",
        attributes=_FILTERS,
    )


@ec2.operation(
    on=[created("dhcp-options", "CreateDhcpOptions")],
    writes=True,
    honours={"DhcpConfigurations", "TagSpecifications"},
)
def create_dhcp_options(ctx: Context, request: CreateDhcpOptionsRequestTypeDef) -> dict[str, Any]:
    """Make a set."""
    tags = checked(request.get("TagSpecifications"), allowed={"dhcp-options"})
    options = [_checked(one) for one in request["DhcpConfigurations"]]
    if not options:
        raise ApiError("MissingParameter", "The request must contain the parameter dhcpConfigurations")
    body = {"DhcpConfigurations": sorted(options, key=lambda one: str(one["Key"]))}
    made = dhcp_options.add(ctx, "dopt-", body, tags.get("dhcp-options", {}))
    return {"DhcpOptions": described(ctx, _describe, made)}


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    key, values = given.get("Key", ""), list(given.get("Values") or [])
    if key not in _KEYS:
        raise invalid_value(f"Value ({key}) for parameter key is invalid. Unknown DHCP option")
    if not 0 < len(values) <= _KEYS[key] or not all(values):
        raise invalid_value(
            f"Value ({', '.join(values)}) for parameter value is invalid. Invalid DHCP option value"
        )
    if key == "netbios-node-type" and values[0] not in ("1", "2", "4", "8"):
        raise invalid_value(
            f"Value ({values[0]}) for parameter value is invalid. Invalid node-type value. Must be 1, 2, 4 or 8"
        )
    return option(key, values)


@ec2.operation(on=[DHCP_OPTIONS.named("DhcpOptionsId")], writes=True)
def delete_dhcp_options(ctx: Context, request: DeleteDhcpOptionsRequestTypeDef) -> dict[str, Any]:
    """Delete a set that no VPC has."""
    held = DHCP_OPTIONS.require(ctx, request["DhcpOptionsId"])
    if any(dhcp_options_of(place(ctx), one) == held.id for one in networks.every(ctx.read, place(ctx), Vpc)):
        raise in_use("dhcpOptions", held.id)
    dhcp_options.remove(ctx, held)
    return {}


def dhcp_options_of(where: Place, vpc: Vpc) -> str:
    """The id of a VPC's set, or `default` for none."""
    return str(vpc.settings.get("dhcp_options", default_id(where)))


def _set_and_vpc(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    if request["DhcpOptionsId"] != NONE:
        yield DHCP_OPTIONS.check(ctx, request["DhcpOptionsId"])
    yield VPC.check(ctx, request["VpcId"])


@ec2.operation(on=[_set_and_vpc], writes=True)
def associate_dhcp_options(ctx: Context, request: AssociateDhcpOptionsRequestTypeDef) -> dict[str, Any]:
    """Give a VPC a set, or none."""
    identity = request["DhcpOptionsId"]
    vpc = VPC.require(ctx, request["VpcId"])
    if identity != NONE:
        DHCP_OPTIONS.require(ctx, identity)
    networks.set_up(ctx, vpc, dhcp_options=identity)
    return {}
