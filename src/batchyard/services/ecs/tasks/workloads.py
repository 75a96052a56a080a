"""Which roles a task has: what its own row and its task definition say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.runtime import Runtime
from batchyard.framework.workloads import NamedRole, Workload
from batchyard.services.ecs.tables import IS_DEFINITION_OF_TASK, task_definitions, tasks
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_MEMBERS = {"task": "taskRoleArn", "execution": "executionRoleArn"}

_NAMED = Prepared(
    select(tasks.c.cluster, tasks.c.overrides, task_definitions.c.document)
    .join(task_definitions, IS_DEFINITION_OF_TASK)
    .where(tasks.c.id == bindparam("id"))
    .where(tasks.c.account == bindparam("account"))
    .where(tasks.c.partition == bindparam("partition"))
    .where(tasks.c.region == bindparam("region"))
)


def role_of(use: str, document: Any, overrides: Any) -> str | None:
    """A task's role for `use`: RunTask's override, else the task definition's."""
    member = _MEMBERS[use]
    role: str | None = overrides.get(member) or document.get(member)
    return role or None


def find_role(runtime: Runtime, tx: Transaction, workload: Workload) -> NamedRole | None:
    """The task's role and the task's ARN.

    aws:SourceArn is the task's ARN [guess]: the developer guide says that a trust policy cannot name a cluster there,
    and that `arn:aws:ecs:REGION:ACCOUNT:*` matches ("Task IAM role").
    """
    row = tx.first(
        _NAMED,
        id=workload.name,
        account=workload.account,
        partition=workload.partition,
        region=workload.region,
    )
    if row is None:
        return None
    arn = f"arn:{workload.partition}:ecs:{workload.region}:{workload.account}:task/{row.cluster}/{workload.name}"
    return NamedRole(role_of(workload.use, row.document, row.overrides), arn)
