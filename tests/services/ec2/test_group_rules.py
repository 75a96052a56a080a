"""The rules of security groups one by one: their ids, tags and descriptions, and what they name."""

from __future__ import annotations

from typing import Any

import pytest

from services.ec2.conftest import refused, tag_specification

HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


@pytest.fixture
def group(ec2: Any) -> str:
    """A group of the default VPC."""
    return str(ec2.create_security_group(GroupName="web", Description="web")["GroupId"])


def _rules(ec2: Any, group: str) -> dict[str, Any]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return {one["SecurityGroupRuleId"]: one for one in found["SecurityGroupRules"]}


def test_a_rule_keeps_its_id_and_tags_when_it_is_changed(ec2: Any, group: str) -> None:
    [out] = _rules(ec2, group).values()
    assert (out["IsEgress"], out["FromPort"], out["CidrIpv4"]) == (True, -1, "0.0.0.0/0")
    made = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{**HTTPS, "IpRanges": [{"CidrIp": "10.1.2.3/8", "Description": "inside"}]}],
        TagSpecifications=[tag_specification("security-group-rule", Name="mine")],
    )
    [rule] = made["SecurityGroupRules"]
    identity = rule["SecurityGroupRuleId"]
    assert (rule["CidrIpv4"], rule["Tags"]) == ("10.0.0.0/8", [{"Key": "Name", "Value": "mine"}])
    change = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIpv4": "10.0.0.0/8"}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": identity, "SecurityGroupRule": change}]
    )
    shown = ec2.describe_security_group_rules(SecurityGroupRuleIds=[identity])["SecurityGroupRules"][0]
    assert (shown["ToPort"], shown["Tags"], "Description" in shown) == (80, rule["Tags"], False)
    named = [{"SecurityGroupRuleId": identity, "Description": "again"}]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=named)
    everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "out"}]}]
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=everywhere)
    assert {one.get("Description") for one in _rules(ec2, group).values()} == {"again", "out"}
    [described] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert described["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/8", "Description": "again"}]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[identity])
    assert refused(ec2.describe_security_group_rules, SecurityGroupRuleIds=[identity]) == (
        "InvalidSecurityGroupRuleId.NotFound",
        f"The security group rule ID '{identity}' does not exist",
    )
    assert not ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [identity]}])["Tags"]


def test_a_group_that_another_one_names_stays(ec2: Any, group: str) -> None:
    other = ec2.create_security_group(GroupName="other", Description="other")["GroupId"]
    named = [{**HTTPS, "UserIdGroupPairs": [{"GroupId": group}]}]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=named)
    assert refused(ec2.delete_security_group, GroupId=group) == (
        "DependencyViolation",
        f"resource {group} has a dependent object",
    )
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=named)
    ec2.delete_security_group(GroupId=group)
    assert (
        refused(ec2.authorize_security_group_ingress, GroupId=other, IpPermissions=named)[0]
        == "InvalidGroup.NotFound"
    )


DESCRIPTION = (
    "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:"
    "  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"FromPort": 65536, "ToPort": 65536}, "TCP/UDP (from) port (65536) out of range"),
        ({"FromPort": -1, "ToPort": 1}, "TCP/UDP (from) port (-1) out of range"),
        ({"FromPort": 65535, "ToPort": 65534}, "Invalid TCP/UDP port range(65535:65534)"),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "é"}]}, DESCRIPTION),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a" * 256}]}, DESCRIPTION),
        ({"IpRanges": [{"CidrIp": "10.0.0.300/8"}]}, "CIDR block 10.0.0.300/8 is malformed"),
    ],
)
def test_rules_are_refused_in_ec2s_words(ec2: Any, group: str, rule: dict[str, Any], text: str) -> None:
    permission = {**HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/8"}], **rule}
    call = ec2.authorize_security_group_ingress
    assert refused(call, GroupId=group, IpPermissions=[permission]) == ("InvalidParameterValue", text)


def test_no_group_is_called_default(ec2: Any) -> None:
    assert refused(ec2.create_security_group, GroupName="default", Description="x") == (
        "InvalidParameterValue",
        "Cannot use reserved security group name: default",
    )
