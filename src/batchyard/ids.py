"""The one source of identifiers: random ones from the system's generator, name-based ones from their name."""

import os
import secrets
import threading
import uuid

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_RANDOM_BITS = 39
_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class _Randomness:
    """The system's generator, asked for many bytes at a time: a system call for each id would cost more than the id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = b""
        self._at = 0

    def take(self, length: int) -> bytes:
        with self._lock:
            if self._at + length > len(self._bytes):
                self._bytes, self._at = os.urandom(4096), 0
            self._at += length
            return self._bytes[self._at - length : self._at]


_randomness = _Randomness()


def uuid4() -> str:
    """A random UUID in its usual form."""
    raw = bytearray(_randomness.take(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid7(microseconds: int) -> str:
    """A UUID (version 7) of a moment, in whole microseconds since 1970: random, but sorted by its millisecond."""
    raw = bytearray(_randomness.take(16))
    raw[:6] = (microseconds // 1000).to_bytes(6, "big")
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def milliseconds_of(identity: str) -> int | None:
    """The millisecond since 1970 that a `uuid7` was made for; None for anything else."""
    try:
        parsed = uuid.UUID(identity)
    except ValueError:
        return None
    return parsed.int >> 80 if parsed.version == 7 and str(parsed) == identity else None


def uuid3(name: str) -> str:
    """The UUID (version 3) of a name: the form that Batch gives clusters and groups (batch-on-behalf.md 2)."""
    return str(uuid.uuid3(uuid.NAMESPACE_URL, name))


def hexadecimal(digits: int) -> str:
    """So many random hexadecimal digits, as in `i-…` (17) and in ECS task ids (32)."""
    return os.urandom((digits + 1) // 2).hex()[:digits]


def principal_id(prefix: str) -> str:
    """An IAM unique id: a four-letter prefix (AIDA, AROA, AGPA, ANPA, AIPA) and 17 characters."""
    return prefix + _base32(17)


def key_id(prefix: str) -> str:
    """An id in the form of an access key's that belongs to something else: APKA for SSH keys, and 16 characters."""
    return prefix + _base32(16)


def access_key_id(prefix: str, account: str) -> str:
    """An access key id: AKIA (long-term) or ASIA (temporary) and 16 characters, which tell the account as AWS's do.

    The 80 bits of the characters are a one, the account in 40 bits and 39 random ones (what people found of keys
    made since 2019). Two keys of an account can get the same id, if rarely: who keeps one looks.
    """
    bits = 1 << 79 | int(account) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    return prefix + "".join(_BASE32[bits >> shift & 31] for shift in range(75, -1, -5))


def account_of_access_key(access_key_id: str) -> str | None:
    """The account that an access key id tells; None for what is no such id."""
    if len(access_key_id) != 20 or access_key_id[:4] not in ("AKIA", "ASIA"):
        return None
    bits = 0
    for character in access_key_id[4:]:
        digit = _BASE32.find(character)
        if digit < 0:
            return None
        bits = bits << 5 | digit
    account = bits >> _RANDOM_BITS & (1 << 40) - 1
    return f"{account:012}" if bits >> 79 and account < 10**12 else None


def secret_access_key() -> str:
    """A secret access key: 40 characters from a cryptographic source."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(40))


def _base32(length: int) -> str:
    return "".join(_BASE32[byte & 31] for byte in os.urandom(length))
