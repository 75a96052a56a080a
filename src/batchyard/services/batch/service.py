"""AWS Batch: its name, its principal, and the service-linked role that it acts as."""

from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.services.batch.service_role import in_use

batch = Service(
    "batch",
    principal="batch.amazonaws.com",
    title="AWS Batch",
    linked_roles=[ServiceLinkedRole("batch.amazonaws.com", session_name="aws-batch", in_use=in_use)],
)
