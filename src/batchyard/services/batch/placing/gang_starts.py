"""The start of a multi-node parallel job: a RunTask for each node, in a gang that ECS starts whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.services.batch.definitions.node_properties import of_range
from batchyard.services.batch.jobs.nodes import node_rows
from batchyard.services.batch.rows import JobRow
from batchyard.store.prepared import Row

TAKEN_BACK = "There is no room for all nodes of the job"
"""Why the tasks of some nodes are stopped before they begin. It tells such a task from a task that ran."""


def rows_to_start(job: JobRow, nodes: Sequence[int]) -> list[Row]:
    """These nodes as rows of jobs, each with the job's tags: its task gets them where they are propagated."""
    return [row._replace(tags=job.tags) for row in node_rows(job, nodes)]


def one_of_each_range(job: JobRow) -> list[Row]:
    """A node of each range that has nodes: what is made ready for it is for all of them."""
    return list({row.spec["range"]: row for row in node_rows(job)}.values())


def definition_for(definition: Row, place: int | None) -> Row:
    """A definition as that of a job of one task: itself, or for the nodes of one of its ranges."""
    return definition if place is None else definition._replace(body=of_range(definition.body, place))


def as_node(request: dict[str, Any], row: Row, *, node: int, placement: str) -> dict[str, Any]:
    """RunTask for a node: with a token and a gang of this placement, and the variables that tell its place.

    The tasks of an earlier placement, which found no room for all, are of another gang and have other tokens.
    """
    job_id = row.job_id.rpartition("#")[0]
    gang = f"{job_id}-{row.attempt}-{placement}"
    overrides = request["overrides"]
    return {
        **request,
        "clientToken": f"{job_id}-{node}-{row.attempt}-{placement}",
        "startedBy": f"{job_id}/{node}",
        "group": f"gang:{gang}:{node}/{row.node_count}",
        "overrides": {
            **overrides,
            "containerOverrides": [
                {**one, "environment": [*one["environment"], *_of_node(row, node)]}
                for one in overrides["containerOverrides"]
            ],
        },
    }


def is_there(task: Mapping[str, Any] | None) -> bool:
    """Is this the task of a node that may run, or has run? A task that was taken back is none."""
    return task is not None and task.get("stoppedReason") != TAKEN_BACK


def _of_node(row: Row, node: int) -> list[dict[str, str]]:
    """The variables of batch-jobs.md 6; the engine puts in the address at which the main node is reached."""
    variables = {
        "AWS_BATCH_JOB_MAIN_NODE_INDEX": str(row.main_node),
        "AWS_BATCH_JOB_NODE_INDEX": str(node),
        "AWS_BATCH_JOB_NUM_NODES": str(row.node_count),
    }
    if node != row.main_node:
        variables["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = f"${{gang:{row.main_node}:address}}"
    return [{"name": name, "value": value} for name, value in variables.items()]
