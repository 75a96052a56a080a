"""Which resources IAM accepts in a policy, and what it says of the others (recorded: moto's cases, threads)."""

from __future__ import annotations

PARTITIONS = frozenset(
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"]
)

_IAM_PATHS = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
_S3_WITH_REGION = ("accesspoint/", "job/", "storage-lens", "access-grants", "async-request/", "*")


def resource_fault(resource: str, partition: str | None) -> str | None:
    """What IAM says against a resource, or None where it has nothing to say."""
    if resource == "*":
        return None
    _, colon, rest = resource.partition(":")
    if not colon:
        return f'Resource {resource} must be in ARN format or "*".'
    found, colon, rest = rest.partition(":")
    if not _is_partition(found, partition):
        return f'Partition "{found}" is not valid for resource "arn:{found}:{_padded(rest)}".'
    service, _, rest = rest.partition(":")
    if not colon or "*" in service or "?" in service:
        return "Resource vendor must be fully qualified and cannot contain regexes."
    region, _, rest = rest.partition(":")
    path = rest.partition(":")[2]
    return (
        _region_fault(resource, service, region, path)
        or _account_fault(resource, service, rest.partition(":")[0], path)
        or _path_fault(service, path)
    )


def fails_legacy_parsing(resource: str) -> bool:
    """An ARN with too few colons beside an empty field, or without a service."""
    if resource == "*":
        return False
    parts = resource.split(":")
    return (len(parts) < 6 and "::" in resource) or len(parts) < 3 or parts[2] == ""


def _is_partition(found: str, wanted: str | None) -> bool:
    if "*" in found or "?" in found:
        # The simulator takes it, a thread says that PutRolePolicy does not: accepted [guess].
        return True
    return found == wanted if wanted else found in PARTITIONS


def _padded(rest: str) -> str:
    """The missing fields of an ARN as `*`, the way the message prints it."""
    fields = rest.split(":", 3)
    if fields == [""]:
        fields = []
    return ":".join(fields + ["*"] * (4 - len(fields)))


def _region_fault(resource: str, service: str, region: str, path: str) -> str | None:
    if not region:
        return None
    if service == "iam":
        return f"IAM resource {resource} cannot contain region information."
    if service == "route53" or (service == "s3" and not path.startswith(_S3_WITH_REGION)):
        missing = ":*" * max(0, 5 - resource.count(":"))
        return f"Resource {resource}{missing} can not contain region information."
    return None


def _account_fault(resource: str, service: str, account: str, path: str) -> str | None:
    """A bucket's ARN has no account; how the sentence begins is by analogy [guess] (probed: cdk-preflight)."""
    if service == "s3" and account.isdigit() and not path.startswith(_S3_WITH_REGION):
        return f"Resource {resource} cannot contain an account id."
    return None


def _path_fault(service: str, path: str) -> str | None:
    # AWS's own policies name `arn:aws:iam::*:root` (sts:AssumeRoot), which the message knows nothing of.
    if service != "iam" or path == "root" or path.startswith(_IAM_PATHS):
        return None
    if "*" in path.partition("/")[0] or "?" in path.partition("/")[0]:
        return None
    return f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.'
