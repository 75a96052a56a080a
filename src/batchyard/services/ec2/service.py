"""Amazon EC2: its name, its principals, and the roles that Spot acts as."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from batchyard.framework.check import Target, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.framework.workloads import INSTANCES, WorkloadRoles
from batchyard.services.ec2.instances.workloads import find_role
from batchyard.services.ec2.service_role import (
    SPOT_FLEET_PRINCIPAL,
    SPOT_PRINCIPAL,
    where_spot_fleet_in_use,
    where_spot_in_use,
)
from batchyard.wire.facts import WireFacts

F = TypeVar("F", bound=Callable[..., Any])
Requirements = Callable[[Context, dict[str, Any]], Mapping[str, str]]


class Ec2Service(Service):
    """EC2's operations: each knows DryRun and gives policies the key ec2:Region."""

    def operation(
        self,
        *,
        on: Sequence[Target] | Target,
        honours: Iterable[str] | None = None,
        requires: Requirements | None = None,
        **options: Any,
    ) -> Callable[[F], F]:
        """As `Service.operation`; DryRun is honoured, whatever `honours` lists.

        `requires` raises what the operation would raise for things that are missing or do not fit: a dry run
        answers that, too. What it returns are members of the dry run's answer, seen by services only.
        """
        honoured = None if honours is None else {*honours, "DryRun"}
        register = super().operation(on=on, honours=honoured, conditions=_region, **options)

        def both(function: F) -> F:
            register(_unless_dry_run(function, requires))
            return function

        return both


def _region(ctx: Context, request: dict[str, Any]) -> Mapping[str, Values]:
    return {"ec2:Region": ctx.region}


def _unless_dry_run(function: Callable[..., Any], requires: Requirements | None) -> Callable[..., Any]:
    """DryRun asks whether the caller may: by now it may, so nothing is done and this code says so."""

    @functools.wraps(function)
    def run(ctx: Context, request: dict[str, Any]) -> Any:
        if request.get("DryRun"):
            told = {} if requires is None else requires(ctx, request)
            text = "Request would have succeeded, but DryRun flag is set."
            raise ApiError("DryRunOperation", text, status=412, members=told)
        return function(ctx, request)

    return run


ec2 = Ec2Service(
    "ec2",
    principal="ec2.amazonaws.com",
    title="EC2",
    wire=WireFacts(versions=("2016-11-15",), invalid=None),
    resource_types={
        "capacity-reservation": "AWS::EC2::CapacityReservation",
        "dhcp-options": "AWS::EC2::DHCPOptions",
        "egress-only-internet-gateway": "AWS::EC2::EgressOnlyInternetGateway",
        "elastic-ip": "AWS::EC2::EIP",
        "image": "AWS::EC2::Ami",
        "instance": "AWS::EC2::Instance",
        "internet-gateway": "AWS::EC2::InternetGateway",
        "key-pair": "AWS::EC2::KeyPair",
        "launch-template": "AWS::EC2::LaunchTemplate",
        "natgateway": "AWS::EC2::NatGateway",
        "network-acl": "AWS::EC2::NetworkAcl",
        "network-interface": "AWS::EC2::NetworkInterface",
        "placement-group": "AWS::EC2::PlacementGroup",
        "route-table": "AWS::EC2::RouteTable",
        "security-group": "AWS::EC2::SecurityGroup",
        "security-group-rule": "AWS::EC2::SecurityGroupRule",
        "spot-fleet-request": "AWS::EC2::SpotFleet",
        "subnet": "AWS::EC2::Subnet",
        "volume": "AWS::EC2::Volume",
        "vpc": "AWS::EC2::VPC",
    },
    linked_roles=[
        # The session names are guesses: no recorded call by either role was found.
        ServiceLinkedRole(SPOT_PRINCIPAL, "ec2-spot", where_spot_in_use),
        ServiceLinkedRole(SPOT_FLEET_PRINCIPAL, "ec2-spot-fleet", where_spot_fleet_in_use),
    ],
    further_principals=[SPOT_PRINCIPAL, SPOT_FLEET_PRINCIPAL],
    # Recorded of DescribeVpcs: boto/boto3#2673; DescribeImages says less (aws/karpenter-provider-aws#6061).
    invalid_token=lambda ctx, token: ApiError(
        "InvalidParameterValue",
        f"Value ( {token} ) for parameter NextToken is invalid. The token is invalid.",
    ),
    workloads=[WorkloadRoles(INSTANCES, find_role)],
)
