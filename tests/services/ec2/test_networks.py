"""Networks: the default VPC of each account and Region, and VPCs, subnets and security groups of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.ec2.conftest import Launch, refused, states, tag_specification

ClientOf = Callable[..., Any]


def test_every_region_has_a_default_network(aws: ClientOf) -> None:
    seen = set()
    for region in ("us-east-1", "ap-southeast-2", "cn-north-1"):
        ec2 = aws("ec2", region=region)
        [vpc] = ec2.describe_vpcs()["Vpcs"]
        subnets = ec2.describe_subnets()["Subnets"]
        [group] = ec2.describe_security_groups()["SecurityGroups"]
        assert (vpc["IsDefault"], vpc["CidrBlock"]) == (True, "172.31.0.0/16")
        assert sorted(one["AvailabilityZone"] for one in subnets) == [region + letter for letter in "abc"]
        assert {one["VpcId"] for one in (*subnets, group)} == {vpc["VpcId"]}
        assert group["GroupName"] == "default"
        assert ec2.describe_vpcs()["Vpcs"] == [vpc]
        seen.add(vpc["VpcId"])
    assert len(seen) == 3


def test_the_account_knows_its_default_vpc(ec2: Any) -> None:
    [attribute] = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    assert attribute["AttributeValues"] == [{"AttributeValue": vpc["VpcId"]}]


def test_addresses_are_counted(ec2: Any, launch: Launch) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]
    launch(3, SubnetId=subnet["SubnetId"])
    [after] = ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"]
    assert subnet["AvailableIpAddressCount"] == 4091
    assert after["AvailableIpAddressCount"] == 4088


def test_the_default_network_stays_when_it_is_changed(ec2: Any) -> None:
    before = {one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    gone = min(before)
    ec2.delete_subnet(SubnetId=gone)
    assert {one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]} == before - {gone}
    assert refused(ec2.describe_subnets, SubnetIds=[gone]) == (
        "InvalidSubnetID.NotFound",
        f"The subnet ID '{gone}' does not exist",
    )
    for one in before - {gone}:
        ec2.delete_subnet(SubnetId=one)
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    [gateway] = ec2.describe_internet_gateways()["InternetGateways"]
    ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert ec2.describe_security_groups()["SecurityGroups"] == []


def test_a_vpc_of_ones_own(ec2: Any, launch: Launch, wait_for: Any) -> None:
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[tag_specification("vpc", Name="mine")])
    vpc = made["Vpc"]["VpcId"]
    assert made["Vpc"]["Tags"] == [{"Key": "Name", "Value": "mine"}]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    assert (subnet["AvailabilityZone"], subnet["AvailableIpAddressCount"]) == ("us-east-1b", 251)
    conflict = refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.1.128/25")
    assert conflict[0] == "InvalidSubnet.Conflict"
    assert refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.1.0.0/24")[0] == "InvalidSubnet.Range"
    assert refused(ec2.create_vpc, CidrBlock="10.0.0.0/8")[0] == "InvalidVpc.Range"
    [one] = launch(SubnetId=subnet["SubnetId"])
    assert (one["VpcId"], one["PrivateIpAddress"][:7]) == (vpc, "10.0.1.")
    assert refused(ec2.delete_subnet, SubnetId=subnet["SubnetId"])[0] == "DependencyViolation"
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    wait_for(lambda: states(ec2, [one["InstanceId"]]) == {"terminated"})
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)
    assert [one["IsDefault"] for one in ec2.describe_vpcs()["Vpcs"]] == [True]


def test_a_security_group_of_ones_own(ec2: Any, launch: Launch, wait_for: Any) -> None:
    group = ec2.create_security_group(GroupName="batch", Description="for jobs")["GroupId"]
    duplicate = refused(ec2.create_security_group, GroupName="batch", Description="x")
    assert duplicate[0] == "InvalidGroup.Duplicate"
    [made] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert (made["GroupName"], made["IpPermissions"]) == ("batch", [])
    assert made["IpPermissionsEgress"][0]["IpProtocol"] == "-1"
    [one] = launch(SecurityGroupIds=[group])
    assert one["SecurityGroups"] == [{"GroupId": group, "GroupName": "batch"}]
    assert refused(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[one["InstanceId"]])
    wait_for(lambda: states(ec2, [one["InstanceId"]]) == {"terminated"})
    ec2.delete_security_group(GroupId=group)
    assert refused(ec2.describe_security_groups, GroupIds=[group]) == (
        "InvalidGroup.NotFound",
        f"The security group '{group}' does not exist",
    )
    [default] = ec2.describe_security_groups()["SecurityGroups"]
    assert refused(ec2.delete_security_group, GroupId=default["GroupId"])[0] == "CannotDelete"


def test_rules_are_kept_as_they_were_given(ec2: Any) -> None:
    group = ec2.create_security_group(GroupName="rules", Description="x")["GroupId"]
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    more = {"IpProtocol": "6", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "192.168.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[more])
    [made] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    [permission] = made["IpPermissions"]
    assert [one["CidrIp"] for one in permission["IpRanges"]] == ["10.0.0.0/8", "192.168.0.0/16"]
    again = refused(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[web])
    assert again[0] == "InvalidPermission.Duplicate"
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[web])
    missing = refused(ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=[web])
    assert missing[0] == "InvalidPermission.NotFound"
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    among = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[among])
    [made] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert made["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "192.168.0.0/16"}]
    assert made["IpPermissionsEgress"][0]["UserIdGroupPairs"][0]["GroupId"] == group
