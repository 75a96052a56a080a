"""Route tables, their routes and associations; network ACLs and their entries."""

from __future__ import annotations

from typing import Any

import pytest

from services.ec2.conftest import refused


@pytest.fixture
def vpc(ec2: Any) -> str:
    """A VPC."""
    return str(ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    """A subnet of it."""
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"])


def _table(ec2: Any, identity: str) -> Any:
    [found] = ec2.describe_route_tables(RouteTableIds=[identity])["RouteTables"]
    return found


def test_a_subnet_follows_the_table_that_it_is_associated_with(ec2: Any, vpc: str, subnet: str) -> None:
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    [main] = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    joined = ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"]
    assert ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"] == joined
    assert refused(ec2.associate_route_table, RouteTableId=second, SubnetId=subnet) == (
        "Resource.AlreadyAssociated",
        f"the specified association for route table {second} conflicts with an existing association",
    )
    assert refused(ec2.delete_route_table, RouteTableId=first) == (
        "DependencyViolation",
        f"The routeTable '{first}' has dependencies and cannot be deleted.",
    )
    moved = ec2.replace_route_table_association(AssociationId=joined, RouteTableId=second)["NewAssociationId"]
    assert _table(ec2, second)["Associations"] == [
        {
            "RouteTableAssociationId": moved,
            "RouteTableId": second,
            "Main": False,
            "SubnetId": subnet,
            "AssociationState": {"State": "associated"},
        }
    ]
    assert refused(ec2.disassociate_route_table, AssociationId=joined) == (
        "InvalidAssociationID.NotFound",
        f"The association ID '{joined}' does not exist",
    )
    ec2.disassociate_route_table(AssociationId=moved)
    ec2.delete_route_table(RouteTableId=second)
    main_association = main["Associations"][0]["RouteTableAssociationId"]
    assert refused(ec2.disassociate_route_table, AssociationId=main_association)[0] == "InvalidParameterValue"
    ec2.replace_route_table_association(AssociationId=main_association, RouteTableId=first)
    assert _table(ec2, first)["Associations"][0]["Main"] is True
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_route_tables(Filters=of_vpc)["RouteTables"] == []
    assert ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []


def test_routes_lead_to_what_is_there(ec2: Any, vpc: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    everything = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert refused(ec2.create_route, **everything, GatewayId="igw-0123456789abcdef0")[0] == (
        "InvalidInternetGatewayID.NotFound"
    )
    assert refused(ec2.create_route, **everything, GatewayId=gateway) == (
        "InvalidParameterValue",
        f"route table {table} and network gateway {gateway} belong to different networks",
    )
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(**everything, GatewayId=gateway)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="100.68.0.18/18", GatewayId=gateway)
    blocks = [one["DestinationCidrBlock"] for one in _table(ec2, table)["Routes"]]
    assert blocks == ["10.1.0.0/16", "0.0.0.0/0", "100.68.0.0/18"]
    for local in ({"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": gateway},):
        assert refused(ec2.create_route, RouteTableId=table, **local)[0] == "RouteAlreadyExists"
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="100.68.0.0/18")
    assert refused(ec2.delete_route, RouteTableId=table, DestinationCidrBlock="100.68.0.0/18") == (
        "InvalidRoute.NotFound",
        f"no route with destination-cidr-block 100.68.0.0/18 in route table {table}",
    )
    assert refused(
        ec2.replace_route, RouteTableId=table, DestinationCidrBlock="9.0.0.0/8", GatewayId=gateway
    )[0] == ("InvalidParameterValue")
    ec2.replace_route(**everything, GatewayId=gateway)
    assert refused(ec2.create_route, **everything)[0] == "MissingParameter"
    assert refused(ec2.create_route, RouteTableId=table, DestinationCidrBlock="x", GatewayId=gateway)[0] == (
        "InvalidParameterValue"
    )


def test_a_network_acl_is_of_numbered_entries(ec2: Any, vpc: str, subnet: str) -> None:
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    [default] = ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]
    rules = [(one["RuleNumber"], one["RuleAction"], one["Egress"]) for one in default["Entries"]]
    assert rules == [
        (100, "allow", True),
        (32767, "deny", True),
        (100, "allow", False),
        (32767, "deny", False),
    ]
    [followed] = default["Associations"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    number = {"NetworkAclId": acl, "RuleNumber": 10, "Egress": False}
    entry = {**number, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    assert refused(ec2.create_network_acl_entry, **entry)[0] == "MissingParameter"
    entry["PortRange"] = {"From": 443, "To": 443}
    ec2.create_network_acl_entry(**entry)
    assert refused(ec2.create_network_acl_entry, **entry) == (
        "NetworkAclEntryAlreadyExists",
        "The network acl entry identified by 10 already exists.",
    )
    ec2.replace_network_acl_entry(**{**entry, "RuleAction": "deny"})
    [shown] = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    assert [one["RuleAction"] for one in shown["Entries"] if one["RuleNumber"] == 10] == ["deny"]
    assert (
        refused(ec2.replace_network_acl_entry, **{**entry, "RuleNumber": 11})[0]
        == "InvalidNetworkAclEntry.NotFound"
    )
    association = followed["NetworkAclAssociationId"]
    moved = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)[
        "NewAssociationId"
    ]
    assert refused(ec2.delete_network_acl, NetworkAclId=acl)[0] == "DependencyViolation"
    assert refused(ec2.delete_network_acl, NetworkAclId=default["NetworkAclId"]) == (
        "InvalidParameterValue",
        f"cannot delete default network ACL {default['NetworkAclId']}",
    )
    back = ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=default["NetworkAclId"])
    [shown] = ec2.describe_network_acls(NetworkAclIds=[default["NetworkAclId"]])["NetworkAcls"]
    assert [one["NetworkAclAssociationId"] for one in shown["Associations"]] == [back["NewAssociationId"]]
    ec2.delete_network_acl_entry(**number)
    assert refused(ec2.delete_network_acl_entry, **number)[0] == "InvalidNetworkAclEntry.NotFound"
    ec2.delete_network_acl(NetworkAclId=acl)
