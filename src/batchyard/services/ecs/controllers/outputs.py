"""Brings the output of tasks from the engine to CloudWatch Logs, each as the role that is to put it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.clock import wall_now
from batchyard.engines.contract import START, EngineError
from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.framework.place import place
from batchyard.framework.runtime import Runtime
from batchyard.framework.workloads import Workload, WorkloadEnded
from batchyard.services.ecs.controllers.task_engines import TaskEngines
from batchyard.services.ecs.tasks import log_delivery, task_rows
from batchyard.services.ecs.tasks.log_delivery import NoStream, Stream
from batchyard.services.ecs.tasks.workloads import role_of
from batchyard.store.prepared import Row

_log = logging.getLogger(__name__)

MOST_CHUNKS = 16
"""Chunks of one running task in a row, so that a chatty task does not hold up its neighbours."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a task's output was put."""

    cursors: Mapping[str, str]
    """By container, as the engine's `logs` takes it next; for the caller to note."""
    is_complete: bool
    """Nothing is left of it for now."""


class Outputs:
    """Finds the role that puts a task's output, makes its stream, puts what is new."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def make_streams(self, row: Row, document: Mapping[str, Any]) -> None:
        """Make the log streams that the task's containers ask for; raises NoStream where one may not be."""
        for stream in Stream.all_of(document, row.id).values():
            log_delivery.make_stream(self._clients(row, document, stream), stream)

    def deliver(self, row: Row, document: Mapping[str, Any], *, has_ended: bool) -> Delivery:
        """Put the lines that are new, of each container.

        What cannot be put (a permission is missing) stays with the engine and is tried again. A crash between
        putting lines and noting it repeats these lines: nothing is lost, as with the awslogs driver.
        """
        cursors = dict(row.cursors)
        is_complete = True
        for container, stream in Stream.all_of(document, row.id).items():
            is_complete &= self._deliver(row, document, container, stream, cursors, has_ended=has_ended)
        return Delivery(cursors, is_complete)

    def _deliver(
        self,
        row: Row,
        document: Mapping[str, Any],
        container: str,
        stream: Stream,
        cursors: dict[str, str],
        *,
        has_ended: bool,
    ) -> bool:
        """Put what is new of one container, and move its cursor; whether nothing is left for now."""
        chunks = 0
        while has_ended or chunks < MOST_CHUNKS:
            cursor = cursors.get(container, START)
            try:
                chunk = TaskEngines(self._runtime.engines).logs(row, container, cursor)
            except EngineError as error:
                _log.info("the output of task %s waits: %s", row.id, error)
                return False
            if chunk.cursor == cursor:
                return True
            if chunks:
                self._note(row.id, cursors)
            if chunk.events and not self._put(row, document, stream, chunk.events):
                return False
            cursors[container] = chunk.cursor
            chunks += 1
        return False

    def _put(self, row: Row, document: Mapping[str, Any], stream: Stream, events: Any) -> bool:
        shift = int((self._runtime.clock.now() - wall_now()).total_seconds() * 1000)
        moved = [(moment + shift, line) for moment, line in events]
        try:
            log_delivery.put(self._clients(row, document, stream), stream, moved)
        except WorkloadEnded:
            # The instance is forgotten: nobody is left who could put the task's output.
            _log.warning("the output of task %s is dropped: its instance is gone", row.id)
            return True
        except (ApiError, NoStream) as error:
            _log.info("the output of task %s waits: %s", row.id, error)
            return False
        return True

    def _note(self, identity: str, cursors: Mapping[str, str]) -> None:
        self._runtime.store.write(lambda tx: task_rows.note_logged(tx, identity, cursors))

    def _clients(self, row: Row, document: Mapping[str, Any], stream: Stream) -> Clients:
        """The task's execution role; on EC2, where it has none, the role of its instance (ECS developer guide,
        "Send Amazon ECS logs to CloudWatch").
        """
        instance = row.described["ec2InstanceId"]
        if instance is None or role_of("execution", document, row.overrides):
            workload = Workload.task(place(row), row.id, "execution")
        else:
            workload = Workload.instance(place(row), instance)
        return self._runtime.workloads.clients(workload, region=stream.region)
