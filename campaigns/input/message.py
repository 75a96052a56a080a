"""One generated request as bytes, and signatures fast enough to make a million of them."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

Ending = Literal["answer", "abort", "stall"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request is signed with."""

    key: str
    secret: str
    token: str | None = None


@dataclass(slots=True)
class Message:
    """What is sent, and what must come back."""

    kind: str
    about: str
    """What it is, in a few words: the operation, or what is wrong with it."""
    data: bytes
    answers: int | None = 1
    """How many answers must come; None: one at least, or more."""
    bodiless: bool = False
    """The answer is to HEAD: its Content-Length announces what does not come."""
    ending: Ending = "answer"
    """`abort`: the connection is cut after the data; `stall`: it is held open until the server ends it."""
    alone: bool = False
    """Sent on a connection of its own."""


@dataclass(slots=True)
class Request:
    """A request before it is written: a kind may spoil any of it, before or after it is signed."""

    service: str
    method: str
    path: str
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    region: str = "us-east-1"

    def sign(self, credentials: Credentials, *, at: float | None = None) -> Request:
        """Add an Authorization header that is true of the request as it stands."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        self.headers.append(("x-amz-date", stamp))
        if credentials.token:
            self.headers.append(("x-amz-security-token", credentials.token))
        signed = sorted({name: value for name, value in self.headers if name in _SIGNED}.items())
        names = ";".join(name for name, _ in signed)
        lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in signed)
        digest = hashlib.sha256(self.body).hexdigest()
        canonical = f"{self.method}\n{quote(self.path.encode('utf-8', 'surrogateescape'), safe='/~')}\n{self.query}\n{lines}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
        key = signing_key(credentials.secret, stamp[:8], self.region, self.service)
        signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}".encode(), "sha256").hex()
        value = f"AWS4-HMAC-SHA256 Credential={credentials.key}/{scope}, SignedHeaders={names}, Signature={signature}"
        self.headers.append(("authorization", value))
        return self

    def data(self, *, length: bool = True) -> bytes:
        """The bytes of HTTP; without a Content-Length where `length` is false."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        if length and (self.body or self.method != "GET"):
            lines.append(f"content-length: {len(self.body)}")
        head = "\r\n".join((*lines, "", ""))
        return head.encode("utf-8", "surrogateescape") + self.body


_SIGNED = frozenset({"host", "x-amz-date", "x-amz-target", "x-amz-security-token", "content-type"})


@functools.lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that signs for one day, Region and service."""
    key = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def presigned_query(credentials: Credentials, service: str, region: str, **changed: str) -> dict[str, str]:
    """The parameters of a presigned URL; the signature is absurd."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.key}/{stamp[:8]}/{region}/{service}/aws4_request",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": "300",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
        **changed,
    }


def as_json(value: Any) -> bytes:
    """JSON as a careless client writes it: NaN, lone surrogates and whatever else Python lets through."""
    return json.dumps(value, default=str).encode("utf-8", "surrogatepass")
