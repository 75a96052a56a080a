"""Amazon EC2 as Batch, Auto Scaling and their users need it: instances are rows with their type's capacity."""

from batchyard.services.ec2 import (
    accounts,
    images,
    instance_launches,
    instance_types,
    instances,
    launch_template_versions,
    launch_templates,
    security_groups,
    subnets,
    tags,
    vpcs,
    zones,
)
from batchyard.services.ec2.controllers import instances as instances_controller
from batchyard.services.ec2.service import ec2

__all__ = [
    "accounts",
    "ec2",
    "images",
    "instance_launches",
    "instance_types",
    "instances",
    "instances_controller",
    "launch_template_versions",
    "launch_templates",
    "security_groups",
    "subnets",
    "tags",
    "vpcs",
    "zones",
]
