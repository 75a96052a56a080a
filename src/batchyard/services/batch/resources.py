"""Batch's nouns: compute environment, job queue, job definition, job, scheduling policy, consumable resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun, Words
from batchyard.framework.rows import Rows
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.consumables.consumable_tables import consumable_resources
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import (
    compute_environments,
    job_definitions,
    job_queues,
    jobs,
    scheduling_policies,
)
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction


def name_of(name_or_arn: str) -> str:
    """The name at the end of an ARN (`name:revision` for a job definition); a name stays itself."""
    return name_or_arn.rsplit("/", 1)[-1] if name_or_arn.startswith("arn:") else name_or_arn


def _revision(name: str) -> Mapping[str, Any] | None:
    """A revision's; without one its tags are not evaluated (Batch user guide, example of submission by tags)."""
    family, _, revision = name.partition(":")
    number = whole_number(revision)
    return None if number is None else {"name": family, "revision": number}


def _taken(ctx: Context, name: str) -> ApiError:
    """Text: batch-jobs.md 14."""
    return batch.error.ClientException("Object already exists.", status=409)


def _words(noun: str) -> Words:
    """Texts: batch-jobs.md 14; that of a missing job where its tags are asked for is a guess."""

    def missing(ctx: Context, given: str) -> ApiError:
        return refusal(ctx, f"{NOUNS[noun].meant_arn(ctx, given)} does not exist")

    return Words(missing, _taken)


def _missing_policy(ctx: Context, given: str) -> ApiError:
    """Text recorded of CreateJobQueue (cdk-preflight, `pf-batch-jq-scheduling-policy-arn-region`)."""
    return batch.error.ClientException(f"SchedulingPolicy {given} not found.")


compute_environment: Noun[Row] = Noun(
    batch,
    "compute-environment/{name}",
    Rows(compute_environments, order="name"),
    words=_words("compute-environment"),
    given="either",
)
job_queue: Noun[Row] = Noun(
    batch, "job-queue/{name}", Rows(job_queues, order="name"), words=_words("job-queue"), given="either"
)
job_definition: Noun[Row] = Noun(
    batch,
    "job-definition/{name}:{revision}",
    Rows(job_definitions, ("name", "revision"), key=_revision),
    words=_words("job-definition"),
    given="either",
)
job: Noun[JobRow] = Noun(
    batch,
    "job/{job_id}",
    Rows(jobs, ("job_id",), whole=job_rows.JOBS, row=JobRow),
    words=_words("job"),
    given="either",
)
scheduling_policy: Noun[Row] = Noun(
    batch,
    "scheduling-policy/{name}",
    Rows(scheduling_policies, order="name"),
    words=Words(_missing_policy, _taken),
    given="arn",
)
consumable_resource: Noun[Row] = Noun(
    batch,
    "consumable-resource/{name}",
    Rows(consumable_resources),
    words=_words("consumable-resource"),
    given="either",
)
NOUNS = {
    noun.kind: noun
    for noun in (
        compute_environment,
        job_queue,
        job_definition,
        job,
        scheduling_policy,
        consumable_resource,
    )
}


def require_environment(tx: Transaction, identity: int) -> Row:
    """The row of an environment that is known to be there; raises LookupError where it went meanwhile."""
    row = tx.first(select(compute_environments).where(compute_environments.c.id == identity))
    if row is None:
        raise LookupError(f"the compute environment {identity} went meanwhile")
    return row
