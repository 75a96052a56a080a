"""The rules of a security group as kept: in its row, as permissions, whose sources carry the rules' ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, update

from batchyard.framework.context import Context
from batchyard.services.ec2.networks.networks import SecurityGroup
from batchyard.services.ec2.places import Place, arn, at, derived_id, place
from batchyard.services.ec2.tables import security_groups
from batchyard.store.prepared import Prepared

_SET = {
    egress: Prepared(
        update(security_groups)
        .where(at(security_groups))
        .where(security_groups.c.id == bindparam("group_id"))
        .values({("egress" if egress else "ingress"): bindparam("rules")})
    )
    for egress in (False, True)
}
SOURCES = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
PORTS = ("IpProtocol", "FromPort", "ToPort")
_ID = "SecurityGroupRuleId"


@dataclass(frozen=True, slots=True)
class Rule:
    """One protocol, its ports, and one source or destination: a member of IpPermissions with its item."""

    id: str
    ports: tuple[tuple[str, Any], ...]
    member: str
    source: tuple[tuple[str, Any], ...]
    description: str | None

    def named(self, identity: str) -> Rule:
        """The same with this id."""
        return replace(self, id=identity)

    def described(self, text: str | None) -> Rule:
        """The same with this description."""
        return replace(self, description=text)


def split(permissions: Iterable[dict[str, Any]]) -> list[Rule]:
    """The rules of permissions, without ids where they have none."""
    return [
        Rule(
            source.get(_ID, ""),
            tuple((key, one[key]) for key in PORTS if key in one),
            member,
            tuple((key, value) for key, value in source.items() if key not in (_ID, "Description")),
            source.get("Description"),
        )
        for one in permissions
        for member in SOURCES
        for source in one.get(member) or ()
    ]


def identity_of(rule: Rule) -> tuple[Any, ...]:
    """What no two rules of a group and direction share."""
    return (*rule.ports, rule.member, peer_of(rule))


def peer_of(rule: Rule) -> str:
    """Where a rule lets from or to: a block, a list, a group."""
    source = dict(rule.source)
    return str(source.get(SOURCES[rule.member]) or source.get("GroupName", ""))


def rules_of(where: Place, group: SecurityGroup, *, egress: bool) -> list[Rule]:
    """A group's rules of a direction. Those from before rules had ids, and default rules, have ids of what they say."""
    found = split(group.egress if egress else group.ingress)
    return [one if one.id else one.named(_derived(where, group, one, egress)) for one in found]


def _derived(where: Place, group: SecurityGroup, rule: Rule, egress: bool) -> str:
    return derived_id(where, "sgr-", f"{group.id}/{egress}/{identity_of(rule)}")


def store_rules(ctx: Context, group: SecurityGroup, rules: Iterable[Rule], *, egress: bool) -> None:
    """Write a group's rules of a direction anew."""
    ctx.write.run(_SET[egress], **place(ctx), group_id=group.id, rules=joined(rules, ids=True))


def joined(rules: Iterable[Rule], *, ids: bool) -> list[dict[str, Any]]:
    """As EC2 shows them: one permission for each protocol and ports, with all its sources."""
    found: dict[Any, dict[str, Any]] = {}
    for rule in rules:
        permission = found.setdefault(rule.ports, dict(rule.ports))
        source = dict(rule.source)
        if rule.description is not None:
            source["Description"] = rule.description
        if ids:
            source[_ID] = rule.id
        permission[rule.member] = [*permission.get(rule.member, ()), source]
    return list(found.values())


def describe_rule(ctx: Context, group: SecurityGroup, rule: Rule, *, egress: bool) -> dict[str, Any]:
    """A rule as DescribeSecurityGroupRules gives it, without its tags."""
    source = dict(rule.source)
    described = {
        "SecurityGroupRuleId": rule.id,
        "SecurityGroupRuleArn": arn(place(ctx), f"security-group-rule/{rule.id}"),
        "GroupId": group.id,
        "GroupOwnerId": ctx.account,
        "IsEgress": egress,
        "FromPort": -1,
        "ToPort": -1,
        **dict(rule.ports),
        **_peer(ctx, rule, source),
    }
    return described if rule.description is None else {**described, "Description": rule.description}


def _peer(ctx: Context, rule: Rule, source: dict[str, Any]) -> dict[str, Any]:
    if rule.member == "UserIdGroupPairs":
        pair = {"GroupId": source.get("GroupId", ""), "UserId": source.get("UserId", ctx.account)}
        return {"ReferencedGroupInfo": pair}
    member = {"IpRanges": "CidrIpv4", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId"}[rule.member]
    return {member: peer_of(rule)}


def shown(rule: Rule) -> str:
    """A rule as EC2's errors tell it."""
    ports = dict(rule.ports)
    told = f"from port: {ports.get('FromPort', -1)}, to port: {ports.get('ToPort', -1)}"
    return f"peer: {peer_of(rule)}, {str(ports['IpProtocol']).upper()}, {told}, ALLOW"


def refers_to(group: SecurityGroup, other: str) -> bool:
    """Does a rule of a group name another group?"""
    return any(
        dict(one.source).get("GroupId") == other
        for one in (*split(group.ingress), *split(group.egress))
        if one.member == "UserIdGroupPairs"
    )
