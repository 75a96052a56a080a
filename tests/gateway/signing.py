"""Requests signed by botocore, as Batchyard's server would receive them."""

from __future__ import annotations

from datetime import datetime
from unittest import mock
from urllib.parse import urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from batchyard.wire.http import HttpRequest


def signed_by_botocore(
    signer: type[auth.SigV4Auth],
    credentials: Credentials,
    *,
    service: str,
    region: str,
    at: datetime,
    method: str = "POST",
    url: str = "http://127.0.0.1:4566/",
    headers: dict[str, str] | None = None,
    body: bytes | dict[str, str] = b"",
) -> HttpRequest:
    """A request signed as of `at`, with the Host header that an HTTP client adds.

    A signer of presigned requests moves the body, a form then, into the query.
    """
    request = AWSRequest(method=method, url=url, headers=headers or {}, data=body)
    with mock.patch.object(auth, "get_current_datetime", return_value=at.replace(tzinfo=None)):
        signer(credentials, service, region).add_auth(request)
    return received(request)


def received(request: AWSRequest) -> HttpRequest:
    """A request of botocore's as the server reads it off the socket."""
    assert request.method is not None
    assert request.url is not None
    parts = urlsplit(request.url)
    # Neither botocore's signature nor an HTTP client's Host header has the default port.
    headers = {"host": parts.netloc.removesuffix(":80")}
    for name, value in request.headers.items():
        headers[name.lower()] = value.decode("latin-1") if isinstance(value, bytes) else value
    return HttpRequest(
        method=request.method,
        path=parts.path,
        query=parts.query,
        headers=headers,
        body=request.data if isinstance(request.data, bytes) else b"",
    )
