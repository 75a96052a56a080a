"""Scaling activities as they are recorded: begun, carried on, ended, kept for six weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard import ids
from batchyard.framework.place import Place
from batchyard.services.autoscaling.tables import activities
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

KEPT = timedelta(weeks=6)
"""How long an activity can be described (DescribeScalingActivities' reference)."""

LAUNCH = "launch"
TERMINATE = "terminate"

_UNFINISHED = Prepared(
    select(activities)
    .where(
        *(activities.c[name] == bindparam(name) for name in ("account", "partition", "region", "group_name"))
    )
    .where(activities.c.ended_at.is_(None))
    .order_by(activities.c.activity_id)
)


def moment(at: datetime) -> str:
    """A time as the causes of activities write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def begin(
    tx: Transaction,
    at: Place,
    group: Row,
    *,
    kind: str,
    status_code: str,
    description: str,
    cause: str,
    now: datetime,
    **more: Any,
) -> str:
    """Record that an activity of a group began; answers its id. Sweeps those past six weeks."""
    activity_id = ids.uuid4()
    values: dict[str, Any] = {
        "status_message": None,
        "details": {},
        "progress": 0,
        "token": None,
        "launch": None,
    }
    values |= {"instance_id": None, "ended_at": None, "group_is_deleted": 0, **more}
    tx.run(
        insert(activities).values(
            **at,
            activity_id=activity_id,
            group_name=group.name,
            group_uuid=group.uuid,
            kind=kind,
            status_code=status_code,
            description=description,
            cause=cause,
            started_at=now,
            **values,
        )
    )
    _sweep(tx, at, now)
    return activity_id


def change(tx: Transaction, activity_id: str, **values: Any) -> None:
    """Carry an activity on."""
    tx.run(update(activities).where(activities.c.activity_id == activity_id).values(**values))


def succeed(tx: Transaction, activity_id: str, now: datetime, **values: Any) -> None:
    """End an activity well."""
    change(tx, activity_id, status_code="Successful", progress=100, ended_at=now, **values)


def fail(tx: Transaction, activity_id: str, now: datetime, *, code: str = "Failed", **values: Any) -> None:
    """End an activity that did not come about: `Failed`, or `Cancelled`."""
    change(tx, activity_id, status_code=code, progress=100, ended_at=now, **values)


def unfinished(tx: Transaction, at: Place, group_name: str) -> Sequence[Row]:
    """The activities of a group that have not ended."""
    return tx.all(_UNFINISHED, **at, group_name=group_name)


def find(tx: Transaction, activity_id: str) -> Row | None:
    """An activity by id."""
    return tx.first(select(activities).where(activities.c.activity_id == activity_id))


def mark_deleted(tx: Transaction, at: Place, group_name: str) -> None:
    """A group is gone: its activities are shown only to who asks for those of deleted groups."""
    placed = (activities.c[column] == value for column, value in at.items())
    condition = (*placed, activities.c.group_name == group_name, activities.c.group_is_deleted == 0)
    tx.run(update(activities).where(*condition).values(group_is_deleted=1))


def _sweep(tx: Transaction, at: Place, now: datetime) -> None:
    """Forget what is older than six weeks, of groups that are gone too; an indexed range."""
    placed = (activities.c[column] == value for column, value in at.items())
    of_any = activities.c.group_is_deleted.in_((0, 1))
    tx.run(delete(activities).where(*placed, of_any, activities.c.started_at < now - KEPT))


def describe(row: Row, arn: str) -> Mapping[str, Any]:
    """An activity as DescribeScalingActivities gives it."""
    answer: dict[str, Any] = {
        "ActivityId": row.activity_id,
        "AutoScalingGroupName": row.group_name,
        "Description": row.description,
        "Cause": row.cause,
        "StartTime": row.started_at,
        "StatusCode": row.status_code,
        "Progress": row.progress,
        "Details": _details(row.details),
        "AutoScalingGroupARN": arn,
    }
    if row.ended_at is not None:
        answer["EndTime"] = row.ended_at
    if row.status_message:
        answer["StatusMessage"] = row.status_message
    if row.group_is_deleted:
        answer["AutoScalingGroupState"] = "Deleted"
    return answer


def _details(details: Mapping[str, str]) -> str:
    """JSON as AWS writes it: no blanks."""
    return "{" + ",".join(f'"{key}":"{value}"' for key, value in details.items()) + "}"
