"""Batchyard's own routes: health, reset, the test clock, token issuers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import orjson

from batchyard.hosts import is_loopback
from batchyard.identity.token_issuers import ROOT as ISSUERS
from batchyard.server.asgi import Answer
from batchyard.wire.http import HttpRequest, HttpResponse

CONFIRMED = ("x-batchyard-confirm", "yes")
"""What a request that changes something must have: a web page of another origin cannot set it without being asked for
leave first (Fetch standard: no CORS-safelisted request-header)."""


def routes(
    *,
    health: Callable[[bool], dict[str, object]],
    reset: Callable[[str | None], None] | None,
    advance: Callable[[float], None] | None,
    issuer_document: Callable[[str], dict[str, object] | None],
    refusal_of_route: Callable[[HttpRequest], str | None],
) -> dict[str, Answer]:
    """The routes that do not begin with a signature. `reset` and `advance` are None where they are closed.

    `refusal_of_route` is asked by those that change something. `issuer_document(path)` is what an account's token
    issuer publishes there, for everybody; None: nothing.
    """

    def on_health(http: HttpRequest) -> HttpResponse:
        details = parse_qs(http.query).get("details") == ["1"]
        return _json(200, health(details))

    def refusal(http: HttpRequest, is_open: bool) -> HttpResponse | None:
        if not is_open or not is_loopback(http.source_ip):
            return _json(403, {"message": "this route is closed on this server"})
        if (stranger := refusal_of_route(http)) is not None:
            return _json(403, {"message": stranger})
        if http.method != "POST":
            return _json(405, {"message": "this route takes POST"})
        name, value = CONFIRMED
        if http.headers.get(name) != value:
            return _json(403, {"message": f"{http.path} takes the header `X-Batchyard-Confirm: {value}`"})
        return None

    def on_reset(http: HttpRequest) -> HttpResponse:
        if refused := refusal(http, reset is not None):
            return refused
        account = parse_qs(http.query).get("account", [None])[0]
        if reset is not None:
            reset(account)
        return _json(200, {"reset": account or "all"})

    def on_clock(http: HttpRequest) -> HttpResponse:
        if refused := refusal(http, advance is not None):
            return refused
        try:
            seconds = float(parse_qs(http.query).get("advance", [""])[0])
            if advance is not None:
                advance(seconds)
        except (ValueError, OverflowError):
            return _json(400, {"message": "`advance` takes a number of seconds, not negative"})
        return _json(200, {"advanced": seconds})

    def on_issuer(http: HttpRequest) -> HttpResponse:
        if http.method != "GET":
            return _json(405, {"message": "this route takes GET"})
        document = issuer_document(http.path)
        return _json(404, {"message": "nothing is here"}) if document is None else _json(200, document)

    return {
        "/_batchyard/health": on_health,
        "/_batchyard/reset": on_reset,
        "/_batchyard/clock": on_clock,
        ISSUERS: on_issuer,
    }


def _json(status: int, body: object) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, orjson.dumps(body))
