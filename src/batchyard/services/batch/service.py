"""AWS Batch: its name, its principal, and the service-linked role that it acts as."""

from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.services.batch.service_role import in_use

batch: Service = Service(
    "batch",
    principal="batch.amazonaws.com",
    title="AWS Batch",
    linked_roles=[ServiceLinkedRole("batch.amazonaws.com", session_name="aws-batch", in_use=in_use)],
    # The form is recorded (batch-jobs.md 1), what it says of a token is a [guess].
    invalid_token=lambda ctx, token: batch.error.ClientException(
        f"Error executing request, Exception : Invalid nextToken, RequestId: {ctx.request_id}"
    ),
)
