"""Amazon EKS: its name and principal."""

from batchyard.framework.service import Service

eks: Service = Service(
    "eks",
    principal="eks.amazonaws.com",
    title="EKS",
    invalid_token=lambda ctx, token: eks.error.InvalidParameterException("Invalid nextToken"),  # [guess]
)
