"""One container's log stream from the daemon, read as far as it has come, without a thread that waits for it."""

from __future__ import annotations

import select
import socket
from collections import deque
from urllib.parse import urlencode

import httptools

from batchyard.engines.contract import EngineAway
from batchyard.engines.docker.frames import Frame, Frames
from batchyard.engines.docker.lines import Lines, Position

_SECONDS = 30
_BYTES = 1 << 18
NOT_FOUND = 404


class LogStream:
    """Follows a container's output, or reads what there is of it. Raises EngineAway where the daemon does not
    answer."""

    def __init__(self, path: str, version: str, container: str, position: Position, *, follow: bool) -> None:
        self._lines = Lines(position)
        self._frames: deque[Frame] = deque()
        self._cut = Frames()
        self.follows = follow
        self._parser = httptools.HttpResponseParser(self)
        self._refusal = b""
        self.is_over = False
        query = {
            "stdout": 1,
            "stderr": 1,
            "timestamps": 1,
            "follow": int(follow),
            "since": f"{position.since_ns // 10**9}.{position.since_ns % 10**9:09}",
        }
        request = (
            f"GET /v{version}/containers/{container}/logs?{urlencode(query)} HTTP/1.1\r\nHost: docker\r\n\r\n"
        )
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_SECONDS)
        try:
            self._socket.connect(path)
            self._socket.sendall(request.encode())
        except OSError as error:
            self._socket.close()
            raise EngineAway(f"the daemon does not answer: {error}") from error

    @property
    def position(self) -> Position:
        """Where the next events begin."""
        return self._lines.position

    @property
    def is_exhausted(self) -> bool:
        """Whether all was taken that it will ever give."""
        return self.is_over and not self._frames

    def take(self, limit: int) -> list[tuple[int, str]]:
        """At most `limit` events: of what has come, or, where it does not follow, of all that there is."""
        events = list(self._lines.take(self._frames, limit))
        while len(events) < limit and not self.is_over and self._read():
            events += self._lines.take(self._frames, limit - len(events))
        return events

    def rest(self, limit: int) -> list[tuple[int, str]]:
        """What an ended container left without an end of line, once all else was taken."""
        return list(self._lines.rest()) if self.is_exhausted and limit > 0 else []

    def close(self) -> None:
        """Read no more of it."""
        self._socket.close()

    def on_body(self, data: bytes) -> None:
        """httptools tells what came."""
        if self._parser.get_status_code() >= 400:
            self._refusal += data
        else:
            self._frames.extend(self._cut.feed(data))

    def on_message_complete(self) -> None:
        """httptools tells that nothing more will come."""
        self.is_over = True

    def _read(self) -> bool:
        """Take what has come, at most so much; False where nothing has."""
        if self.follows and not select.select([self._socket], [], [], 0)[0]:
            return False
        try:
            data = self._socket.recv(_BYTES)
            if not data:
                raise EngineAway("the daemon broke off in the middle of an output")
            self._parser.feed_data(data)
        except (OSError, httptools.HttpParserError) as error:
            raise EngineAway(f"the daemon does not give an output: {error}") from error
        if self.is_over and self._parser.get_status_code() >= 400:
            self._refuse()
        return True

    def _refuse(self) -> None:
        if self._parser.get_status_code() != NOT_FOUND:
            raise EngineAway(f"the daemon does not give an output: {self._refusal.decode(errors='replace')}")
