"""Puts a task's output into CloudWatch Logs as the identity that ran it (DESIGN.md 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError

LARGEST_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
LARGEST_BATCH_EVENTS = 10_000

UNABLE_TO_ASSUME = (
    "ECS was unable to assume the role that was provided for this task. Please verify that the role being passed has"
    " the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
)

Event = tuple[int, str]
"""(milliseconds since 1970, line)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Where a task's output goes."""

    group: str
    name: str
    region: str
    create_group: bool

    @classmethod
    def of(cls, document: Mapping[str, Any], task_id: str) -> Stream | None:
        """The stream `<prefix>/<container>/<task id>`, or the task id alone without a prefix; None: not logged."""
        container = document["containerDefinitions"][0]
        options = (container.get("logConfiguration") or {}).get("options")
        if not options:
            return None
        prefix = options.get("awslogs-stream-prefix")
        return cls(
            group=options["awslogs-group"],
            name=f"{prefix}/{container['name']}/{task_id}" if prefix else task_id,
            region=options["awslogs-region"],
            create_group=options.get("awslogs-create-group", "false").lower() == "true",
        )


def make_stream(clients: Clients, stream: Stream) -> None:
    """Make the stream (and the group, where the options say so); one that is there already is fine.

    Raises ApiError where the identity may not, or the group does not exist.
    """
    if stream.create_group:
        _ignoring_existence(clients.logs.create_log_group, logGroupName=stream.group)
    _ignoring_existence(clients.logs.create_log_stream, logGroupName=stream.group, logStreamName=stream.name)


def _ignoring_existence(operation: Any, **request: Any) -> None:
    try:
        operation(**request)
    except ApiError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


def put(clients: Clients, stream: Stream, events: Sequence[Event]) -> None:
    """Put lines in as many requests as their size needs; a stream that was deleted meanwhile is made again."""
    for batch in batches(events):
        request: Any = {
            "logGroupName": stream.group,
            "logStreamName": stream.name,
            "logEvents": [{"timestamp": moment, "message": line} for moment, line in batch],
        }
        try:
            clients.logs.put_log_events(**request)
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise
            make_stream(clients, stream)
            clients.logs.put_log_events(**request)


def batches(events: Sequence[Event]) -> Iterator[list[Event]]:
    """The events in order, cut to what one PutLogEvents takes. The engine keeps each line within an event's size."""
    batch: list[Event] = []
    size = 0
    for moment, line in events:
        length = len(line.encode()) + EVENT_OVERHEAD_BYTES
        if batch and (size + length > LARGEST_BATCH_BYTES or len(batch) == LARGEST_BATCH_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append((moment, line))
        size += length
    if batch:
        yield batch


def refusal_text(error: ApiError, *, launch_type: str) -> tuple[str, str | None]:
    """(stoppedReason, container reason) of a task whose log stream could not be made, in the agents' words.

    EC2: the awslogs driver's text in the container; Fargate: ResourceInitializationError in the task.
    """
    if "sts:AssumeRole" in error.message:
        return (UNABLE_TO_ASSUME, None)
    cause = f"failed to create Cloudwatch log stream: {error.code}: {error.message}"
    if launch_type == "FARGATE":
        return (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times:"
            f" {cause} : exit status 1",
            None,
        )
    return (
        "Task failed to start",
        "CannotStartContainerError: Error response from daemon: failed to initialize logging driver:"
        f" {cause}\tstatus code: {error.status}, request id: {error.request_id}",
    )


def host_terminated(ec2_instance_id: str) -> str:
    """The stoppedReason of a task whose host is gone (batch-on-behalf.md 7)."""
    return f"Host EC2 (instance {ec2_instance_id}) terminated."
