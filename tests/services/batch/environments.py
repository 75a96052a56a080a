"""Requests for compute environments that tests share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from conftest import INSTANCE_POLICY, wait_for

Aws = Callable[..., Any]


def trust(service: str) -> str:
    """A trust policy for one service principal."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_instance_profile(aws: Aws, name: str = "nodes") -> str:
    """An instance profile with a role that EC2 may assume and that has the documented policy; its ARN."""
    iam = aws("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.attach_role_policy(RoleName=name, PolicyArn=INSTANCE_POLICY)
    arn: str = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return arn


def network(aws: Aws, region: str = "us-east-1") -> dict[str, Any]:
    """The subnets and security groups of the default VPC."""
    ec2 = aws("ec2", region=region)
    return {
        "subnets": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]],
        "securityGroupIds": [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]],
    }


def on_instances(aws: Aws, *, region: str = "us-east-1", **changes: Any) -> dict[str, Any]:
    """computeResources of an EC2 environment; its instance profile `nodes` must be there to be VALID."""
    resources = {
        "type": "EC2",
        "minvCpus": 0,
        "maxvCpus": 8,
        "instanceTypes": ["c5.large"],
        "instanceRole": "nodes",
        **network(aws, region),
    }
    return {**resources, **changes}


def on_fargate(aws: Aws, *, region: str = "us-east-1", **changes: Any) -> dict[str, Any]:
    """computeResources of a Fargate environment."""
    return {"type": "FARGATE", "maxvCpus": 8, **network(aws, region), **changes}


def describe(batch: Any, name: str) -> Any:
    """One environment as DescribeComputeEnvironments shows it, or None."""
    found = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
    return found[0] if found else None


def settled(batch: Any, name: str) -> Any:
    """The environment once it is VALID or INVALID."""

    def ask() -> Any:
        found = describe(batch, name)
        return found if found and found["status"] in ("VALID", "INVALID") else None

    return wait_for(ask)


def delete(batch: Any, name: str) -> None:
    """Disable and delete an environment, and wait until it is gone."""
    batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    settled(batch, name)
    batch.delete_compute_environment(computeEnvironment=name)
    wait_for(lambda: describe(batch, name) is None)
