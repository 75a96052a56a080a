"""Requests as a web page's script has its browser send them: signed with what everybody knows, without a preflight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from conftest import client
from gateway.raw_requests import Raw

EVIL = "https://evil.example"
PAGE: Mapping[str, str] = {
    "origin": EVIL,
    "referer": f"{EVIL}/",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "empty",
    "content-type": "text/plain;charset=UTF-8",
}
"""What Chromium adds to fetch(…, {method: "POST", mode: "no-cors", body: "…"}) of a page on another site."""

IMAGE: Mapping[str, str] = {
    "referer": f"{EVIL}/",
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "image",
}
"""What it adds to <img src=…>."""


class _OfPosts(auth.SigV4QueryAuth):
    """Signs in the query and leaves the body where it is; botocore's own would move it into the query, too."""

    def _modify_request_before_signing(self, request: Any) -> None:
        body, request.data = request.data, b""
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # botocore's types leave it out
        request.data = body


def posted(
    endpoint: str, path: str, body: Any, *, key: str, secret: str = "test", service: str = "batch"
) -> Raw:
    """A simple POST of a JSON body, signed in its query over the host alone."""
    request = AWSRequest(method="POST", url=endpoint + path, data=json.dumps(body).encode())
    _OfPosts(Credentials(key, secret), service, "us-east-1", expires=604800).add_auth(request)
    assert request.url is not None
    return _raw("POST", request.url, request.data or b"")


def shown(
    endpoint: str, service: str, operation: str, *, key: str, secret: str = "test", **request: Any
) -> Raw:
    """The GET of an image whose address is a presigned call of the query protocol."""
    made = client(endpoint, service, access_key=key, secret=secret)
    url = made.generate_presigned_url(operation, Params=request, HttpMethod="GET", ExpiresIn=604800)
    return _raw("GET", url, b"")


def _raw(method: str, url: str, body: bytes) -> Raw:
    parts = urlsplit(url)
    return Raw(method, f"{parts.path or '/'}?{parts.query}", {"host": parts.netloc}, body)
