"""Sends requests that were signed before over some connections, as fast as they are answered, and counts.

A process of its own: `load.py HOST:PORT CONNECTIONS REQUESTS SECONDS` reads the requests from stdin (each its length
in four bytes, then the bytes of HTTP) and sends them in turn, over and over, until REQUESTS are answered or SECONDS
have passed. It prints one line of JSON: how many were answered with 2xx, how many otherwise, in how many seconds.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvloop


class Counts:
    """What all connections share."""

    def __init__(self, requests: list[bytes], *, most: int, seconds: float) -> None:
        self.requests: Iterator[bytes] = itertools.cycle(requests)
        self.left = most
        self.deadline = time.monotonic() + seconds
        self.good = 0
        self.bad = 0
        self.first_bad = ""

    def next(self) -> bytes | None:
        """The next request to send, or None at the end."""
        if self.left <= 0 or time.monotonic() > self.deadline:
            return None
        self.left -= 1
        return next(self.requests)


class Client(asyncio.Protocol):
    """One connection with one request under way."""

    def __init__(self, counts: Counts, done: asyncio.Future[None]) -> None:
        self._counts = counts
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        place = head.find(b"content-length:")
        length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        if head[9:10] == b"2":
            self._counts.good += 1
        else:
            self._counts.bad += 1
            self._counts.first_bad = self._counts.first_bad or self._buffer.decode("utf-8", "replace")
        self._buffer = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _send(self) -> None:
        request = self._counts.next()
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


async def main(address: str, connections: int, most: int, seconds: float, requests: list[bytes]) -> None:
    loop = asyncio.get_running_loop()
    host, port = address.split(":")
    counts = Counts(requests, most=most, seconds=seconds)
    started = time.monotonic()
    ends = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(functools.partial(Client, counts, end), host, int(port))
    await asyncio.gather(*ends)
    took = time.monotonic() - started
    print(json.dumps({"good": counts.good, "bad": counts.bad, "seconds": took, "firstBad": counts.first_bad}))


def read_requests(raw: bytes) -> list[bytes]:
    """The requests out of their lengths and bytes."""
    found, place = [], 0
    while place < len(raw):
        length = int.from_bytes(raw[place : place + 4], "big")
        found.append(raw[place + 4 : place + 4 + length])
        place += 4 + length
    return found


if __name__ == "__main__":
    given = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            main(
                given[0],
                int(given[1]),
                int(given[2]),
                float(given[3]),
                read_requests(sys.stdin.buffer.read()),
            )
        )
