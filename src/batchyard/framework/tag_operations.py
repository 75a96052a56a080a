"""The three operations on tags, made from a service's nouns and from what the service says about tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check, Target, Values
from batchyard.framework.noun import Noun
from batchyard.framework.service import Service

if TYPE_CHECKING:
    from batchyard.framework.context import Context

Kept = Any
"""Tags as a row keeps them, which is how the service's answers have them: a map, or a list of pairs."""


def _without(ctx: Context, noun: Noun[Any], kept: Kept, keys: Sequence[str]) -> Kept:
    return {key: value for key, value in kept.items() if key not in keys}


def _as_kept(kept: Kept, request: Any) -> dict[str, Any]:
    return {"tags": kept}


def _nothing(ctx: Context, noun: Noun[Any], row: Any, tags: Kept) -> None:
    return None


@dataclass(frozen=True, slots=True)
class TagRules:
    """What a service says about the tags of its nouns.

    added(context, noun, tags as kept, the request's): the tags as they are then; raises what the service says to tags
    that a thing cannot have. taken(…, keys): the same without those keys; a key that is not there is passed over.
    shown(tags as kept, request): the listing's answer. changing(context, noun, row, tags as they will be): called
    before they are written; raises where they may not change so.
    """

    added: Callable[[Context, Noun[Any], Kept, Any], Kept]
    taken: Callable[[Context, Noun[Any], Kept, Sequence[str]], Kept] = _without
    shown: Callable[[Kept, Any], dict[str, Any]] = _as_kept
    changing: Callable[[Context, Noun[Any], Any, Kept], None] = _nothing


@dataclass(frozen=True, slots=True)
class TagMembers:
    """How requests call the resource, its tags, and the keys to take away."""

    resource: str = "resourceArn"
    tags: str = "tags"
    keys: str = "tagKeys"


def tags_on_creation(target: Target, action: str, member: str = "tags", **context: Values) -> Target:
    """`on=`: tags that a request gives for what it makes need an action of their own on what `target` names."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        if not request.get(member):
            return []
        return [
            replace(check, action=action, context={**check.context, **context})
            for check in target(ctx, request)
        ]

    return checks


def tag_operations_by_arn(
    service: Service,
    nouns: Iterable[Noun[Any]],
    rules: TagRules,
    *,
    unknown: Callable[[Context, str], Exception],
    members: TagMembers = TagMembers(),
) -> None:
    """TagResource, UntagResource and ListTagsForResource over all nouns of a service.

    An ARN of none of them is checked as it is, and refused as `unknown` says.
    """
    listed = tuple(nouns)

    def noun_of(arn: str) -> Noun[Any] | None:
        return next((noun for noun in listed if noun.is_of(arn)), None)

    def on(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        arn = request.get(members.resource) or ""
        noun = noun_of(arn)
        return [Check(resource=arn) if noun is None else noun.check(ctx, arn)]

    def require(ctx: Context, request: Any) -> tuple[Noun[Any], Any]:
        arn = request[members.resource]
        noun = noun_of(arn)
        if noun is None:
            raise unknown(ctx, arn)
        return noun, noun.require(ctx, arn)

    names = ("tag_resource", "untag_resource", "list_tags_for_resource")
    _register(service, names, on, require, rules, members)


def tag_operations_of(noun: Noun[Any], name: str, rules: TagRules, members: TagMembers) -> None:
    """TagRole, UntagRole and ListRoleTags: a noun's own three, by its name in operations in snake case (`role`)."""

    def require(ctx: Context, request: Any) -> tuple[Noun[Any], Any]:
        return noun, noun.require(ctx, request[members.resource])

    names = (f"tag_{name}", f"untag_{name}", f"list_{name}_tags")
    _register(noun.service, names, noun.named(members.resource), require, rules, members)


def _register(
    service: Service,
    names: tuple[str, str, str],
    on: Callable[[Context, dict[str, Any]], Iterable[Check]],
    require: Callable[[Context, Any], tuple[Noun[Any], Any]],
    rules: TagRules,
    members: TagMembers,
) -> None:
    tag, untag, listing = names

    @service.operation(on=on, writes=True, tags=members.tags, name=tag)
    def put(ctx: Context, request: Any) -> None:
        noun, row = require(ctx, request)
        _keep(ctx, noun, row, rules.added(ctx, noun, row.tags, request[members.tags]))

    @service.operation(on=on, writes=True, tag_keys=members.keys, name=untag)
    def take(ctx: Context, request: Any) -> None:
        noun, row = require(ctx, request)
        _keep(ctx, noun, row, rules.taken(ctx, noun, row.tags, request[members.keys]))

    @service.operation(on=on, name=listing)
    def show(ctx: Context, request: Any) -> dict[str, Any]:
        return rules.shown(require(ctx, request)[1].tags, request)

    def _keep(ctx: Context, noun: Noun[Any], row: Any, tags: Kept) -> None:
        rules.changing(ctx, noun, row, tags)
        noun.source.keep_tags(ctx.write, row, tags)
