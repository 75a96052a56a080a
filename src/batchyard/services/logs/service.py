"""Amazon CloudWatch Logs: its name and principal."""

from batchyard.framework.service import Service
from batchyard.wire.facts import Invalid, WireFacts

logs: Service = Service(
    "logs",
    principal="logs.amazonaws.com",
    title="CloudWatch Logs",
    wire=WireFacts(targets=("Logs_20140328",), invalid=Invalid(code="InvalidParameterException")),
    resource_types={
        "log-group": "AWS::Logs::LogGroup",
    },
    invalid_token=lambda ctx, token: logs.error.InvalidParameterException(
        "The specified nextToken is invalid."  # as people quote it; which operations say so is a [guess]
    ),
)
