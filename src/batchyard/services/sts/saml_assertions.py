"""What a SAML assertion says: who it is about, for whom, until when, and AWS's attributes in it.

Rules and texts: IAM user guide, "Configuring SAML assertions for the authentication response" and "Troubleshooting
SAML 2.0 federation"; those marked are guesses.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batchyard.clock import wall_now
from batchyard.framework.errors import ApiError
from batchyard.services.sts.saml_signatures import ASSERTION, INVALID, Element, text_of

AUDIENCES = frozenset({"urn:amazon:webservices", "https://signin.aws.amazon.com/saml"})
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
REDEEMED_WITHIN = timedelta(minutes=5)
EARLY = timedelta(minutes=5)
"""How far the provider's clock may be ahead [guess]."""
_RECIPIENT = re.compile(
    r"https://(?:[a-z0-9-]+\.)?signin\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/saml(?:/\S*)?"
)
_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that holds now."""

    issuer: str
    subject: str
    subject_type: str
    recipient: str
    attributes: Mapping[str, tuple[str, ...]]
    """The values of each attribute, by its Name."""
    session_until: datetime | None

    def own(self, name: str) -> tuple[str, ...]:
        """The values of one of AWS's attributes: Role, RoleSessionName."""
        return self.attributes.get(ATTRIBUTES + name, ())

    def name_qualifier(self, account: str, provider_name: str) -> str:
        """saml:namequalifier, as botocore's pseudocode has it (AssumeRoleWithSAML, NameQualifier)."""
        digest = hashlib.sha1(f"{self.issuer}{account}/{provider_name}".encode(), usedforsecurity=False)
        return base64.b64encode(digest.digest()).decode()


def read(assertion: Element, entity: str) -> Assertion:
    """The content of a signed assertion of this entity; raises where it is another's, for another, or over."""
    issuer = assertion.find(f"{ASSERTION}Issuer")
    if issuer is None or text_of(issuer) != entity:
        raise ApiError(INVALID, "Issuer not present in specified provider")
    now = wall_now()
    issued = _moment(assertion.get("IssueInstant"))
    if issued is None or issued > now + EARLY:
        raise ApiError(INVALID, "The SAML assertion is not valid yet")  # [guess]
    if now > issued + REDEEMED_WITHIN:
        raise _expired()
    _check_conditions(assertion, now)
    name = assertion.find(f"{ASSERTION}Subject/{ASSERTION}NameID")
    if name is None or not text_of(name):
        raise ApiError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", status=403)
    statement = assertion.find(f"{ASSERTION}AuthnStatement")
    return Assertion(
        issuer=entity,
        subject=text_of(name),
        subject_type=name.get("Format", "").removeprefix(_FORMAT),
        recipient=_recipient(assertion, now),
        attributes=_attributes(assertion),
        session_until=None if statement is None else _moment(statement.get("SessionNotOnOrAfter")),
    )


def _check_conditions(assertion: Element, now: datetime) -> None:
    conditions = assertion.find(f"{ASSERTION}Conditions")
    audiences = assertion.iterfind(
        f"{ASSERTION}Conditions/{ASSERTION}AudienceRestriction/{ASSERTION}Audience"
    )
    if conditions is None or not AUDIENCES & {text_of(one) for one in audiences}:
        raise ApiError(INVALID, "Response does not contain the required audience")
    begins, ends = _moment(conditions.get("NotBefore")), _moment(conditions.get("NotOnOrAfter"))
    if begins is not None and begins > now + EARLY:
        raise ApiError(INVALID, "The SAML assertion is not valid yet")  # [guess]
    if ends is not None and ends <= now:
        raise _expired()


def _recipient(assertion: Element, now: datetime) -> str:
    """Where the assertion may be presented: AWS's sign-in, by one bearer confirmation that is not over."""
    found = [
        data
        for confirmation in assertion.iterfind(f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation")
        if confirmation.get("Method") == _BEARER
        for data in confirmation.iterfind(f"{ASSERTION}SubjectConfirmationData")
    ]
    recipient = found[0].get("Recipient", "") if len(found) == 1 else ""
    ends = _moment(found[0].get("NotOnOrAfter")) if len(found) == 1 else None
    if ends is None or not _RECIPIENT.fullmatch(recipient):
        raise ApiError(INVALID, "Response does not contain the required recipient")  # [guess]
    if ends <= now:
        raise _expired()
    return str(recipient)


def _attributes(assertion: Element) -> dict[str, tuple[str, ...]]:
    """The first attribute of each name counts (guide: only one claim is mapped)."""
    found: dict[str, tuple[str, ...]] = {}
    for one in assertion.iterfind(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        values = tuple(text_of(value) for value in one.iterfind(f"{ASSERTION}AttributeValue"))
        found.setdefault(one.get("Name", ""), values)
    return found


def _moment(given: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(given or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _expired() -> ApiError:
    return ApiError("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")
