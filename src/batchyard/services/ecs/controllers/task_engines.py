"""The engines as the controllers of tasks call them: with rows, each of which names its engine."""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from batchyard.engines.contract import Engine, EngineError, LogChunk, Status, TaskSpec

_log = logging.getLogger(__name__)
T = TypeVar("T")


class TaskEngines:
    """Groups what is asked by engine, so that each is called once. Rows of engines that are not open are skipped."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = engines

    def has(self, row: Any) -> bool:
        """Is the task's engine open? Settings may have ceased to name it."""
        return row.engine in self._engines

    def start(self, specs: Sequence[TaskSpec], rows: Mapping[str, Any]) -> dict[str, Status]:
        """Start attempts; `rows` by attempt. Those of an engine that cannot be reached are not in the answer."""
        found: dict[str, Status] = {}
        for engine, some in self._by_engine(specs, lambda spec: rows[spec.attempt]):
            with _reached(engine):
                found |= {status.attempt: status for status in engine.start(some)}
        return found

    def poll(self, rows: Iterable[Any]) -> dict[str, Status]:
        """The status of each task's attempt. Those of an engine that cannot be reached are not in the answer."""
        found: dict[str, Status] = {}
        for engine, some in self._by_engine(rows, lambda row: row):
            with _reached(engine):
                found |= {status.attempt: status for status in engine.poll([row.id for row in some])}
        return found

    def stop(self, row: Any, *, force: bool) -> bool:
        """Signal one task's attempt; False where its engine cannot be reached."""
        engine = self._engines[row.engine]
        with _reached(engine):
            engine.stop([row.id], force=force)
            return True
        return False

    def forget(self, rows: Iterable[Any]) -> None:
        """Let the engines forget ended attempts."""
        for engine, some in self._by_engine(rows, lambda row: row):
            with _reached(engine):
                engine.forget([row.id for row in some])

    def logs(self, row: Any, container: str, cursor: str) -> LogChunk:
        """Output of one task's container; raises EngineError."""
        return self._engines[row.engine].logs(row.id, container, cursor)

    def _by_engine(self, what: Iterable[T], row_of: Callable[[T], Any]) -> Iterable[tuple[Engine, list[T]]]:
        groups: dict[str, list[T]] = defaultdict(list)
        for one in what:
            if self.has(row_of(one)):
                groups[row_of(one).engine].append(one)
        return [(self._engines[name], some) for name, some in groups.items()]


@contextlib.contextmanager
def _reached(engine: Engine) -> Iterator[None]:
    """Its tasks wait while an engine cannot be reached; those of other engines do not."""
    try:
        yield
    except EngineError as error:
        _log.warning("tasks of the engine %s wait: %s", engine.name, error)
