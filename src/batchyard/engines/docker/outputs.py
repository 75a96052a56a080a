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
            before = self._streams.pop(key, None)
        stream = self._go_on(before, identity, cursor, has_ended=has_ended)
        try:
            events = stream.take(limit)
            if has_ended and not stream.follows:
                events += stream.rest(limit - len(events))
        except EngineError:
            stream.close()
            raise
        self._keep(key, stream)
        return LogChunk(events, stream.position.cursor)

    def _go_on(self, stream: LogStream | None, identity: str, cursor: str, *, has_ended: bool) -> LogStream:
        """The stream that gives what follows a cursor: first all that there is, to its end; then one that
        follows, while the container runs."""
        is_here = stream is not None and stream.position.cursor == cursor
        if stream is not None and is_here and not (stream.follows and has_ended) and not stream.is_exhausted:
            return stream
        if stream is not None:
            stream.close()
        follow = is_here and not has_ended
        return LogStream(
            str(self._daemon.path), self._daemon.version(), identity, Position.of(cursor), follow=follow
        )

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
