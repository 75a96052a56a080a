"""Tags as ECS takes them: a list of {key, value}, checked as AWS checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ecs.service import ecs

MOST_TAGS = 50


@ecs.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """Text and code: recorded (aws/amazon-ecs-agent#1704)."""
    return ecs.error.InvalidParameterException("Tag key must not start with aws:")


def checked(tags: Sequence[Mapping[str, Any]] | None) -> list[dict[str, str]]:
    """The tags, each with key and value; raises InvalidParameterException for doubles."""
    seen: set[str] = set()
    result: list[dict[str, str]] = []
    for tag in tags or ():
        key = tag.get("key", "")
        if not key:
            raise ecs.error.InvalidParameterException("Tag key can not be null or empty.")
        if key in seen:
            raise ecs.error.InvalidParameterException("Duplicate tag keys found.")
        seen.add(key)
        result.append({"key": key, "value": tag.get("value", "")})
    return result


def merged(held: Sequence[Mapping[str, str]], given: Sequence[Mapping[str, str]]) -> list[Any]:
    """The held tags with the given tags over them; raises InvalidParameterException beyond 50."""
    both = {tag["key"]: tag["value"] for tag in (*held, *given)}
    if len(both) > MOST_TAGS:
        raise ecs.error.InvalidParameterException("The maximum number of tags that can be applied is 50.")
    return [{"key": key, "value": value} for key, value in both.items()]
