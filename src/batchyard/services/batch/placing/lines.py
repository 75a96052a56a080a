"""The front of each queue's line and the environments behind, read from the tables for one plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from batchyard.framework.container_needs import Asked
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.scheduler.snapshot import (
    ComputeEnvironment,
    Consumable,
    Job,
    Node,
    Queue,
    SchedulingPolicy,
    Share,
    Snapshot,
)
from batchyard.services.batch.consumables import consumption
from batchyard.services.batch.environments.capacity import Seen, launchable_types
from batchyard.services.batch.environments.compute_resource_rules import FARGATE
from batchyard.services.batch.environments.engine_tags import engine_tag
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.jobs.node_specs import node_sizes
from batchyard.services.batch.placing.engine_needs import abilities_of, asked_by_jobs, needs_of
from batchyard.services.batch.queues import queue_fronts
from batchyard.services.batch.queues.queue_lines import FRONT, in_turns, oldest
from batchyard.services.batch.queues.queue_policies import in_scheduler, policy_of, shares_of
from batchyard.services.batch.rows import WaitingRow
from batchyard.services.batch.tables import (
    attempts,
    compute_environments,
    job_queues,
    queue_environments,
)
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_QUEUES = Prepared(
    select(job_queues)
    .where(job_queues.c.account == bindparam("account"))
    .where(job_queues.c.region == bindparam("region"))
    .where((job_queues.c.status == "VALID") | (job_queues.c.status == "UPDATING"))
)
_ENVIRONMENTS = Prepared(
    select(compute_environments)
    .where(compute_environments.c.account == bindparam("account"))
    .where(compute_environments.c.region == bindparam("region"))
)
_ATTACHED = Prepared(
    select(queue_environments.c.environment_id)
    .where(queue_environments.c.queue_id == bindparam("queue_id"))
    .order_by(queue_environments.c.position)
)
_IN_ENVIRONMENT = (attempts.c.environment_id == bindparam("environment_id")) & attempts.c.stopped_ms.is_(None)
_UNANSWERED = Prepared(
    select(attempts.c.job, attempts.c.node, attempts.c.placement, attempts.c.environment_id)
    .where(_IN_ENVIRONMENT)
    .where(attempts.c.task_arn.is_(None))
)
_USED = Prepared(select(func.sum(attempts.c.vcpus).label("vcpus")).where(_IN_ENVIRONMENT))


class Sharing(NamedTuple):
    """By what a queue shares, and among whom."""

    policy: SchedulingPolicy
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What one plan of an account and Region is about."""

    queues: tuple[Row, ...]
    environments: Mapping[int, Row]
    attached: Mapping[int, tuple[int, ...]]
    """The environments of each queue, in its order; by their rows' ids."""
    fronts: Mapping[int, tuple[WaitingRow, ...]]
    """The RUNNABLE jobs of each queue, the oldest first; of a queue with a policy as its shares have their turns."""
    sharing: Mapping[int, Sharing]
    """The policy and the shares of each queue that has a policy."""
    kept: Mapping[int, Row]
    """What the last plan left of each queue (`queue_fronts`)."""
    unanswered: tuple[Row, ...]
    """Attempts whose RunTask was not answered: the server went down meanwhile."""
    used_vcpus: Mapping[int, float]
    """What the tasks of each Fargate environment take."""
    consumables: tuple[Consumable, ...]
    """What there is of the resources that the waiting jobs need."""
    asked: Mapping[str, Asked]
    """What jobs ask of an engine, by their job ids; nothing where there is no entry."""
    nodes: Mapping[int, tuple[Node, ...]]
    """What the nodes of multi-node parallel jobs take, by the jobs' ids."""

    @property
    def jobs(self) -> dict[str, Row]:
        """The waiting jobs by their job ids."""
        return {row.job_id: row for front in self.fronts.values() for row in front}

    def wanted(self, environment_id: int) -> bool:
        """Does a job wait in a queue that has this environment?"""
        return any(self.fronts[queue] and environment_id in ids for queue, ids in self.attached.items())

    def by_arn(self, arn: str) -> Row:
        """The environment with this ARN."""
        return next(row for row in self.environments.values() if row.arn == arn)

    def is_long(self) -> bool:
        """May a queue have more jobs than this plan looks at?"""
        return any(len(rows) == FRONT for rows in self.fronts.values())

    def is_full(self, queue: int) -> bool:
        """Is this queue first-in-first-out with as many jobs as this plan looks at, or more?

        Then what is submitted changes nothing about the plan; a job of another share may.
        """
        return len(self.fronts[queue]) == FRONT and queue not in self.sharing


def read_lines(tx: Transaction, key: Key, now: datetime) -> Lines:
    """The lines of an account and Region, by indexed reads alone."""
    queues = tx.all(_QUEUES, account=key.account, region=key.region)
    environments = {row.id: row for row in tx.all(_ENVIRONMENTS, account=key.account, region=key.region)}
    sharing = {queue.id: one for queue in queues if (one := _sharing(tx, queue)) is not None}
    fronts = {queue.id: _front(tx, queue.id, sharing.get(queue.id), now) for queue in queues}
    kept = {queue.id: row for queue in queues if (row := queue_fronts.find(tx, queue.id)) is not None}
    needed = {one for rows in fronts.values() for row in rows for one, _ in row.resources or ()}
    unanswered = [one for row in environments for one in tx.all(_UNANSWERED, environment_id=row)]
    return Lines(
        queues=tuple(queues),
        environments=environments,
        attached={
            queue.id: tuple(one.environment_id for one in tx.all(_ATTACHED, queue_id=queue.id))
            for queue in queues
        },
        fronts=fronts,
        sharing=sharing,
        kept=kept,
        consumables=tuple(consumption.amounts(tx, needed)),
        asked=asked_by_jobs(row for rows in fronts.values() for row in rows),
        nodes=_nodes(tx, [row.id for rows in fronts.values() for row in rows if row.node_count is not None]),
        unanswered=tuple(unanswered),
        used_vcpus={row.id: _used(tx, row) for row in environments.values() if is_fargate(row)},
    )


def _nodes(tx: Transaction, identities: Sequence[int]) -> dict[int, tuple[Node, ...]]:
    """What each node of these jobs takes."""
    return {
        row.id: tuple(
            Node(job_id=row.job_id, vcpus=one.vcpus, memory_mib=one.memory_mib, gpus=one.gpus)
            for one in node_sizes(row.spec["nodes"])
        )
        for row in job_rows.find_some(tx, identities).values()
    }


def is_fargate(environment: Row) -> bool:
    """Do the environment's tasks run without an instance of ours?"""
    return (environment.compute_resources or {}).get("type") in FARGATE


def snapshot(lines: Lines, observed: Mapping[int, Seen], runtime: Runtime) -> Snapshot:
    """The lines in the scheduler's words, with what was observed of each environment."""
    environments = tuple(
        _environment(lines, row, observed.get(row.id, Seen()), runtime) for row in lines.environments.values()
    )
    return Snapshot(
        queues=tuple(_queue(lines, row) for row in lines.queues),
        compute_environments=environments,
        consumables=lines.consumables,
    )


def _sharing(tx: Transaction, queue: Row) -> Sharing | None:
    policy = policy_of(tx, queue)
    return None if policy is None else Sharing(in_scheduler(policy), shares_of(tx, queue.id))


def _front(tx: Transaction, queue_id: int, sharing: Sharing | None, now: datetime) -> tuple[Row, ...]:
    if sharing is None:
        return oldest(tx, queue_id)
    return in_turns(tx, queue_id, sharing.policy, sharing.shares, now)


def _used(tx: Transaction, environment: Row) -> float:
    found = tx.first(_USED, environment_id=environment.id)
    return float(found.vcpus or 0) if found is not None else 0.0


def _queue(lines: Lines, row: Row) -> Queue:
    attached = (lines.environments.get(one) for one in lines.attached[row.id])
    sharing = lines.sharing.get(row.id)
    return Queue(
        arn=row.arn,
        name=row.name,
        priority=row.priority,
        compute_environments=tuple(one.arn for one in attached if one is not None),
        jobs=tuple(_job(lines, row.arn, one) for one in lines.fronts[row.id]),
        status=row.status,
        scheduling_policy=sharing.policy if sharing else None,
        shares=sharing.shares if sharing else (),
    )


def _job(lines: Lines, queue_arn: str, row: WaitingRow) -> Job:
    return Job(
        job_id=row.job_id,
        queue_arn=queue_arn,
        vcpus=row.vcpus,
        memory_mib=row.memory_mib,
        gpus=row.gpus,
        created_at=datetime.fromtimestamp(row.created_ms / 1000, UTC),
        scheduling_priority=row.scheduling_priority or 0,
        share_identifier=row.share_identifier,
        consumes=consumption.needs(row),
        needs=needs_of(lines.asked.get(row.job_id)),
        nodes=lines.nodes.get(row.id, ()),
    )


def _environment(lines: Lines, row: Row, seen: Seen, runtime: Runtime) -> ComputeEnvironment:
    resources: dict[str, Any] = row.compute_resources or {}
    kind: Any = "UNMANAGED" if row.type == "UNMANAGED" else resources["type"]
    minutes = resources.get("scalingPolicy", {}).get("minScaleDownDelayMinutes")
    return ComputeEnvironment(
        arn=row.arn,
        type="EKS" if row.orchestration == "EKS" else kind,
        max_vcpus=resources.get("maxvCpus", 0) if row.type == "MANAGED" else row.unmanaged_vcpus or 0,
        min_vcpus=resources.get("minvCpus", 0),
        desired_vcpus=row.desired_vcpus,
        state=row.state,
        status=row.status,
        instances=seen.instances,
        wait_reason=seen.wait_reason,
        instance_types=launchable_types(row) if row.orchestration == "ECS" else (),
        used_vcpus=lines.used_vcpus.get(row.id, 0.0),
        scale_down_delay_seconds=minutes * 60 if minutes else runtime.settings.scale_down_delay,
        abilities=abilities_of(runtime, row, lines.asked.values()),
        most_nodes=runtime.engines.most_nodes(row.account, engine_tag(row)),
    )
