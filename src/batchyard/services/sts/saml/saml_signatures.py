"""SAML responses: the signature, by the certificates of the provider's metadata, and what it really covers.

Texts are recorded where not marked: radkawar/stackd, internal/services/sts/testdata, saml_aws.json and
saml_required_aws.json.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from batchyard import ids
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import SamlProvider
from batchyard.services.sts.saml.saml_encryption import Unopenable, decrypted

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
INVALID = "InvalidIdentityToken"
Element = Any


def signed_assertion(encoded: str, provider: SamlProvider) -> tuple[Element, str]:
    """The signed assertion of a response in base64, and the entity whose certificate signed it.

    Nothing of the response but what the assertion's signature covers is handed on, re-read from what was hashed: an
    assertion beside, around or within it is not seen (signature wrapping), nor is a comment. A signature of the
    response is not enough, and has to hold where it is given; an encrypted assertion is signed within. Raises
    InvalidIdentityToken.
    """
    try:
        document = base64.b64decode("".join(encoded.split()), validate=True)
        response = parse(document)
    except (ValueError, binascii.Error) as error:
        raise ApiError(INVALID, "Invalid base64 SAMLResponse") from error
    _check_response(response)
    entity, certificates = _issuer(provider.metadata_document)
    if response.find(f"{_SIGNATURE}Signature") is not None and not any(
        _covered(document, "./", response.tag, one) is not None for one in certificates
    ):
        raise _forged()
    encrypted = response.find(f"{ASSERTION}EncryptedAssertion")
    if encrypted is not None:
        document = _opened(response, encrypted, provider)
    elif provider.encryption_mode == "Required":
        raise unreadable()
    elif response.find(f"{ASSERTION}Assertion/{_SIGNATURE}Signature") is None:
        raise unreadable(
            "Response (with optional signature) must contain an assertion with a mandatory signature"
        )
    for certificate in certificates:
        covered = _covered(document, f"./{ASSERTION}Assertion/", f"{ASSERTION}Assertion", certificate)
        if covered is not None:
            return covered, entity
    raise _forged()


def unreadable(text: str = "Invalid base64 SAMLResponse") -> ApiError:
    """A response that STS cannot make sense of, in the words of the service that it asks (recorded)."""
    asked = "Service: AWSOpenIdDiscoveryService; Status Code: 400"
    code = "Error Code: AuthSamlInvalidSamlResponseException"
    return ApiError(INVALID, f"{text} ({asked}; {code}; Request ID: {ids.uuid4()}; Proxy: null)")


def _forged() -> ApiError:
    return ApiError(INVALID, "Response signature invalid")


def _opened(response: Element, encrypted: Element, provider: SamlProvider) -> bytes:
    """The response with the assertion in the place of the encrypted assertion.

    Whatever cannot be opened or read is refused as if its signature were wrong: who alters what is encrypted is not
    to learn how far it was understood.
    """
    from lxml import etree

    try:
        assertion = parse(decrypted(encrypted, provider.private_keys))
    except (Unopenable, ValueError) as error:
        raise _forged() from error
    response.replace(encrypted, assertion)
    return bytes(etree.tostring(response))


def parse(document: bytes) -> Element:
    """An element tree that expands nothing and fetches nothing; raises ValueError."""
    from lxml import etree

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


def _issuer(metadata: str) -> tuple[str, list[str]]:
    """The identity provider's entity id, and the certificates that it signs with.

    Text for metadata that cannot be read: [guess].
    """
    try:
        root = parse(metadata.encode())
    except ValueError as error:  # declared to be in another encoding, for example
        raise ApiError(INVALID, "Response signature invalid") from error
    found = root.iterfind(f"{_METADATA}IDPSSODescriptor/{_METADATA}KeyDescriptor")
    signing = [key for key in found if key.get("use", "signing") == "signing"]
    texts = [text_of(one) for key in signing for one in key.iterfind(f".//{_SIGNATURE}X509Certificate")]
    return root.get("entityID"), ["".join(one.split()) for one in texts]


def _covered(document: bytes, place: str, wanted: str, certificate: str) -> Element | None:
    """The element of this tag that this certificate signed at a place, as it was hashed; None where it signed none.

    That a certificate is over does not matter (recorded: signing_certificate_expired).
    """
    from cryptography.x509 import load_der_x509_certificate
    from signxml.algorithms import SignatureMethod
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    methods = frozenset(
        one
        for one in SignatureMethod
        if one.name.startswith(("RSA_SHA", "ECDSA_SHA")) and "SHA1" not in one.name
    )
    try:
        found = load_der_x509_certificate(base64.b64decode(certificate))
        configuration = SignatureConfiguration(
            location=place, signature_methods=methods, verification_time=found.not_valid_before_utc
        )
        result = XMLVerifier().verify(
            document, x509_cert=found, id_attribute="ID", expect_config=configuration
        )
        covered = parse(result.signed_data) if isinstance(result, VerifyResult) else None
    except Exception:
        # Whatever a document by anybody makes the libraries raise, it is not shown to be signed.
        return None
    return covered if covered is not None and covered.tag == wanted else None


def text_of(element: Element) -> str:
    """All text of an element, without the blanks around it."""
    return str(element.xpath("string()")).strip()
