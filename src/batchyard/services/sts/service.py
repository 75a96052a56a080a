"""AWS Security Token Service: its name and principal."""

from batchyard.framework.service import Service
from batchyard.services.sts.temporary_credentials import refuse_temporary
from batchyard.wire.facts import Invalid, WireFacts

sts = Service(
    "sts",
    principal="sts.amazonaws.com",
    title="STS",
    is_global=True,
    refuse_temporary=refuse_temporary,
    wire=WireFacts(
        versions=("2011-06-15",),
        invalid=Invalid(code="ValidationError"),
        # kubernetes-sigs/aws-iam-authenticator relies on it for its tokens, which ask for 60 seconds.
        presigned_seconds=15 * 60,
    ),
    resource_types={
        "assumed-role": "AWS::STS::AssumedRole",
    },
)
