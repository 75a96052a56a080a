"""Reads an attempt's output file as lines for CloudWatch Logs."""

import codecs
import os

from batchyard.engines.contract import LogChunk

LONGEST_MESSAGE = 256 * 1024 - 26
"""Bytes of UTF-8 in one event: PutLogEvents counts 26 more for each."""

CHUNK_BYTES = 1 << 20


def read_chunk(path: str, *, cursor: str, limit: int, has_ended: bool) -> LogChunk:
    """Lines from `cursor` (an offset in bytes; empty: 0) on, stamped with the file's last change before the read.

    None was written later. Invalid UTF-8 becomes U+FFFD; a line that is too long is split between characters; a rest
    without newline is left for later unless the attempt `has_ended`.
    """
    offset = int(cursor or 0)
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115
    except FileNotFoundError:
        return LogChunk([], cursor)
    with file:
        stat = os.fstat(file.fileno())
        if offset >= stat.st_size:
            return LogChunk([], cursor)
        data = os.pread(file.fileno(), min(CHUNK_BYTES, stat.st_size - offset), offset)
    is_rest = has_ended and offset + len(data) >= stat.st_size
    messages, used = _lines(data, limit=limit, is_rest=is_rest)
    stamp = stat.st_mtime_ns // 1_000_000
    return LogChunk([(stamp, message) for message in messages], str(offset + used) if used else cursor)


def _lines(data: bytes, *, limit: int, is_rest: bool) -> tuple[list[str], int]:
    """At most `limit` non-empty lines, and how many bytes they took."""
    messages: list[str] = []
    at = 0
    while len(messages) < limit and at < len(data):
        newline = data.find(b"\n", at)
        if newline < 0 and not is_rest and len(data) - at <= LONGEST_MESSAGE:
            break
        end = newline if newline >= 0 else len(data)
        line = data[at:end].removesuffix(b"\r") if newline >= 0 else data[at:end]
        text, used = _message(line)
        at = at + used if used < len(line) else end + (newline >= 0)
        if text:
            messages.append(text)
    return messages, at


def _message(line: bytes) -> tuple[str, int]:
    """The longest beginning of the line that makes one event, and how many bytes it took."""
    text, used = _decode(line, LONGEST_MESSAGE)
    if len(text.encode()) > LONGEST_MESSAGE:
        # What stands for an invalid byte takes three.
        return _decode(line, LONGEST_MESSAGE // 3)
    return text, used


def _decode(line: bytes, size: int) -> tuple[str, int]:
    """Up to `size` bytes as text; a character that the cut goes through is left out."""
    return codecs.utf_8_decode(line[:size], "replace", len(line) <= size)
