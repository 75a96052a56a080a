"""CORS (Fetch standard, 3.3): what a browser is told, so that pages of the allowed origins may use the server. Pure."""

from __future__ import annotations

from collections.abc import Collection

from batchyard.wire.http import HttpRequest, HttpResponse

_EXPOSED = "x-amzn-requestid, x-amzn-errortype, x-amzn-query-error"
"""The headers of our answers that SDKs read."""
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_KEPT_SECONDS = "600"


class Cors:
    """Opens the server to web pages of some origins; every other page gets what it got without CORS."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def allows(self, http: HttpRequest) -> bool:
        """Whether the request comes from a page of an allowed origin."""
        return http.headers.get("origin") in self._origins

    def preflight(self, http: HttpRequest) -> HttpResponse | None:
        """The answer to a browser that asks before it sends; None for any other request."""
        if http.method != "OPTIONS" or "access-control-request-method" not in http.headers:
            return None
        headers = {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": http.headers.get("access-control-request-headers", ""),
            "access-control-max-age": _KEPT_SECONDS,
        }
        if "access-control-request-private-network" in http.headers:
            headers["access-control-allow-private-network"] = "true"
        return self.opened(http, HttpResponse(200, headers, b""))

    def opened(self, http: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The answer, with what lets the page read it. The request must be of an allowed origin."""
        response.headers |= {
            "access-control-allow-origin": http.headers["origin"],
            "access-control-expose-headers": _EXPOSED,
            "vary": "Origin",
        }
        return response
