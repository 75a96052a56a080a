"""The texts of a job that waits or is failed, in AWS's words (batch-on-behalf.md section 7)."""

from typing import Final

INSUFFICIENT_INSTANCE_CAPACITY: Final = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - "
    "Service cannot fulfill the capacity requested for instance type [{instance_type}]"
)
COMPUTE_ENVIRONMENT_MAX_RESOURCE: Final = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - "
    "CE(s) associated with the job queue cannot meet the CPU requirement of the job."
)
JOB_RESOURCE_REQUIREMENT: Final = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - "
    "The job resource requirement (vCPU/memory/GPU) is higher than that can be met by "
    "the CE(s) attached to the job queue."
)
# The published text has an en dash here, and only here.
SERVICE_ROLE_PERMISSIONS: Final = (
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS – Batch service role has a permission issue."
)
EC2_INSTANCE_CONFIGURATION_UNSUPPORTED: Final = (
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - "
    "Your compute environment associated with this job queue has an unsupported instance type configuration."
)
INVALID_COMPUTE_ENVIRONMENTS: Final = "ACTION_REQUIRED - CE(s) associated with the job queue are invalid."
# Not AWS's: there every environment can do what a job definition may ask for.
ENGINE_ABILITIES: Final = (
    "MISCONFIGURATION:ENGINE_ABILITIES - "
    "The engines of the CE(s) attached to the job queue cannot make true what the job asks for: {needs}."
)
# Nor is this.
ENGINE_NODES: Final = (
    "MISCONFIGURATION:ENGINE_NODES - "
    "The engines of the CE(s) attached to the job queue run at most {most} nodes of a job at once."
)
UNDETERMINED: Final = "UNDETERMINED - Batch job is blocked, root cause is undetermined."

DEPENDENT_JOB_FAILED: Final = "Dependent Job failed"
ARRAY_CHILD_JOB_FAILED: Final = "Array Child Job failed"
JOB_QUEUE_DELETED: Final = "JobQueue deleted"


def code(reason: str) -> str:
    """The part that jobStateTimeLimitActions and events name: what stands before the first space."""
    return reason.split(" ", 1)[0]
