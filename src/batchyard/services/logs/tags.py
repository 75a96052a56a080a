"""Tags of log groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.logs.resources import TAGGED, group_name, require_group
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_groups

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

MOST_TAGS = 50


@logs.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """That they are refused: CloudWatch Logs user guide, tag restrictions; code and text: a guess."""
    return logs.error.InvalidParameterException(
        "aws: prefixed tag key names are not allowed for external use."
    )


@logs.operation(on=TAGGED, writes=True, tags="tags")
def tag_resource(ctx: Context, request: TagResourceRequestTypeDef) -> None:
    """Add or change tags of a group."""
    group = require_group(ctx, group_name(request))
    tags = {**group.tags, **request["tags"]}
    if len(tags) > MOST_TAGS:
        raise logs.error.TooManyTagsException(f"A resource can have no more than {MOST_TAGS} tags.")
    _keep(ctx, group.id, tags)


@logs.operation(on=TAGGED, writes=True, tag_keys="tagKeys")
def untag_resource(ctx: Context, request: UntagResourceRequestTypeDef) -> None:
    """Remove tags of a group by key."""
    group = require_group(ctx, group_name(request))
    _keep(ctx, group.id, {key: value for key, value in group.tags.items() if key not in request["tagKeys"]})


@logs.operation(on=TAGGED)
def list_tags_for_resource(ctx: Context, request: ListTagsForResourceRequestTypeDef) -> dict[str, Any]:
    """The tags of a group."""
    return {"tags": require_group(ctx, group_name(request)).tags}


def _keep(ctx: Context, identity: int, tags: dict[str, str]) -> None:
    ctx.write.run(update(log_groups).where(log_groups.c.id == identity).values(tags=tags))
