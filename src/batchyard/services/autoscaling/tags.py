"""Tags of groups: set, deleted, and described over all groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.framework.tag_keys import request_tag_keys, request_tags
from batchyard.services.autoscaling import pages, tag_lists
from batchyard.services.autoscaling.group_rows import update_group
from batchyard.services.autoscaling.group_rules import invalid
from batchyard.services.autoscaling.resources import auto_scaling_group, check_on_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import (
        CreateOrUpdateTagsTypeTypeDef,
        DeleteTagsTypeTypeDef,
        DescribeTagsTypeTypeDef,
    )

PAGE_SIZE = 50
_FILTERS = ("auto-scaling-group", "key", "value", "propagate-at-launch")


def _each_group(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Check on each group with the tags that it gets; those of other groups are not its own."""
    named: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for tag in request["Tags"]:
        named[tag.get("ResourceId") or "*"].append(tag)
    return [
        check_on_group(ctx, name, context=request_tag_keys(request_tags(tags)))
        for name, tags in named.items()
    ]


def _by_group(request: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for tag in request["Tags"]:
        if not tag.get("ResourceId"):
            raise invalid("The ResourceId of a tag must be specified.")
        found[tag["ResourceId"]].append(tag)
    return found


def _require(ctx: Context, name: str) -> Row:
    row = auto_scaling_group.find(ctx, name)
    if row is None:
        raise invalid(f"AutoScalingGroup not found - AutoScaling Group {name} not found")
    return row


@autoscaling.operation(on=_each_group, writes=True)
def create_or_update_tags(ctx: Context, request: CreateOrUpdateTagsTypeTypeDef) -> dict[str, Any]:
    """Set tags of one or more groups; instances get them from the next launch on."""
    for name, given in _by_group(request).items():
        row = _require(ctx, name)
        tags = tag_lists.merged(row.tags, tag_lists.checked(given))
        update_group(ctx.write, place(ctx), name, tags=tags)
    return {}


@autoscaling.operation(on=_each_group, writes=True)
def delete_tags(ctx: Context, request: DeleteTagsTypeTypeDef) -> dict[str, Any]:
    """Delete tags by key, and where a Value is given only if it is the tag's; missing tags are no error."""
    for name, given in _by_group(request).items():
        row = _require(ctx, name)
        ended = {tag["Key"]: tag.get("Value") for tag in given}
        left = [tag for tag in row.tags if not _is_ended(tag, ended)]
        update_group(ctx.write, place(ctx), name, tags=left)
    return {}


def _is_ended(tag: Mapping[str, Any], ended: Mapping[str, str | None]) -> bool:
    return tag["Key"] in ended and ended[tag["Key"]] in (None, tag["Value"])


@autoscaling.operation(on=ANY)
def describe_tags(ctx: Context, request: DescribeTagsTypeTypeDef) -> dict[str, Any]:
    """Tags of all groups, by group and key; filters narrow them, all of them must match.

    A page holds the tags of whole groups, as many as MaxRecords allows (and of one group at least).
    """
    limit, after = pages.start(request, default=PAGE_SIZE)
    filters = request.get("Filters") or ()
    for one in filters:
        if one.get("Name") not in _FILTERS:
            raise invalid(
                f"Filter type {one.get('Name')} is not correct. Allowed Filter types are: {_FILTERS}"
            )
    found: list[dict[str, Any]] = []
    reached = ""
    tests = [(one["Name"], frozenset(one.get("Values") or ())) for one in filters]
    while True:
        rows = _groups(ctx, filters, after, limit)
        for row in rows:
            if reached and ctx.effort.is_used_up:
                return pages.answer("Tags", found, reached)
            tags, ways = len(row.tags), 1 + len(tests)
            ctx.effort.spend(pages.PER_ROW + pages.PER_TAG_AND_FILTER * tags * ways)
            own = [tag for tag in tag_lists.described(row.tags, row.name) if _matches(tag, tests)]
            if found and len(found) + len(own) > limit:
                return pages.answer("Tags", found, after)
            found += own
            after = reached = row.name
        if len(rows) < limit:
            return pages.answer("Tags", found, None)


def _groups(ctx: Context, filters: Sequence[Mapping[str, Any]], after: str, size: int) -> Sequence[Row]:
    """The next groups by name; only the named groups where a filter names them."""
    named = [set(one.get("Values") or ()) for one in filters if one["Name"] == "auto-scaling-group"]
    if not named:
        return auto_scaling_group.source.after(ctx.read, place(ctx), after, size)
    wanted = sorted(name for name in set.intersection(*named) if name > after)
    ctx.effort.spend(_PER_NAMED * len(wanted))
    found = (auto_scaling_group.find(ctx, name) for name in wanted)
    return list(islice((row for row in found if row is not None), size))


_PER_NAMED = 8.0
"""Microseconds to look a group up by its name."""


def _matches(tag: Mapping[str, Any], tests: Sequence[tuple[str, frozenset[str]]]) -> bool:
    held = {
        "auto-scaling-group": tag["ResourceId"],
        "key": tag["Key"],
        "value": tag["Value"],
        "propagate-at-launch": "true" if tag["PropagateAtLaunch"] else "false",
    }
    return all(held[name] in values for name, values in tests)
