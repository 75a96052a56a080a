"""Security groups: described, made and deleted. Their rules stand in `security_group_rules`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.instances.instance_rows import live_with_group
from batchyard.services.ec2.listings import page
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.group_rule_rows import joined, refers_to, split
from batchyard.services.ec2.networks.network_keys import in_vpc
from batchyard.services.ec2.networks.networks import SecurityGroup, Vpc
from batchyard.services.ec2.networks.stored import store_defaults
from batchyard.services.ec2.nouns import SECURITY_GROUP, VPC
from batchyard.services.ec2.places import arn, at, new_id, place
from batchyard.services.ec2.refusals import invalid_value, missing
from batchyard.services.ec2.resources import created, found_by_name
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import security_groups
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags, tag_lists
from batchyard.services.ec2.tags.tag_specifications import checked
from batchyard.store.prepared import Prepared

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateSecurityGroupRequestTypeDef,
        DeleteSecurityGroupRequestTypeDef,
        DescribeSecurityGroupsRequestTypeDef,
    )

_DELETE = Prepared(
    delete(security_groups).where(at(security_groups)).where(security_groups.c.id == bindparam("id"))
)
_NAMED = Prepared(
    select(security_groups.c.id)
    .where(at(security_groups))
    .where(security_groups.c.vpc_id == bindparam("vpc_id"))
    .where(security_groups.c.name == bindparam("name"))
)

_FILTERS: dict[str, filters.Attribute] = {
    "description": "Description",
    "egress.ip-permission.cidr": "IpPermissionsEgress.IpRanges.CidrIp",
    "egress.ip-permission.protocol": "IpPermissionsEgress.IpProtocol",
    "group-id": "GroupId",
    "group-name": "GroupName",
    "ip-permission.cidr": "IpPermissions.IpRanges.CidrIp",
    "ip-permission.from-port": "IpPermissions.FromPort",
    "ip-permission.group-id": "IpPermissions.UserIdGroupPairs.GroupId",
    "ip-permission.protocol": "IpPermissions.IpProtocol",
    "ip-permission.to-port": "IpPermissions.ToPort",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
}


@ec2.operation(on=ANY, honours={"GroupIds", "GroupNames", "Filters", "NextToken", "MaxResults"})
def describe_security_groups(ctx: Context, request: DescribeSecurityGroupsRequestTypeDef) -> dict[str, Any]:
    """The Region's security groups, or those named (by name in the default VPC)."""
    wanted = [SECURITY_GROUP.require(ctx, one) for one in request.get("GroupIds") or ()]
    wanted += [require_group_named(ctx, one) for one in request.get("GroupNames") or ()]
    if not wanted and not request.get("GroupIds"):
        wanted = networks.every(ctx.read, place(ctx), SecurityGroup)
    return page(ctx, request, SECURITY_GROUP, wanted, describe, result="SecurityGroups", attributes=_FILTERS)


def require_group_named(ctx: Context, name: str) -> SecurityGroup:
    """A security group of the default VPC by its name; raises InvalidGroup.NotFound."""
    where = place(ctx)
    vpc = networks.first(ctx.read, where, Vpc, lambda one: one.is_default)
    found = vpc and networks.first(
        ctx.read, where, SecurityGroup, lambda one: (one.vpc_id, one.name) == (vpc.id, name)
    )
    if not found:
        raise ApiError("InvalidGroup.NotFound", f"The security group '{name}' does not exist in default VPC")
    return found


def describe(ctx: Context, group: SecurityGroup) -> dict[str, Any]:
    """A security group as DescribeSecurityGroups gives it, without its tags."""
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "VpcId": group.vpc_id,
        "OwnerId": ctx.account,
        "SecurityGroupArn": arn(place(ctx), f"security-group/{group.id}"),
        "IpPermissions": [_permission(one) for one in joined(split(group.ingress), ids=False)],
        "IpPermissionsEgress": [_permission(one) for one in joined(split(group.egress), ids=False)],
        "Tags": [],
    }


def _permission(rule: dict[str, Any]) -> dict[str, Any]:
    return {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [], **rule}


def _into_vpc(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    if "VpcId" in request:
        yield VPC.check(ctx, request["VpcId"])


@ec2.operation(
    on=[created("security-group", "CreateSecurityGroup", keys=in_vpc), _into_vpc],
    writes=True,
    honours={"GroupName", "Description", "VpcId", "TagSpecifications"},
)
def create_security_group(ctx: Context, request: CreateSecurityGroupRequestTypeDef) -> dict[str, Any]:
    """Make a security group that lets everything out and nothing in."""
    tags = checked(request.get("TagSpecifications"), allowed={"security-group"})
    name = request["GroupName"]
    if name.startswith("sg-"):
        raise invalid_value(
            f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
        )
    if name.lower() == "default":
        # Probed, September 2026 (what-aws-says.md 35).
        raise invalid_value(f"Cannot use reserved security group name: {name}")
    vpc = _vpc_of(ctx, request)
    store_defaults(ctx)
    if ctx.read.first(_NAMED, **place(ctx), vpc_id=vpc.id, name=name) is not None:
        raise ApiError(
            "InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc.id}'"
        )
    group = SecurityGroup(new_id("sg-"), vpc.id, name, request["Description"], [], [networks.ANYWHERE])
    networks.add(ctx, group)
    put_tags(ctx.write, place(ctx), "security-group", [group.id], tags.get("security-group", {}))
    return {
        "GroupId": group.id,
        "SecurityGroupArn": arn(place(ctx), f"security-group/{group.id}"),
        "Tags": tag_lists(ctx.read, place(ctx), [group.id])[group.id],
    }


def _vpc_of(ctx: Context, request: Any) -> Vpc:
    if "VpcId" in request:
        return VPC.require(ctx, request["VpcId"])
    found = networks.first(ctx.read, place(ctx), Vpc, lambda one: one.is_default)
    if found is None:
        raise ApiError("VPCIdNotSpecified", "No default VPC for this user")
    return found


def the_group(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Check on the group that a request names by GroupId or, in the default VPC, by GroupName."""
    if request.get("GroupId"):
        return [SECURITY_GROUP.check(ctx, request["GroupId"])]
    vpc = networks.first(ctx.read, place(ctx), Vpc, lambda one: one.is_default)
    found = networks.first(
        ctx.read,
        place(ctx),
        SecurityGroup,
        lambda one: vpc is not None and (one.vpc_id, one.name) == (vpc.id, request.get("GroupName")),
    )
    return [found_by_name(ctx, SECURITY_GROUP, found.id if found else None)]


def group_of(ctx: Context, request: Any) -> SecurityGroup:
    """The group that a request names by GroupId or GroupName."""
    if request.get("GroupId"):
        return SECURITY_GROUP.require(ctx, request["GroupId"])
    if request.get("GroupName"):
        return require_group_named(ctx, request["GroupName"])
    raise missing("groupName or groupId")


@ec2.operation(on=[the_group], writes=True)
def delete_security_group(ctx: Context, request: DeleteSecurityGroupRequestTypeDef) -> dict[str, Any]:
    """Delete a security group that no instance uses and no other group names; a VPC's default one stays."""
    group = group_of(ctx, request)
    if group.name == "default":
        raise ApiError(
            "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
        )
    others = networks.every(ctx.read, place(ctx), SecurityGroup)
    named_by = any(one.id != group.id and refers_to(one, group.id) for one in others)
    if named_by or live_with_group(ctx.read, place(ctx), group.id):
        raise ApiError("DependencyViolation", f"resource {group.id} has a dependent object")
    ctx.write.run(_DELETE, **place(ctx), id=group.id)
    for rule in (*split(group.ingress), *split(group.egress)):
        forget_tags(ctx.write, place(ctx), rule.id)
    forget_tags(ctx.write, place(ctx), group.id)
    return {"Return": True, "GroupId": group.id}
