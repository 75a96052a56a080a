"""AWS Identity and Access Management: its name and principal."""

from batchyard.framework.errors import ApiError
from batchyard.framework.service import Service
from batchyard.services.iam.credentials.temporary_credentials import refuse_temporary
from batchyard.wire.facts import Invalid, WireFacts

_PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
_PATTERNS = {
    r"[\w+=,.@-]+": "It must contain only alphanumeric characters and/or the following: +=,.@_-",
    r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)": _PATH,
    r"((/[A-Za-z0-9\.,\+@=_-]+)*)/": _PATH,
}
"""IAM's own words for names and for paths: the first in people's logs, the second recorded (localstack's
test_iam_mfa.snapshot.json)."""

iam = Service(
    "iam",
    principal="iam.amazonaws.com",
    title="AWS Identity and Access Management",
    is_global=True,
    # Its calls are made there (IAM user guide, aws:RequestedRegion).
    endpoint_regions={"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"},
    refuse_temporary=refuse_temporary,
    wire=WireFacts(
        versions=("2010-05-08",),
        invalid=Invalid(code="ValidationError", shows_value=False, pattern_words=_PATTERNS),
    ),
    resource_types={
        "group": "AWS::IAM::Group",
        "instance-profile": "AWS::IAM::InstanceProfile",
        "mfa": "AWS::IAM::VirtualMFADevice",
        "oidc-provider": "AWS::IAM::OIDCProvider",
        "policy": "AWS::IAM::Policy",
        "role": "AWS::IAM::Role",
        "saml-provider": "AWS::IAM::SAMLProvider",
        "server-certificate": "AWS::IAM::ServerCertificate",
        "user": "AWS::IAM::User",
    },
    # Recorded in part: a Marker of ListUsers is invalid at ListAccessKeys (trek10inc/awsets#21); code and text
    # are a [guess].
    invalid_token=lambda ctx, token: ApiError("ValidationError", "Invalid Marker."),
)
