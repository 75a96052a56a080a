"""The types of resources: CloudFormation's names, as CloudTrail writes them, and the kinds in ARNs behind them."""

from __future__ import annotations

from collections.abc import Iterable

from batchyard.audit.resources import kind

_TYPES = {
    "autoscaling:autoScalingGroup": "AWS::AutoScaling::AutoScalingGroup",
    "autoscaling:launchConfiguration": "AWS::AutoScaling::LaunchConfiguration",
    "batch:compute-environment": "AWS::Batch::ComputeEnvironment",
    "batch:job": "AWS::Batch::Job",
    "batch:job-definition": "AWS::Batch::JobDefinition",
    "batch:job-queue": "AWS::Batch::JobQueue",
    "batch:scheduling-policy": "AWS::Batch::SchedulingPolicy",
    "ec2:capacity-reservation": "AWS::EC2::CapacityReservation",
    "ec2:image": "AWS::EC2::Ami",
    "ec2:instance": "AWS::EC2::Instance",
    "ec2:key-pair": "AWS::EC2::KeyPair",
    "ec2:launch-template": "AWS::EC2::LaunchTemplate",
    "ec2:network-interface": "AWS::EC2::NetworkInterface",
    "ec2:placement-group": "AWS::EC2::PlacementGroup",
    "ec2:security-group": "AWS::EC2::SecurityGroup",
    "ec2:spot-fleet-request": "AWS::EC2::SpotFleet",
    "ec2:subnet": "AWS::EC2::Subnet",
    "ec2:volume": "AWS::EC2::Volume",
    "ec2:vpc": "AWS::EC2::VPC",
    "ecs:capacity-provider": "AWS::ECS::CapacityProvider",
    "ecs:cluster": "AWS::ECS::Cluster",
    "ecs:container-instance": "AWS::ECS::ContainerInstance",
    "ecs:service": "AWS::ECS::Service",
    "ecs:task": "AWS::ECS::Task",
    "ecs:task-definition": "AWS::ECS::TaskDefinition",
    "eks:cluster": "AWS::EKS::Cluster",
    "eks:nodegroup": "AWS::EKS::Nodegroup",
    "iam:group": "AWS::IAM::Group",
    "iam:instance-profile": "AWS::IAM::InstanceProfile",
    "iam:mfa": "AWS::IAM::VirtualMFADevice",
    "iam:oidc-provider": "AWS::IAM::OIDCProvider",
    "iam:policy": "AWS::IAM::Policy",
    "iam:role": "AWS::IAM::Role",
    "iam:saml-provider": "AWS::IAM::SAMLProvider",
    "iam:server-certificate": "AWS::IAM::ServerCertificate",
    "iam:user": "AWS::IAM::User",
    "logs:log-group": "AWS::Logs::LogGroup",
    "sts:assumed-role": "AWS::STS::AssumedRole",
}
_KINDS = {name: found for found, name in _TYPES.items()}


def resource_type(arn: str) -> str:
    """CloudFormation's name for the type of an ARN's resource; a type without one keeps the ARN's words [guess]."""
    found = kind(arn)
    if not found:
        return "AWS::Unknown"
    return _TYPES.get(found) or "AWS::" + found.replace(":", "::", 1)


def kind_of(name: str) -> str:
    """The kind in ARNs behind a type's name, as `audit.resources.kind` gives it; empty where there is none."""
    return _KINDS.get(name, "")


def known_kinds(arns: Iterable[str]) -> frozenset[str]:
    """The kinds among those of ARNs that have a type's name: few, whatever ARNs a caller makes up."""
    return frozenset(found for arn in arns if (found := kind(arn)) in _TYPES)
