"""Gateways of VPCs and their addresses: what they need, what they hold up, and what is left of them."""

from __future__ import annotations

from typing import Any

import pytest

from services.ec2.conftest import refused, tag_specification


@pytest.fixture
def vpc(ec2: Any) -> str:
    """A VPC with IPv6."""
    made = ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    return str(made["Vpc"]["VpcId"])


def test_a_default_vpc_is_open_to_the_internet(ec2: Any) -> None:
    [gateway] = ec2.describe_internet_gateways()["InternetGateways"]
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": vpc["VpcId"]}]
    [table] = ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}])[
        "RouteTables"
    ]
    assert [(one["DestinationCidrBlock"], one["GatewayId"], one["State"]) for one in table["Routes"]] == [
        ("172.31.0.0/16", "local", "active"),
        ("0.0.0.0/0", gateway["InternetGatewayId"], "active"),
    ]
    ec2.create_tags(Resources=[gateway["InternetGatewayId"]], Tags=[{"Key": "a", "Value": "b"}])
    [again] = ec2.describe_internet_gateways(Filters=[{"Name": "tag:a", "Values": ["b"]}])["InternetGateways"]
    assert again == {**gateway, "Tags": [{"Key": "a", "Value": "b"}]}


def test_an_internet_gateway_is_of_one_vpc_and_holds_it_up(ec2: Any, vpc: str) -> None:
    tags = [tag_specification("internet-gateway", Name="mine")]
    gateway = ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]["InternetGatewayId"]
    pair = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert refused(ec2.detach_internet_gateway, **pair)[0] == "Gateway.NotAttached"
    ec2.attach_internet_gateway(**pair)
    assert refused(ec2.attach_internet_gateway, **pair) == (
        "Resource.AlreadyAssociated",
        f"resource {gateway} is already attached to network {vpc}",
    )
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert refused(ec2.attach_internet_gateway, InternetGatewayId=other, VpcId=vpc) == (
        "InvalidParameterValue",
        f"Network {vpc} already has an internet gateway attached",
    )
    for call, named, noun in (
        (ec2.delete_internet_gateway, {"InternetGatewayId": gateway}, f"internetGateway '{gateway}'"),
        (ec2.delete_vpc, {"VpcId": vpc}, f"vpc '{vpc}'"),
    ):
        text = f"The {noun} has dependencies and cannot be deleted."
        assert refused(call, **named) == ("DependencyViolation", text)
    ec2.detach_internet_gateway(**pair)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    assert refused(ec2.describe_internet_gateways, InternetGatewayIds=[gateway]) == (
        "InvalidInternetGatewayID.NotFound",
        f"The internetGateway ID '{gateway}' does not exist",
    )
    assert not ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [gateway]}])["Tags"]
    ec2.delete_vpc(VpcId=vpc)


def test_a_nat_gateway_has_an_address_until_it_is_deleted(ec2: Any, vpc: str, wait_for: Any) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]
    address = ec2.allocate_address(Domain="vpc")
    wanted = {"SubnetId": subnet["SubnetId"], "AllocationId": address["AllocationId"]}
    assert refused(ec2.create_nat_gateway, **wanted)[0] == "Gateway.NotAttached"
    out = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=out, VpcId=vpc)
    made = ec2.create_nat_gateway(**wanted, ClientToken="t")
    nat = made["NatGateway"]["NatGatewayId"]
    assert made["NatGateway"]["State"] == "pending"
    assert ec2.create_nat_gateway(**wanted, ClientToken="t")["NatGateway"]["NatGatewayId"] == nat

    def state() -> str:
        return str(ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"])

    wait_for(lambda: state() == "available")
    [used] = ec2.describe_addresses(PublicIps=[address["PublicIp"]])["Addresses"]
    [interface] = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
        "NetworkInterfaces"
    ]
    assert used["NetworkInterfaceId"] == interface["NetworkInterfaceId"]
    [described] = ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"]
    assert described["AvailableIpAddressCount"] == subnet["AvailableIpAddressCount"] - 1
    assert refused(ec2.release_address, AllocationId=address["AllocationId"]) == (
        "InvalidIPAddress.InUse",
        f"Address {address['PublicIp']} is in use.",
    )
    assert refused(ec2.create_nat_gateway, **wanted)[0] == "Resource.AlreadyAssociated"
    association = used["AssociationId"]
    assert refused(ec2.disassociate_address, AssociationId=association)[0] == "AuthFailure"
    assert refused(ec2.delete_subnet, SubnetId=subnet["SubnetId"])[0] == "DependencyViolation"
    assert refused(ec2.detach_internet_gateway, InternetGatewayId=out, VpcId=vpc)[0] == "DependencyViolation"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    wait_for(lambda: state() == "deleted")
    ec2.detach_internet_gateway(InternetGatewayId=out, VpcId=vpc)
    assert refused(ec2.disassociate_address, AssociationId=association)[0] == "InvalidAssociationID.NotFound"
    ec2.release_address(AllocationId=address["AllocationId"])
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_addresses_attribute(Attribute="domain-name")["Addresses"] == []
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])


def test_a_private_nat_gateway_has_no_address_of_the_account(ec2: Any, vpc: str) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", PrivateIpAddress="10.1.1.9")
    [address] = made["NatGateway"]["NatGatewayAddresses"]
    assert (address["PrivateIp"], "AllocationId" in address) == ("10.1.1.9", False)
    wanted = {"SubnetId": subnet, "ConnectivityType": "private"}
    assert (
        refused(ec2.create_nat_gateway, **wanted, PrivateIpAddress="10.1.1.9")[0] == "InvalidIPAddress.InUse"
    )


def test_an_egress_only_gateway_goes_with_its_routes_turned_black(ec2: Any, vpc: str) -> None:
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    identity = made["EgressOnlyInternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    out = {"RouteTableId": table, "EgressOnlyInternetGatewayId": identity}
    assert refused(ec2.create_route, **out, DestinationCidrBlock="0.0.0.0/0")[0] == "InvalidParameterValue"
    ec2.create_route(**out, DestinationIpv6CidrBlock="::/0")
    listed = ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[identity])
    assert listed["EgressOnlyInternetGateways"] == [made]
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=identity)
    [shown] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert [one["State"] for one in shown["Routes"]] == ["active", "active", "blackhole"]
