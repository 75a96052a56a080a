"""Describe… operations of kinds of which an account has few: the named things, or all, that meet the filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.places import place
from batchyard.services.ec2.tags.tag_rows import tag_lists

R = TypeVar("R")
Describe = Callable[[Context, R], dict[str, Any]]


def described(ctx: Context, describe: Describe[R], found: R) -> dict[str, Any]:
    """One as an answer shows it, with its tags."""
    identity = getattr(found, "id")  # noqa: B009
    return {**describe(ctx, found), "Tags": tag_lists(ctx.read, place(ctx), [identity])[identity]}


def listing(
    ctx: Context,
    request: Any,
    noun: Noun[R],
    every: Callable[[Context], Iterable[R]],
    describe: Describe[R],
    *,
    ids: str,
    result: str,
    attributes: Mapping[str, filters.Attribute],
    filtered: str = "Filters",
) -> dict[str, Any]:
    """The page of a Describe… operation: those named at `ids` of the request, or all, that meet its filters."""
    named = request.get(ids)
    found = [noun.require(ctx, one) for one in named] if named else every(ctx)
    return page(ctx, request, noun, found, describe, result=result, attributes=attributes, filtered=filtered)


def page(
    ctx: Context,
    request: Any,
    noun: Noun[R],
    found: Iterable[R],
    describe: Describe[R],
    *,
    result: str,
    attributes: Mapping[str, filters.Attribute],
    filtered: str = "Filters",
) -> dict[str, Any]:
    """The same of what was found already."""
    shown = [describe(ctx, one) for one in found]
    tags = tag_lists(ctx.read, place(ctx), [one[noun.member] for one in shown])
    shown = [{**one, "Tags": tags[one[noun.member]]} for one in shown]
    matches = filters.predicate(ctx, request.get(filtered), attributes, key=noun.member)
    items = filter(matches, pages.sorted_items(request, shown, position=noun.member))
    return pages.answer(ctx, request, result, items, position=noun.member)
