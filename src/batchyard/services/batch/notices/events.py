"""A notice as the event that EventBridge would deliver (Batch user guide, events of job state changes and blocked
queues): `detail` is the JobDetail of DescribeJobs, as the job was when it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from batchyard import ids
from batchyard.services.batch.jobs import array_rows, attempt_rows, job_rows
from batchyard.services.batch.jobs.job_answers import detail, job_arn
from batchyard.services.batch.jobs.states import PLACED
from batchyard.services.batch.notices.notices import STATE
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

SOURCE = "aws.batch"
DETAIL_TYPES = {STATE: "Batch Job State Change", "BLOCKED": "Batch Job Queue Blocked"}


def of_notices(tx: Transaction, rows: Sequence[Row]) -> Mapping[int, dict[str, Any]]:
    """The events by the notices' ids; a job that was forgotten meanwhile has none."""
    jobs = job_rows.find_some(tx, sorted({row.job for row in rows}))
    arrays = array_rows.find_some(tx, [job.id for job in jobs.values() if job.array_size])
    attempts: dict[int, Sequence[Row]] = {}
    for account in {job.account for job in jobs.values()}:
        attempts |= attempt_rows.find_of_jobs(tx, account, jobs.values())
    return {
        row.id: _event(row, jobs[row.job], attempts.get(row.job, ()), arrays.get(row.job))
        for row in rows
        if row.job in jobs
    }


def _event(notice: Row, job: Row, attempts: Sequence[Row], array: Row | None) -> dict[str, Any]:
    then = job._replace(**notice.seen)
    moment = datetime.fromtimestamp(notice.at_ms // 1000, UTC)
    resources = [job_arn(job)] if notice.kind == STATE else [job_arn(job), job.queue_arn]
    return {
        "version": "0",
        "id": ids.uuid3(f"{job.job_id} {notice.id} {notice.at_ms}"),
        "detail-type": DETAIL_TYPES[notice.kind],
        "source": SOURCE,
        "account": job.account,
        "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": job.region,
        "resources": resources,
        "detail": detail(then, _attempts(then, attempts), array),
    }


def _attempts(then: Row, attempts: Sequence[Row]) -> list[Row]:
    """The attempts that there were; the newest ran on while the job was STARTING or RUNNING."""
    known = [one for one in attempts if one.number <= then.attempt]
    if not known or then.status not in PLACED:
        return known
    running = {"stopped_ms": None, "exit_code": None, "reason": None, "status_reason": None}
    return [one._replace(**running) if one.number == then.attempt else one for one in known]
