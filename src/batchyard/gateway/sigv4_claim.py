"""What a signed request claims of itself, and AWS's words for claims that cannot be read.

Codes, statuses and texts are of iam-evaluation.md section 8; texts it does not have are of AWS's answers as
quoted in public threads.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from urllib.parse import unquote

from batchyard.wire.http import HttpRequest
from batchyard.wire.model import OF_EC2

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_EXPIRY_SECONDS = 7 * 24 * 3600

Kind = Literal[
    "MissingAuthenticationToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "SignatureExpired",
    "SignatureNotYetCurrent",
    "ExpiredToken",
]
"""Why credentials are refused, by the query protocol's code; the two of dates have SignatureDoesNotMatch."""

_BASIC = re.compile(r"[0-9]{8}T[0-9]{6}Z")


class AuthenticationFailure(Exception):
    """Credentials that are missing, malformed, unknown, wrong or out of date."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind: Kind = kind
        self.message = message


class Claim(NamedTuple):
    """What a request says about its signature. Nothing in it is true before `sigv4.verify` returned."""

    access_key_id: str
    date: str
    """The day of the credential scope, YYYYMMDD."""
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str | None
    signed_at: datetime
    timestamp: str
    """`signed_at` as it was signed: 20260101T000000Z."""
    expires_seconds: int | None
    """How long a presigned request asks to be valid; None for a signature in a header."""
    presigned: bool


# Services of the json protocol answer most of these with 400 (seen of ECS, ECR, DynamoDB), REST services with 403
# (seen of Lambda). EC2 says AuthFailure also for wrong signatures and skewed clocks (hashicorp/
# terraform-provider-aws#1102), and, by its documentation, RequestExpired for what came too late.
_CODES: Mapping[Kind, Mapping[str, tuple[str, int]]] = {
    "MissingAuthenticationToken": {
        "query": ("MissingAuthenticationToken", 403),
        OF_EC2: ("MissingAuthenticationToken", 403),
        "json": ("MissingAuthenticationTokenException", 403),
        "rest-json": ("MissingAuthenticationTokenException", 403),
    },
    "IncompleteSignature": {
        "query": ("IncompleteSignature", 400),
        OF_EC2: ("IncompleteSignature", 400),
        "json": ("IncompleteSignatureException", 400),
        "rest-json": ("IncompleteSignatureException", 403),
    },
    "InvalidClientTokenId": {
        "query": ("InvalidClientTokenId", 403),
        OF_EC2: ("AuthFailure", 401),
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
    },
    "SignatureDoesNotMatch": {
        "query": ("SignatureDoesNotMatch", 403),
        OF_EC2: ("AuthFailure", 401),
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
    },
    "SignatureExpired": {
        "query": ("SignatureDoesNotMatch", 403),
        OF_EC2: ("RequestExpired", 400),
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
    },
    "SignatureNotYetCurrent": {
        "query": ("SignatureDoesNotMatch", 403),
        OF_EC2: ("AuthFailure", 401),
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
    },
    "ExpiredToken": {
        "query": ("ExpiredToken", 403),
        OF_EC2: ("RequestExpired", 400),
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
    },
}

_EC2_TEXTS = {
    "AuthFailure": "AWS was not able to validate the provided access credentials",
    "RequestExpired": "Request has expired.",
}


def codes(kind: Kind, protocol: str) -> tuple[str, int]:
    """The code and HTTP status of a failure in a protocol: `query`, `ec2`, `json` or `rest-json`."""
    return _CODES[kind][protocol]


def text_for(failure: AuthenticationFailure, protocol: str) -> str:
    """The message of a failure in a protocol: its own, but for the two codes where EC2 says less."""
    code, _ = codes(failure.kind, protocol)
    return _EC2_TEXTS.get(code, failure.message)


def read_claim(http: HttpRequest) -> Claim:
    """What a request claims, from its Authorization header or, presigned, from its query.

    Raises AuthenticationFailure: MissingAuthenticationToken, IncompleteSignature, or SignatureDoesNotMatch
    for a scope that no signature could fit.
    """
    authorization = http.headers.get("authorization")
    if authorization is not None:
        return _from_header(http, authorization)
    if "X-Amz-Algorithm" in http.query:
        return _from_query(http)
    raise _missing()


def _missing() -> AuthenticationFailure:
    return AuthenticationFailure("MissingAuthenticationToken", "Request is missing Authentication Token")


def _from_header(http: HttpRequest, authorization: str) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    fields = _fields(rest)
    if algorithm != ALGORITHM:
        raise AuthenticationFailure("IncompleteSignature", f"Unsupported AWS 'algorithm': '{algorithm}'.")
    headers = http.headers
    timestamp = headers.get("x-amz-date")
    date = timestamp or headers.get("date")
    absent = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not fields.get(name)
    ]
    if not date:
        absent.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if absent or not date:
        text = f"{' '.join(absent)} Authorization={authorization}"
        raise AuthenticationFailure("IncompleteSignature", text)
    return _claim(
        http,
        credential=fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        signature=fields["Signature"],
        signed_at=_basic_time(timestamp) if timestamp else _http_time(date),
        session_token=headers.get("x-amz-security-token"),
    )


def _fields(text: str) -> dict[str, str]:
    fields = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if equals:
            fields[name] = value
        elif name:
            hashed = b64encode(hashlib.sha256(text.encode()).digest()).decode()
            raise AuthenticationFailure(
                "IncompleteSignature",
                "Invalid key=value pair (missing equal-sign) in Authorization header "
                f"(hashed with SHA-256 and encoded with Base64): '{hashed}'.",
            )
    return fields


def _from_query(http: HttpRequest) -> Claim:
    parameters: dict[str, str] = {}
    for parameter in http.query.split("&"):
        name, _, value = parameter.partition("=")
        if name.startswith("X-Amz-"):
            parameters.setdefault(name, unquote(value.replace("+", " ")))
    algorithm = parameters.get("X-Amz-Algorithm")
    if algorithm is None:
        raise _missing()
    if algorithm != ALGORITHM:
        raise AuthenticationFailure("IncompleteSignature", f"Unsupported AWS 'algorithm': '{algorithm}'.")
    for name in ("X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"):
        if not parameters.get(name):
            text = (
                f"AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
            )
            raise AuthenticationFailure("IncompleteSignature", text)
    return _claim(
        http,
        credential=parameters["X-Amz-Credential"],
        signed_headers=parameters["X-Amz-SignedHeaders"],
        signature=parameters["X-Amz-Signature"],
        signed_at=_basic_time(parameters["X-Amz-Date"]),
        session_token=parameters.get("X-Amz-Security-Token"),
        expires_seconds=_expiry(parameters.get("X-Amz-Expires")),
        presigned=True,
    )


def _expiry(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= LONGEST_EXPIRY_SECONDS:
        return int(text)
    raise AuthenticationFailure(
        "IncompleteSignature",
        f"X-Amz-Expires must be between 1 and {LONGEST_EXPIRY_SECONDS} seconds (a week).",
    )


def _claim(
    http: HttpRequest,
    *,
    credential: str,
    signed_headers: str,
    signature: str,
    signed_at: tuple[datetime, str],
    session_token: str | None,
    expires_seconds: int | None = None,
    presigned: bool = False,
) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5:
        raise AuthenticationFailure(
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{credential}'",
        )
    access_key_id, date, region, service, terminator = parts
    moment, timestamp = signed_at
    if terminator != "aws4_request":
        raise AuthenticationFailure(
            "SignatureDoesNotMatch",
            f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'.",
        )
    if date != timestamp[:8]:
        raise AuthenticationFailure(
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{date}' != '{timestamp[:8]}', from '{timestamp}'.",
        )
    names = tuple(signed_headers.split(";"))
    _require_signed(http, names)
    return Claim(
        access_key_id,
        date,
        region,
        service,
        names,
        signature,
        session_token,
        moment,
        timestamp,
        expires_seconds,
        presigned,
    )


def _require_signed(http: HttpRequest, names: tuple[str, ...]) -> None:
    """Refuse a signature that leaves open which server, or which operation, it was meant for."""
    if "host" not in names:
        text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise AuthenticationFailure("SignatureDoesNotMatch", text)
    if "x-amz-target" in http.headers and "x-amz-target" not in names:
        text = "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."
        raise AuthenticationFailure("SignatureDoesNotMatch", text)


def _basic_time(text: str) -> tuple[datetime, str]:
    if _BASIC.fullmatch(text):
        try:
            return datetime.fromisoformat(text), text
        except ValueError:
            pass  # a thirteenth month, or the like
    raise _bad_date(text)


def _http_time(text: str) -> tuple[datetime, str]:
    """The time of a `Date` header: in HTTP's form, or in ISO 8601's basic form."""
    if _BASIC.fullmatch(text):
        return _basic_time(text)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        raise _bad_date(text) from None
    return moment, moment.strftime("%Y%m%dT%H%M%SZ")


def _bad_date(text: str) -> AuthenticationFailure:
    return AuthenticationFailure(
        "IncompleteSignature",
        f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601",
    )
