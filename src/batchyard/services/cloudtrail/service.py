"""AWS CloudTrail: its name and principal."""

from batchyard.framework.service import Service
from batchyard.wire.facts import Invalid, WireFacts

_MEMBER_CODES = {
    "EventCategory": "InvalidEventCategoryException",
    "LookupAttributes": "InvalidLookupAttributesException",
    "MaxResults": "InvalidMaxResultsException",
}
"""Where the API reference has an error of its own for a member that is not valid."""

cloudtrail: Service = Service(
    "cloudtrail",
    principal="cloudtrail.amazonaws.com",
    title="CloudTrail",
    wire=WireFacts(
        targets=("CloudTrail_20131101", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
        invalid=Invalid(code="ValidationException", member_codes=_MEMBER_CODES),
    ),
    invalid_token=lambda ctx, token: cloudtrail.error.InvalidNextTokenException(
        "The specified token is invalid."
    ),
)
