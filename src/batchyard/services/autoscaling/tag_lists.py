"""A group's tags: checked as AWS checks them, merged by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.autoscaling.group_rules import MAX_TAGS, invalid
from batchyard.services.autoscaling.service import autoscaling

Tag = Mapping[str, Any]


@autoscaling.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """Text and code: recorded (cdk-preflight, rules/autoscaling)."""
    return invalid("aws: prefixed tag key names are not allowed for external use.")


def checked(given: Iterable[Tag]) -> list[dict[str, Any]]:
    """Tags of a request as they are kept: Key, Value, PropagateAtLaunch (False where left out) [texts: guess]."""
    kept: dict[str, dict[str, Any]] = {}
    for tag in given:
        if tag.get("ResourceType", "auto-scaling-group") != "auto-scaling-group":
            raise invalid(f"Invalid ResourceType: {tag['ResourceType']}")
        if tag["Key"] in kept:
            raise invalid("Duplicate tag keys found")
        kept[tag["Key"]] = {
            "Key": tag["Key"],
            "Value": tag.get("Value", ""),
            "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch", False)),
        }
    return list(kept.values())


def merged(held: Iterable[Tag], given: Iterable[Tag]) -> list[Tag]:
    """`held` with `given` over it, by key; raises LimitExceeded's ValidationError past 50 tags [text: guess]."""
    tags = {tag["Key"]: tag for tag in (*held, *given)}
    if len(tags) > MAX_TAGS:
        raise invalid(f"The number of tags exceeds the limit of {MAX_TAGS}")
    return list(tags.values())


def described(tags: Iterable[Tag], group_name: str) -> list[dict[str, Any]]:
    """Tags as DescribeTags and DescribeAutoScalingGroups give them."""
    return [
        {"ResourceId": group_name, "ResourceType": "auto-scaling-group", **tag}
        for tag in sorted(tags, key=lambda one: str(one["Key"]))
    ]
