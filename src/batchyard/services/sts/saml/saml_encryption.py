"""Encrypted SAML assertions: opened with one of the provider's private keys (IAM user guide, SAML encryption)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_CBC = {f"{_XENC}aes128-cbc": 16, f"{_XENC}aes256-cbc": 32}
_GCM = {f"{_XENC11}aes128-gcm": 16, f"{_XENC11}aes256-gcm": 32}
_OAEP = f"{_XENC}rsa-oaep-mgf1p"
_OAEP_11 = f"{_XENC11}rsa-oaep"
_HASHES: dict[str, type[HashAlgorithm]] = {
    f"{_DSIG}sha1": SHA1,
    f"{_XENC}sha256": SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": SHA384,
    f"{_XENC}sha512": SHA512,
    f"{_XENC11}mgf1sha1": SHA1,
    f"{_XENC11}mgf1sha256": SHA256,
    f"{_XENC11}mgf1sha384": SHA384,
    f"{_XENC11}mgf1sha512": SHA512,
}
"""Of digests and of mask generations; SHA-1 is sound within OAEP. RSA 1.5 and Triple DES are not taken."""
_IV_BYTES, _NONCE_BYTES, _BLOCK_BYTES = 16, 12, 16

Element = Any


class Unopenable(Exception):
    """No key opens it, or it is no encrypted assertion: which of both, and where, nobody is to learn."""


def decrypted(encrypted: Element, private_keys: Sequence[str]) -> bytes:
    """The XML within an EncryptedAssertion; `private_keys` in PEM. Raises Unopenable, whatever is wrong."""
    try:
        data = encrypted.find(f"{{{_XENC}}}EncryptedData")
        wrapped = _one(encrypted, f".//{{{_XENC}}}EncryptedKey")
        content = _cipher_value(data)
        method = data.find(f"{{{_XENC}}}EncryptionMethod").get("Algorithm")
        key_method = wrapped.find(f"{{{_XENC}}}EncryptionMethod")
        key_value, scheme = _cipher_value(wrapped), _padding(key_method)
    except (AttributeError, ValueError, KeyError) as error:
        raise Unopenable from error
    for pem in private_keys:
        try:
            return _content(method, _unwrapped(pem, key_value, scheme), content)
        except Exception:
            # Whatever it is that the libraries raise, a caller is not to tell one failure from another.
            continue
    raise Unopenable


def _one(element: Element, path: str) -> Element:
    found = element.findall(path)
    if len(found) != 1:
        raise ValueError(path)
    return found[0]


def _cipher_value(element: Element) -> bytes:
    text = element.find(f"{{{_XENC}}}CipherData/{{{_XENC}}}CipherValue").text
    return base64.b64decode("".join(text.split()), validate=True)


def _padding(method: Element) -> padding.OAEP:
    """The key's padding: both digests are SHA-1 where nothing is said (XML Encryption 1.1, section 5.5.2)."""
    algorithm = method.get("Algorithm")
    if algorithm not in (_OAEP, _OAEP_11):
        raise ValueError(algorithm)
    digest = method.find(f"{{{_DSIG}}}DigestMethod")
    mask = method.find(f"{{{_XENC11}}}MGF") if algorithm == _OAEP_11 else None
    return padding.OAEP(
        mgf=padding.MGF1((SHA1 if mask is None else _HASHES[mask.get("Algorithm")])()),
        algorithm=(SHA1 if digest is None else _HASHES[digest.get("Algorithm")])(),
        label=None,
    )


def _unwrapped(pem: str, wrapped: bytes, scheme: padding.OAEP) -> bytes:
    private = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError(type(private))
    return private.decrypt(wrapped, scheme)


def _content(method: str, key: bytes, content: bytes) -> bytes:
    if _GCM.get(method) == len(key):
        return AESGCM(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], None)
    if _CBC.get(method) != len(key):
        raise ValueError(method)
    opened = Cipher(algorithms.AES(key), modes.CBC(content[:_IV_BYTES])).decryptor()
    padded = opened.update(content[_IV_BYTES:]) + opened.finalize()
    # XML Encryption 5.2: the last byte counts those that are not of the text.
    if not 0 < padded[-1] <= _BLOCK_BYTES:
        raise ValueError("padding")
    return padded[: -padded[-1]]
