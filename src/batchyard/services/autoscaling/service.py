"""Amazon EC2 Auto Scaling: its name, its principal, and the role that it acts as."""

from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.services.autoscaling.service_role import PRINCIPAL, SESSION_NAME, where_in_use
from batchyard.wire.facts import Invalid, WireFacts

autoscaling: Service = Service(
    "autoscaling",
    principal=PRINCIPAL,
    title="EC2 Auto Scaling",
    wire=WireFacts(versions=("2011-01-01",), invalid=Invalid(code="ValidationError")),
    resource_types={
        "autoScalingGroup": "AWS::AutoScaling::AutoScalingGroup",
        "launchConfiguration": "AWS::AutoScaling::LaunchConfiguration",
    },
    linked_roles=[ServiceLinkedRole(PRINCIPAL, SESSION_NAME, where_in_use)],
    # Recorded: aws/aws-cli#1299, boto/boto3#2358.
    invalid_token=lambda ctx, token: autoscaling.error.InvalidNextToken(f"The token '{token}' was invalid"),
)
