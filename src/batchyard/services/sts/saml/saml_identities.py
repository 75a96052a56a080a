"""AssumeRoleWithSAML: a signed assertion of a provider that the account knows, for a session of a role."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.clock import wall_now
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import SamlProvider
from batchyard.services.sts.role_sessions import (
    CHAINED_SECONDS,
    Asked,
    checks,
    find_role,
    issue,
    owner,
    pairs,
)
from batchyard.services.sts.saml.saml_assertions import ATTRIBUTES, Assertion, read
from batchyard.services.sts.saml.saml_keys import session_keys, trust_keys
from batchyard.services.sts.saml.saml_signatures import INVALID, signed_assertion
from batchyard.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleWithSAMLRequestTypeDef

LEAST_SECONDS = 900
_NAME = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
_TAG = f"{ATTRIBUTES}PrincipalTag:"


def _read(ctx: Context, request: Any) -> tuple[Assertion, SamlProvider]:
    """The assertion, verified; that of a role that is not in it is recorded (saml_aws.json: wrong_role)."""
    arn = request["PrincipalArn"]
    provider = ctx.runtime.identity_providers.find_saml_provider(ctx.read, ctx.partition, ctx.account, arn)
    if provider is None:
        raise ApiError(INVALID, "Specified provider doesn't exist")
    element, entity = signed_assertion(request["SAMLAssertion"], provider)
    assertion = read(element, entity)
    wanted = {request["RoleArn"], arn}
    if not any({one.strip() for one in pair.split(",")} == wanted for pair in assertion.own("Role")):
        text = "SAML Assertion doesn't contain the requested Role and Metadata in the attributes"
        raise ApiError(INVALID, text)
    return assertion, provider


def _asked(ctx: Context, request: Any, assertion: Assertion, provider: SamlProvider) -> Asked:
    tags = {
        name.removeprefix(_TAG): values[0]
        for name, values in assertion.attributes.items()
        if name.startswith(_TAG) and values
    }
    return Asked(
        session_name=_session_name(assertion),
        seconds=_seconds(request, assertion),
        tags=pairs(tags),
        transitive_tag_keys=assertion.own("TransitiveTagKeys"),
        source_identity=_source_identity(assertion),
        provider=provider.arn,
        keys=session_keys(assertion, ctx.account, provider.name),
    )


def _session_name(assertion: Assertion) -> str:
    """Texts: IAM user guide, Troubleshooting SAML."""
    given = assertion.own("RoleSessionName")
    if not given:
        raise ApiError(INVALID, "RoleSessionName is required in AuthnResponse")
    if not _NAME.fullmatch(given[0]):
        raise ApiError(INVALID, "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    return given[0]


def _source_identity(assertion: Assertion) -> str | None:
    given = assertion.own("SourceIdentity")
    if not given:
        return None
    if not _NAME.fullmatch(given[0]) or given[0].startswith("aws:"):
        text = 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'
        raise ApiError(INVALID, text)
    return given[0]


def _seconds(request: Any, assertion: Assertion) -> int:
    """The request's, cut short by SessionDuration and SessionNotOnOrAfter (guide; botocore, DurationSeconds)."""
    seconds: int = request.get("DurationSeconds", CHAINED_SECONDS)
    given = assertion.own("SessionDuration")
    if given and given[0].isascii() and given[0].isdigit():
        seconds = min(seconds, max(LEAST_SECONDS, int(given[0][:9])))
    if assertion.session_until is not None:
        left = int((assertion.session_until - wall_now()).total_seconds())
        seconds = min(seconds, max(1, left))
    return seconds


def _trust(ctx: Context, request: Any) -> Iterable[Check]:
    find_role(ctx, request["RoleArn"])
    assertion, provider = _read(ctx, request)
    qualifier = assertion.name_qualifier(ctx.account, provider.name)
    ctx.note_identity(
        {
            "type": "SAMLUser",
            "principalId": f"{qualifier}:{assertion.subject}",
            "userName": assertion.subject,
            # Recorded: the qualifier, not the provider's ARN.
            "identityProvider": qualifier,
        }
    )
    asked = _asked(ctx, request, assertion, provider)
    context = trust_keys(assertion, ctx.account, provider.name)
    yield from checks(ctx, request["RoleArn"], asked, context, action="AssumeRoleWithSAML")


@sts.operation(on=_trust, unsigned=owner, read_only=True)
def assume_role_with_saml(ctx: Context, request: AssumeRoleWithSAMLRequestTypeDef) -> dict[str, Any]:
    """Issue credentials for a session of the role to whom the assertion is about."""
    # Read a second time, after the trust policy was asked: an operation has nothing but its request.
    assertion, provider = _read(ctx, request)
    return {
        **issue(ctx, request, _asked(ctx, request, assertion, provider)),
        "Subject": assertion.subject,
        "SubjectType": assertion.subject_type,
        "Issuer": assertion.issuer,
        "Audience": assertion.recipient,
        "NameQualifier": assertion.name_qualifier(ctx.account, provider.name),
    }
