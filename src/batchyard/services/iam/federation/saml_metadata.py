"""SAML metadata documents: read as far as IAM must know them."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from batchyard.services.iam.service import iam

_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"


def valid_until(document: str) -> datetime | None:
    """Until when the document says that it is valid; None where it does not.

    Raises InvalidInput where it is no metadata of an identity provider (`Could not parse metadata` is in people's
    logs). A document type is refused before anything is expanded.
    """
    if "<!" in document.replace("<!--", ""):
        raise _unreadable()
    try:
        root = ElementTree.fromstring(document)
    except (ElementTree.ParseError, ValueError) as error:
        raise _unreadable() from error
    is_provider = root.find(f"{_METADATA}IDPSSODescriptor") is not None
    if root.tag != f"{_METADATA}EntityDescriptor" or not root.get("entityID") or not is_provider:
        raise _unreadable()
    given = root.get("validUntil")
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise _unreadable() from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _unreadable() -> Exception:
    """Text as in logs of Terraform's users."""
    return iam.error.InvalidInputException("Could not parse metadata")
