"""One of each thing that a request can name, made under one name, and not at the root path where there are paths."""

from __future__ import annotations

import json
from typing import Any

from batchyard.app import App
from batchyard.identity.session import Call, Session

PATH = "/somewhere/"
_IAM = {
    "UserName": ("CreateUser", {}),
    "GroupName": ("CreateGroup", {}),
    "RoleName": ("CreateRole", {"AssumeRolePolicyDocument": "trust"}),
    "InstanceProfileName": ("CreateInstanceProfile", {}),
}
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]},
            }
        ],
    }
)


class Planted:
    """What was made in one account; `access_key` and `key_pair` are ids that requests give in place of names."""

    def __init__(self, app: App, account: str, name: str) -> None:
        self._app = app
        self._root = Session("root", "aws", account, f"arn:aws:iam::{account}:root", account)
        self._identities(name)
        self.access_key = str(self._call("iam", "CreateAccessKey", UserName=name)["AccessKey"]["AccessKeyId"])
        self.key_pair = str(self._call("ec2", "CreateKeyPair", KeyName=name)["KeyPairId"])
        self._launches(name)
        self._tasks(name)

    def _call(self, service: str, operation: str, **request: Any) -> Any:
        return self._app.gateway.invoke(self._root, Call(service, operation, request, "us-east-1"))

    def _identities(self, name: str) -> None:
        for member, (operation, more) in _IAM.items():
            given = dict.fromkeys(more, _TRUST)
            self._call("iam", operation, **{member: name, "Path": PATH, **given})
        self._call("iam", "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=name)

    def _launches(self, name: str) -> None:
        image = self._call("ec2", "DescribeImages", Owners=["amazon"])["Images"][0]["ImageId"]
        subnet = self._call("ec2", "DescribeSubnets")["Subnets"][0]["SubnetId"]
        data = {"ImageId": image, "InstanceType": "c5.large", "IamInstanceProfile": {"Name": name}}
        self._call("ec2", "CreateLaunchTemplate", LaunchTemplateName=name, LaunchTemplateData=data)
        self._call("ec2", "CreateSecurityGroup", GroupName=name, Description="x")
        group = {"MinSize": 0, "MaxSize": 0, "VPCZoneIdentifier": subnet}
        template = {"LaunchTemplateName": name}
        self._call(
            "autoscaling",
            "CreateAutoScalingGroup",
            AutoScalingGroupName=name,
            LaunchTemplate=template,
            **group,
        )

    def _tasks(self, name: str) -> None:
        container = {"image": "x", "memory": 64, "command": ["true"]}
        self._call("ecs", "CreateCluster", clusterName=name)
        self._call(
            "ecs", "RegisterTaskDefinition", family=name, containerDefinitions=[{**container, "name": "c"}]
        )
        self._call(
            "batch",
            "RegisterJobDefinition",
            jobDefinitionName=name,
            type="container",
            containerProperties={**container, "vcpus": 1},
        )
        self._call("logs", "CreateLogGroup", logGroupName=name)
