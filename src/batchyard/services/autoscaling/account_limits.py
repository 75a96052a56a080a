"""What an account may have in a Region, what it has, and which policies there are to choose from."""

from __future__ import annotations

from typing import Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.operation import NoMembers
from batchyard.framework.place import place
from batchyard.services.autoscaling.auto_scaling_groups import LARGEST_COUNT
from batchyard.services.autoscaling.group_rows import count_groups
from batchyard.services.autoscaling.service import autoscaling
from batchyard.services.autoscaling.termination_policies import POLICIES

LAUNCH_CONFIGURATIONS = 200
"""The default quota; none can be made here, as launch configurations are not built."""


@autoscaling.operation(on=ANY)
def describe_account_limits(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Quotas and what is used of them."""
    return {
        "MaxNumberOfAutoScalingGroups": LARGEST_COUNT,
        "MaxNumberOfLaunchConfigurations": LAUNCH_CONFIGURATIONS,
        "NumberOfAutoScalingGroups": count_groups(ctx.read, place(ctx)),
        "NumberOfLaunchConfigurations": 0,
    }


@autoscaling.operation(on=ANY)
def describe_termination_policy_types(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """The termination policies that a group can have."""
    return {"TerminationPolicyTypes": list(POLICIES)}
