"""Where a launch goes in the network: its subnet, its security groups, its private addresses."""

from __future__ import annotations

from dataclasses import dataclass

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.launching.launches import Launch
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import SecurityGroup, Subnet, Vpc
from batchyard.services.ec2.networks.private_addresses import asked_address, free_addresses
from batchyard.services.ec2.networks.security_groups import require_group_named
from batchyard.services.ec2.nouns import SECURITY_GROUP, SUBNET
from batchyard.services.ec2.places import Place, place
from batchyard.services.ec2.refusals import invalid_combination, invalid_value
from batchyard.services.ec2.service import ec2
from batchyard.store.transaction import Transaction

_INTERFACES = ec2.unbuilt("more than one of `NetworkInterfaces`", on=["RunInstances"])


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a launch would go, as ids alone and not looked up: what policies are asked about."""

    subnet_id: str | None
    vpc_id: str | None
    zone: str | None
    group_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """Where a launch goes."""

    subnet: Subnet
    groups: tuple[SecurityGroup, ...]
    addresses: tuple[str, ...]


def read_spot(tx: Transaction, where: Place, launch: Launch) -> Spot:
    """Where the launch would go, whether it may and can or not."""
    wanted = launch.interface.get("SubnetId") or launch.data.get("SubnetId")
    zone = (launch.data.get("Placement") or {}).get("AvailabilityZone")
    subnet = networks.find(tx, where, Subnet, wanted) if wanted else networks.default_subnet(tx, where, zone)
    groups = list(launch.interface.get("Groups") or launch.data.get("SecurityGroupIds") or ())
    names = launch.data.get("SecurityGroups") or ()
    if names or (subnet and not groups):
        wanted_names = names or ["default"]
        groups += [
            one.id
            for one in networks.every(tx, where, SecurityGroup)
            if subnet and one.vpc_id == subnet.vpc_id and one.name in wanted_names
        ]
    return Spot(
        wanted or (subnet.id if subnet else None),
        subnet.vpc_id if subnet else None,
        subnet.availability_zone if subnet else zone,
        tuple(groups),
    )


def attach(ctx: Context, launch: Launch, count: int) -> Attachment:
    """The subnet, groups and `count` free addresses of a launch; raises where EC2 would."""
    _check_combination(launch)
    subnet = _subnet(ctx, launch)
    groups = _groups(ctx, launch, subnet)
    return Attachment(subnet, groups, _addresses(ctx, launch, subnet, count))


def _check_combination(launch: Launch) -> None:
    """Interface and instance level exclude each other within one request.

    Over a template's interface they are taken: Auto Scaling gives its subnet so. EC2 itself refuses a user's
    such request; here it is accepted (a deliberate difference).
    """
    if len(launch.data.get("NetworkInterfaces") or ()) > 1:
        raise _INTERFACES("more than one network interface of an instance")
    if "NetworkInterfaces" not in launch.own:
        return
    if "SubnetId" in launch.own:
        raise invalid_combination(
            "Network interfaces and an instance-level subnet ID may not be specified on the same request"
        )
    if launch.own & {"SecurityGroupIds", "SecurityGroups"}:
        raise invalid_combination(
            "Network interfaces and an instance-level security groups may not be specified on the same request"
        )


def _subnet(ctx: Context, launch: Launch) -> Subnet:
    zone = (launch.data.get("Placement") or {}).get("AvailabilityZone")
    wanted = launch.data.get("SubnetId") or launch.interface.get("SubnetId")
    if wanted:
        subnet = SUBNET.require(ctx, wanted)
        if zone and zone != subnet.availability_zone:
            raise invalid_value(
                f"The availability zone of subnet '{subnet.id}' ({subnet.availability_zone}) does not match"
                f" the requested availability zone '{zone}'."
            )
        return subnet
    found = networks.default_subnet(ctx.read, place(ctx), zone)
    if found is not None:
        return found
    vpc = networks.first(ctx.read, place(ctx), Vpc, lambda one: one.is_default)
    if vpc is None:
        raise ApiError("VPCIdNotSpecified", "No default VPC for this user")
    raise ApiError(
        "MissingInput", f"No subnets found for the default VPC '{vpc.id}'. Please specify a subnet."
    )


def _groups(ctx: Context, launch: Launch, subnet: Subnet) -> tuple[SecurityGroup, ...]:
    ids = launch.data.get("SecurityGroupIds") or launch.interface.get("Groups") or ()
    groups = [SECURITY_GROUP.require(ctx, one) for one in ids]
    groups += [require_group_named(ctx, one) for one in launch.data.get("SecurityGroups") or ()]
    for one in groups:
        if one.vpc_id != subnet.vpc_id:
            raise invalid_value(
                f"Security group {one.id} and subnet {subnet.id} belong to different networks."
            )
    if not groups:
        default = networks.default_group_of(ctx.read, place(ctx), subnet.vpc_id)
        groups = [default] if default else []
    return tuple({one.id: one for one in groups}.values())


def _addresses(ctx: Context, launch: Launch, subnet: Subnet, count: int) -> tuple[str, ...]:
    asked = launch.data.get("PrivateIpAddress") or launch.interface.get("PrivateIpAddress")
    if asked:
        return (_asked_address(ctx, subnet, asked, count),)
    return free_addresses(ctx, subnet, count)


def _asked_address(ctx: Context, subnet: Subnet, address: str, count: int) -> str:
    if count > 1:
        raise invalid_combination("You cannot specify privateIpAddress when launching multiple instances.")
    return asked_address(ctx, subnet, address)
