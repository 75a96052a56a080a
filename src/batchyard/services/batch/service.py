"""AWS Batch: its name, its principal, and the service-linked role that it acts as."""

from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.services.batch.service_role import in_use
from batchyard.wire.facts import Invalid, WireFacts

batch: Service = Service(
    "batch",
    principal="batch.amazonaws.com",
    title="AWS Batch",
    wire=WireFacts(
        invalid=Invalid(
            code="ClientException", prefix="Error executing request, Exception : ", counted=False
        ),
        # The model wants one tag; clients that always send the member are told to work [guess].
        may_be_empty=frozenset(["tags"]),
    ),
    resource_types={
        "compute-environment": "AWS::Batch::ComputeEnvironment",
        "consumable-resource": "AWS::Batch::ConsumableResource",
        "job": "AWS::Batch::Job",
        "job-definition": "AWS::Batch::JobDefinition",
        "job-queue": "AWS::Batch::JobQueue",
        "scheduling-policy": "AWS::Batch::SchedulingPolicy",
    },
    linked_roles=[ServiceLinkedRole("batch.amazonaws.com", session_name="aws-batch", in_use=in_use)],
    # The form is recorded (batch-jobs.md 1), what it says of a token is a [guess].
    invalid_token=lambda ctx, token: batch.error.ClientException(
        f"Error executing request, Exception : Invalid nextToken, RequestId: {ctx.request_id}"
    ),
)
