"""HTTP in, `gateway.handle` on the loop's own thread, HTTP out.

A call is Python from end to end, so a thread of its own would only fight for the interpreter: measured with eight
connections, handing each request to a worker thread cost about as much again as the call itself. A write does not
hold the loop: its answer is awaited until the commit. Heavy calls take turns (`turns.py`): those that say so by
themselves, those with a large body, and all of a caller whose calls were costly just now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from batchyard import ids
from batchyard.clock import cpu_seconds
from batchyard.gateway.pending import Deferred, Outcome, Pending, Write
from batchyard.server.body import HEAVY_BODY, LARGE_AT_ONCE, Gone, Receive, TooLarge, begin, rest
from batchyard.server.cors import Cors
from batchyard.server.proxies import Proxies
from batchyard.server.turns import COSTLY_SECONDS, CostlyCallers, Turns
from batchyard.store.transaction import Transaction
from batchyard.wire.http import HttpRequest, HttpResponse

_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = Callable[[HttpRequest], HttpResponse]
DoWrite = Callable[[Write], Awaitable[Outcome]]
"""Does an admitted write; done once it is on disk."""


class Receiver(Protocol):
    """The gateway's `handle`."""

    def __call__(self, http: HttpRequest, *, in_turn: bool = False) -> HttpResponse | Pending | Deferred: ...


class Application:
    """An ASGI application. `unsigned` lists the routes that do not begin with a signature, by path.

    A path that ends in a slash is the route of all below it.
    """

    def __init__(
        self,
        receiver: Receiver,
        write: DoWrite,
        *,
        unsigned: dict[str, Answer],
        cors: Cors,
        proxies: Proxies,
        threads: int,
    ) -> None:
        self._receiver = receiver
        self._write = write
        self._unsigned = {path: answer for path, answer in unsigned.items() if not path.endswith("/")}
        self._unsigned_below = {path: answer for path, answer in unsigned.items() if path.endswith("/")}
        self._roots = tuple(self._unsigned_below)
        self._cors = cors
        self._proxies = proxies
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._turns = Turns()
        self._costly = CostlyCallers()
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await _lifespan(receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except TooLarge:
            await _respond(send, _too_large())
        except Gone:
            return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = await begin(receive, _declared_length(scope))
        if not more:
            await _respond(send, await self._response(_request(scope, bytes(body), self._proxies)))
            return
        async with self._large:
            whole = bytes(await rest(receive, body))
            await _respond(send, await self._response(_request(scope, whole, self._proxies)))

    async def _response(self, http: HttpRequest) -> HttpResponse:
        if "origin" in http.headers and self._cors.allows(http):
            return self._cors.preflight(http) or self._cors.opened(http, await self._answered(http))
        return await self._answered(http)

    async def _answered(self, http: HttpRequest) -> HttpResponse:
        unsigned = self._find_unsigned(http.path)
        if unsigned is not None:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, unsigned, http)
            except Exception:
                return _failed(http)
        if len(http.body) < HEAVY_BODY and not (self._costly and _caller(http) in self._costly):
            started = cpu_seconds()
            received = self._receiver(http)
            if cpu_seconds() - started > COSTLY_SECONDS:
                self._costly.note(_caller(http))
            if isinstance(received, HttpResponse):
                return received
            if isinstance(received, Pending):
                self._turns.begin_light()
                try:
                    return await self._written(received, http)
                finally:
                    self._turns.end_light()
        return await self._in_turn(http)

    async def _in_turn(self, http: HttpRequest) -> HttpResponse:
        """A heavy call: alone among the heavy calls, until its write is on disk.

        A call that is deferred again has prepared a part of what it needs, and takes another turn for the next.
        """
        while True:
            async with self._turns.take(_caller(http)):
                received = self._receiver(http, in_turn=True)
                if isinstance(received, Pending):
                    return await self._written(received, http)
            if isinstance(received, HttpResponse):
                return received

    async def _written(self, pending: Pending, http: HttpRequest) -> HttpResponse:
        def write(tx: Transaction) -> Outcome:
            started = cpu_seconds()
            outcome = pending.write(tx)
            if cpu_seconds() - started > COSTLY_SECONDS:
                self._costly.note(_caller(http))
            return outcome

        try:
            outcome = await self._write(write)
        except Exception as error:
            return pending.finish(error)
        return pending.finish(outcome)

    def _find_unsigned(self, path: str) -> Answer | None:
        # Nearly every request has a signature: one test of the path tells those from the rest.
        if not path.startswith(self._roots):
            return self._unsigned.get(path)
        return next(answer for root, answer in self._unsigned_below.items() if path.startswith(root))

    def close(self) -> None:
        """Wait for the requests under way."""
        self._pool.shutdown(wait=True)


def _request(scope: Scope, body: bytes, proxies: Proxies) -> HttpRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client")
    peer = client[0] if client else "127.0.0.1"
    return HttpRequest(
        method=scope["method"],
        path=raw_path.decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        source_ip=proxies.source(peer, headers),
        secure=scope.get("scheme") == "https" or proxies.is_secure(peer, headers),
        version=scope.get("http_version", "1.1"),
    )


def _caller(http: HttpRequest) -> str:
    """Who says to call: the access key's id, not verified, or the address where there is none."""
    _, found, rest = http.headers.get("authorization", "").partition("Credential=")
    return rest.partition("/")[0] if found else http.source_ip


def _declared_length(scope: Scope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"content-length"), None)


async def _respond(send: Send, response: HttpResponse) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
    ]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _too_large() -> HttpResponse:
    body = b'{"__type":"RequestEntityTooLargeException","message":"Request body is larger than 8 MiB"}'
    return HttpResponse(413, {"content-type": "application/json"}, body)


def _failed(http: HttpRequest) -> HttpResponse:
    """An own route raised what it does not know: a bug of ours, told by a request id that the log has, too."""
    request_id = ids.uuid4()
    _log.exception("%s %s failed, request id %s", http.method, http.path, request_id)
    body = f'{{"code":"InternalFailure","message":"Internal failure","requestId":"{request_id}"}}'.encode()
    return HttpResponse(500, {"content-type": "application/json", "x-amzn-requestid": request_id}, body)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
