"""Signature Version 4: what a signed request claims, and whether its signature is true.

The rules are of the IAM user guide ("AWS Signature Version 4 for API requests"); codes and texts of
iam-evaluation.md section 8. Pure: the secret and the time are given, nothing is looked up.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from batchyard.gateway.sigv4_claim import ALGORITHM, AuthenticationFailure, Claim, codes, read_claim, text_for
from batchyard.wire.facts import declared
from batchyard.wire.http import HttpRequest

__all__ = [
    "AuthenticationFailure",
    "Claim",
    "codes",
    "read_claim",
    "text_for",
    "verify",
    "verify_against_nothing",
]

WINDOW_SECONDS = 15 * 60
"""How far a signature's time may be from ours, either way."""

NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)

_EMPTY_HASH = hashlib.sha256(b"").hexdigest()
_PLAIN = re.compile(r"[A-Za-z0-9\-._~]*")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~/]*")


class SigningKeys:
    """Derived signing keys, the least recently used forgotten first. Safe to share between threads.

    Keeps a hash of the secret access key, never the secret itself.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._keys: OrderedDict[tuple[bytes, str, str, str], hmac.HMAC] = OrderedDict()

    def find(self, secret_access_key: str, date: str, region: str, service: str) -> hmac.HMAC:
        """The signing key of a secret for one day (YYYYMMDD), Region and service, ready to be copied and fed."""
        secret = secret_access_key.encode()
        key = (hashlib.sha256(secret).digest(), date, region, service)
        try:
            found = self._keys[key]
            self._keys.move_to_end(key)
        except KeyError:  # not there, or another thread made room between the two lines
            found = self._keys[key] = hmac.new(_derive(secret, date, region, service), digestmod="sha256")
            if len(self._keys) > self._size:
                self._keys.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._keys)


_known = SigningKeys()
_unknown = SigningKeys(size=256)


def verify(claim: Claim, http: HttpRequest, secret_access_key: str, now: datetime) -> None:
    """Return if `http` was signed with this secret and `now` is within the signature's time; else raise.

    `now` is the wall clock's time in UTC. Raises AuthenticationFailure: SignatureExpired,
    SignatureNotYetCurrent or SignatureDoesNotMatch.
    """
    _check_time(claim, now)
    key = _known.find(secret_access_key, claim.date, claim.region, claim.service)
    if not _is_true(claim, http, key):
        raise AuthenticationFailure("SignatureDoesNotMatch", NO_MATCH)


def verify_against_nothing(claim: Claim, http: HttpRequest, now: datetime) -> None:
    """Do the work of `verify` for an access key that does not exist; the caller refuses afterwards.

    So an unknown key takes as long to refuse as a wrong signature. Raises only what is wrong whatever the
    key: SignatureExpired or SignatureNotYetCurrent. Its signing keys are kept apart, lest made-up key ids
    push real keys out.
    """
    _check_time(claim, now)
    key = _unknown.find(claim.access_key_id, claim.date, claim.region, claim.service)
    _is_true(claim, http, key)


def _derive(secret: bytes, date: str, region: str, service: str) -> bytes:
    key = b"AWS4" + secret
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _is_true(claim: Claim, http: HttpRequest, signing_key: hmac.HMAC) -> bool:
    canonical = _canonical_request(claim, http)
    if canonical is None:
        return False
    to_sign = (
        f"{ALGORITHM}\n{claim.timestamp}\n{claim.date}/{claim.region}/{claim.service}/aws4_request\n"
        f"{hashlib.sha256(canonical).hexdigest()}"
    )
    # A copy, as hmac.digest would prepare the key anew and let go of the interpreter meanwhile.
    expected = signing_key.copy()
    expected.update(to_sign.encode())
    return hmac.compare_digest(expected.hexdigest().encode(), claim.signature.encode())


def _check_time(claim: Claim, now: datetime) -> None:
    """Raise where the signature's time has passed, or is still to come."""
    lifetime = _lifetime_seconds(claim)
    age = (now - claim.signed_at).total_seconds()
    if age > lifetime:
        earliest = _basic(now - timedelta(seconds=lifetime))
        raise AuthenticationFailure(
            "SignatureExpired",
            f"Signature expired: {claim.timestamp} is now earlier than {earliest} "
            f"({_basic(now)} - {lifetime / 60:g} min.)",
        )
    if age < -WINDOW_SECONDS:
        latest = _basic(now + timedelta(seconds=WINDOW_SECONDS))
        raise AuthenticationFailure(
            "SignatureNotYetCurrent",
            f"Signature not yet current: {claim.timestamp} is still later than {latest} "
            f"({_basic(now)} + {WINDOW_SECONDS // 60} min.)",
        )


def _lifetime_seconds(claim: Claim) -> int:
    """How long after its time a signature holds.

    A presigned request says so itself, but for services that hold every one equally long (`wire.facts`).
    """
    if claim.expires_seconds is None:
        return WINDOW_SECONDS
    facts = declared().get(claim.service)
    return claim.expires_seconds if facts is None else facts.presigned_seconds or claim.expires_seconds


def _basic(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _canonical_request(claim: Claim, http: HttpRequest) -> bytes | None:
    """The text that was hashed and signed; None where body or headers already contradict the claim."""
    payload = _payload(http)
    if payload is None:
        return None
    lines = [http.method, _canonical_path(http.path), _canonical_query(http.query, presigned=claim.presigned)]
    headers = http.headers
    for name in claim.signed_headers:
        value = headers.get(name)
        if value is None:
            return None
        lines.append(f"{name}:{_squeezed(value)}")
    lines += ("", ";".join(claim.signed_headers), payload)
    # Text of HTTP is the bytes received, read as latin-1: so this gives back what the client hashed.
    return "\n".join(lines).encode("latin-1", "replace")


def _squeezed(value: str) -> str:
    """A header's value with single blanks, and none around it."""
    return " ".join(value.split())


def _payload(http: HttpRequest) -> str | None:
    """The body's hash as it was signed; None where a declared hash is not the body's.

    Nor is `UNSIGNED-PAYLOAD`, which is S3's alone: no operation of the services here has the trait for it
    (smithy's aws.auth#unsignedPayload; botocore's `v4-unsigned-body`), and a presigned request signs an empty body.
    """
    declared = http.headers.get("x-amz-content-sha256")
    actual = hashlib.sha256(http.body).hexdigest() if http.body else _EMPTY_HASH
    return actual if declared is None or hmac.compare_digest(declared.encode(), actual.encode()) else None


def _canonical_path(path: str) -> str:
    """The path without dot segments and doubled slashes, encoded once more (S3 alone would not)."""
    if not path:
        return "/"
    if "//" in path or "/." in path:
        path = _without_dot_segments(path)
    return path if _PLAIN_PATH.fullmatch(path) else quote(path, safe="/~", encoding="latin-1")


def _without_dot_segments(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def _canonical_query(query: str, *, presigned: bool) -> str:
    """The parameters sorted by name and value, each encoded in the one canonical way."""
    if not query:
        return ""
    pairs = []
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        if not (presigned and name == "X-Amz-Signature"):
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    """`text` of a query with every reserved byte percent-encoded, and no other; a plus means a blank."""
    if _PLAIN.fullmatch(text):
        return text
    return quote(unquote_to_bytes(text.replace("+", " ").encode("latin-1")), safe="-_.~")
