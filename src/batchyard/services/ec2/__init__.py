"""Amazon EC2 as Batch, Auto Scaling and their users need it: instances are rows with their type's capacity."""

from batchyard.services.ec2 import (
    accounts,
    images,
    instance_attributes,
    instance_launches,
    instance_types,
    instances,
    key_pairs,
    launch_template_versions,
    launch_templates,
    security_group_rules,
    security_groups,
    spot_fleet_views,
    spot_fleets,
    spot_requests,
    subnets,
    tags,
    vpcs,
    zones,
)
from batchyard.services.ec2.controllers import instances as instance_states
from batchyard.services.ec2.controllers import spot_fleets as spot_fleet_targets
from batchyard.services.ec2.service import ec2

__all__ = [
    "accounts",
    "ec2",
    "images",
    "instance_attributes",
    "instance_launches",
    "instance_states",
    "instance_types",
    "instances",
    "key_pairs",
    "launch_template_versions",
    "launch_templates",
    "security_group_rules",
    "security_groups",
    "spot_fleet_targets",
    "spot_fleet_views",
    "spot_fleets",
    "spot_requests",
    "subnets",
    "tags",
    "vpcs",
    "zones",
]
