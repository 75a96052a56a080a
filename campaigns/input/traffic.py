"""Connections that send messages and read the answers; what is no lawful answer is a fault."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import orjson

from input.message import Message

ANSWER_SECONDS = 60.0
"""How long an answer may take, whatever else goes on."""

STALLED_SECONDS = 75.0
"""How soon the server must have ended a request that never comes whole."""


@dataclass
class Fault:
    """A message that was not answered lawfully."""

    number: int
    message: Message
    what: str

    def __str__(self) -> str:
        return f"number {self.number} ({self.message.kind}: {self.message.about}): {self.what}"


@dataclass
class Record:
    """What came back."""

    faults: list[Fault] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    stalled: int = 0


class Unanswered(Exception):
    """The connection ended, or nothing came, where an answer was due."""


class Traffic:
    """Sends numbered messages to one server over some connections."""

    def __init__(self, host: str, port: int, *, connections: int, say: Callable[[str], None] = print) -> None:
        self._say = say
        self.address = (host, port)
        self._connections = connections
        self._stalled: set[asyncio.Task[None]] = set()
        self.record = Record()

    async def send(self, messages: Iterator[tuple[int, Message]]) -> None:
        """Send all, each once; returns when all but the stalled ones are answered."""
        await asyncio.gather(*(self._worker(messages) for _ in range(self._connections)))

    async def settle(self) -> None:
        """Wait for the server to end what stalled."""
        if self._stalled:
            await asyncio.wait(self._stalled)

    async def _worker(self, messages: Iterator[tuple[int, Message]]) -> None:
        kept: Link | None = None
        for number, message in messages:
            self.record.sent += 1
            self.record.kinds[message.kind] += 1
            if message.ending == "stall":
                task = asyncio.ensure_future(self._stall(number, message))
                self._stalled.add(task)
                task.add_done_callback(self._stalled.discard)
                continue
            link = kept if not message.alone and kept is not None and kept.usable else await self._connect()
            try:
                await self._exchange(link, number, message)
            except (TimeoutError, Unanswered, OSError) as error:
                self._fault(number, message, f"{type(error).__name__} {error}")
                link.close()
            if message.alone:
                link.close()
            else:
                kept = link
        if kept is not None:
            kept.close()

    async def _connect(self) -> Link:
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(Link, *self.address)
        return link

    async def _exchange(self, link: Link, number: int, message: Message) -> None:
        link.write(message.data)
        if message.ending == "abort":
            link.abort()
            return
        for _ in range(1 if message.answers is None else message.answers):
            status, body = await asyncio.wait_for(link.answer(bodiless=message.bodiless), ANSWER_SECONDS)
            self.record.statuses[status] += 1
            if status >= 500 and status != 501:
                self._fault(number, message, f"{status} {body[:200]!r}")
            elif not _is_readable(body):
                self._fault(number, message, f"{status}, an answer that no client can read: {body[:200]!r}")
            if not link.usable:
                break  # said so itself: what was pipelined behind is not answered

    async def _stall(self, number: int, message: Message) -> None:
        """Hold a request that is not whole; a byte now and then, as those do who mean harm."""
        self.record.stalled += 1
        started = time.monotonic()
        try:
            link = await self._connect()
            link.write(message.data)
            while not link.ended.done() and time.monotonic() - started < STALLED_SECONDS:
                await asyncio.wait([link.ended], timeout=2)
                link.write(b"x")
            if not link.ended.done():
                self._fault(number, message, f"not ended within {STALLED_SECONDS} s")
            link.close()
        except OSError as error:
            self._fault(number, message, f"{type(error).__name__} {error}")

    def _fault(self, number: int, message: Message, what: str) -> None:
        fault = Fault(number, message, what)
        self.record.faults.append(fault)
        self._say(str(fault))


def _is_readable(body: bytes) -> bool:
    """Whether a body that begins like JSON or XML is that to its end."""
    try:
        if body[:1] == b"{":
            orjson.loads(body)
        elif body[:1] == b"<":
            expat.ParserCreate().Parse(body, True)
    except (orjson.JSONDecodeError, expat.ExpatError):
        return False
    return True


class Link(asyncio.Protocol):
    """One connection, one answer at a time."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[None] | None = None
        self.usable = True
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        if not self.ended.done():
            self.ended.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        self.usable = False
        self._transport.close()

    def abort(self) -> None:
        self.usable = False
        self._transport.abort()

    async def answer(self, *, bodiless: bool) -> tuple[int, bytes]:
        """Status and body of the next answer; raises Unanswered."""
        while True:
            found = self._take(bodiless=bodiless)
            if found is not None:
                return found
            if self.ended.done():
                raise Unanswered(f"closed after {self._buffer[:80]!r}")
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting

    def _take(self, *, bodiless: bool) -> tuple[int, bytes] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._buffer[:end].lower()
        status = int(head[9:12])
        if status == 100:
            self._buffer = self._buffer[end + 4 :]
            return self._take(bodiless=bodiless)
        place = head.find(b"\r\ncontent-length:")
        length = int(head[place + 17 :].split(b"\r\n", 1)[0]) if place >= 0 and not bodiless else 0
        if len(self._buffer) < end + 4 + length:
            return None
        body = self._buffer[end + 4 : end + 4 + length]
        self._buffer = self._buffer[end + 4 + length :]
        if b"\r\nconnection: close" in head:
            self.usable = False
        return status, body
