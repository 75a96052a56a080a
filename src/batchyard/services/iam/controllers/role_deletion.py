"""Deletes service-linked roles that are not in use, or says where they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, update

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.service import RoleUse
from batchyard.framework.work import Key
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import ROLE, find_by_id
from batchyard.services.iam.principals import departed_principals
from batchyard.services.iam.principals.service_linked_roles import DELETION_CONTROLLER, find_task
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import attachments, role_deletions, roles
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

KEPT = timedelta(days=30)
"""How long a task can be looked up after its end; AWS does not say [guess, slr.md 4]."""


@iam.controller
class RoleDeletion(Controller):
    """Takes a task from NOT_STARTED over IN_PROGRESS to SUCCEEDED or FAILED, and forgets it after 30 days.

    Each step is one write transaction, so a server that dies between two goes on from the row.
    """

    name = DELETION_CONTROLLER

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        """Take the task of the (one) key one step further."""
        return self.write(lambda tx: self._step(tx, keys[0].name))

    def _step(self, tx: Transaction, task_id: str) -> Again | None:
        task = find_task(tx, task_id)
        if task is None:
            return None
        if task.status == "NOT_STARTED":
            self._set(tx, task, status="IN_PROGRESS")
            return Again(self.runtime.settings.pace)
        if task.status == "IN_PROGRESS":
            early = self.left(self.runtime.settings.pace, task.changed_at)
            if early > 0:
                return Again(early)
            self._conclude(tx, task)
            return Again(KEPT.total_seconds())
        left = self.left(KEPT.total_seconds(), task.changed_at)
        if left > 0:
            return Again(left)
        tx.run(delete(role_deletions).where(role_deletions.c.task_id == task_id))
        return None

    def _conclude(self, tx: Transaction, task: Row) -> None:
        """Ask the linked service and delete the role, in one transaction: no use can slip in between."""
        role = find_by_id(ROLE, tx, task.role_id)
        uses = [] if role is None else self._uses(tx, role)
        if uses:
            self._set(tx, task, status="FAILED", reason=_reason(role, uses), usage=_usage(uses))
            return
        tx.run(delete(attachments).where(attachments.c.owner_id == task.role_id))
        tx.run(delete(roles).where(roles.c.id == task.role_id))
        if role is not None:
            departed_principals.keep_ids(tx, ROLE, role)
        revisions.replace(tx, task.partition, task.account)
        self._set(tx, task, status="SUCCEEDED")

    def _uses(self, tx: Transaction, role: Row) -> list[RoleUse]:
        """Where the role is in use, over all Regions; a service that is not here uses nothing."""
        linked = self.runtime.linked_role(role.service_principal)
        if linked is None:
            return []
        return list(linked.in_use(tx, role.partition, role.account, ROLE.arn_of(role)))

    def _set(self, tx: Transaction, task: Row, **values: object) -> None:
        changed = update(role_deletions).where(role_deletions.c.task_id == task.task_id)
        tx.run(changed.values(changed_at=self.now, **values))


def _reason(role: Row, uses: Sequence[RoleUse]) -> str:
    """A short sentence; AWS's own is not public [guess, slr.md 4]."""
    regions = ", ".join(sorted({use.region for use in uses}))
    return f"The role {role.name} is in use by resources of {role.service_principal} in {regions}."


def _usage(uses: Sequence[RoleUse]) -> list[dict[str, object]]:
    return [{"Region": use.region, "Resources": list(use.resources)} for use in uses]
