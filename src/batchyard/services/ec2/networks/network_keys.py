"""What policies may ask about a VPC, a subnet or a security group (service authorization reference, Amazon EC2)."""

from __future__ import annotations

from typing import Any

from batchyard.framework.check import Values
from batchyard.framework.context import Context
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import SecurityGroup, Subnet, Vpc
from batchyard.services.ec2.networks.zones import zone_id
from batchyard.services.ec2.places import arn, place


def network_keys(ctx: Context, resource: str) -> dict[str, Values]:
    """The ec2: keys of `subnet/subnet-1`, where it exists; none for what is no part of a network."""
    kind, _, identity = resource.partition("/")
    if kind == "vpc":
        vpc = networks.find(ctx.read, place(ctx), Vpc, identity)
        return {"ec2:VpcID": identity, "ec2:Tenancy": "default"} if vpc else {}
    if kind == "subnet":
        subnet = networks.find(ctx.read, place(ctx), Subnet, identity)
        if subnet is None:
            return {}
        zone = subnet.availability_zone
        zones = {"ec2:AvailabilityZone": zone, "ec2:AvailabilityZoneId": zone_id(zone)}
        return {"ec2:SubnetID": identity, **zones, **_within(ctx, subnet.vpc_id)}
    if kind == "security-group":
        group = networks.find(ctx.read, place(ctx), SecurityGroup, identity)
        return {"ec2:SecurityGroupID": identity, **_within(ctx, group.vpc_id)} if group else {}
    return {}


def in_vpc(ctx: Context, request: dict[str, Any]) -> dict[str, Values]:
    """The keys of what is to be made in the VPC that a request names, and in its zone where it names one."""
    keys: dict[str, Values] = _within(ctx, request["VpcId"]) if request.get("VpcId") else {}
    if request.get("AvailabilityZone"):
        keys["ec2:AvailabilityZone"] = request["AvailabilityZone"]
    if request.get("AvailabilityZoneId"):
        keys["ec2:AvailabilityZoneId"] = request["AvailabilityZoneId"]
    return keys


def _within(ctx: Context, vpc_id: str) -> dict[str, Values]:
    return {"ec2:Vpc": arn(place(ctx), f"vpc/{vpc_id}")}
