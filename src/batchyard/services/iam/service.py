"""AWS Identity and Access Management: its name and principal."""

from batchyard.framework.errors import ApiError
from batchyard.framework.service import Service

iam = Service(
    "iam",
    principal="iam.amazonaws.com",
    title="AWS Identity and Access Management",
    is_global=True,
    # Recorded in part: a Marker of ListUsers is an invalid one at ListAccessKeys (trek10inc/awsets#21); code and text
    # are a [guess].
    invalid_token=lambda ctx, token: ApiError("ValidationError", "Invalid Marker."),
)
