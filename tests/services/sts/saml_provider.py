"""A SAML identity provider for tests: its metadata, and the responses that it signs."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.signer import XMLSigner

from batchyard.clock import wall_now

ENTITY = "https://idp.example.com/saml"
SIGN_IN = "https://signin.aws.amazon.com/saml"
OWN = "https://aws.amazon.com/SAML/Attributes/"
SAML = "urn:oasis:names:tc:SAML:2.0"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"


class Signer:
    """A key with its own certificate."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example.com")])
        now = wall_now()
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=2))
            # Over, which AWS does not mind (recorded: saml_aws.json, signing_certificate_expired).
            .not_valid_after(now - timedelta(days=1))
            .sign(self.key, SHA256())
        )

    def sign(self, element: Any) -> Any:
        """The element with an enveloped signature."""
        signer = XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
        return signer.sign(
            element,
            key=self.key,
            cert=[self.certificate],
            reference_uri=element.get("ID"),
            id_attribute="ID",
        )


SIGNER, OTHER = Signer(), Signer()


def metadata(signer: Signer = SIGNER) -> str:
    """The provider's metadata document."""
    certificate = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()
    return f"""<EntityDescriptor xmlns="{SAML}:metadata" entityID="{ENTITY}">
      <IDPSSODescriptor protocolSupportEnumeration="{SAML}:protocol"><KeyDescriptor use="signing">
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate>
      </X509Data></KeyInfo></KeyDescriptor></IDPSSODescriptor></EntityDescriptor>""".ljust(1000)


def assertion(role: str, provider: str, *, id_: str = "_a1", issued: float = 0, **changed: Any) -> str:
    """An assertion's text; `changed`: entity, audience, recipient, subject, conditions, confirmation, statement, or
    attributes (None leaves one out).
    """
    moment = wall_now() + timedelta(seconds=issued)

    def at(seconds: float) -> str:
        return (moment + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    attributes: dict[str, Any] = {
        f"{OWN}Role": [f"{role},{provider}"],
        f"{OWN}RoleSessionName": ["ada@example.com"],
        **changed.get("attributes", {}),
    }
    stated = "".join(
        f'<Attribute Name="{name}">{"".join(f"<AttributeValue>{one}</AttributeValue>" for one in values)}</Attribute>'
        for name, values in attributes.items()
        if values is not None
    )
    subject = changed.get("subject", f'<NameID Format="{SAML}:nameid-format:persistent">ada</NameID>')
    confirmation = changed.get(
        "confirmation",
        f"""<SubjectConfirmation Method="{SAML}:cm:bearer"><SubjectConfirmationData
        NotOnOrAfter="{at(300)}" Recipient="{changed.get("recipient", SIGN_IN)}"/></SubjectConfirmation>""",
    )
    conditions = changed.get(
        "conditions",
        f"""<Conditions NotBefore="{at(-60)}" NotOnOrAfter="{at(300)}"><AudienceRestriction>
        <Audience>{changed.get("audience", "urn:amazon:webservices")}</Audience></AudienceRestriction></Conditions>""",
    )
    statement = changed.get("statement", f'<AuthnStatement AuthnInstant="{at(0)}" SessionIndex="1"/>')
    return f"""<Assertion xmlns="{SAML}:assertion" ID="{id_}" Version="2.0" IssueInstant="{at(0)}">
      <Issuer>{changed.get("entity", ENTITY)}</Issuer>
      <Subject>{subject}{confirmation}</Subject>{conditions}{statement}
      <AttributeStatement>{stated}</AttributeStatement></Assertion>"""


def response(*assertions: Any, id_: str = "_r1") -> Any:
    """A Response around assertions."""
    root = etree.fromstring(
        f"""<samlp:Response xmlns:samlp="{SAML}:protocol" ID="{id_}" Version="2.0" Destination="{SIGN_IN}">
        <samlp:Status><samlp:StatusCode Value="{SAML}:status:Success"/></samlp:Status></samlp:Response>"""
    )
    for one in assertions:
        root.append(one)
    return root


def encoded(root: Any) -> str:
    """As a browser posts it."""
    return base64.b64encode(etree.tostring(root)).decode()


def signed(role: str, provider: str, *, signer: Signer = SIGNER, **changed: Any) -> str:
    """A response with one signed assertion."""
    return encoded(response(signer.sign(etree.fromstring(assertion(role, provider, **changed)))))


def encrypted(
    element: Any,
    key: Any,
    *,
    method: str = "aes256-gcm",
    scheme: str = "oaep",
    digest: Any = None,
    mask: Any = None,
) -> Any:
    """An EncryptedAssertion for the owner of a key: by AES in one of its modes, and RSA-OAEP."""
    plain = etree.tostring(element)
    size = 16 if "128" in method else 32
    secret = os.urandom(size)
    if method.endswith("gcm"):
        nonce = os.urandom(12)
        content, space = nonce + AESGCM(secret).encrypt(nonce, plain, None), XENC11
    else:
        vector, missing = os.urandom(16), 16 - len(plain) % 16
        cipher = Cipher(algorithms.AES(secret), modes.CBC(vector)).encryptor()
        padded = plain + os.urandom(missing - 1) + bytes([missing])
        content, space = vector + cipher.update(padded) + cipher.finalize(), XENC
    hashes = {None: SHA1, "sha1": SHA1, "sha256": SHA256}
    padding = OAEP(mgf=MGF1(hashes[mask]()), algorithm=hashes[digest](), label=None)
    wrapped = key.public_key().encrypt(secret, padding) if scheme == "oaep" else os.urandom(256)
    said = (
        ""
        if digest is None
        else f'<d:DigestMethod Algorithm="{XENC if digest == "sha256" else DSIG}{digest}"/>'
    )
    said += "" if mask is None else f'<e11:MGF Algorithm="{XENC11}mgf1{mask}"/>'
    transport = f"{XENC11}rsa-oaep" if mask else f"{XENC}rsa-oaep-mgf1p"
    return etree.fromstring(
        f"""<EncryptedAssertion xmlns="{SAML}:assertion" xmlns:e="{XENC}" xmlns:e11="{XENC11}" xmlns:d="{DSIG}">
        <e:EncryptedData Type="{XENC}Element"><e:EncryptionMethod Algorithm="{space}{method}"/><d:KeyInfo>
        <e:EncryptedKey><e:EncryptionMethod Algorithm="{transport}">{said}</e:EncryptionMethod>
        <e:CipherData><e:CipherValue>{base64.b64encode(wrapped).decode()}</e:CipherValue></e:CipherData>
        </e:EncryptedKey></d:KeyInfo><e:CipherData><e:CipherValue>{base64.b64encode(content).decode()}
        </e:CipherValue></e:CipherData></e:EncryptedData></EncryptedAssertion>"""
    )
