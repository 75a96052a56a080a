"""What a SAML assertion says: who it is about, for whom, until when, and AWS's attributes in it.

Rules and texts: IAM user guide, "Configuring SAML assertions for the authentication response" and "Troubleshooting
SAML 2.0 federation"; recorded assertions: radkawar/stackd, internal/services/sts/testdata/saml_aws.json.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batchyard.clock import wall_now
from batchyard.framework.errors import ApiError
from batchyard.services.sts.saml.saml_signatures import ASSERTION, INVALID, Element, text_of, unreadable

ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
REDEEMED_WITHIN = timedelta(minutes=5)
EARLY = timedelta(minutes=5)
"""How far the provider's clock may be ahead [guess]."""
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
    """The content of a signed assertion of this entity; raises where it is another's, or over.

    Neither audience nor recipient nor a time at which it begins to hold decides: trust policies have saml:aud for the
    recipient (recorded: wrong_audience, wrong_recipient, future_conditions_86400).
    """
    issuer = assertion.find(f"{ASSERTION}Issuer")
    if issuer is None or text_of(issuer) != entity:
        raise ApiError(INVALID, "Issuer not present in specified provider")
    now = wall_now()
    _check_age(assertion, now)
    conditions, statement = (assertion.find(f"{ASSERTION}{one}") for one in ("Conditions", "AuthnStatement"))
    if conditions is None or statement is None:
        raise unreadable()
    _moment(conditions, "NotBefore")
    session_until = _moment(statement, "SessionNotOnOrAfter")
    subject = assertion.find(f"{ASSERTION}Subject/{ASSERTION}NameID")
    if subject is None or not text_of(subject):
        raise ApiError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML", status=403)
    if not subject.get("Format"):
        raise unreadable()
    recipient, confirmed_until = _confirmation(assertion)
    ends = (_moment(conditions, "NotOnOrAfter"), confirmed_until, session_until)
    if any(one is not None and one <= now for one in ends):
        raise ApiError("ExpiredTokenException", "Response has expired")
    return Assertion(
        issuer=entity,
        subject=text_of(subject),
        subject_type=subject.get("Format").removeprefix(_FORMAT),
        recipient=recipient,
        attributes=_attributes(assertion),
        session_until=session_until,
    )


def _check_age(assertion: Element, now: datetime) -> None:
    """Texts: IAM user guide, and a guess for one of the future."""
    issued = _moment(assertion, "IssueInstant")
    if issued is None:
        raise unreadable()
    if issued > now + EARLY:
        raise ApiError(INVALID, "The SAML assertion is not valid yet")
    if now > issued + REDEEMED_WITHIN:
        raise ApiError("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")


def _confirmation(assertion: Element) -> tuple[str, datetime]:
    """Where the one bearer confirmation says that the assertion is presented, and until when it may be."""
    found = assertion.findall(f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation")
    data = found[0].find(f"{ASSERTION}SubjectConfirmationData") if len(found) == 1 else None
    if data is None or found[0].get("Method") != _BEARER or not data.get("Recipient"):
        raise unreadable()
    until = _moment(data, "NotOnOrAfter")
    if until is None:
        raise unreadable()
    return data.get("Recipient"), until


def _attributes(assertion: Element) -> dict[str, tuple[str, ...]]:
    """The first attribute of each name counts (guide: only one claim is mapped)."""
    found: dict[str, tuple[str, ...]] = {}
    for one in assertion.iterfind(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        values = tuple(text_of(value) for value in one.iterfind(f"{ASSERTION}AttributeValue"))
        found.setdefault(one.get("Name", ""), values)
    return found


def _moment(element: Element, name: str) -> datetime | None:
    """The time that an attribute tells; None where it is not there."""
    given = element.get(name)
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise unreadable() from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
