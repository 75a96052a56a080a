"""The types of resources: CloudFormation's names, as CloudTrail writes them, and the kinds in ARNs behind them."""

from __future__ import annotations

from batchyard.audit.resources import kind

_TYPES = {
    "autoscaling:autoScalingGroup": "AWS::AutoScaling::AutoScalingGroup",
    "batch:compute-environment": "AWS::Batch::ComputeEnvironment",
    "batch:job": "AWS::Batch::Job",
    "batch:job-definition": "AWS::Batch::JobDefinition",
    "batch:job-queue": "AWS::Batch::JobQueue",
    "batch:scheduling-policy": "AWS::Batch::SchedulingPolicy",
    "ec2:image": "AWS::EC2::Ami",
    "ec2:instance": "AWS::EC2::Instance",
    "ec2:key-pair": "AWS::EC2::KeyPair",
    "ec2:launch-template": "AWS::EC2::LaunchTemplate",
    "ec2:network-interface": "AWS::EC2::NetworkInterface",
    "ec2:security-group": "AWS::EC2::SecurityGroup",
    "ec2:spot-fleet-request": "AWS::EC2::SpotFleet",
    "ec2:subnet": "AWS::EC2::Subnet",
    "ec2:volume": "AWS::EC2::Volume",
    "ec2:vpc": "AWS::EC2::VPC",
    "ecs:cluster": "AWS::ECS::Cluster",
    "ecs:container-instance": "AWS::ECS::ContainerInstance",
    "ecs:task": "AWS::ECS::Task",
    "ecs:task-definition": "AWS::ECS::TaskDefinition",
    "eks:cluster": "AWS::EKS::Cluster",
    "iam:group": "AWS::IAM::Group",
    "iam:instance-profile": "AWS::IAM::InstanceProfile",
    "iam:policy": "AWS::IAM::Policy",
    "iam:role": "AWS::IAM::Role",
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
    parts = name.split("::")
    return _KINDS.get(name) or (f"{parts[1]}:{parts[2]}" if len(parts) == 3 and parts[0] == "AWS" else "")
