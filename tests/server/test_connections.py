"""What a client may send over a connection, and for how long: bounds that uvicorn alone does not set."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from batchyard.server.body import LARGEST_BODY
from batchyard.server.connection import LARGEST_HEAD, Connection

Connect = Callable[[], socket.socket]
HEAD = b"POST /v1/describejobs HTTP/1.1\r\nHost: here\r\n"
HEALTH = b"GET /_batchyard/health HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
def connect(endpoint: str) -> Iterator[Connect]:
    """`connect()`: a socket to the server."""
    parts = urlsplit(endpoint)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection((parts.hostname, parts.port), 20))


def received(one: socket.socket) -> bytes:
    """All that the server sends until it closes the connection."""
    found = b""
    while piece := one.recv(65536):
        found += piece
    return found


def answered(one: socket.socket) -> bytes:
    """The status line of the next answer, which is read to its end."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = one.recv(65536)
        assert piece, found
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += one.recv(65536)
    return head.split(b"\r\n", 1)[0]


def test_connections_that_stall_are_ended(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a head, half a body, a chunk without end: 408; nothing at all is closed without a word."""
    monkeypatch.setattr(Connection, "patience_seconds", 0.2)
    silent, half_head, half_body, half_chunk, again = (connect() for _ in range(5))
    half_head.sendall(HEAD)
    half_body.sendall(HEAD + b"Content-Length: 10\r\n\r\n{")
    half_chunk.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n{")
    again.sendall(HEALTH)
    assert answered(again) == b"HTTP/1.1 200 OK"
    again.sendall(HEAD)
    assert received(silent) == b""
    for one in (half_head, half_body, half_chunk, again):
        assert received(one).startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_between_two_requests_is_kept(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "patience_seconds", 0.2)
    idle, stalled = connect(), connect()
    idle.sendall(HEALTH)
    assert answered(idle) == b"HTTP/1.1 200 OK"
    stalled.sendall(HEAD)
    assert received(stalled)
    idle.sendall(HEALTH)
    assert answered(idle) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "head", [HEAD + b"X: " + b"x" * (4 * LARGEST_HEAD), b"GET /" + b"x" * 4 * LARGEST_HEAD]
)
def test_a_head_without_end_is_refused(connect: Connect, head: bytes) -> None:
    one = connect()
    one.sendall(head)
    assert answered(one).startswith(b"HTTP/1.1 431 ")


def test_a_body_announced_too_large_is_refused_before_it_comes(connect: Connect) -> None:
    one = connect()
    one.sendall(HEAD + f"Content-Length: {LARGEST_BODY + 1}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert answered(one).startswith(b"HTTP/1.1 413 ")


def test_chunks_without_end_are_refused_while_they_come(connect: Connect) -> None:
    one = connect()
    one.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    for _ in range(LARGEST_BODY // 0x100000 + 1):
        one.sendall(chunk)
    assert answered(one).startswith(b"HTTP/1.1 413 ")
    one.sendall(b"0\r\n\r\n" + HEALTH)
    assert answered(one) == b"HTTP/1.1 200 OK"


def test_what_trails_a_body_is_no_header(connect: Connect) -> None:
    """A signature after the body would be read as the request's: it is as if it were not there."""
    one = connect()
    one.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: nonsense\r\n\r\n")
    assert answered(one).startswith(b"HTTP/1.1 403 ")
