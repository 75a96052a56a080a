"""What precedes an attempt: its log stream, its command; or the reason why there will be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Literal

from batchyard.engines.contract import TaskSpec
from batchyard.framework.errors import ApiError
from batchyard.framework.place import place
from batchyard.framework.runtime import Runtime
from batchyard.framework.workloads import NoCredentials, Workload
from batchyard.services.ecs.controllers.endings import Ending, failed_to_start, not_started
from batchyard.services.ecs.controllers.outputs import Outputs
from batchyard.services.ecs.controllers.task_engines import TaskEngines
from batchyard.services.ecs.tasks import task_overrides
from batchyard.services.ecs.tasks.log_delivery import NoStream, refusal_text, unable_to_assume
from batchyard.services.ecs.tasks.task_doors import environment
from batchyard.services.ecs.tasks.task_specs import attempt_of
from batchyard.services.ecs.tasks.workloads import role_of
from batchyard.store.prepared import Row

_NO_COMMAND = (
    "Task failed to start",
    "CannotCreateContainerError: Error response from daemon: no command specified",
)
_USES: tuple[Literal["execution", "task"], ...] = ("execution", "task")


class Launcher:
    """Turns rows that hold a slot into specs for the engine."""

    def __init__(self, runtime: Runtime, outputs: Outputs, pool: Executor) -> None:
        """`pool`: streams are made a few side by side, so that their commits share a flush (docs/decisions/0000)."""
        self._runtime = runtime
        self._outputs = outputs
        self._pool = pool

    def launch(
        self, rows: Sequence[Row], documents: Mapping[str, Any]
    ) -> tuple[list[TaskSpec], dict[str, Ending]]:
        """(what the engine is to start, by task id the end of those that cannot be)."""
        specs: list[TaskSpec] = []
        refused: dict[str, Ending] = {}
        known = self._known(rows, documents)
        made = self._pool.map(lambda row: self._spec(row, documents[row.id], is_known=row.id in known), rows)
        for row, found in zip(rows, made, strict=True):
            if isinstance(found, TaskSpec):
                specs.append(found)
            else:
                refused[row.id] = found
        return specs, refused

    def _known(self, rows: Sequence[Row], documents: Mapping[str, Any]) -> set[str]:
        """Of the tasks that are not to start, those that the engine got before a crash: they are to be ended."""
        held_back = [
            row
            for row in rows
            if row.desired_status == "STOPPED" or self._refusal(row, documents[row.id]) is not None
        ]
        polled = TaskEngines(self._runtime.engines).poll(held_back)
        # Of an engine that cannot be reached nobody knows: its tasks are to be asked about again.
        return {row.id for row in held_back if row.id not in polled or polled[row.id].state != "unknown"}

    def _spec(self, row: Row, document: Mapping[str, Any], *, is_known: bool) -> TaskSpec | Ending:
        if row.desired_status == "STOPPED" and not is_known:
            return not_started(row)
        refused = None if is_known else self._refusal(row, document)
        if refused is not None:
            return failed_to_start(
                "Task failed to start",
                f"CannotCreateContainerError: Batchyard does not give {refused}",
                container=_first(document),
            )
        try:
            endpoint = self._runtime.endpoint_of(row.engine)
            doors = environment(self._runtime.keyring, row, document, endpoint)
            endpoints = {"AWS_ENDPOINT_URL": endpoint}
            if self._runtime.settings.s3_endpoint:
                endpoints["AWS_ENDPOINT_URL_S3"] = self._runtime.settings.s3_endpoint
            spec = attempt_of(
                row,
                document,
                endpoints=endpoints,
                doors=doors,
                volume_of=lambda given: self._runtime.engines.volume_of(row.account, row.engine, given),
            )
            if self._lacks_command(row, spec):
                return failed_to_start(*_NO_COMMAND, container=_first(document))
            if (unable := self._assume(row, document)) is not None:
                return unable
            self._outputs.make_streams(row, document)
        except NoStream as failed:
            return _without_stream(row, document, failed)
        return spec

    def _lacks_command(self, row: Row, spec: TaskSpec) -> bool:
        """Does a container name nothing to run, on an engine that knows no image's own command?"""
        abilities = self._runtime.engines[row.engine].abilities
        return "own_entry_point" not in abilities.honoured and not all(
            one.arguments for one in spec.containers
        )

    def _assume(self, row: Row, document: Mapping[str, Any]) -> Ending | None:
        """Assume the roles that the task names, as ECS does before the start; its end where that is denied."""
        for use in _USES:
            role = role_of(use, document, row.overrides)
            if role is None:
                continue
            try:
                self._runtime.workloads.credentials(Workload.task(place(row), row.id, use))
            except ApiError as error:
                if error.service != "sts":
                    raise
                return failed_to_start(unable_to_assume(role))
        return None

    def _refusal(self, row: Row, document: Mapping[str, Any]) -> str | None:
        """What the task's engine does not do for it any more: its settings may have changed since it was placed."""
        asked = task_overrides.asked(document, row.overrides)
        refused = self._runtime.engines.refusal_of(row.account, row.engine, asked) if asked else None
        return None if refused is None else refused.text


def _without_stream(row: Row, document: Mapping[str, Any], failed: NoStream) -> Ending:
    """The end of a task whose log stream may not be made, or whose role may not even be assumed."""
    role = role_of("execution", document, row.overrides)
    if failed.error.service == "sts" and role:
        return failed_to_start(unable_to_assume(role))
    if failed.error.service == "sts":
        # EC2 does not tell an instance why it gets no credentials.
        failed = NoStream(failed.step, NoCredentials())
    return failed_to_start(*refusal_text(failed, launch_type=row.launch_type), container=_first(document))


def _first(document: Mapping[str, Any]) -> str:
    name: str = document["containerDefinitions"][0]["name"]
    return name
