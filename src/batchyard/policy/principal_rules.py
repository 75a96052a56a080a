"""Which principals IAM accepts in a policy, and what it says of the others (recorded in threads unless marked)."""

from __future__ import annotations

import re

from batchyard.policy.grammar import Elements, Kind, MalformedPolicy

_ACCOUNT = re.compile(r"[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4}", re.ASCII)
"""Dashes are taken (probed: cdk-preflight, pf-iam-trust-policy-aws-principal-format)."""
_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:iam::[0-9a-z]+:(?:root|(?:user|role)/[^*?]+)"
    r"|sts::[0-9]{12}:(?:assumed-role|federated-user)/[^*?]+)",
    re.ASCII,
)
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{10,124}", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+", re.ASCII)
_SERVICE = re.compile(
    r"(?:[A-Za-z0-9_-]+\.)+(?:amazonaws\.(?:com|com\.cn|eu)|amazon\.com|c2s\.ic\.gov|sc2s\.sgov\.gov"
    r"|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)",
    re.ASCII,
)
"""Services have names below AWS's domains (probed: `lambda.example.com` is refused; the list of domains: botocore's
partitions, and amazon.com for Alexa)."""
_PROVIDER_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):iam::[0-9]{12}:(?:saml-provider|oidc-provider)/[^*?]+", re.ASCII
)


def check_principals(statements: tuple[Elements, ...], kind: Kind, partition: str | None) -> None:
    """Raise MalformedPolicy where a statement has no principal, or a principal of no valid form.

    The form alone: whether a principal exists, and whether AWS knows a service, is for IAM to say. `partition`:
    ARNs must be of it [guess for the text]; None allows any.
    """
    for statement in statements:
        if not statement.has_principal:
            raise MalformedPolicy("Missing required field Principal")
        if statement.principals is None and kind == "trust":
            # A trust policy opens its role to everyone by {"AWS": "*"} alone (aws/aws-cdk#5732).
            raise MalformedPolicy('AssumeRolepolicy contained an invalid principal: "STAR":"*".')
        for type_, names in (statement.principals or {}).items():
            for name in names:
                _check_name(type_, name, kind, partition)


def _check_name(type_: str, name: str, kind: Kind, partition: str | None) -> None:
    if type_ == "Federated":
        if not _is_provider(name, partition):
            # terraform-aws-modules/terraform-aws-eks#2594, on CreateRole.
            raise MalformedPolicy("Federated principals must be valid domain names or SAML metadata ARNs")
        return
    service = _SERVICE if kind == "trust" else _DOMAIN
    valid = {"AWS": _is_aws_name(name, partition), "Service": service.fullmatch(name) is not None}
    # Canonical users are S3's; IAM knows none [guess].
    if not valid.get(type_, kind != "trust" and bool(name) and "*" not in name):
        raise MalformedPolicy(f'Invalid principal in policy: "{type_.upper()}":"{name}"')


def _is_aws_name(name: str, partition: str | None) -> bool:
    if name == "*" or _ACCOUNT.fullmatch(name) or _UNIQUE_ID.fullmatch(name):
        return True
    found = _ARN.fullmatch(name)
    return found is not None and partition in (None, found["partition"])


def _is_provider(name: str, partition: str | None) -> bool:
    if _DOMAIN.fullmatch(name):
        return True
    found = _PROVIDER_ARN.fullmatch(name)
    return found is not None and partition in (None, found["partition"])
