"""What is set of VPCs and subnets after they were made: names, DHCP options, further blocks, IPv6."""

from __future__ import annotations

import ipaddress
from typing import Any

from services.ec2.conftest import Launch, refused


def test_a_vpc_has_names_and_dhcp_options(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]

    def told(attribute: str, member: str) -> bool:
        return bool(ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)[member]["Value"])

    assert (
        told("enableDnsSupport", "EnableDnsSupport"),
        told("enableDnsHostnames", "EnableDnsHostnames"),
    ) == (True, False)
    ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": True})
    assert told("enableDnsHostnames", "EnableDnsHostnames")
    both = {"EnableDnsHostnames": {"Value": True}, "EnableDnsSupport": {"Value": True}}
    assert refused(ec2.modify_vpc_attribute, VpcId=vpc["VpcId"], **both)[0] == "InvalidParameterCombination"
    options = [{"Key": "domain-name", "Values": ["jobs.example"]}]
    made = ec2.create_dhcp_options(DhcpConfigurations=options)["DhcpOptions"]["DhcpOptionsId"]
    bad = [{"Key": "colour", "Values": ["red"]}]
    assert refused(ec2.create_dhcp_options, DhcpConfigurations=bad)[0] == "InvalidParameterValue"
    ec2.associate_dhcp_options(VpcId=vpc["VpcId"], DhcpOptionsId=made)
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["DhcpOptionsId"] == made
    assert refused(ec2.delete_dhcp_options, DhcpOptionsId=made) == (
        "DependencyViolation",
        f"The dhcpOptions '{made}' has dependencies and cannot be deleted.",
    )
    ec2.associate_dhcp_options(VpcId=vpc["VpcId"], DhcpOptionsId="default")
    ec2.delete_dhcp_options(DhcpOptionsId=made)
    [left] = ec2.describe_dhcp_options()["DhcpOptions"]
    assert [one["Key"] for one in left["DhcpConfigurations"]] == ["domain-name", "domain-name-servers"]


def test_a_vpc_has_further_blocks_until_a_subnet_is_in_them(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]
    first = vpc["CidrBlockAssociationSet"][0]["AssociationId"]
    more = ec2.associate_vpc_cidr_block(VpcId=vpc["VpcId"], CidrBlock="10.2.0.0/16")["CidrBlockAssociation"]
    assert (
        refused(ec2.associate_vpc_cidr_block, VpcId=vpc["VpcId"], CidrBlock="10.2.1.0/24")[0]
        == "InvalidVpc.Range"
    )
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.2.3.0/24")["Subnet"]["SubnetId"]
    assert (
        refused(ec2.disassociate_vpc_cidr_block, AssociationId=more["AssociationId"])[0]
        == "InvalidCidrBlock.InUse"
    )
    assert refused(ec2.disassociate_vpc_cidr_block, AssociationId=first)[0] == "OperationNotPermitted"
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=more["AssociationId"])
    [shown] = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"]
    assert [one["AssociationId"] for one in shown["CidrBlockAssociationSet"]] == [first]


def test_ipv6_is_amazons_and_a_subnets_is_of_its_vpcs(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    [block] = vpc["Ipv6CidrBlockAssociationSet"]
    first, second = list(ipaddress.IPv6Network(block["Ipv6CidrBlock"]).subnets(new_prefix=64))[:2]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.1.1.0/24", Ipv6CidrBlock=str(first))[
        "Subnet"
    ]
    identity = subnet["SubnetId"]
    other = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.1.2.0/24")["Subnet"]["SubnetId"]
    assert (
        refused(ec2.associate_subnet_cidr_block, SubnetId=other, Ipv6CidrBlock=str(first))[0]
        == "InvalidSubnet.Conflict"
    )
    assert (
        refused(ec2.associate_subnet_cidr_block, SubnetId=other, Ipv6CidrBlock="2001:db9::/64")[0]
        == "InvalidSubnet.Range"
    )
    assigned = {"AssignIpv6AddressOnCreation": {"Value": True}}
    assert refused(ec2.modify_subnet_attribute, SubnetId=other, **assigned)[0] == "InvalidParameterValue"
    joined = ec2.associate_subnet_cidr_block(SubnetId=other, Ipv6CidrBlock=str(second))
    ec2.modify_subnet_attribute(SubnetId=other, **assigned)
    ec2.modify_subnet_attribute(SubnetId=other, PrivateDnsHostnameTypeOnLaunch="resource-name")
    [shown] = ec2.describe_subnets(SubnetIds=[other])["Subnets"]
    assert shown["AssignIpv6AddressOnCreation"] is True
    assert shown["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    assert (
        refused(ec2.disassociate_vpc_cidr_block, AssociationId=block["AssociationId"])[0]
        == "InvalidCidrBlock.InUse"
    )
    ec2.disassociate_subnet_cidr_block(AssociationId=joined["Ipv6CidrBlockAssociation"]["AssociationId"])
    [shown] = ec2.describe_subnets(SubnetIds=[other])["Subnets"]
    assert (shown["Ipv6CidrBlockAssociationSet"], shown["AssignIpv6AddressOnCreation"]) == ([], False)
    ec2.delete_subnet(SubnetId=identity)
    ec2.disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"] == []


def test_a_placement_group_takes_instances_and_stays_for_them(ec2: Any, launch: Launch) -> None:
    placed = {"Placement": {"GroupName": "close"}}
    with_group = [{"Name": "group-name", "Values": ["close"]}]
    assert ec2.describe_placement_groups(Filters=with_group)["PlacementGroups"] == []
    made = ec2.create_placement_group(GroupName="close", Strategy="cluster")["PlacementGroup"]
    assert refused(ec2.create_placement_group, GroupName="close") == (
        "InvalidPlacementGroup.Duplicate",
        "The Placement Group 'close' already exists.",
    )
    assert ec2.describe_placement_groups(GroupNames=["close"])["PlacementGroups"] == [made]
    [instance] = launch(**placed)
    assert instance["Placement"]["GroupName"] == "close"
    assert refused(ec2.delete_placement_group, GroupName="close")[0] == "InvalidPlacementGroup.InUse"
    ec2.create_tags(Resources=[made["GroupId"]], Tags=[{"Key": "a", "Value": "b"}])
    assert ec2.describe_placement_groups(GroupIds=[made["GroupId"]])["PlacementGroups"][0]["Tags"]
    assert (
        refused(ec2.create_placement_group, GroupName="x", PartitionCount=2)[0]
        == "InvalidParameterCombination"
    )
    assert refused(ec2.delete_placement_group, GroupName="none")[0] == "InvalidPlacementGroup.Unknown"
