"""Tags given when something is made: their rules, their condition keys, and the ec2:CreateTags they need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from batchyard.framework.check import Check, Tags, Values, members
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.reserved_tags import is_reserved
from batchyard.framework.tag_keys import request_tag_keys
from batchyard.services.ec2.refusals import invalid_value
from batchyard.services.ec2.service import ec2

LARGEST_NUMBER = 50


@ec2.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """Recorded: jcjorel/ec2-spot-converter#13; of a template's data: buildkite/elastic-ci-stack-for-aws#856.

    That the second is a template's is seen from what that stack makes, and its quotes were lost on the way [guess].
    """
    text = "Tag keys starting with 'aws:' are reserved for internal use"
    if path.startswith("LaunchTemplateData."):
        key = next(key for key in template_keys(ctx.call.request) if is_reserved(key))
        return ApiError("InvalidTagKey.Malformed", f"The tag key '{key}' is not valid. {text}.")
    return invalid_value(text)


def template_keys(request: Any) -> Iterable[str]:
    """The keys of the tags that a template's data has for what is launched."""
    tags = members(request, "LaunchTemplateData.TagSpecifications.Tags")
    return (str(tag.get("Key", "")) for tag in tags)


def by_type(specifications: Any) -> dict[str, dict[str, str]]:
    """TagSpecifications as resource type → tags, unchecked."""
    found: dict[str, dict[str, str]] = {}
    for one in specifications or ():
        given = found.setdefault(one.get("ResourceType", ""), {})
        given.update({tag.get("Key", ""): tag.get("Value", "") for tag in one.get("Tags") or ()})
    return found


def checked(specifications: Any, *, allowed: Collection[str]) -> dict[str, dict[str, str]]:
    """TagSpecifications as resource type → tags; refused where EC2 refuses them."""
    for one in specifications or ():
        kind = one.get("ResourceType")
        if kind not in allowed:
            raise invalid_value(f"'{kind}' is not a valid taggable resource type for this operation.")
        check_tags(one.get("Tags") or ())
    return by_type(specifications)


def check_tags(given: Iterable[Mapping[str, Any]]) -> None:
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
