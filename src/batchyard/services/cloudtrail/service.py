"""AWS CloudTrail: its name and principal."""

from batchyard.framework.service import Service

cloudtrail: Service = Service(
    "cloudtrail",
    principal="cloudtrail.amazonaws.com",
    title="CloudTrail",
    # The code also tells of a token with other parameters (API reference, LookupEvents); the text is a [guess].
    invalid_token=lambda ctx, token: cloudtrail.error.InvalidNextTokenException(
        "The specified token is invalid."
    ),
)
