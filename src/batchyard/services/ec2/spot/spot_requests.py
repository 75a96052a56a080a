"""Spot Instance requests: one for each Spot Instance, seen from its instance; and prices, of which there are none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.places import at, place
from batchyard.services.ec2.refusals import SPOT_REQUEST
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import instances
from batchyard.services.ec2.tags.tag_rows import tag_lists
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        DescribeSpotInstanceRequestsRequestTypeDef,
        DescribeSpotPriceHistoryRequestTypeDef,
    )

_AFTER = Prepared(
    select(instances)
    .where(at(instances))
    .where(instances.c.spot_request_id > bindparam("after"))
    .order_by(instances.c.spot_request_id)
    .limit(bindparam("size"))
)
_ONE = Prepared(
    select(instances).where(at(instances)).where(instances.c.spot_request_id == bindparam("spot_request_id"))
)
_CHUNK = 200

_FILTERS: dict[str, filters.Attribute] = {
    "create-time": "CreateTime",
    "instance-id": "InstanceId",
    "launch.image-id": "LaunchSpecification.ImageId",
    "launch.instance-type": "LaunchSpecification.InstanceType",
    "launched-availability-zone": "LaunchedAvailabilityZone",
    "spot-instance-request-id": "SpotInstanceRequestId",
    "state": "State",
    "status-code": "Status.Code",
    "type": "Type",
}


@ec2.operation(on=ANY, honours={"SpotInstanceRequestIds", "Filters", "NextToken", "MaxResults"})
def describe_spot_instance_requests(
    ctx: Context, request: DescribeSpotInstanceRequestsRequestTypeDef
) -> dict[str, Any]:
    """The requests behind the Region's Spot Instances, active while their instance lives; or those named."""
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="SpotInstanceRequestId")
    found = (one for rows in _candidates(ctx, request) for one in _described(ctx, rows) if matches(one))
    return pages.answer(ctx, request, "SpotInstanceRequests", found, position="SpotInstanceRequestId")


def _candidates(ctx: Context, request: Any) -> Iterable[list[Row]]:
    after = pages.start(request)
    named = request.get("SpotInstanceRequestIds")
    if not named:
        yield from _all(ctx, after)
        return
    rows: list[Row] = []
    for one in sorted(set(named)):
        row = ctx.read.first(_ONE, **place(ctx), spot_request_id=one)
        if row is None:
            raise SPOT_REQUEST.error(ctx, one)
        if one > after:
            rows.append(row)
    yield rows


def _all(ctx: Context, after: str) -> Iterable[list[Row]]:
    while rows := list(ctx.read.all(_AFTER, **place(ctx), after=after, size=_CHUNK)):
        yield rows
        after = rows[-1].spot_request_id


def _described(ctx: Context, rows: list[Row]) -> list[dict[str, Any]]:
    tags = tag_lists(ctx.read, place(ctx), [row.spot_request_id for row in rows])
    return [{**_describe(row), "Tags": tags[row.spot_request_id]} for row in rows]


def _describe(row: Row) -> dict[str, Any]:
    lives = row.state in ("pending", "running")
    status = {
        "Code": "fulfilled" if lives else "instance-terminated-by-user",
        "Message": "Your Spot request is fulfilled." if lives else "Your Spot Instance was terminated.",
        "UpdateTime": row.state_at,
    }
    return {
        "SpotInstanceRequestId": row.spot_request_id,
        "InstanceId": row.id,
        "State": "active" if lives else "closed",
        "Status": status,
        "Type": "one-time",
        "CreateTime": row.launched_at,
        "LaunchedAvailabilityZone": row.availability_zone,
        "InstanceInterruptionBehavior": "terminate",
        "ProductDescription": "Linux/UNIX",
        "LaunchSpecification": {
            "ImageId": row.image_id,
            "InstanceType": row.instance_type,
            "SubnetId": row.subnet_id,
            "SecurityGroups": row.security_groups,
            "Placement": {"AvailabilityZone": row.availability_zone},
        },
    }


@ec2.operation(on=ANY)
def describe_spot_price_history(
    ctx: Context, request: DescribeSpotPriceHistoryRequestTypeDef
) -> dict[str, Any]:
    """No prices: instances here cost nothing, so there is no history to tell."""
    return {"SpotPriceHistory": [], "NextToken": ""}
