"""Which role an instance has: the one inside its instance profile."""

from __future__ import annotations

from batchyard.framework.runtime import Runtime
from batchyard.framework.workloads import NamedRole, Workload
from batchyard.services.ec2.instances.instance_rows import find_instance
from batchyard.services.ec2.places import arn
from batchyard.store.transaction import Transaction


def find_role(runtime: Runtime, tx: Transaction, workload: Workload) -> NamedRole | None:
    """The role inside the instance's profile now, and the instance's ARN.

    Also of an instance that was terminated, as long as it is described: the credentials that it got outlive it, and
    what it wrote is still to be put. That EC2 tells a trust policy the instance's ARN as aws:SourceArn is a [guess].
    """
    where = {"account": workload.account, "partition": workload.partition, "region": workload.region}
    row = find_instance(tx, where, workload.name)
    if row is None:
        return None
    role = None
    if row.profile_arn is not None:
        # By name, which is the profile's alone: the row's ARN has no path where the launch gave the name.
        profile = row.profile_arn.rsplit("/", 1)[-1]
        role = runtime.policies.find_profile_role(tx, workload.partition, workload.account, profile=profile)
    return NamedRole(role, arn(where, f"instance/{workload.name}"))
