"""Where new instances go: the Availability Zone with the fewest, then the subnet with the fewest. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Subnets = Sequence[Mapping[str, str]]
"""A group's subnets: SubnetId and AvailabilityZone each."""


def spread(count: int, subnets: Subnets, held: Iterable[str]) -> dict[str, int]:
    """How many of `count` new instances each subnet gets, given the subnet of each instance that is held.

    The zones' sizes differ by at most one more than they must (user guide, "Benefits of Auto Scaling").
    """
    zone_of = {one["SubnetId"]: one["AvailabilityZone"] for one in subnets}
    in_subnet = Counter(subnet for subnet in held if subnet in zone_of)
    in_zone = Counter(zone_of[subnet] for subnet in in_subnet.elements())
    new: Counter[str] = Counter()
    for _ in range(count):
        chosen = min(zone_of, key=lambda subnet: (in_zone[zone_of[subnet]], in_subnet[subnet]))
        in_subnet[chosen] += 1
        in_zone[zone_of[chosen]] += 1
        new[chosen] += 1
    return dict(new)


def zone_to_fill(subnets: Subnets, sizes: Mapping[str, int], movable: Iterable[str]) -> str | None:
    """The zone that a rebalancing launch goes to; None where the zones are balanced.

    `sizes` counts each zone's instances, `movable` names the zones with an instance that may be ended: rebalancing
    waits where none of the overfull zones has.
    """
    zones = sorted({one["AvailabilityZone"] for one in subnets})
    if not zones:
        return None
    smallest = min(zones, key=lambda zone: sizes.get(zone, 0))
    for zone in movable:
        if zone not in zones or sizes.get(zone, 0) - sizes.get(smallest, 0) > 1:
            return smallest
    return None
