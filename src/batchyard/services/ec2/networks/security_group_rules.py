"""The rules of security groups: authorized and revoked. They are kept and shown; no packet here is filtered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, update

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.security_groups import group_of, the_group
from batchyard.services.ec2.places import at, place
from batchyard.services.ec2.refusals import missing
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import security_groups
from batchyard.store.prepared import Prepared

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AuthorizeSecurityGroupEgressRequestTypeDef,
        AuthorizeSecurityGroupIngressRequestTypeDef,
        RevokeSecurityGroupEgressRequestTypeDef,
        RevokeSecurityGroupIngressRequestTypeDef,
    )

_SET_INGRESS = Prepared(
    update(security_groups)
    .where(at(security_groups))
    .where(security_groups.c.id == bindparam("group_id"))
    .values(ingress=bindparam("rules"))
)
_SET_EGRESS = Prepared(
    update(security_groups)
    .where(at(security_groups))
    .where(security_groups.c.id == bindparam("group_id"))
    .values(egress=bindparam("rules"))
)
_SOURCES = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
MOST_RULES = 1000
"""In one direction. AWS begins with 60 and lets that be raised as far as this (VPC user guide, quotas)."""
_PORTS = ("IpProtocol", "FromPort", "ToPort")
_NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}

_INGRESS_MEMBERS = {"GroupId", "GroupName", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "CidrIp"}
_EGRESS_MEMBERS = {"GroupId", "IpPermissions", "IpProtocol", "FromPort", "ToPort", "CidrIp"}

Rule = dict[str, Any]


@ec2.operation(on=[the_group], writes=True, honours=_INGRESS_MEMBERS)
def authorize_security_group_ingress(
    ctx: Context, request: AuthorizeSecurityGroupIngressRequestTypeDef
) -> dict[str, Any]:
    """Add rules for what may come in."""
    return _change(ctx, request, egress=False, add=True)


@ec2.operation(on=[the_group], writes=True, honours=_EGRESS_MEMBERS)
def authorize_security_group_egress(
    ctx: Context, request: AuthorizeSecurityGroupEgressRequestTypeDef
) -> dict[str, Any]:
    """Add rules for what may go out."""
    return _change(ctx, request, egress=True, add=True)


@ec2.operation(on=[the_group], writes=True, honours=_INGRESS_MEMBERS)
def revoke_security_group_ingress(
    ctx: Context, request: RevokeSecurityGroupIngressRequestTypeDef
) -> dict[str, Any]:
    """Take rules for what may come in away."""
    return _change(ctx, request, egress=False, add=False)


@ec2.operation(on=[the_group], writes=True, honours=_EGRESS_MEMBERS)
def revoke_security_group_egress(
    ctx: Context, request: RevokeSecurityGroupEgressRequestTypeDef
) -> dict[str, Any]:
    """Take rules for what may go out away."""
    return _change(ctx, request, egress=True, add=False)


def _change(ctx: Context, request: Any, *, egress: bool, add: bool) -> dict[str, Any]:
    networks.store_defaults(ctx)
    group = group_of(ctx, request)
    held = _single(group.egress if egress else group.ingress)
    given = _single(_permissions(ctx, request))
    if not given:
        raise missing("ipPermissions")
    known = {_identity(one) for one in held}
    for one in given:
        there = _identity(one) in known
        if add and there:
            raise ApiError(
                "InvalidPermission.Duplicate", f'the specified rule "{_shown(one)}" already exists'
            )
        if not add and not there:
            raise ApiError(
                "InvalidPermission.NotFound", "The specified rule does not exist in this security group."
            )
    gone = set() if add else {_identity(one) for one in given}
    rules = [one for one in held if _identity(one) not in gone] + (given if add else [])
    if add and len(rules) > MOST_RULES:
        # aws-samples/aws-cloudfront-samples#53 has the text.
        text = "The maximum number of rules per security group has been reached."
        raise ApiError("RulesPerSecurityGroupLimitExceeded", text)
    ctx.write.run(
        _SET_EGRESS if egress else _SET_INGRESS, **place(ctx), group_id=group.id, rules=_joined(rules)
    )
    return {"Return": True}


def _permissions(ctx: Context, request: Any) -> list[Rule]:
    """The rules of a request, in either of its two forms; a group pair gets its owner."""
    permissions = [dict(one) for one in request.get("IpPermissions") or ()]
    if "CidrIp" in request:
        single = {key: request[key] for key in _PORTS if key in request}
        permissions.append({**single, "IpRanges": [{"CidrIp": request["CidrIp"]}]})
    for one in permissions:
        one["IpProtocol"] = _NUMBERS.get(one.get("IpProtocol", "-1"), one.get("IpProtocol", "-1"))
        if one["IpProtocol"] == "-1":
            one.pop("FromPort", None)
            one.pop("ToPort", None)
        one["UserIdGroupPairs"] = [
            {"UserId": ctx.account, **pair} for pair in one.get("UserIdGroupPairs") or ()
        ]
    return permissions


def _single(permissions: list[Rule]) -> list[Rule]:
    """One rule for each protocol, ports and source."""
    return [
        {**{key: one[key] for key in _PORTS if key in one}, member: [source]}
        for one in permissions
        for member in _SOURCES
        for source in one.get(member) or ()
    ]


def _source(rule: Rule) -> tuple[str, str]:
    for member, name in _SOURCES.items():
        if member in rule:
            return member, str(rule[member][0].get(name) or rule[member][0].get("GroupName", ""))
    raise ValueError("a rule without a source")


def _identity(rule: Rule) -> tuple[Any, ...]:
    return (*(rule.get(key) for key in _PORTS), *_source(rule))


def _shown(rule: Rule) -> str:
    ports = f"from port: {rule.get('FromPort', -1)}, to port: {rule.get('ToPort', -1)}"
    return f"peer: {_source(rule)[1]}, {str(rule['IpProtocol']).upper()}, {ports}, ALLOW"


def _joined(rules: list[Rule]) -> list[Rule]:
    """As EC2 shows them: one permission for each protocol and ports, with all its sources."""
    found: dict[tuple[Any, ...], Rule] = {}
    for rule in rules:
        ports = {key: rule[key] for key in _PORTS if key in rule}
        joined = found.setdefault(tuple(ports.items()), dict(ports))
        member = _source(rule)[0]
        joined[member] = [*joined.get(member, ()), *rule[member]]
    return list(found.values())
