"""What full requests name, made in one account, so that the keys of existing resources appear, too."""

from __future__ import annotations

import json
from typing import Any

from authorization.full_requests import NAME
from batchyard.app import App
from batchyard.identity.session import Call, Session


def plant(app: App, account: str) -> dict[str, Any]:
    """Make one of each; request member → what to put there."""
    root = Session("root", "aws", account, f"arn:aws:iam::{account}:root", account)

    def call(service: str, operation: str, **request: Any) -> Any:
        return app.gateway.invoke(root, Call(service, operation, request, "us-east-1"))

    _identities(call)
    return _network(call) | _credentials(call)


def _identities(call: Any) -> None:
    anything = {"Effect": "Allow", "Action": "*"}
    document = _policy({**anything, "Resource": "*"})
    trust = _policy({**anything, "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}})
    boundary = call("iam", "CreatePolicy", PolicyName=NAME, PolicyDocument=document)["Policy"]["Arn"]
    call("iam", "CreateRole", RoleName=NAME, AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    call("iam", "CreateUser", UserName=NAME, PermissionsBoundary=boundary)
    call("iam", "CreateGroup", GroupName=NAME)
    call("iam", "CreateInstanceProfile", InstanceProfileName=NAME)
    call("iam", "AddRoleToInstanceProfile", InstanceProfileName=NAME, RoleName=NAME)


def _network(call: Any) -> dict[str, Any]:
    subnet = call("ec2", "DescribeSubnets")["Subnets"][0]
    group = call("ec2", "DescribeSecurityGroups")["SecurityGroups"][0]["GroupId"]
    image = call("ec2", "DescribeImages", Owners=["amazon"])["Images"][0]["ImageId"]
    data = {"InstanceType": "c5.large"}
    template = call("ec2", "CreateLaunchTemplate", LaunchTemplateName=NAME, LaunchTemplateData=data)
    call("ec2", "CreateKeyPair", KeyName=NAME)
    launched = call(
        "ec2",
        "RunInstances",
        ImageId=image,
        InstanceType="c5.large",
        IamInstanceProfile={"Name": NAME},
        MetadataOptions={
            "HttpTokens": "required",
            "HttpEndpoint": "enabled",
            "HttpPutResponseHopLimit": 1,
            "InstanceMetadataTags": "enabled",
        },
        MinCount=1,
        MaxCount=1,
    )
    instance = launched["Instances"][0]["InstanceId"]
    lt = template["LaunchTemplate"]["LaunchTemplateId"]
    parts = _parts(call, subnet["VpcId"], subnet["SubnetId"])
    ids = [instance, subnet["SubnetId"], subnet["VpcId"], group, lt, "key-0", "sfr-0", *parts.pop("ids")]
    return {
        **parts,
        "VpcId": subnet["VpcId"],
        "SubnetId": subnet["SubnetId"],
        "GroupId": group,
        "SecurityGroupIds": [group],
        "ImageId": image,
        "InstanceId": instance,
        "InstanceIds": [instance],
        "LaunchTemplateId": lt,
        "Resources": ids,
    }


def _parts(call: Any, vpc: str, subnet: str) -> dict[str, Any]:
    """The parts of the default network, and one of each that it does not have; `ids`: all that may be tagged."""
    call("ec2", "CreatePlacementGroup", GroupName=NAME)
    group = call("ec2", "DescribePlacementGroups")["PlacementGroups"][0]["GroupId"]
    address = call("ec2", "AllocateAddress", Domain="vpc")["AllocationId"]
    nat = call("ec2", "CreateNatGateway", SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    out = call("ec2", "CreateEgressOnlyInternetGateway", VpcId=vpc)["EgressOnlyInternetGateway"]
    table = call("ec2", "DescribeRouteTables")["RouteTables"][0]
    acl = call("ec2", "DescribeNetworkAcls")["NetworkAcls"][0]
    joined = call("ec2", "AssociateRouteTable", RouteTableId=table["RouteTableId"], SubnetId=subnet)
    rule = call("ec2", "DescribeSecurityGroupRules")["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    named = {
        "AllocationId": address,
        "NatGatewayId": nat,
        "EgressOnlyInternetGatewayId": out["EgressOnlyInternetGatewayId"],
        "InternetGatewayId": call("ec2", "DescribeInternetGateways")["InternetGateways"][0][
            "InternetGatewayId"
        ],
        "DhcpOptionsId": call("ec2", "DescribeDhcpOptions")["DhcpOptions"][0]["DhcpOptionsId"],
        "RouteTableId": table["RouteTableId"],
        "NetworkAclId": acl["NetworkAclId"],
        "SecurityGroupRuleId": rule,
    }
    return {**named, "AssociationId": joined["AssociationId"], "ids": [*named.values(), group]}


def _credentials(call: Any) -> dict[str, Any]:
    made = call(
        "iam",
        "CreateServiceSpecificCredential",
        UserName=NAME,
        ServiceName="codecommit.amazonaws.com",
    )
    identity = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    return {"ServiceSpecificCredentialId": identity}


def _policy(statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
