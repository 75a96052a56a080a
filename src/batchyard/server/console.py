"""The console's own routes: its files, sign-in, and AWS's federation endpoint. All else it asks of AWS's operations.

A page of another origin gets nothing done here: a sign-in takes JSON, which a browser sends to another origin only with
leave (Fetch standard, CORS), and there are no cookies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import orjson

from batchyard import ids
from batchyard.data.partitions import GLOBAL_REGION, regions_of
from batchyard.framework.errors import ApiError
from batchyard.framework.signing_in import SignIn
from batchyard.gateway.authenticate import Keys
from batchyard.gateway.console_sessions import ConsoleSessions, SignInRefused
from batchyard.identity.session import Origin
from batchyard.server.asgi import Answer
from batchyard.server.console_files import ABSENT, INDEX, ConsoleFile, console_files
from batchyard.wire.http import HttpRequest, HttpResponse

ROOT = "/console/"
FEDERATION = "/federation"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The stylesheets hold their fonts as data: URLs."""
_SAFE = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}
_LONGEST_DURATION = 43200
_SHORTEST_DURATION = 900


def console_routes(sessions: ConsoleSessions, *, develops: bool) -> dict[str, Answer]:
    """The routes. `develops`: development credentials sign as root, and the sign-in page offers them."""
    own: dict[str, Answer] = {
        "about.json": lambda _: _json(200, _about(develops)),
        "signin": lambda http: _posted(http, lambda body: _sign_in(sessions, http, body)),
        "federation": lambda http: _posted(
            http, lambda body: _credentials(sessions.redeem(_text(body, "token")))
        ),
    }

    def on_console(http: HttpRequest) -> HttpResponse:
        name = http.path.removeprefix(ROOT)
        route = own.get(name)
        return _page(http, name) if route is None else route(http)

    def on_root(http: HttpRequest) -> HttpResponse:
        return _redirect(ROOT)

    def on_federation(http: HttpRequest) -> HttpResponse:
        try:
            return _federation(sessions, http)
        except (SignInRefused, ApiError) as error:
            return _json(400, {"code": error.code, "message": error.message})

    return {ROOT: on_console, ROOT.rstrip("/"): on_root, FEDERATION: on_federation}


def _page(http: HttpRequest, name: str) -> HttpResponse:
    """A built file by its name; any other path is a page of the console, which its script tells apart."""
    if http.method not in ("GET", "HEAD"):
        return _json(405, {"message": "this route takes GET"})
    files = console_files()
    if not files:
        return HttpResponse(404, {**_SAFE, "content-type": "text/html; charset=utf-8"}, ABSENT)
    found = files.get(name)
    if found is not None:
        return _file(http, found)
    if name.startswith("assets/"):
        return _json(404, {"message": "nothing is here"})
    return _file(http, files[INDEX])


def _file(http: HttpRequest, found: ConsoleFile) -> HttpResponse:
    headers = {
        **_SAFE,
        "content-type": found.content_type,
        "cache-control": "public, max-age=31536000, immutable" if found.hashed else "no-cache",
        "etag": found.etag,
        "vary": "accept-encoding",
    }
    if http.headers.get("if-none-match") == found.etag:
        return HttpResponse(304, headers, b"")
    if "gzip" in http.headers.get("accept-encoding", ""):
        return HttpResponse(200, {**headers, "content-encoding": "gzip"}, found.packed)
    return HttpResponse(200, headers, found.body)


def _about(develops: bool) -> dict[str, Any]:
    partitions = [{"name": name, "regions": regions_of(name)} for name in GLOBAL_REGION]
    return {"developmentCredentials": develops, "partitions": partitions}


def _posted(http: HttpRequest, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> HttpResponse:
    if http.method != "POST":
        return _json(405, {"message": "this route takes POST"})
    if http.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _json(415, {"message": "this route takes application/json"})
    try:
        body = orjson.loads(http.body)
        if not isinstance(body, dict):
            raise ValueError("the body is no object")
        return _json(200, answer(body))
    except SignInRefused as error:
        return _json(403, {"code": error.code, "message": error.message})
    except ValueError as error:
        return _json(400, {"code": "ValidationError", "message": str(error)})


def _sign_in(sessions: ConsoleSessions, http: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
    asked = SignIn(
        account=_text(body, "account"),
        user_name=_text(body, "user"),
        password=_text(body, "password"),
        code=_text(body, "mfaCode") if "mfaCode" in body else None,
    )
    new_password = _text(body, "newPassword") if "newPassword" in body else None
    partition = _text(body, "partition") if "partition" in body else "aws"
    credentials = sessions.sign_in(partition, asked, new_password=new_password, origin=_origin(http))
    return _shown(
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
        credentials["Expiration"].timestamp(),
    )


def _credentials(claims: dict[str, Any]) -> dict[str, Any]:
    return _shown(claims["key"], claims["secret"], claims["token"], claims["expires"])


def _shown(key: str, secret: str, token: str, expires: float) -> dict[str, Any]:
    return {
        "accessKeyId": key,
        "secretAccessKey": secret,
        "sessionToken": token,
        "expiresAt": int(expires * 1000),
    }


def _federation(sessions: ConsoleSessions, http: HttpRequest) -> HttpResponse:
    """AWS's federation endpoint: Action=getSigninToken, then Action=login, which leads into the console."""
    given = http.body.decode("utf-8", "replace") if http.method == "POST" else http.query
    asked = {name: values[-1] for name, values in parse_qs(given).items()}
    action = asked.get("Action")
    if action == "getSigninToken":
        keys, secret = _session(asked.get("Session", ""))
        token = sessions.signin_token(keys, secret, _duration(asked.get("SessionDuration")), http)
        return _json(200, {"SigninToken": token})
    if action == "login":
        page = _destination(asked.get("Destination", ""))
        return _redirect(f"{page}#{urlencode({'SigninToken': asked.get('SigninToken', '')})}")
    raise ApiError("ValidationError", "Action is to be getSigninToken or login", status=400)


def _session(text: str) -> tuple[Keys, str]:
    """`{"sessionId", "sessionKey", "sessionToken"}`; without a token it is an access key's."""
    try:
        session = orjson.loads(text)
        keys = Keys(_text(session, "sessionId"), session.get("sessionToken") or None)
        return keys, _text(session, "sessionKey")
    except (ValueError, AttributeError) as error:
        raise ApiError("ValidationError", f"Session is malformed: {error}", status=400) from None


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    seconds = int(text) if text.isascii() and text.isdigit() else 0
    if not _SHORTEST_DURATION <= seconds <= _LONGEST_DURATION:
        message = f"SessionDuration is to be {_SHORTEST_DURATION} to {_LONGEST_DURATION} seconds"
        raise ApiError("ValidationError", message, status=400)
    return seconds


def _destination(url: str) -> str:
    """The console's page that a destination means: its path here, whichever host it names; else the first page."""
    _, found, rest = url.partition(ROOT)
    path = rest.partition("#")[0]
    return ROOT + quote(path, safe="/?=&:%-._~") if found else ROOT


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is to be a text")
    return value


def _origin(http: HttpRequest) -> Origin:
    return Origin(
        source_ip=http.source_ip,
        user_agent=http.headers.get("user-agent", ""),
        secure=http.secure,
        request_id=ids.uuid4(),
        outside=True,
    )


def _redirect(where: str) -> HttpResponse:
    return HttpResponse(302, {**_SAFE, "location": where, "cache-control": "no-store"}, b"")


def _json(status: int, body: object) -> HttpResponse:
    headers = {**_SAFE, "content-type": "application/json", "cache-control": "no-store"}
    return HttpResponse(status, headers, orjson.dumps(body))
