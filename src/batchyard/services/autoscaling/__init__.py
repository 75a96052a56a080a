"""Amazon EC2 Auto Scaling: groups that keep so many instances, as its own service-linked role."""

from batchyard.services.autoscaling import (
    account_limits,
    auto_scaling_groups,
    auto_scaling_instances,
    capacities,
    group_lists,
    scaling_activities,
    scaling_processes,
    tags,
)
from batchyard.services.autoscaling.controllers import groups, instances
from batchyard.services.autoscaling.service import autoscaling

__all__ = [
    "account_limits",
    "auto_scaling_groups",
    "auto_scaling_instances",
    "autoscaling",
    "capacities",
    "group_lists",
    "groups",
    "instances",
    "scaling_activities",
    "scaling_processes",
    "tags",
]
