"""HTTP in, `gateway.handle` on the loop's own thread, HTTP out.

A call is Python from end to end, so a thread of its own would only fight for the interpreter: measured with eight
connections, handing each request to a worker thread cost about as much again as the call itself. A write does not
hold the loop: its answer is awaited until the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from batchyard.gateway.pending import Outcome, Pending, Write
from batchyard.server.body import LARGE_AT_ONCE, LARGE_BODY, Gone, Receive, TooLarge, begin, rest
from batchyard.wire.http import HttpRequest, HttpResponse

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = Callable[[HttpRequest], HttpResponse]
Receiver = Callable[[HttpRequest], HttpResponse | Pending]
DoWrite = Callable[[Write], Awaitable[Outcome]]
"""Does an admitted write; done once it is on disk."""


class Application:
    """An ASGI application. `unsigned` lists the routes that do not begin with a signature, by path.

    A path that ends in a slash is the route of all below it.
    """

    def __init__(
        self, receiver: Receiver, write: DoWrite, *, unsigned: dict[str, Answer], threads: int
    ) -> None:
        self._receiver = receiver
        self._write = write
        self._unsigned = {path: answer for path, answer in unsigned.items() if not path.endswith("/")}
        self._unsigned_below = {path: answer for path, answer in unsigned.items() if path.endswith("/")}
        self._roots = tuple(self._unsigned_below)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
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
            await _respond(send, await self._response(_request(scope, bytes(body))))
            return
        async with self._large:
            whole = bytes(await rest(receive, body))
            await _respond(send, await self._response(_request(scope, whole)))

    async def _response(self, http: HttpRequest) -> HttpResponse:
        unsigned = self._find_unsigned(http.path)
        loop = asyncio.get_running_loop()
        if unsigned is not None:
            return await loop.run_in_executor(self._pool, unsigned, http)
        if len(http.body) < LARGE_BODY:
            received = self._receiver(http)
        else:
            received = await loop.run_in_executor(self._pool, self._receiver, http)
        if isinstance(received, HttpResponse):
            return received
        try:
            outcome = await self._write(received.write)
        except Exception as error:
            return received.finish(error)
        return received.finish(outcome)

    def _find_unsigned(self, path: str) -> Answer | None:
        # Nearly every request has a signature: one test of the path tells those from the rest.
        if not path.startswith(self._roots):
            return self._unsigned.get(path)
        return next(answer for root, answer in self._unsigned_below.items() if path.startswith(root))

    def close(self) -> None:
        """Wait for the requests under way."""
        self._pool.shutdown(wait=True)


def _request(scope: Scope, body: bytes) -> HttpRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client")
    return HttpRequest(
        method=scope["method"],
        path=raw_path.decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        source_ip=client[0] if client else "127.0.0.1",
        secure=scope.get("scheme") == "https",
    )


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
    body = b'{"__type":"RequestEntityTooLargeException","message":"Request body is larger than 16 MiB"}'
    return HttpResponse(413, {"content-type": "application/json"}, body)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
