"""Amazon CloudWatch Logs: its name and principal."""

from batchyard.framework.service import Service

logs: Service = Service(
    "logs",
    principal="logs.amazonaws.com",
    title="CloudWatch Logs",
    invalid_token=lambda ctx, token: logs.error.InvalidParameterException(
        "The specified nextToken is invalid."  # as people quote it; which operations say so is a [guess]
    ),
)
