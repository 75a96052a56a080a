"""Tags given when something is made: their rules, their condition keys, and the ec2:CreateTags they need.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from batchyard.framework.check import Check, Tags, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.tag_keys import request_tag_keys
from batchyard.services.ec2.refusals import invalid_value

LARGEST_NUMBER = 50


def by_type(specifications: Any) -> dict[str, dict[str, str]]:
    """TagSpecifications as resource type → tags, unchecked."""
    found: dict[str, dict[str, str]] = {}
    for one in specifications or ():
        given = found.setdefault(one.get("ResourceType", ""), {})
        given.update({tag.get("Key", ""): tag.get("Value", "") for tag in one.get("Tags") or ()})
    return found


def checked(ctx: Context, specifications: Any, *, allowed: Collection[str]) -> dict[str, dict[str, str]]:
    """TagSpecifications as resource type → tags; refused where EC2 refuses them."""
    for one in specifications or ():
        kind = one.get("ResourceType")
        if kind not in allowed:
            raise invalid_value(f"'{kind}' is not a valid taggable resource type for this operation.")
        check_tags(ctx, one.get("Tags") or ())
    return by_type(specifications)


def check_tags(ctx: Context, given: Iterable[Mapping[str, Any]]) -> None:
    """EC2's rules for tags (EC2 User Guide, "Tag restrictions"). Only services of AWS set `aws:` keys."""
    seen: set[str] = set()
    for tag in given:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if key in seen:
            raise invalid_value(f"Duplicate tag key '{key}' specified.")
        seen.add(key)
        if not key or len(key) > 127:
            raise invalid_value(f"Tag key '{key}' must be between 1 and 127 characters long.")
        if len(value) > 255:
            raise invalid_value("Tag value exceeds the maximum length of 255 characters")
        if key.lower().startswith("aws:") and ctx.session.acted_for is None:
            raise invalid_value(f"Tag keys starting with 'aws:' are reserved for internal use: {key}")
    check_number(seen)


def check_number(keys: Iterable[str]) -> None:
    """A resource has at most 50 tags; those of AWS's own services do not count."""
    if sum(1 for key in keys if not key.startswith("aws:")) > LARGEST_NUMBER:
        raise ApiError("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")


def tag_keys(given: Tags) -> dict[str, Values]:
    """aws:RequestTag/… and aws:TagKeys of one check."""
    return request_tag_keys(given.items())


def tagging_checks(action: str, made: Iterable[tuple[str, Tags]]) -> list[Check]:
    """ec2:CreateTags on each (ARN, tags) that the operation `action` makes; none where there are no tags."""
    return [
        Check(
            resource=arn,
            action="ec2:CreateTags",
            context={**tag_keys(given), "ec2:CreateAction": action},
        )
        for arn, given in made
        if given
    ]
