"""The rules that a request names, checked, in the form in which they are kept.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks.group_rule_rows import PORTS, SOURCES, Rule, split
from batchyard.services.ec2.networks.security_groups import require_group_named
from batchyard.services.ec2.nouns import SECURITY_GROUP
from batchyard.services.ec2.refusals import invalid_value, missing

_NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_NETWORKS = {"CidrIp": ipaddress.IPv4Network, "CidrIpv6": ipaddress.IPv6Network}
_MODIFIED = {
    "CidrIpv4": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "PrefixListId": ("PrefixListIds", "PrefixListId"),
    "ReferencedGroupId": ("UserIdGroupPairs", "GroupId"),
}


def requested_rules(ctx: Context, request: Any, *, must_exist: bool = True) -> list[Rule]:
    """The rules of a request, in either of its two forms; a group pair gets its owner.

    `must_exist`: the groups that they name have to be there.
    """
    permissions = [dict(one) for one in request.get("IpPermissions") or ()]
    if "CidrIp" in request:
        single = {key: request[key] for key in PORTS if key in request}
        permissions.append({**single, "IpRanges": [{"CidrIp": request["CidrIp"]}]})
    return split([_permission(ctx, one, must_exist) for one in permissions])


def _permission(ctx: Context, given: dict[str, Any], must_exist: bool) -> dict[str, Any]:
    one = {**given, **_ports(given)}
    if one["IpProtocol"] == "-1":
        one.pop("FromPort", None)
        one.pop("ToPort", None)
    for member, name in SOURCES.items():
        one[member] = [_source(ctx, source, name, must_exist) for source in given.get(member) or ()]
    return one


def _ports(given: dict[str, Any]) -> dict[str, Any]:
    """Protocol by name, ports in order (texts of both: what-aws-says.md 35)."""
    protocol = str(given.get("IpProtocol", "-1")).lower()
    protocol = _NUMBERS.get(protocol, protocol)
    known = protocol in ("tcp", "udp", "icmp", "icmpv6", "-1")
    if not known and not (protocol.isascii() and protocol.isdigit() and int(protocol) < 256):
        raise invalid_value(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
    if protocol in ("tcp", "udp"):
        for word, member in (("from", "FromPort"), ("to", "ToPort")):
            if member not in given:
                raise missing(member[0].lower() + member[1:])
            if not 0 <= given[member] <= 65535:
                raise invalid_value(f"TCP/UDP ({word}) port ({given[member]}) out of range")
        if given["FromPort"] > given["ToPort"]:
            raise invalid_value(f"Invalid TCP/UDP port range({given['FromPort']}:{given['ToPort']})")
    return {"IpProtocol": protocol}


def _source(ctx: Context, given: dict[str, Any], name: str, must_exist: bool) -> dict[str, Any]:
    check_description(given.get("Description"))
    if name in _NETWORKS:
        return {**given, name: _block(given.get(name, ""), name)}
    if name == "PrefixListId":
        identity = given.get(name, "")
        text = f"The prefix list ID '{identity}' does not exist"
        raise ApiError("InvalidPrefixListID.NotFound", text)
    pair = {"UserId": ctx.account, **given}
    if pair["UserId"] == ctx.account and must_exist:
        found = (
            SECURITY_GROUP.require(ctx, pair["GroupId"])
            if pair.get("GroupId")
            else require_group_named(ctx, pair.get("GroupName", ""))
        )
        pair["GroupId"] = found.id
    return {key: value for key, value in pair.items() if value != ""}


def _block(given: str, name: str) -> str:
    """In its canonical form (EC2 makes 100.68.0.18/18 into 100.68.0.0/18)."""
    try:
        return str(_NETWORKS[name](given, strict=False))
    except ValueError as error:
        raise invalid_value(f"CIDR block {given} is malformed") from error


def check_description(text: str | None) -> None:
    """Refuse letters that a rule's description cannot have, and more than 255 (what-aws-says.md 35)."""
    if text is not None and not _DESCRIPTION.fullmatch(text):
        raise invalid_value(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following"
            " set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
        )


def modified_rule(ctx: Context, held: Rule, given: Mapping[str, Any]) -> Rule:
    """A rule with what ModifySecurityGroupRules says of it, under its id."""
    named = [one for one in _MODIFIED if given.get(one)]
    if len(named) != 1:
        raise missing("cidrIpv4") if not named else invalid_value("Only one source may be specified.")
    member, name = _MODIFIED[named[0]]
    source = {name: given[named[0]]}
    if "Description" in given:
        source["Description"] = given["Description"]
    ports = {key: given[key] for key in PORTS if key in given}
    [rule] = requested_rules(ctx, {"IpPermissions": [{**ports, member: [source]}]})
    return rule.named(held.id)
