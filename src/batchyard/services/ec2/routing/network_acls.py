"""Network ACLs: made, described, given to subnets, deleted, and their entries. No packet here is filtered.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described, listing
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.network_keys import in_vpc
from batchyard.services.ec2.networks.networks import Vpc
from batchyard.services.ec2.nouns import NETWORK_ACL, SUBNET, VPC
from batchyard.services.ec2.places import new_id, place
from batchyard.services.ec2.refusals import in_use, invalid_value, missing
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.routing.network_acl_rows import LAST, associations, denying, network_acls
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateNetworkAclEntryRequestTypeDef,
        CreateNetworkAclRequestTypeDef,
        DeleteNetworkAclEntryRequestTypeDef,
        DeleteNetworkAclRequestTypeDef,
        DescribeNetworkAclsRequestTypeDef,
        ReplaceNetworkAclAssociationRequestTypeDef,
        ReplaceNetworkAclEntryRequestTypeDef,
    )

MOST_ENTRIES = 40
"""In one direction (VPC user guide: 20 at first, raised as far as this)."""
_ENTRY = {
    "NetworkAclId",
    "RuleNumber",
    "Protocol",
    "RuleAction",
    "Egress",
    "CidrBlock",
    "Ipv6CidrBlock",
    "IcmpTypeCode",
    "PortRange",
}
_NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58", "all": "-1"}
_FILTERS: dict[str, filters.Attribute] = {
    "association.association-id": "Associations.NetworkAclAssociationId",
    "association.network-acl-id": "Associations.NetworkAclId",
    "association.subnet-id": "Associations.SubnetId",
    "default": "IsDefault",
    "entry.cidr": "Entries.CidrBlock",
    "entry.egress": "Entries.Egress",
    "entry.ipv6-cidr": "Entries.Ipv6CidrBlock",
    "entry.port-range.from": "Entries.PortRange.From",
    "entry.port-range.to": "Entries.PortRange.To",
    "entry.protocol": "Entries.Protocol",
    "entry.rule-action": "Entries.RuleAction",
    "entry.rule-number": "Entries.RuleNumber",
    "network-acl-id": "NetworkAclId",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    body = held.body
    vpc = networks.find(ctx.read, place(ctx), Vpc, body["VpcId"])
    entries = [*body["entries"], *denying(ipv6=bool(vpc and vpc.settings.get("ipv6")))]
    return {
        "NetworkAclId": held.id,
        "VpcId": body["VpcId"],
        "OwnerId": ctx.account,
        "IsDefault": body["default"],
        "Entries": sorted(entries, key=lambda one: (not one["Egress"], one["RuleNumber"])),
        "Associations": [
            {"NetworkAclAssociationId": association, "NetworkAclId": acl, "SubnetId": subnet}
            for subnet, (association, acl) in sorted(associations(ctx, body["VpcId"]).items())
            if acl == held.id
        ],
    }


@ec2.operation(on=ANY, honours={"NetworkAclIds", "Filters", "NextToken", "MaxResults"})
def describe_network_acls(ctx: Context, request: DescribeNetworkAclsRequestTypeDef) -> dict[str, Any]:
    """The Region's network ACLs, or those named."""
    return listing(
        ctx,
        request,
        NETWORK_ACL,
        network_acls.every,
        _describe,
        ids="NetworkAclIds",
        result="NetworkAcls",
        attributes=_FILTERS,
    )


@ec2.operation(
    on=[created("network-acl", "CreateNetworkAcl", keys=in_vpc), VPC.named("VpcId")],
    writes=True,
    honours={"VpcId", "ClientToken", "TagSpecifications"},
)
def create_network_acl(ctx: Context, request: CreateNetworkAclRequestTypeDef) -> dict[str, Any]:
    """Make an ACL that lets nothing through; the same client token makes no second."""
    tags = checked(request.get("TagSpecifications"), allowed={"network-acl"})
    vpc = VPC.require(ctx, request["VpcId"])
    token = request.get("ClientToken")
    before = [one for one in network_acls.within(ctx, vpc.id) if token and one.body.get("token") == token]
    body = {"VpcId": vpc.id, "default": False, "entries": [], "subnets": {}, "token": token}
    made = before[0] if before else network_acls.add(ctx, "acl-", body, tags.get("network-acl", {}))
    answer = {"NetworkAcl": described(ctx, _describe, made)}
    return {**answer, "ClientToken": token} if token else answer


@ec2.operation(on=[NETWORK_ACL.named("NetworkAclId")], writes=True)
def delete_network_acl(ctx: Context, request: DeleteNetworkAclRequestTypeDef) -> dict[str, Any]:
    """Delete an ACL that no subnet has; a VPC's default one stays."""
    held = NETWORK_ACL.require(ctx, request["NetworkAclId"])
    if held.body["default"]:
        raise invalid_value(f"cannot delete default network ACL {held.id}")
    if held.body["subnets"]:
        raise in_use("networkAcl", held.id)
    network_acls.remove(ctx, held)
    return {}


@ec2.operation(on=[NETWORK_ACL.named("NetworkAclId")], writes=True, honours=_ENTRY)
def create_network_acl_entry(ctx: Context, request: CreateNetworkAclEntryRequestTypeDef) -> dict[str, Any]:
    """Add an entry with a number that its direction has not."""
    held = NETWORK_ACL.require(ctx, request["NetworkAclId"])
    entry = _entry(request)
    if _find(held, request) is not None:
        text = f"The network acl entry identified by {entry['RuleNumber']} already exists."
        raise ApiError("NetworkAclEntryAlreadyExists", text)
    if sum(one["Egress"] == entry["Egress"] for one in held.body["entries"]) >= MOST_ENTRIES:
        raise ApiError(
            "NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached."
        )
    network_acls.change(ctx, held, entries=[*held.body["entries"], entry])
    return {}


@ec2.operation(on=[NETWORK_ACL.named("NetworkAclId")], writes=True, honours=_ENTRY)
def replace_network_acl_entry(ctx: Context, request: ReplaceNetworkAclEntryRequestTypeDef) -> dict[str, Any]:
    """Put an entry in the place of the entry with its number."""
    held = NETWORK_ACL.require(ctx, request["NetworkAclId"])
    entry, before = _entry(request), _require(held, request)
    network_acls.change(ctx, held, entries=[entry if one is before else one for one in held.body["entries"]])
    return {}


@ec2.operation(
    on=[NETWORK_ACL.named("NetworkAclId")],
    writes=True,
    honours={"NetworkAclId", "RuleNumber", "Egress"},
)
def delete_network_acl_entry(ctx: Context, request: DeleteNetworkAclEntryRequestTypeDef) -> dict[str, Any]:
    """Take an entry away."""
    held = NETWORK_ACL.require(ctx, request["NetworkAclId"])
    before = _require(held, request)
    network_acls.change(ctx, held, entries=[one for one in held.body["entries"] if one is not before])
    return {}


def _find(held: Held, request: Any) -> dict[str, Any] | None:
    wanted = (request["RuleNumber"], request["Egress"])
    return next((one for one in held.body["entries"] if (one["RuleNumber"], one["Egress"]) == wanted), None)


def _require(held: Held, request: Any) -> dict[str, Any]:
    found = _find(held, request)
    if found is None:
        way = "egress" if request["Egress"] else "ingress"
        text = f"The {way} network acl entry identified by {request['RuleNumber']} does not exist."
        raise ApiError("InvalidNetworkAclEntry.NotFound", text)
    return found


def _entry(request: Any) -> dict[str, Any]:
    """An entry of a request, checked, with its protocol as a number (EC2 API reference)."""
    number = request["RuleNumber"]
    if not 0 < number < LAST:
        raise invalid_value(
            f"Value ({number}) for parameter ruleNumber is invalid. Must be between 1 and 32766"
        )
    protocol = _NUMBERS.get(request["Protocol"].lower(), request["Protocol"])
    if protocol != "-1" and not (protocol.isascii() and protocol.isdigit() and int(protocol) < 256):
        raise invalid_value(
            f"Value ({request['Protocol']}) for parameter protocol is invalid. Unknown protocol"
        )
    entry = {
        "RuleNumber": number,
        "Protocol": protocol,
        "RuleAction": request["RuleAction"],
        "Egress": request["Egress"],
        **_source(request),
    }
    if protocol in ("6", "17"):
        entry["PortRange"] = _ports(request)
    if protocol in ("1", "58"):
        if not request.get("IcmpTypeCode"):
            raise missing("icmpTypeCode")
        entry["IcmpTypeCode"] = {"Type": -1, "Code": -1, **request["IcmpTypeCode"]}
    return entry


def _source(request: Any) -> dict[str, str]:
    for member, network in (("CidrBlock", ipaddress.IPv4Network), ("Ipv6CidrBlock", ipaddress.IPv6Network)):
        given = request.get(member)
        if given:
            try:
                return {member: str(network(given, strict=False))}
            except ValueError as error:
                text = f"Value ({given}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
                raise invalid_value(text) from error
    raise missing("cidrBlock")


def _ports(request: Any) -> dict[str, int]:
    given = request.get("PortRange") or {}
    if "From" not in given or "To" not in given:
        raise missing("portRange")
    if not 0 <= given["From"] <= given["To"] <= 65535:
        raise invalid_value(f"Value ({given['From']}-{given['To']}) for parameter portRange is invalid.")
    return {"From": given["From"], "To": given["To"]}


def _acl_and_subnet(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    found = _subnet_of(ctx, request["AssociationId"])
    yield NETWORK_ACL.check(ctx, request["NetworkAclId"])
    yield SUBNET.check(ctx, found[0] if found else "*")


def _subnet_of(ctx: Context, association: str) -> tuple[str, str] | None:
    """(subnet, VPC) of an association."""
    for vpc in networks.every(ctx.read, place(ctx), Vpc):
        for subnet, (identity, _) in associations(ctx, vpc.id).items():
            if identity == association:
                return subnet, vpc.id
    return None


@ec2.operation(on=[_acl_and_subnet], writes=True)
def replace_network_acl_association(
    ctx: Context, request: ReplaceNetworkAclAssociationRequestTypeDef
) -> dict[str, Any]:
    """Give a subnet another ACL of its VPC."""
    found = _subnet_of(ctx, request["AssociationId"])
    if found is None:
        text = f"The association ID '{request['AssociationId']}' does not exist"
        raise ApiError("InvalidAssociationID.NotFound", text)
    subnet, vpc = found
    target = NETWORK_ACL.require(ctx, request["NetworkAclId"])
    if target.body["VpcId"] != vpc:
        raise invalid_value(f"network acl {target.id} and subnet {subnet} belong to different networks")
    for held in network_acls.within(ctx, vpc):
        if subnet in held.body["subnets"]:
            left = {key: value for key, value in held.body["subnets"].items() if key != subnet}
            network_acls.change(ctx, held, subnets=left)
    target = NETWORK_ACL.require(ctx, target.id)
    # The default ACL's own association is what a subnet begins with; given back, it has a new id.
    new = new_id("aclassoc-")
    network_acls.change(ctx, target, subnets={**target.body["subnets"], subnet: new})
    return {"NewAssociationId": new}
