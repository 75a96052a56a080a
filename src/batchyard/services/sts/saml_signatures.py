"""SAML responses: the signature, by the certificates of the provider's metadata, and what it really covers."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.services.sts.service import sts

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
INVALID = "InvalidIdentityToken"
_ENCRYPTED = sts.unbuilt("an encrypted assertion in `SAMLAssertion`", on=["AssumeRoleWithSAML"])

Element = Any


def signed_assertion(encoded: str, metadata: str) -> tuple[Element, str]:
    """The one assertion that is signed, and the entity whose certificate signed it.

    `encoded` is the response in base64, `metadata` the provider's document. Nothing of the response but what the
    signature covers is handed on, re-read from what was hashed: an assertion beside, around or within it is not seen
    (signature wrapping), nor is a comment. Raises InvalidIdentityToken.
    Texts: IAM user guide, Troubleshooting SAML.
    """
    try:
        document = base64.b64decode("".join(encoded.split()), validate=True)
        response = _parse(document)
    except (ValueError, binascii.Error) as error:
        raise ApiError(INVALID, "Invalid base64 SAMLResponse") from error
    _check_response(response)
    entity, certificates = _issuer(metadata)
    for certificate in certificates:
        covered = _covered(document, response, certificate)
        if covered is not None:
            return _only_assertion(covered), entity
    raise ApiError(INVALID, "Response signature invalid")


def _parse(document: bytes) -> Element:
    """An element tree that expands nothing and fetches nothing; raises ValueError."""
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(document, parser=parser)
    except etree.LxmlError as error:
        raise ValueError("not XML") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("a document type")
    return root


def _check_response(response: Element) -> None:
    """Texts are guesses."""
    if response.tag != f"{PROTOCOL}Response":
        raise ApiError(INVALID, "The SAML assertion is not a Response")
    status = response.find(f"{PROTOCOL}Status/{PROTOCOL}StatusCode")
    if status is None or status.get("Value") != _SUCCESS:
        raise ApiError(INVALID, "The status of the SAML response is not Success")
    if response.find(f"{ASSERTION}EncryptedAssertion") is not None:
        raise _ENCRYPTED("an encrypted assertion in AssumeRoleWithSAML")


def _issuer(metadata: str) -> tuple[str, list[str]]:
    """The identity provider's entity id, and the certificates that it signs with.

    Text for metadata that cannot be read: [guess].
    """
    try:
        root = _parse(metadata.encode())
    except ValueError as error:  # declared to be in another encoding, for example
        raise ApiError(INVALID, "Response signature invalid") from error
    found = root.iterfind(f"{_METADATA}IDPSSODescriptor/{_METADATA}KeyDescriptor")
    signing = [key for key in found if key.get("use", "signing") == "signing"]
    texts = [text_of(one) for key in signing for one in key.iterfind(f".//{_SIGNATURE}X509Certificate")]
    return root.get("entityID"), ["".join(one.split()) for one in texts]


def _covered(document: bytes, response: Element, certificate: str) -> Element | None:
    """The element that this certificate signed, as it was hashed; None where it signed none."""
    from signxml.algorithms import SignatureMethod
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    of_response = response.find(f"{_SIGNATURE}Signature") is not None
    place = "./" if of_response else f"./{ASSERTION}Assertion/"
    methods = frozenset(
        one
        for one in SignatureMethod
        if one.name.startswith(("RSA_SHA", "ECDSA_SHA")) and "SHA1" not in one.name
    )
    configuration = SignatureConfiguration(location=place, signature_methods=methods)
    pem = f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----"
    try:
        result = XMLVerifier().verify(document, x509_cert=pem, id_attribute="ID", expect_config=configuration)
        covered = _parse(result.signed_data) if isinstance(result, VerifyResult) else None
    except Exception:
        # Whatever a document by anybody makes the libraries raise, it is not shown to be signed.
        return None
    wanted = response.tag if of_response else f"{ASSERTION}Assertion"
    return covered if covered is not None and covered.tag == wanted else None


def _only_assertion(covered: Element) -> Element:
    if covered.tag == f"{ASSERTION}Assertion":
        return covered
    assertions = list(covered.iter(f"{ASSERTION}Assertion"))
    if len(assertions) != 1 or assertions[0].getparent() is not covered:
        raise ApiError(INVALID, "The SAML response does not have exactly one assertion")  # [guess]
    return assertions[0]


def text_of(element: Element) -> str:
    """All text of an element, without the blanks around it."""
    return str(element.xpath("string()")).strip()
