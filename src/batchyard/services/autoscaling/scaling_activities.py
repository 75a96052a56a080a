"""DescribeScalingActivities: what a group's controller did and what became of it, for six weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from batchyard.clock import LATEST, from_microseconds, microseconds
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.framework.place import place
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.autoscaling import pages
from batchyard.services.autoscaling.activity_rows import KEPT, describe
from batchyard.services.autoscaling.group_rules import invalid
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.services.autoscaling.tables import activities
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import DescribeScalingActivitiesTypeTypeDef

PAGE_SIZE = 100
LARGEST_ID_COUNT = 50


@autoscaling.operation(
    on=ANY,
    honours={
        "ActivityIds",
        "AutoScalingGroupName",
        "IncludeDeletedGroups",
        "IncludeManagedResources",
        "MaxRecords",
        "NextToken",
        "Filters",
    },
)
def describe_scaling_activities(
    ctx: Context, request: DescribeScalingActivitiesTypeTypeDef
) -> dict[str, Any]:
    """The newest first; of one group, of named ids, or of the account's Region.

    Those of a deleted group only with IncludeDeletedGroups; naming such a group without it is a ValidationError.
    Unfinished activities stand in their place by start time [AWS puts them first; they nearly always are].
    """
    limit, after = pages.start(request, default=PAGE_SIZE)
    if len(request.get("ActivityIds") or ()) > LARGEST_ID_COUNT:
        raise invalid("The number of activity ids that may be passed in is limited to 50")
    conditions = _conditions(ctx, request)

    def read(after: str, size: int) -> Sequence[Row]:
        wanted = [*conditions, *_behind(after)]
        order = (activities.c.started_at.desc(), activities.c.activity_id.desc())
        return ctx.read.all(select(activities).where(*wanted).order_by(*order).limit(size))

    rows, token = pages.collect(ctx, read, after=after, limit=limit, position=_position)
    described = [
        describe(row, auto_scaling_group.arn(ctx, uuid=row.group_uuid, name=row.group_name)) for row in rows
    ]
    return pages.answer("Activities", described, token)


def _conditions(ctx: Context, request: Mapping[str, Any]) -> list[Any]:
    conditions = [activities.c[column] == value for column, value in place(ctx).items()]
    conditions.append(activities.c.started_at >= ctx.now - KEPT)
    name = request.get("AutoScalingGroupName")
    if name is not None:
        conditions.append(activities.c.group_name == name)
        if auto_scaling_group.find(ctx, name) is None and not request.get("IncludeDeletedGroups"):
            raise auto_scaling_group.missing(ctx, name)
    shown = (0, 1) if request.get("IncludeDeletedGroups") else (0,)
    conditions.append(activities.c.group_is_deleted.in_(shown))
    if request.get("ActivityIds"):
        conditions.append(activities.c.activity_id.in_(request["ActivityIds"]))
    for one in request.get("Filters") or ():
        conditions.append(_filter(one, grouped=name is not None))
    return conditions


def _filter(one: Mapping[str, Any], *, grouped: bool) -> Any:
    name, values = one.get("Name"), list(one.get("Values") or ())
    if name == "Status":
        if not grouped:
            raise invalid("The Status filter can only be used with the AutoScalingGroupName parameter.")
        return activities.c.status_code.in_(values)
    if name in ("StartTimeLowerBound", "StartTimeUpperBound") and len(values) == 1:
        bound = _time(values[0])
        lower = name == "StartTimeLowerBound"
        return activities.c.started_at >= bound if lower else activities.c.started_at <= bound
    raise invalid(f"Invalid filter: {name}")


def _time(given: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(given)
    except ValueError as error:
        raise invalid(f"Invalid timestamp: {given}") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _position(row: Row) -> str:
    return f"{microseconds(row.started_at)} {row.activity_id}"


def _behind(after: str) -> list[Any]:
    if not after:
        return []
    started, _, activity_id = after.partition(" ")
    moment = whole_number(started)
    if moment is None or moment > LATEST:
        raise InvalidToken(after)
    at = from_microseconds(moment)
    same = (activities.c.started_at == at) & (activities.c.activity_id < activity_id)
    return [(activities.c.started_at < at) | same]
