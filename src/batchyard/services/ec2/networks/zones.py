"""Regions and their Availability Zones: three in each Region here, named a, b and c."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.data.partitions import regions_of
from batchyard.framework.check import ANY, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.refusals import invalid_value
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        DescribeAvailabilityZonesRequestTypeDef,
        DescribeRegionsRequestTypeDef,
    )

LETTERS = "abc"
_DIRECTIONS = {"north": "n", "south": "s", "east": "e", "west": "w", "central": "c"}


def zone_names(region: str) -> list[str]:
    """The names of a Region's Availability Zones. Real Regions have two to six; here each has three."""
    return [region + letter for letter in LETTERS]


def zone_id(name: str) -> str:
    """`use1-az1` of `us-east-1a`. In AWS each account has its own order of letters; here all have this order."""
    region, letter = name[:-1], name[-1]
    *areas, direction, number = region.split("-")
    short = direction
    for word, initial in _DIRECTIONS.items():
        short = short.replace(word, initial)
    area = areas[0] + "".join(area[0] for area in areas[1:])
    return f"{area}{short}{number}-az{LETTERS.index(letter) + 1}"


def zone_keys(ctx: Context, name: str) -> dict[str, Values]:
    """The ec2: keys of a zone as a caller named it; a zone that the Region does not have has no id."""
    keys: dict[str, Values] = {"ec2:AvailabilityZone": name}
    if name in zone_names(ctx.region):
        keys["ec2:AvailabilityZoneId"] = zone_id(name)
    return keys


_ZONE_FILTERS: dict[str, filters.Attribute] = {
    "zone-name": "ZoneName",
    "zone-id": "ZoneId",
    "zone-type": "ZoneType",
    "region-name": "RegionName",
    "group-name": "GroupName",
    "opt-in-status": "OptInStatus",
    "state": "State",
    "message": "Messages.Message",
    "parent-zone-name": "ParentZoneName",
    "parent-zone-id": "ParentZoneId",
}


@ec2.operation(on=ANY, honours={"Filters", "ZoneNames", "ZoneIds", "AllAvailabilityZones"})
def describe_availability_zones(
    ctx: Context, request: DescribeAvailabilityZonesRequestTypeDef
) -> dict[str, Any]:
    """The Region's three zones, or those named."""
    zones = [_described(ctx, name) for name in zone_names(ctx.region)]
    names, ids = request.get("ZoneNames"), request.get("ZoneIds")
    for named, attribute in ((names, "ZoneName"), (ids, "ZoneId")):
        if named:
            known = {zone[attribute] for zone in zones}
            unknown = [one for one in named if one not in known]
            if unknown:
                raise invalid_value(f"Invalid availability zone: [{', '.join(unknown)}]")
            zones = [zone for zone in zones if zone[attribute] in named]
    matches = filters.predicate(ctx, request.get("Filters"), _ZONE_FILTERS)
    return {"AvailabilityZones": [zone for zone in zones if matches(zone)]}


def _described(ctx: Context, name: str) -> dict[str, Any]:
    return {
        "ZoneName": name,
        "ZoneId": zone_id(name),
        "ZoneType": "availability-zone",
        "RegionName": ctx.region,
        "GroupName": f"{ctx.region}-zg-1",
        "NetworkBorderGroup": ctx.region,
        "OptInStatus": "opt-in-not-required",
        "State": "available",
        "Messages": [],
    }


_REGION_FILTERS: dict[str, filters.Attribute] = {
    "endpoint": "Endpoint",
    "region-name": "RegionName",
    "opt-in-status": "OptInStatus",
}


@ec2.operation(on=ANY, honours={"Filters", "RegionNames", "AllRegions"})
def describe_regions(ctx: Context, request: DescribeRegionsRequestTypeDef) -> dict[str, Any]:
    """Every Region of the caller's partition: none has to be opted in to here."""
    suffix = "amazonaws.com.cn" if ctx.partition == "aws-cn" else "amazonaws.com"
    named = request.get("RegionNames")
    known = regions_of(ctx.partition)
    unknown = [one for one in named or () if one not in known]
    if unknown:
        raise ApiError("InvalidParameterValue", f"Invalid region name(s): {', '.join(unknown)}")
    regions = [
        {
            "RegionName": name,
            "Endpoint": f"ec2.{name}.{suffix}",
            "OptInStatus": "opt-in-not-required",
        }
        for name in named or known
    ]
    matches = filters.predicate(ctx, request.get("Filters"), _REGION_FILTERS)
    return {"Regions": [one for one in regions if matches(one)]}
