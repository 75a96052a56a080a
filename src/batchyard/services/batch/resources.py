"""Batch's nouns: compute environment, job queue, job definition, job; their ARNs, lookups and tags."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from batchyard.framework.check import Tags
from batchyard.framework.context import Context
from batchyard.framework.resource import ResourceType
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.tables import compute_environments, job_definitions, job_queues
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

FIND_ENVIRONMENT = Prepared(
    select(compute_environments)
    .where(compute_environments.c.account == bindparam("account"))
    .where(compute_environments.c.region == bindparam("region"))
    .where(compute_environments.c.name == bindparam("name"))
)
FIND_QUEUE = Prepared(
    select(job_queues)
    .where(job_queues.c.account == bindparam("account"))
    .where(job_queues.c.region == bindparam("region"))
    .where(job_queues.c.name == bindparam("name"))
)
FIND_DEFINITION = Prepared(
    select(job_definitions)
    .where(job_definitions.c.account == bindparam("account"))
    .where(job_definitions.c.region == bindparam("region"))
    .where(job_definitions.c.name == bindparam("name"))
    .where(job_definitions.c.revision == bindparam("revision"))
)


def name_of(name_or_arn: str) -> str:
    """The name at the end of an ARN (`name:revision` for a job definition); a name stays itself."""
    return name_or_arn.rsplit("/", 1)[-1] if name_or_arn.startswith("arn:") else name_or_arn


def find_environment(tx: Transaction, *, account: str, region: str, name_or_arn: str) -> Row | None:
    """The compute environment's row, or None."""
    return _meant(
        tx.first(FIND_ENVIRONMENT, account=account, region=region, name=name_of(name_or_arn)), name_or_arn
    )


def require_environment(tx: Transaction, identity: int) -> Row:
    """The row of an environment that is known to be there; raises LookupError where it went meanwhile."""
    row = tx.first(select(compute_environments).where(compute_environments.c.id == identity))
    if row is None:
        raise LookupError(f"the compute environment {identity} went meanwhile")
    return row


def find_queue(tx: Transaction, *, account: str, region: str, name_or_arn: str) -> Row | None:
    """The job queue's row, or None."""
    return _meant(
        tx.first(FIND_QUEUE, account=account, region=region, name=name_of(name_or_arn)), name_or_arn
    )


def _meant(row: Row | None, name_or_arn: str) -> Row | None:
    """The row, unless the ARN is that of another account's or Region's namesake, whose policies were asked."""
    return row if row is not None and name_or_arn in (row.name, row.arn) else None


def _environment_tags(ctx: Context, arn: str) -> Tags | None:
    row = find_environment(ctx.read, account=ctx.account, region=ctx.region, name_or_arn=arn)
    return None if row is None else row.tags


def _queue_tags(ctx: Context, arn: str) -> Tags | None:
    row = find_queue(ctx.read, account=ctx.account, region=ctx.region, name_or_arn=arn)
    return None if row is None else row.tags


def _definition_tags(ctx: Context, arn: str) -> Tags | None:
    """A revision's; without one they are not evaluated (Batch user guide, example of submission by resource tags)."""
    name, _, revision = name_of(arn).partition(":")
    number = whole_number(revision)
    if number is None:
        return None
    row = ctx.read.first(FIND_DEFINITION, account=ctx.account, region=ctx.region, name=name, revision=number)
    return None if row is None else row.tags


def _job_tags(ctx: Context, arn: str) -> Tags | None:
    return job_rows.find_tags(ctx.read, account=ctx.account, region=ctx.region, job_id=name_of(arn))


compute_environment = ResourceType("batch", "compute-environment/{name}", find_tags=_environment_tags)
job_queue = ResourceType("batch", "job-queue/{name}", find_tags=_queue_tags)
job_definition = ResourceType("batch", "job-definition/{name}", find_tags=_definition_tags)
job = ResourceType("batch", "job/{name}", find_tags=_job_tags)
