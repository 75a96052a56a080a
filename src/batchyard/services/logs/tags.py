"""Tags of log groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun
from batchyard.framework.tag_operations import TagRules, tag_operations_by_arn
from batchyard.services.logs.resources import log_group
from batchyard.services.logs.service import logs

MOST_TAGS = 50


@logs.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """That they are refused: CloudWatch Logs user guide, tag restrictions; code and text: a guess."""
    return logs.error.InvalidParameterException(
        "aws: prefixed tag key names are not allowed for external use."
    )


def _added(
    ctx: Context, noun: Noun[Any], kept: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    tags = {**kept, **given}
    if len(tags) > MOST_TAGS:
        raise logs.error.TooManyTagsException(f"A resource can have no more than {MOST_TAGS} tags.")
    return tags


tag_operations_by_arn(
    logs,
    [log_group],
    TagRules(_added),
    unknown=log_group.missing,
)
