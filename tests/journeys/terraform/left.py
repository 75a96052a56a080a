"""What an account has, so that a test can say that nothing is left."""

from __future__ import annotations

from typing import Any

from conftest import client

_LISTINGS: dict[str, dict[str, tuple[str, str]]] = {
    "ec2": {
        "describe_addresses": ("Addresses", "AllocationId"),
        "describe_dhcp_options": ("DhcpOptions", "DhcpOptionsId"),
        "describe_egress_only_internet_gateways": (
            "EgressOnlyInternetGateways",
            "EgressOnlyInternetGatewayId",
        ),
        "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
        "describe_key_pairs": ("KeyPairs", "KeyName"),
        "describe_launch_templates": ("LaunchTemplates", "LaunchTemplateName"),
        "describe_network_acls": ("NetworkAcls", "NetworkAclId"),
        "describe_network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
        "describe_placement_groups": ("PlacementGroups", "GroupName"),
        "describe_route_tables": ("RouteTables", "RouteTableId"),
        "describe_security_groups": ("SecurityGroups", "GroupId"),
        "describe_subnets": ("Subnets", "SubnetId"),
        "describe_tags": ("Tags", "ResourceId"),
        "describe_vpcs": ("Vpcs", "VpcId"),
    },
    "autoscaling": {"describe_auto_scaling_groups": ("AutoScalingGroups", "AutoScalingGroupName")},
    "batch": {
        "describe_compute_environments": ("computeEnvironments", "computeEnvironmentName"),
        "describe_job_queues": ("jobQueues", "jobQueueName"),
        "list_scheduling_policies": ("schedulingPolicies", "arn"),
    },
    "ecs": {"list_clusters": ("clusterArns", "")},
    "iam": {
        "list_account_aliases": ("AccountAliases", ""),
        "list_groups": ("Groups", "GroupName"),
        "list_instance_profiles": ("InstanceProfiles", "InstanceProfileName"),
        "list_open_id_connect_providers": ("OpenIDConnectProviderList", "Arn"),
        "list_roles": ("Roles", "RoleName"),
        "list_users": ("Users", "UserName"),
        "list_virtual_mfa_devices": ("VirtualMFADevices", "SerialNumber"),
    },
}
_STAYS = ("AWSServiceRoleFor", "sfr-", "nat-")
"""Roles that services make for themselves stay; the tags of what is cancelled or deleted, for a while, as on AWS."""


def left_in(endpoint: str, account: str) -> dict[str, list[str]]:
    """The names of what there is, by listing; a NAT gateway that is gone is still listed for an hour."""
    found: dict[str, list[str]] = {}
    for service, listings in _LISTINGS.items():
        made = client(endpoint, service, access_key=account)
        for operation, (member, name) in listings.items():
            items: list[Any] = getattr(made, operation)()[member]
            names = sorted(one[name] if name else one for one in items)
            found[operation] = [one for one in names if not one.startswith(_STAYS)]
    nat = client(endpoint, "ec2", access_key=account).describe_nat_gateways()["NatGateways"]
    found["NAT gateways"] = [one["NatGatewayId"] for one in nat if one["State"] != "deleted"]
    return found
