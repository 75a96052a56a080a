"""Secrets at rest and session tokens: both sealed under the key file of the data directory."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from batchyard.store.data_directory import KEY, KEY_BYTES, KEY_FILE_BYTES
from batchyard.store.failures import DamagedKey


class Keyring:
    """Seals and opens with AES-256-GCM. `purpose` keeps one use's seal from serving another.

    Seals with the first key, and opens what one of them sealed.
    """

    def __init__(self, *keys: bytes) -> None:
        self._ciphers = [AESGCM(key) for key in keys]
        # A key of its own for each cipher: what is proven of one says nothing of both under the same key.
        self._wrappers = [AESSIV(hmac.digest(key, b"wrap", "sha256")) for key in keys]

    def seal(self, purpose: str, value: Any) -> str:
        """A JSON value as URL-safe text that only this key opens."""
        nonce = os.urandom(12)
        sealed = self._ciphers[0].encrypt(nonce, orjson.dumps(value), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, purpose: str, text: str) -> Any:
        """The value, or None where the text was altered or sealed for something else."""
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            if base64.urlsafe_b64encode(raw).decode() != text:
                return None
        except (binascii.Error, ValueError, UnicodeEncodeError):
            return None
        for cipher in self._ciphers:
            try:
                return orjson.loads(cipher.decrypt(raw[:12], raw[12:], purpose.encode()))
            except (InvalidTag, ValueError):
                continue
        return None

    def wrap(self, purpose: str, text: str) -> str:
        """Sealed as `seal` does, but the same each time: for what is compared, and is shorter (AES-SIV, RFC 5297)."""
        sealed = self._wrappers[0].encrypt(text.encode(), [purpose.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def unwrap(self, purpose: str, wrapped: str) -> str | None:
        """The text, or None where it was altered or wrapped for something else."""
        try:
            raw = base64.b64decode(
                wrapped.encode("ascii") + b"=" * (-len(wrapped) % 4), altchars=b"-_", validate=True
            )
        except ValueError:
            return None
        for wrapper in self._wrappers:
            try:
                return wrapper.decrypt(raw, [purpose.encode()]).decode()
            except (InvalidTag, ValueError):
                continue
        return None

    def fingerprint(self, text: str) -> str:
        """A short digest of a secret, for caches."""
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def open_keyring(directory: Path) -> Keyring:
    """The keyring of a data directory; its key file (mode 0600) is made at first use; raises DamagedKey."""
    if not (directory / KEY).exists():
        write_keys(directory, [new_key()])
    return Keyring(*read_keys(directory))


def new_key() -> bytes:
    """A key from a cryptographic source."""
    return os.urandom(KEY_BYTES)


def read_keys(directory: Path) -> list[bytes]:
    """The key, and behind it the old key while it is being changed; raises DamagedKey."""
    content = (directory / KEY).read_bytes()
    if len(content) not in KEY_FILE_BYTES:
        raise DamagedKey(directory / KEY)
    return [content[at : at + KEY_BYTES] for at in range(0, len(content), KEY_BYTES)]


def write_keys(directory: Path, keys: Sequence[bytes]) -> None:
    """Replace the key file, at once and for good: after a crash it is the old key or the new key.

    One name for what is being written: what a crash left of it is gone with the next change, not kept beside the key.
    """
    fresh = directory / f"{KEY}.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(b"".join(keys))
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(directory / KEY)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
