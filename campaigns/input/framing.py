"""Messages whose framing is absurd: lengths, chunks, trailers, pipelines; and those that are never sent whole."""

from __future__ import annotations

from random import Random

from input.message import Ending, Message, Request

_LENGTHS = (b"-1", b"+1", b"1e3", b"0x10", b"", b" ", b"99999999999999999999999", b"18446744073709551616", b"9223372036854775807",
            b"1, 1", b"2, 3", b"\xff", b"1 1", b"16777217", b"1099511627776")  # fmt: skip
_HEAD = b"POST /v1/describejobs HTTP/1.1\r\nhost: x\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"
_RAW = (
    b"\r\n\r\n", b"\x00\x01\x02\x03", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n:\r\n\r\n",
    b"POST / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", b"GET / HTTP/1.1\n\n", b"GET  /  HTTP/1.1\r\n\r\n", b"\r\n" * 2000 + b"x\r\n",
    b"GET / HTTP/1.1\r\nx : y\r\n\r\n", b"GET / HTTP/1.1\r\nx\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", b"GET http://[::1 HTTP/1.1\r\n\r\n", b"{}\r\n\r\n",
    b"GET / HTTP/1.1\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
)  # fmt: skip
_CHUNKS = (
    b"0\r\n\r\n", b"-1\r\n\r\n", b"ffffffffffffffffff\r\nx\r\n0\r\n\r\n", b"2;ext=1;ext\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n",
    b"2\r\n{}\r\n0\r\nauthorization: x\r\nx-amz-date: y\r\n\r\n", b"g\r\n\r\n", b"02\r\n{}\r\n000\r\n\r\n", b"\r\n\r\n",
    b"2\r\n{}\r\n0\r\n" + b"t: x\r\n" * 500 + b"\r\n", b"2;" + b"x" * 9000 + b"\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n",
    b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"2\n{}\n0\n\n",
)  # fmt: skip
_WHOLE = {0, 3, 5, 7, 9, 10, 12}
"""The chunked bodies that end: an answer must come. The others may wait for more until the server's patience ends."""


def absurd_framing(random: Random, request: Request) -> Message:
    """A message that ends where no one can tell, or in too many ways."""
    how = random.choice(("length", "raw", "chunks", "smuggle", "pipeline", "chunked", "no length"))
    if how == "length":
        value = random.choice(_LENGTHS)
        waits = value in (b"99999999999999999999999",)
        data = _HEAD + b"content-length: " + value + b"\r\n\r\n{}"
        return Message(
            "framing", f"length {value!r}", data, ending="abort" if waits else "answer", alone=True
        )
    if how == "raw":
        data = random.choice(_RAW)
        # A line that has no end may yet become a request: it is cut, not waited for.
        ends = data.rstrip(b"\r\n").count(b"\n") or data.endswith(b"\r\n\r\n")
        return Message(
            "framing",
            f"raw {data[:20]!r}",
            data,
            ending="answer" if ends and data.strip() else "abort",
            alone=True,
        )
    if how == "chunks":
        place = random.randrange(len(_CHUNKS))
        ending: Ending = "answer" if place in _WHOLE else "abort"
        return Message(
            "framing",
            f"chunks {place}",
            _HEAD + _CHUNKED + b"\r\n" + _CHUNKS[place],
            ending=ending,
            alone=True,
        )
    if how == "smuggle":
        data = _HEAD + _CHUNKED + b"content-length: 5\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
        return Message("framing", "chunked and a length", data, answers=None, alone=True)
    if how == "pipeline":
        count = random.choice((2, 5, 40))
        return Message("framing", f"pipeline of {count}", request.data() * count, answers=count, alone=True)
    if how == "chunked":
        return Message("framing", "sound chunks", _chunked(random, request), alone=True)
    data = request.data(length=False)
    return Message("framing", "no length", data, answers=None, alone=True)


def _chunked(random: Random, request: Request) -> bytes:
    request.headers.append(("transfer-encoding", "chunked"))
    parts, place = [], 0
    while place < len(request.body):
        size = random.choice((1, 7, 100, 4096))
        piece = request.body[place : place + size]
        parts.append(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        place += size
    head = request.data(length=False)
    return head[: len(head) - len(request.body)] + b"".join(parts) + b"0\r\n\r\n"


def broken_off(random: Random, request: Request, *, stall: bool) -> Message:
    """A request of which only a part comes: then the connection is cut, or held open."""
    data = request.data()
    place = random.randrange(1, len(data))
    return Message(
        "stalled" if stall else "cut",
        f"{place} of {len(data)} bytes",
        data[:place],
        ending="stall" if stall else "abort",
        alone=True,
    )
