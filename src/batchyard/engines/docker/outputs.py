"""The output streams that are open, one for each container whose output is asked for."""

from __future__ import annotations

import threading

from batchyard.engines.contract import EngineError, LogChunk
from batchyard.engines.docker.daemon import Daemon
from batchyard.engines.docker.lines import Position
from batchyard.engines.docker.streams import LogStream


class Outputs:
    """Keeps a stream where it was left, so that what was read is not read again; opens it anew anywhere else."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._lock = threading.Lock()
        self._streams: dict[tuple[str, str], LogStream] = {}

    def read(
        self, attempt: str, container: str, identity: str, *, cursor: str, limit: int, has_ended: bool
    ) -> LogChunk:
        """Events from a cursor on; see Engine.logs. Raises EngineError."""
        key = (attempt, container)
        with self._lock:
            stream = self._streams.pop(key, None)
        if stream is not None and (stream.position.cursor != cursor or stream.follows == has_ended):
            stream.close()
            stream = None
        if stream is None:
            version = self._daemon.version()
            position = Position.of(cursor)
            stream = LogStream(str(self._daemon.path), version, identity, position, follow=not has_ended)
        try:
            events = stream.take(limit)
        except EngineError:
            stream.close()
            raise
        after = stream.position.cursor
        if has_ended and after == cursor:
            stream.close()
        else:
            self._keep(key, stream)
        return LogChunk(events, after)

    def close(self, attempt: str) -> None:
        """Close the streams of an attempt."""
        with self._lock:
            closing = [self._streams.pop(key) for key in list(self._streams) if key[0] == attempt]
        for stream in closing:
            stream.close()

    def close_all(self) -> None:
        """Close every stream."""
        with self._lock:
            closing = list(self._streams.values())
            self._streams.clear()
        for stream in closing:
            stream.close()

    def _keep(self, key: tuple[str, str], stream: LogStream) -> None:
        with self._lock:
            other = self._streams.pop(key, None)
            self._streams[key] = stream
        if other is not None:
            other.close()
