"""One HTTP connection: uvicorn's, with bounds on what a client may send and how long it may take.

uvicorn bounds only the idle time between two requests. Without more, a client that sends a byte a minute, or a header
without end, keeps its connection and its memory for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
"""The most bytes of request line and headers that are collected before a request is refused."""

LARGEST_MESSAGE = 64 * 1024 * 1024
"""The most bytes of one request that are read at all: what is over the largest body is refused, but read on a while,
so that the client gets to see the refusal."""

PATIENCE_SECONDS = 20.0
"""How long a request may take to arrive, and a new connection to begin a request."""

SLOWEST_BYTES_PER_SECOND = 16 * 1024
"""A long request may take longer, as long as it keeps arriving at least this fast."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection, ended where a request is too slow or its head too large."""

    patience_seconds: ClassVar[float] = PATIENCE_SECONDS

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._in_head = False
        self._received = 0
        self._waiting_since: float | None = self.loop.time()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self._in_head and self._received > LARGEST_HEAD:
            self._refuse(431, "Request Header Fields Too Large")
        elif self._received > LARGEST_MESSAGE:
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._received = 0
        self._waiting_since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        # What comes after the body as a trailer is no header: nobody signed it as a header.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._received = 0
        self._waiting_since = None

    def end_if_stalled(self, now: float) -> None:
        """Close the connection if what it waits for has taken too long; `now` is the loop's time."""
        since = self._waiting_since
        if since is None or self.transport.is_closing():
            return
        if now - since > self.patience_seconds + self._received / SLOWEST_BYTES_PER_SECOND:
            self._refuse(408, "Request Timeout")

    def _refuse(self, status: int, text: str) -> None:
        """Say why, unless nothing was asked or something was answered already, and close."""
        if self.transport.is_closing():
            return
        answered = self.cycle is not None and self.cycle.response_started and not self._in_head
        if not answered and (self._in_head or self.cycle is not None):
            head = f"HTTP/1.1 {status} {text}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode())
        self.transport.close()


async def end_stalled(connections: Iterable[Any]) -> None:
    """Look over the connections of a server for stalled connections, for ever: one timer for all of them."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(1)
        for one in list(connections):
            if isinstance(one, Connection):
                one.end_if_stalled(loop.time())
