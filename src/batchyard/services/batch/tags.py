"""Tags: put, take and list them on compute environments, job queues, job definitions and jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, update

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.resource import ResourceType
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.environments.engine_tags import check_engine_changes
from batchyard.services.batch.jobs.job_rows import find_job
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import (
    FIND_DEFINITION,
    compute_environment,
    find_environment,
    find_queue,
    job,
    job_definition,
    job_queue,
)
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments, job_definitions, job_queues, jobs
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

MOST_TAGS = 50
_LETTERS = re.compile(r"[\w.:/=+\-@ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*")
"""Letters and digits of any script, separators, and what else AWS's tags may have."""

_TYPES: dict[str, tuple[ResourceType, Table]] = {
    "compute-environment": (compute_environment, compute_environments),
    "job-queue": (job_queue, job_queues),
    "job-definition": (job_definition, job_definitions),
    "job": (job, jobs),
}


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
    with a revision, a Step Functions role's denial without one). That the other creations ask for it on what they
    make is known from policies that had to be extended; the form of the ARN is by analogy [guess].
    """

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        if not request.get("tags"):
            return []
        return [replace(check, action="batch:TagResource") for check in target(ctx, request)]

    return checks


def _tagged(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    arn = request["resourceArn"]
    kind = _kind_of(arn)
    return [Check(resource=arn) if kind not in _TYPES else _TYPES[kind][0].check(ctx, arn)]


@batch.operation(on=_tagged)
def list_tags_for_resource(ctx: Context, request: ListTagsForResourceRequestTypeDef) -> dict[str, Any]:
    """The tags of one resource."""
    _, row = _find(ctx, request["resourceArn"])
    return {"tags": row.tags}


@batch.operation(on=_tagged, writes=True, tags="tags")
def tag_resource(ctx: Context, request: TagResourceRequestTypeDef) -> None:
    """Add tags to one resource; a key that is there gets the new value."""
    table, row = _find(ctx, request["resourceArn"])
    tags = {**row.tags, **request["tags"]}
    check_tags(ctx, tags)
    _write(ctx, table, row, tags)


@batch.operation(on=_tagged, writes=True, tag_keys="tagKeys")
def untag_resource(ctx: Context, request: UntagResourceRequestTypeDef) -> None:
    """Take tags from one resource; keys that are not there are passed over."""
    table, row = _find(ctx, request["resourceArn"])
    tags = {key: value for key, value in row.tags.items() if key not in request["tagKeys"]}
    _write(ctx, table, row, tags)


def _write(ctx: Context, table: Table, row: Row, tags: Mapping[str, str]) -> None:
    """Put the tags in place of those that the resource has; an environment's cluster follows where its engine does."""
    if table is compute_environments and check_engine_changes(ctx, row, tags):
        ctx.intend("batch.compute", row.name)
    ctx.write.run(update(table).where(table.c.id == row.id).values(tags=tags))


def _kind_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[5].split("/", 1)[0] if len(parts) == 6 else ""


def _find(ctx: Context, arn: str) -> tuple[Table, Row]:
    """The table and row that the ARN names; raises ClientException (its text is a guess) where there is none."""
    kind = _kind_of(arn)
    if kind in _TYPES and arn == _TYPES[kind][0].arn(ctx, name=arn.rsplit("/", 1)[-1]):
        row = _row(ctx, kind, arn.rsplit("/", 1)[-1])
        if row is not None:
            return _TYPES[kind][1], row
    raise refusal(ctx, f"{arn} does not exist")


def _row(ctx: Context, kind: str, name: str) -> Row | None:
    place = {"account": ctx.account, "region": ctx.region}
    if kind == "compute-environment":
        return find_environment(ctx.read, **place, name_or_arn=name)
    if kind == "job-queue":
        return find_queue(ctx.read, **place, name_or_arn=name)
    if kind == "job":
        return find_job(ctx.read, **place, job_id=name)
    definition, _, revision = name.partition(":")
    number = whole_number(revision)
    if number is None:
        return None
    return ctx.read.first(FIND_DEFINITION, **place, name=definition, revision=number)
