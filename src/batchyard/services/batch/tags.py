"""Tags of Batch's nouns: what they may be. The operations are made of the nouns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from batchyard.framework.check import Target
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun
from batchyard.framework.tag_operations import TagRules, tag_operations_by_arn, tags_on_creation
from batchyard.services.batch.environments.engine_tags import check_engine_changes
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import NOUNS, compute_environment
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

MOST_TAGS = 50
_LETTERS = re.compile(r"[\w.:/=+\-@ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*")
"""Letters and digits of any script, separators, and what else AWS's tags may have."""


def check_tags(ctx: Context, tags: Mapping[str, str]) -> None:
    """Raise for tags that no resource may have.

    The text about a value is recorded (Netflix/metaflow#1345: brackets, SubmitJob), that about a key by analogy, the
    letters are those of AWS's tags (Batch user guide, tag restrictions), the text about their number is a guess.
    """
    for kind, texts in (("TagKey", tags.keys()), ("TagValue", tags.values())):
        for text in texts:
            if not _LETTERS.fullmatch(text):
                told = f"'{text}' is not a valid value for {kind} - it contains illegal characters"
                raise ApiError("BadRequestException", told)
    if len(tags) > MOST_TAGS:
        raise refusal(ctx, f"Number of tags exceeds the limit of {MOST_TAGS}")


@batch.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """Text: recorded of SNS, EC2's stacks and Auto Scaling (cdk-preflight, pf-tags-aws-prefix); code: by analogy with
    what SubmitJob says to other tags (recorded: Netflix/metaflow#1345)."""
    return ApiError("BadRequestException", "aws: prefixed tag key names are not allowed for external use.")


def tagging(target: Target) -> Target:
    """batch:TagResource on what `target` names, where the request has tags.

    SubmitJob asks for it on the job's definition, as that is named in the request (recorded: wri/gfw-data-api#175
    with a revision, a Step Functions role's denial without it). That the other creations ask for it on what they
    make is known from policies that had to be extended; the form of the ARN is by analogy [guess].
    """
    return tags_on_creation(target, "batch:TagResource")


def _added(
    ctx: Context, noun: Noun[Any], kept: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    tags = {**kept, **given}
    check_tags(ctx, tags)
    return tags


def _changing(ctx: Context, noun: Noun[Any], row: Row, tags: Mapping[str, str]) -> None:
    """An environment's cluster follows where its engine does."""
    if noun is compute_environment and check_engine_changes(ctx, row, tags):
        ctx.intend("batch.compute", row.name)


tag_operations_by_arn(
    batch,
    NOUNS.values(),
    TagRules(_added, changing=_changing),
    unknown=lambda ctx, arn: refusal(ctx, f"{arn} does not exist"),
)
