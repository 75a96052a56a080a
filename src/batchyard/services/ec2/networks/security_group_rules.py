"""The rules of security groups: authorized, changed, revoked. They are kept and shown; no packet here is filtered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.group_rule_rows import (
    Rule,
    describe_rule,
    identity_of,
    rules_of,
    shown,
    store_rules,
)
from batchyard.services.ec2.networks.networks import SecurityGroup
from batchyard.services.ec2.networks.requested_rules import check_description, modified_rule, requested_rules
from batchyard.services.ec2.networks.security_groups import group_of, the_group
from batchyard.services.ec2.networks.stored import store_defaults
from batchyard.services.ec2.nouns import SECURITY_GROUP
from batchyard.services.ec2.places import new_id, place
from batchyard.services.ec2.refusals import RULE, invalid_combination, missing
from batchyard.services.ec2.resources import created, part_check
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags, tag_lists
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AuthorizeSecurityGroupEgressRequestTypeDef,
        AuthorizeSecurityGroupIngressRequestTypeDef,
        DescribeSecurityGroupRulesRequestTypeDef,
        ModifySecurityGroupRulesRequestTypeDef,
        RevokeSecurityGroupEgressRequestTypeDef,
        RevokeSecurityGroupIngressRequestTypeDef,
        UpdateSecurityGroupRuleDescriptionsEgressRequestTypeDef,
        UpdateSecurityGroupRuleDescriptionsIngressRequestTypeDef,
    )

MOST_RULES = 1000
"""In one direction. AWS begins with 60 and lets that be raised as far as this (VPC user guide, quotas)."""

_ONE_RULE = {"IpProtocol", "FromPort", "ToPort", "CidrIp"}
_ADDS = {"GroupId", "IpPermissions", "TagSpecifications", *_ONE_RULE}
_TAKES = {"GroupId", "IpPermissions", "SecurityGroupRuleIds", *_ONE_RULE}
_FILTERS: dict[str, filters.Attribute] = {
    "group-id": "GroupId",
    "security-group-rule-id": "SecurityGroupRuleId",
}


def _tagged(action: str) -> Any:
    """The rules that are about to be made, where they get tags."""
    make = created("security-group-rule", action)
    return lambda ctx, request: make(ctx, request) if request.get("TagSpecifications") else ()


@ec2.operation(
    on=[the_group, _tagged("AuthorizeSecurityGroupIngress")], writes=True, honours={*_ADDS, "GroupName"}
)
def authorize_security_group_ingress(
    ctx: Context, request: AuthorizeSecurityGroupIngressRequestTypeDef
) -> dict[str, Any]:
    """Add rules for what may come in."""
    return _authorize(ctx, request, egress=False)


@ec2.operation(on=[the_group, _tagged("AuthorizeSecurityGroupEgress")], writes=True, honours=_ADDS)
def authorize_security_group_egress(
    ctx: Context, request: AuthorizeSecurityGroupEgressRequestTypeDef
) -> dict[str, Any]:
    """Add rules for what may go out."""
    return _authorize(ctx, request, egress=True)


def _authorize(ctx: Context, request: Any, *, egress: bool) -> dict[str, Any]:
    tags = checked(request.get("TagSpecifications"), allowed={"security-group-rule"})
    store_defaults(ctx)
    group = group_of(ctx, request)
    given = requested_rules(ctx, request)
    if not given:
        raise missing("ipPermissions")
    held = rules_of(place(ctx), group, egress=egress)
    known = {identity_of(one) for one in held}
    for one in given:
        if identity_of(one) in known:
            text = f'the specified rule "{shown(one)}" already exists'
            raise ApiError("InvalidPermission.Duplicate", text)
    if len(held) + len(given) > MOST_RULES:
        # aws-samples/aws-cloudfront-samples#53 has the text.
        text = "The maximum number of rules per security group has been reached."
        raise ApiError("RulesPerSecurityGroupLimitExceeded", text)
    made = [one.named(new_id("sgr-")) for one in given]
    store_rules(ctx, group, [*held, *made], egress=egress)
    own = tags.get("security-group-rule", {})
    put_tags(ctx.write, place(ctx), "security-group-rule", [one.id for one in made], own)
    return {"Return": True, "SecurityGroupRules": _described(ctx, group, made, egress=egress)}


def _described(
    ctx: Context, group: SecurityGroup, rules: Sequence[Rule], *, egress: bool
) -> list[dict[str, Any]]:
    tags = tag_lists(ctx.read, place(ctx), [one.id for one in rules])
    return [{**describe_rule(ctx, group, one, egress=egress), "Tags": tags[one.id]} for one in rules]


@ec2.operation(on=[the_group], writes=True, honours={*_TAKES, "GroupName"})
def revoke_security_group_ingress(
    ctx: Context, request: RevokeSecurityGroupIngressRequestTypeDef
) -> dict[str, Any]:
    """Take rules for what may come in away."""
    return _revoke(ctx, request, egress=False)


@ec2.operation(on=[the_group], writes=True, honours=_TAKES)
def revoke_security_group_egress(
    ctx: Context, request: RevokeSecurityGroupEgressRequestTypeDef
) -> dict[str, Any]:
    """Take rules for what may go out away."""
    return _revoke(ctx, request, egress=True)


def _revoke(ctx: Context, request: Any, *, egress: bool) -> dict[str, Any]:
    store_defaults(ctx)
    group = group_of(ctx, request)
    held = rules_of(place(ctx), group, egress=egress)
    ids = request.get("SecurityGroupRuleIds") or ()
    given = requested_rules(ctx, request, must_exist=False)
    if bool(ids) == bool(given):
        raise (
            missing("ipPermissions")
            if not ids
            else invalid_combination(
                "The parameters securityGroupRuleIds and ipPermissions may not be used together."
            )
        )
    by_id, by_identity = {one.id: one for one in held}, {identity_of(one): one for one in held}
    gone = {_require(ctx, by_id, one).id for one in ids}
    for one in given:
        if identity_of(one) not in by_identity:
            text = "The specified rule does not exist in this security group."
            raise ApiError("InvalidPermission.NotFound", text)
        gone.add(by_identity[identity_of(one)].id)
    store_rules(ctx, group, [one for one in held if one.id not in gone], egress=egress)
    for identity in gone:
        forget_tags(ctx.write, place(ctx), identity)
    return {"Return": True}


def _require(ctx: Context, held: dict[str, Rule], identity: str) -> Rule:
    if identity not in held:
        raise RULE.error(ctx, identity)
    return held[identity]


@ec2.operation(on=ANY, honours={"SecurityGroupRuleIds", "Filters", "NextToken", "MaxResults"})
def describe_security_group_rules(
    ctx: Context, request: DescribeSecurityGroupRulesRequestTypeDef
) -> dict[str, Any]:
    """The rules of the Region's security groups, or those named."""
    named = set(request.get("SecurityGroupRuleIds") or ())
    found: list[dict[str, Any]] = []
    for group, rule, egress in _every_rule(ctx, filters.exact_values(request.get("Filters"), "group-id")):
        if not named or rule.id in named:
            found += _described(ctx, group, [rule], egress=egress)
    absent = named - {one["SecurityGroupRuleId"] for one in found}
    if absent:
        raise RULE.error(ctx, min(absent))
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="SecurityGroupRuleId")
    items = filter(matches, pages.sorted_items(request, found, position="SecurityGroupRuleId"))
    return pages.answer(ctx, request, "SecurityGroupRules", items, position="SecurityGroupRuleId")


_PER_RULE = 3.0
"""Microseconds to read a rule."""


def _every_rule(ctx: Context, groups: Sequence[str] | None) -> Iterable[tuple[SecurityGroup, Rule, bool]]:
    for group in networks.every(ctx.read, place(ctx), SecurityGroup):
        if groups is not None and group.id not in groups:
            continue
        for egress in (False, True):
            rules = rules_of(place(ctx), group, egress=egress)
            ctx.effort.spend(_PER_RULE * len(rules))
            for rule in rules:
                yield group, rule, egress


def find_rule(ctx: Context, identity: str) -> tuple[SecurityGroup, Rule, bool] | None:
    """A rule by its id, with its group, and whether it is of egress."""
    return next((found for found in _every_rule(ctx, None) if found[1].id == identity), None)


def _group_and_rules(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    yield SECURITY_GROUP.check(ctx, request["GroupId"])
    for one in request.get("SecurityGroupRules") or ():
        yield part_check(ctx, f"security-group-rule/{one['SecurityGroupRuleId']}")


@ec2.operation(on=[_group_and_rules], writes=True)
def modify_security_group_rules(
    ctx: Context, request: ModifySecurityGroupRulesRequestTypeDef
) -> dict[str, Any]:
    """Put other rules in the place of those with these ids; all or none."""
    store_defaults(ctx)
    group = SECURITY_GROUP.require(ctx, request["GroupId"])
    given = {
        one["SecurityGroupRuleId"]: one.get("SecurityGroupRule") or {}
        for one in request["SecurityGroupRules"]
    }
    if not given:
        raise missing("securityGroupRules")
    sides = {egress: rules_of(place(ctx), group, egress=egress) for egress in (False, True)}
    known = {one.id: one for rules in sides.values() for one in rules}
    for identity in given:
        _require(ctx, known, identity)
    for egress, rules in sides.items():
        new = [modified_rule(ctx, one, given[one.id]) if one.id in given else one for one in rules]
        identities = [identity_of(one) for one in new]
        twice = next((one for one in new if identities.count(identity_of(one)) > 1), None)
        if twice is not None:
            text = f'the specified rule "{shown(twice)}" already exists'
            raise ApiError("InvalidPermission.Duplicate", text)
        store_rules(ctx, group, new, egress=egress)
    return {"Return": True}


_DESCRIBES = {"GroupId", "GroupName", "IpPermissions", "SecurityGroupRuleDescriptions"}


@ec2.operation(on=[the_group], writes=True, honours=_DESCRIBES)
def update_security_group_rule_descriptions_ingress(
    ctx: Context, request: UpdateSecurityGroupRuleDescriptionsIngressRequestTypeDef
) -> dict[str, Any]:
    """Give rules for what may come in other descriptions, or none."""
    return _describe_anew(ctx, request, egress=False)


@ec2.operation(on=[the_group], writes=True, honours=_DESCRIBES)
def update_security_group_rule_descriptions_egress(
    ctx: Context, request: UpdateSecurityGroupRuleDescriptionsEgressRequestTypeDef
) -> dict[str, Any]:
    """Give rules for what may go out other descriptions, or none."""
    return _describe_anew(ctx, request, egress=True)


def _describe_anew(ctx: Context, request: Any, *, egress: bool) -> dict[str, Any]:
    store_defaults(ctx)
    group = group_of(ctx, request)
    held = rules_of(place(ctx), group, egress=egress)
    by_id, by_identity = {one.id: one for one in held}, {identity_of(one): one for one in held}
    texts: dict[str, str | None] = {}
    for one in request.get("SecurityGroupRuleDescriptions") or ():
        text = one.get("Description")
        check_description(text)
        texts[_require(ctx, by_id, one.get("SecurityGroupRuleId", "")).id] = text
    for rule in requested_rules(ctx, request, must_exist=False):
        if identity_of(rule) not in by_identity:
            text = "The specified rule does not exist in this security group."
            raise ApiError("InvalidPermission.NotFound", text)
        texts[by_identity[identity_of(rule)].id] = rule.description
    if not texts:
        raise missing("ipPermissions")
    store_rules(
        ctx, group, [one.described(texts[one.id]) if one.id in texts else one for one in held], egress=egress
    )
    return {"Return": True}
