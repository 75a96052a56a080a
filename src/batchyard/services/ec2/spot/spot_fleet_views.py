"""Spot Fleet requests as described: themselves, their instances, their history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ec2 import pages
from batchyard.services.ec2.instances.instance_rows import LIVE
from batchyard.services.ec2.nouns import SPOT_FLEET
from batchyard.services.ec2.places import place
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.spot.spot_fleet_rows import ALL_FLEETS, history, members
from batchyard.services.ec2.tags.tag_rows import tag_lists
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        DescribeSpotFleetInstancesRequestTypeDef,
        DescribeSpotFleetRequestHistoryRequestTypeDef,
        DescribeSpotFleetRequestsRequestTypeDef,
    )

_PAGE = 1000


@ec2.operation(on=ANY, honours={"SpotFleetRequestIds", "NextToken", "MaxResults"})
def describe_spot_fleet_requests(
    ctx: Context, request: DescribeSpotFleetRequestsRequestTypeDef
) -> dict[str, Any]:
    """The Region's requests, also those that ended within 48 hours; or those named."""
    found = (one for rows in _candidates(ctx, request) for one in _described(ctx, rows))
    return pages.answer(
        ctx,
        request,
        "SpotFleetRequestConfigs",
        found,
        position="SpotFleetRequestId",
        smallest=1,
        largest=_PAGE,
    )


def _candidates(ctx: Context, request: Any) -> Iterable[list[Row]]:
    after = pages.start(request)
    named_ids = request.get("SpotFleetRequestIds")
    if not named_ids:
        return pages.row_chunks(ctx.read, ALL_FLEETS, after, **place(ctx))
    rows = [SPOT_FLEET.require(ctx, one) for one in sorted(set(named_ids))]
    return [[row for row in rows if row.id > after]]


def _described(ctx: Context, rows: list[Row]) -> list[dict[str, Any]]:
    tags = tag_lists(ctx.read, place(ctx), [row.id for row in rows])
    return [
        {
            "SpotFleetRequestId": row.id,
            "SpotFleetRequestState": row.state,
            "CreateTime": row.created_at,
            "SpotFleetRequestConfig": _config(ctx, row),
            "Tags": tags[row.id],
            **({"ActivityStatus": row.activity} if row.activity else {}),
        }
        for row in rows
    ]


def _config(ctx: Context, row: Row) -> dict[str, Any]:
    """The configuration as given, with EC2's defaults and the capacity as it is now."""
    live = [one for one in members(ctx.read, place(ctx), row.id) if one.state in LIVE]
    return {
        "AllocationStrategy": "lowestPrice",
        "Type": "maintain",
        "TerminateInstancesWithExpiration": False,
        "ReplaceUnhealthyInstances": False,
        "InstanceInterruptionBehavior": "terminate",
        **row.config,
        "TargetCapacity": row.target,
        "ExcessCapacityTerminationPolicy": row.excess,
        "FulfilledCapacity": float(sum(one.weight for one in live)),
        "OnDemandFulfilledCapacity": 0.0,
    }


@ec2.operation(
    on=[SPOT_FLEET.named("SpotFleetRequestId")], honours={"SpotFleetRequestId", "NextToken", "MaxResults"}
)
def describe_spot_fleet_instances(
    ctx: Context, request: DescribeSpotFleetInstancesRequestTypeDef
) -> dict[str, Any]:
    """The request's instances that have not begun to end."""
    row = SPOT_FLEET.require(ctx, request["SpotFleetRequestId"])
    after = pages.start(request)
    active = [
        {
            "InstanceId": one.id,
            "InstanceType": one.instance_type,
            "SpotInstanceRequestId": one.spot_request_id,
            "InstanceHealth": "healthy",
        }
        for one in members(ctx.read, place(ctx), row.id)
        if one.state in LIVE and one.id > after
    ]
    page = pages.answer(
        ctx, request, "ActiveInstances", active, position="InstanceId", smallest=1, largest=_PAGE
    )
    return {"SpotFleetRequestId": row.id, **page}


@ec2.operation(
    on=[SPOT_FLEET.named("SpotFleetRequestId")],
    honours={"SpotFleetRequestId", "EventType", "StartTime", "NextToken", "MaxResults"},
)
def describe_spot_fleet_request_history(
    ctx: Context, request: DescribeSpotFleetRequestHistoryRequestTypeDef
) -> dict[str, Any]:
    """What happened to the request from a moment on, in order."""
    row = SPOT_FLEET.require(ctx, request["SpotFleetRequestId"])
    after = whole_number(pages.start(request)) or 0
    events = history(ctx.read, place(ctx), row.id, since=cast("datetime", request["StartTime"]), after=after)
    records = [
        (
            one.sequence,
            {"EventType": one.event_type, "EventInformation": one.information, "Timestamp": one.happened_at},
        )
        for one in events
        if request.get("EventType") in (None, one.event_type)
    ]
    page = pages.answer(
        ctx, request, "HistoryRecords", records, position=lambda one: str(one[0]), smallest=1, largest=_PAGE
    )
    return {
        **page,
        "HistoryRecords": [record for _, record in page["HistoryRecords"]],
        "SpotFleetRequestId": row.id,
        "StartTime": request["StartTime"],
        "LastEvaluatedTime": ctx.now,
    }
