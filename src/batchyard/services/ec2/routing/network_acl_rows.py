"""Network ACLs as kept: each VPC has a default ACL, which its subnets have unless they were given another."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.services.ec2.kept import Held, Kept, Quota
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import Subnet
from batchyard.services.ec2.places import Place, derived_id, place

LAST = 32767
"""The number of the rule that denies what no other rule decides; nobody changes it."""


def _entry(number: int, action: str, *, egress: bool, ipv6: bool = False) -> dict[str, Any]:
    source = {"Ipv6CidrBlock": "::/0"} if ipv6 else {"CidrBlock": "0.0.0.0/0"}
    return {"RuleNumber": number, "Protocol": "-1", "RuleAction": action, "Egress": egress, **source}


def denying(*, ipv6: bool) -> list[dict[str, Any]]:
    """What every ACL ends with; for IPv6 where its VPC has such a block."""
    found = [_entry(LAST, "deny", egress=egress) for egress in (True, False)]
    if ipv6:
        found += [_entry(LAST + 1, "deny", egress=egress, ipv6=True) for egress in (True, False)]
    return found


OPEN = [_entry(100, "allow", egress=True), _entry(100, "allow", egress=False)]
"""What a VPC's default ACL begins with."""


def _default(where: Place) -> list[Held]:
    vpc = derived_id(where, "vpc-", "vpc")
    return [
        Held(vpc.replace("vpc-", "acl-"), {"VpcId": vpc, "default": True, "entries": OPEN, "subnets": {}})
    ]


network_acls = Kept(
    "network-acl",
    quota=Quota(1000, "NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached."),
    defaults=_default,
)


def add_default(ctx: Context, vpc_id: str) -> None:
    """Make the default ACL of a new VPC: it lets everything through."""
    network_acls.add(ctx, "acl-", {"VpcId": vpc_id, "default": True, "entries": OPEN, "subnets": {}}, {})


def open_for_ipv6(ctx: Context, vpc_id: str) -> None:
    """Let the default ACL of a VPC that gets its first IPv6 block let that through, too (VPC user guide)."""
    for one in network_acls.within(ctx, vpc_id):
        numbers = {(each["RuleNumber"], each["Egress"]) for each in one.body["entries"]}
        if one.body["default"]:
            new = [_entry(101, "allow", egress=egress, ipv6=True) for egress in (True, False)]
            added = [each for each in new if (each["RuleNumber"], each["Egress"]) not in numbers]
            network_acls.change(ctx, one, entries=[*one.body["entries"], *added])


def associations(ctx: Context, vpc_id: str) -> dict[str, tuple[str, str]]:
    """Subnet → (association, ACL) of a VPC's subnets: those of the default ACL have the subnet's own digits."""
    held = network_acls.within(ctx, vpc_id)
    default = next((one.id for one in held if one.body["default"]), "")
    found = {
        one.id: (one.id.replace("subnet-", "aclassoc-"), default)
        for one in networks.every(ctx.read, place(ctx), Subnet)
        if one.vpc_id == vpc_id
    }
    for acl in held:
        found |= {
            subnet: (association, acl.id)
            for subnet, association in acl.body["subnets"].items()
            if subnet in found
        }
    return found


def forget_subnet(ctx: Context, vpc_id: str, subnet_id: str) -> None:
    """Take the association of a subnet that goes away."""
    for one in network_acls.within(ctx, vpc_id):
        if subnet_id in one.body["subnets"]:
            left = {key: value for key, value in one.body["subnets"].items() if key != subnet_id}
            network_acls.change(ctx, one, subnets=left)
