"""The tag operations of ECS, the same for its four kinds of resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.framework.tag_operations import TagRules, tag_operations_by_arn
from batchyard.services.ecs.clusters.engine_tags import check_change
from batchyard.services.ecs.resources import CLUSTER, NOUNS
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tag_lists import checked, merged
from batchyard.store.prepared import Row

Pairs = Sequence[Mapping[str, Any]]


def _added(ctx: Context, noun: Noun[Any], kept: Pairs, given: Pairs) -> Pairs:
    return merged(kept, checked(given))


def _taken(ctx: Context, noun: Noun[Any], kept: Pairs, keys: Sequence[str]) -> Pairs:
    return [tag for tag in kept if tag["key"] not in keys]


def _changing(ctx: Context, noun: Noun[Any], row: Row, tags: Pairs) -> None:
    if noun is CLUSTER:
        check_change(ctx, row.name, row.tags, tags)


tag_operations_by_arn(
    ecs,
    NOUNS,
    TagRules(_added, taken=_taken, changing=_changing),
    unknown=lambda ctx, arn: ecs.error.InvalidParameterException("Invalid resource arn."),
)
