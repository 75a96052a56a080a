"""Puts a task's output into CloudWatch Logs, as the awslogs driver does, and says in its words why it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.errors import AccessDenied, ApiError

LARGEST_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
LARGEST_BATCH_EVENTS = 10_000


class NoStream(Exception):
    """The log stream of a task could not be made; `step` is `stream` or `group`."""

    def __init__(self, step: str, error: ApiError) -> None:
        super().__init__(f"{step}: {error}")
        self.step = step
        self.error = error


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
    def all_of(cls, document: Mapping[str, Any], task_id: str) -> dict[str, Stream]:
        """By container its stream; those that are not logged are not in it."""
        found = {one["name"]: cls.of(one, task_id) for one in document["containerDefinitions"]}
        return {name: stream for name, stream in found.items() if stream is not None}

    @classmethod
    def of(cls, container: Mapping[str, Any], task_id: str) -> Stream | None:
        """The stream `<prefix>/<container>/<task id>`, or the task id alone without a prefix; None: not logged."""
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
    """Make the stream (and the group, where the options say so); a stream that is there already is fine.

    Raises NoStream where the identity may not, or the group does not exist.
    """
    if stream.create_group:
        _ignoring_existence("group", clients.logs.create_log_group, logGroupName=stream.group)
    create = clients.logs.create_log_stream
    _ignoring_existence("stream", create, logGroupName=stream.group, logStreamName=stream.name)


def _ignoring_existence(step: str, operation: Any, **request: Any) -> None:
    try:
        operation(**request)
    except ApiError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise NoStream(step, error) from error


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


def unable_to_assume(role_arn: str) -> str:
    """The stoppedReason of a task whose role ECS may not assume (recorded: boto/boto3#1878,
    aws-samples/aws-modern-application-workshop#88).
    """
    return (
        f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the role"
        " being passed has the proper trust relationship and permissions and that your IAM user has permissions to"
        " pass this role."
    )


def refusal_text(failed: NoStream, *, launch_type: str) -> tuple[str, str | None]:
    """(stoppedReason, container reason) of a task whose log stream could not be made, in the agents' words.

    Fargate: ResourceInitializationError in the task, as its SDK words it since 2026 (recorded in service events, and of
    jobs of Batch: `api error` stands before codes that the SDK has no type for; without it is a [guess]). EC2: the
    awslogs driver's text in the container (recorded: prakhar1989/docker-curriculum#260).
    """
    step, error = failed.step, failed.error
    failure = f"failed to create Cloudwatch log {step}: "
    if launch_type != "FARGATE":
        return (
            "Task failed to start",
            "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: "
            f"{failure}{error.code}: {error.message}",
        )
    operation = f"CreateLog{step.capitalize()}"
    api_error = "api error " if isinstance(error, AccessDenied) else ""
    return (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
        f"{failure}operation error CloudWatch Logs: {operation}, https response error StatusCode: {error.status},"
        f" RequestID: {error.request_id}, {api_error}{error.code}: {error.message} : exit status 1",
        None,
    )


def host_terminated(ec2_instance_id: str) -> str:
    """The stoppedReason of a task whose host is gone (batch-on-behalf.md 7)."""
    return f"Host EC2 (instance {ec2_instance_id}) terminated."
