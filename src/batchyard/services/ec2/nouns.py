"""EC2's nouns, each found by its id; what else tells of it stands in `network_keys` and `instance_keys`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from batchyard.framework.check import Values
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun, Words
from batchyard.services.ec2 import refusals
from batchyard.services.ec2.gateways.address_rows import addresses
from batchyard.services.ec2.gateways.gateway_rows import (
    egress_only_gateways,
    internet_gateways,
    nat_gateways,
)
from batchyard.services.ec2.instances.instance_keys import instance_keys
from batchyard.services.ec2.instances.instance_rows import find_instance
from batchyard.services.ec2.instances.key_pair_rows import find_key_pair_by_id
from batchyard.services.ec2.instances.placement_group_rows import placement_groups
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.launching.launch_template_rows import find_template
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.dhcp_option_rows import dhcp_options
from batchyard.services.ec2.networks.network_keys import NETWORK_KEYS
from batchyard.services.ec2.networks.networks import SecurityGroup, Subnet, Vpc
from batchyard.services.ec2.places import Place
from batchyard.services.ec2.routing.network_acl_rows import network_acls
from batchyard.services.ec2.routing.route_table_rows import route_tables
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.spot.spot_fleet_rows import find_fleet
from batchyard.services.ec2.tags.tag_rows import tag_map
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

R = TypeVar("R")
Find = Callable[[Transaction, Place, str], R | None]


class Found(Generic[R]):
    """Things found by their id, some of them in no table; their tags are rows of their own."""

    def __init__(self, kind: str, find: Find[R]) -> None:
        self._kind = kind
        self._find = find

    def find(self, tx: Transaction, where: Place, name: str) -> R | None:
        return self._find(tx, where, name)

    def find_tags(self, tx: Transaction, where: Place, name: str) -> dict[str, str]:
        return tag_map(tx, where, name)

    def after(self, tx: Transaction, where: Place, position: str, count: int, **given: Any) -> Sequence[R]:
        raise LookupError(f"{self._kind} is listed by its own operation, which filters")

    def keep_tags(self, tx: Transaction, found: Any, tags: Mapping[str, str]) -> None:
        raise LookupError(f"CreateTags gives a {self._kind} its tags")


def _noun(
    kind: str,
    member: str,
    find: Find[R],
    words: Words,
    keys: Callable[[Context, str], dict[str, Values]] | None = None,
) -> Noun[R]:
    tell = keys or NETWORK_KEYS.get(kind)
    return Noun(
        ec2,
        f"{kind}/{{id}}",
        Found(kind, find),
        words=words,
        member=member,
        conditions=None if tell is None else lambda ctx, identity, row: tell(ctx, identity),
    )


INSTANCE: Noun[Row] = _noun("instance", "InstanceId", find_instance, refusals.INSTANCE, instance_keys)
VPC: Noun[Vpc] = _noun(
    "vpc", "VpcId", lambda tx, where, one: networks.find(tx, where, Vpc, one), refusals.VPC
)
SUBNET: Noun[Subnet] = _noun(
    "subnet", "SubnetId", lambda tx, where, one: networks.find(tx, where, Subnet, one), refusals.SUBNET
)
SECURITY_GROUP: Noun[SecurityGroup] = _noun(
    "security-group",
    "GroupId",
    lambda tx, where, one: networks.find(tx, where, SecurityGroup, one),
    refusals.GROUP,
)
LAUNCH_TEMPLATE: Noun[Row] = _noun(
    "launch-template",
    "LaunchTemplateId",
    lambda tx, where, one: find_template(tx, where, {"LaunchTemplateId": one}),
    refusals.LAUNCH_TEMPLATE,
)
KEY_PAIR: Noun[Row] = _noun("key-pair", "KeyPairId", find_key_pair_by_id, refusals.KEY_PAIR)
"""By its id, as tags name it; in ARNs it has its name (`key_pair_check`)."""
SPOT_FLEET: Noun[Row] = _noun("spot-fleet-request", "SpotFleetRequestId", find_fleet, refusals.SPOT_FLEET)
ADDRESS: Noun[Held] = _noun("elastic-ip", "AllocationId", addresses.find, refusals.ADDRESS)
DHCP_OPTIONS: Noun[Held] = _noun("dhcp-options", "DhcpOptionsId", dhcp_options.find, refusals.DHCP_OPTIONS)
EGRESS_ONLY_GATEWAY: Noun[Held] = _noun(
    "egress-only-internet-gateway",
    "EgressOnlyInternetGatewayId",
    egress_only_gateways.find,
    refusals.EGRESS_ONLY,
)
INTERNET_GATEWAY: Noun[Held] = _noun(
    "internet-gateway", "InternetGatewayId", internet_gateways.find, refusals.INTERNET_GATEWAY
)
NAT_GATEWAY: Noun[Held] = _noun("natgateway", "NatGatewayId", nat_gateways.find, refusals.NAT_GATEWAY)
NETWORK_ACL: Noun[Held] = _noun("network-acl", "NetworkAclId", network_acls.find, refusals.NETWORK_ACL)
PLACEMENT_GROUP: Noun[Held] = _noun(
    "placement-group", "GroupId", placement_groups.find, refusals.PLACEMENT_GROUP
)
"""By its id, as tags name it; in ARNs it has its name (`placement_group_check`)."""
ROUTE_TABLE: Noun[Held] = _noun("route-table", "RouteTableId", route_tables.find, refusals.ROUTE_TABLE)

BY_ID: Mapping[str, Noun[Any]] = {
    "acl": NETWORK_ACL,
    "dopt": DHCP_OPTIONS,
    "eigw": EGRESS_ONLY_GATEWAY,
    "eipalloc": ADDRESS,
    "i": INSTANCE,
    "igw": INTERNET_GATEWAY,
    "key": KEY_PAIR,
    "lt": LAUNCH_TEMPLATE,
    "nat": NAT_GATEWAY,
    "pg": PLACEMENT_GROUP,
    "rtb": ROUTE_TABLE,
    "sfr": SPOT_FLEET,
    "sg": SECURITY_GROUP,
    "subnet": SUBNET,
    "vpc": VPC,
}
"""By an id's first word: what CreateTags gives tags to."""
