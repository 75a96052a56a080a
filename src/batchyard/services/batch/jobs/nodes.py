"""The nodes of a multi-node parallel job, as jobs of their own: `<job>#<index>`.

A node has no row: what it is stands in the job's spec, what became of it in the attempts (docs/decisions/0036).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from batchyard.services.batch.jobs import attempt_rows, job_rows
from batchyard.services.batch.jobs.node_specs import node_sizes, range_places
from batchyard.services.batch.jobs.states import ENDED, FAILED, PLACED
from batchyard.services.batch.rows import JobRow
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

_ID = re.compile(r"(.+)#(0|[1-9][0-9]{0,3})")


def node_id(job_id: str, index: int) -> str:
    """`<job>#<index>`."""
    return f"{job_id}#{index}"


def split_node_id(job_id: str) -> tuple[str, int] | None:
    """The job's id and the node's index, or None where the id is not a node's."""
    found = _ID.fullmatch(job_id)
    return None if found is None else (found[1], int(found[2]))


def node_rows(job: JobRow, indexes: Iterable[int] | None = None) -> list[Row]:
    """The nodes of a job (all, or these) as rows of jobs of one task: each with its id, sizes and spec.

    Their status is the job's, `spec["range"]` is the place of a node's range.
    """
    nodes = job.spec["nodes"]
    places, sizes = range_places(nodes), node_sizes(nodes)
    shared = {member: value for member, value in job.spec.items() if member != "nodes"}
    specs = [{**shared, **one, "range": place} for place, one in enumerate(nodes["ranges"])]
    return [
        job._replace(
            job_id=node_id(job.job_id, index),
            spec=specs[places[index]],
            vcpus=sizes[index].vcpus,
            memory_mib=sizes[index].memory_mib,
            gpus=sizes[index].gpus,
            tags={},
        )
        for index in (range(nodes["numNodes"]) if indexes is None else indexes)
    ]


def find_nodes(
    tx: Transaction, *, account: str, region: str, job_ids: Sequence[str]
) -> dict[str, tuple[Row, int, Sequence[Row]]]:
    """Of these ids those of nodes: each node as a row with its own status, its index, and its attempts."""
    split = {one: named for one in job_ids if (named := split_node_id(one)) is not None}
    if not split:
        return {}
    whole = sorted({job_id for job_id, _ in split.values()})
    jobs = job_rows.find_jobs(tx, account=account, region=region, job_ids=whole)
    found: dict[str, tuple[Row, int, Sequence[Row]]] = {}
    indexes: dict[str, list[int]] = defaultdict(list)
    for job_id, index in split.values():
        job = jobs.get(job_id)
        if job is not None and job.node_count is not None and index < job.node_count:
            indexes[job_id].append(index)
    rows = {
        (job_id, index): row
        for job_id, those in indexes.items()
        for index, row in zip(those, node_rows(jobs[job_id], those), strict=True)
    }
    for one, (job_id, index) in split.items():
        row = rows.get((job_id, index))
        if row is None:
            continue
        job = jobs[job_id]
        attempts = attempt_rows.find_of_node(tx, job, index)
        newest = attempts[-1] if attempts and attempts[-1].number == job.attempt else None
        found[one] = (row._replace(**progress(job, newest)), index, attempts)
    return found


def progress(job: JobRow, newest: Row | None) -> dict[str, Any]:
    """How far a node is: as its attempt of this time, once the job is placed; else as the job."""
    if job.status not in (*PLACED, *ENDED):
        return {}
    if newest is None:
        return {"status": FAILED if job.status in ENDED else job.status, "started_ms": None}
    return {
        "status": newest.status,
        "status_reason": newest.status_reason,
        "started_ms": newest.started_ms,
        "stopped_ms": newest.stopped_ms,
    }


def summaries(tx: Transaction, job: JobRow) -> list[tuple[Row, int, Row | None]]:
    """Every node as a row with its own status, its index, and its attempt of this time, by index."""
    newest: Mapping[int, Row] = {one.node: one for one in attempt_rows.find_gang(tx, job)}
    return [
        (row._replace(**progress(job, newest.get(index))), index, newest.get(index))
        for index, row in enumerate(node_rows(job))
    ]
