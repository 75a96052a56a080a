"""Certificates and keys in PEM, read as far as IAM must know them.

The library's X.509 part is imported where it is used: it costs every start 25 ms, and few ever upload a certificate.
"""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from batchyard.framework.errors import ApiError
from batchyard.services.iam.service import iam

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def read_certificate(text: str) -> Certificate:
    """The certificate; raises MalformedCertificate (text recorded: SNAP)."""
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            # Old certificates have serial numbers that the library complains about, and reads.
            warnings.simplefilter("ignore")
            return x509.load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise _malformed(text) from error


def check_chain(text: str) -> None:
    """Raise MalformedCertificate where a chain is no sequence of certificates."""
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise _malformed(text) from error


def check_key(text: str, certificate: Certificate) -> None:
    """Raise MalformedCertificate for what is no unencrypted private key, KeyPairMismatch for another one's.

    The codes are the model's, the texts guesses.
    """
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise iam.error.MalformedCertificateException("The private key is malformed or encrypted.") from error
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise iam.error.KeyPairMismatchException("The private key does not match the certificate.")


def expires_at(certificate: Certificate) -> datetime:
    """Until when the certificate is valid."""
    return certificate.not_valid_after_utc


def _malformed(text: str) -> ApiError:
    """Its text is a [guess]."""
    return iam.error.MalformedCertificateException(f"Certificate {text} is malformed.")
