"""The nouns of EC2 as policies see them: their ARNs and their tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from batchyard.framework.check import Check, Tags, Target, Values
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.places import arn, place
from batchyard.services.ec2.tags.tag_rows import find_tags, tag_map
from batchyard.services.ec2.tags.tag_specifications import by_type, tag_keys, tagging_checks


def part_check(ctx: Context, resource: str, **context: Values) -> Check:
    """The check on what is a part of something else, and no noun of its own: `part_check(ctx, "…-rule/sgr-1")`."""
    whole = arn(place(ctx), resource)
    return Check(resource=whole, context=context, tags=lambda: find_tags(ctx, whole))


def placement_group_check(ctx: Context, held: Held | None, name: str) -> Check:
    """The check on a placement group, whose ARN has its name while its tags hang on its id."""
    whole = arn(place(ctx), f"placement-group/{name}")
    keys: dict[str, Values] = {"ec2:PlacementGroupName": name}
    if held is None:
        return Check(resource=whole, context=keys)
    keys["ec2:PlacementGroupStrategy"] = held.body["Strategy"]
    return Check(resource=whole, context=keys, tags=lambda: tag_map(ctx.read, place(ctx), held.id))


def found_by_name(ctx: Context, noun: Noun[Any], identity: str | None) -> Check:
    """The check on what a name stands for, `None` for nothing; a denial tells the same of both, `<kind>/*`."""
    check = noun.check(ctx, identity or "*")
    return replace(check, told=noun.arn(ctx, "*"))


def created(
    kind: str,
    action: str,
    *,
    member: str = "TagSpecifications",
    keys: Callable[[Context, dict[str, Any]], dict[str, Values]] = lambda ctx, request: {},
) -> Target:
    """What is about to be made, `<kind>/*`, with its tags; given some, ec2:CreateTags on it, too.

    `keys` are what is known of it already: where it will be, how it will be.
    """

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        tags: Tags = by_type(request.get(member)).get(kind, {})
        whole = arn(place(ctx), f"{kind}/*")
        yield Check(resource=whole, context={**tag_keys(tags), **keys(ctx, request)})
        yield from tagging_checks(action, [(whole, tags)])

    return checks
