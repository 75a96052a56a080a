"""Secrets at rest and session tokens: both sealed under the key file of the data directory."""

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from batchyard.store.data_directory import KEY, KEY_BYTES
from batchyard.store.failures import DamagedKey


class Keyring:
    """Seals and opens with AES-256-GCM. `purpose` keeps one use's seal from serving another."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, purpose: str, value: Any) -> str:
        """A JSON value as URL-safe text that only this key opens."""
        nonce = os.urandom(12)
        sealed = self._cipher.encrypt(nonce, orjson.dumps(value), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, purpose: str, text: str) -> Any:
        """The value, or None where the text was altered or sealed for something else."""
        try:
            raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            if base64.urlsafe_b64encode(raw).decode() != text:
                return None
            return orjson.loads(self._cipher.decrypt(raw[:12], raw[12:], purpose.encode()))
        except (InvalidTag, binascii.Error, ValueError, UnicodeEncodeError):
            return None

    def fingerprint(self, text: str) -> str:
        """A short digest of a secret, for caches."""
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def open_keyring(directory: Path) -> Keyring:
    """The keyring of a data directory; its key file (mode 0600) is made at first use; raises DamagedKey."""
    path = directory / KEY
    if not path.exists():
        fresh = directory / f"key.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise DamagedKey(path)
    return Keyring(key)
