"""HTTP in, `gateway.handle` in a worker thread, HTTP out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from batchyard.wire.http import HttpRequest, HttpResponse

LARGEST_BODY = 16 * 1024 * 1024
"""The largest request body taken, in bytes."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = Callable[[HttpRequest], HttpResponse]


class Application:
    """An ASGI application. `unsigned` lists the routes that do not begin with a signature, by path."""

    def __init__(self, answer: Answer, *, unsigned: dict[str, Answer], threads: int) -> None:
        self._answer = answer
        self._unsigned = unsigned
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await _lifespan(receive, send)
            return
        body = await _body(receive)
        if body is None:
            await _respond(send, _too_large())
            return
        http = _request(scope, body)
        answer = self._unsigned.get(http.path, self._answer)
        response = await asyncio.get_running_loop().run_in_executor(self._pool, answer, http)
        await _respond(send, response)

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


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None where it is larger than LARGEST_BODY."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= LARGEST_BODY else None
    chunks = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
    return b"".join(chunks) if size <= LARGEST_BODY else None


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
