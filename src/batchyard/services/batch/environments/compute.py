"""Compute environments: intended → actual, as the role of each, one gateway call at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, update

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.errors import ApiError
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.services.batch.environments import (
    building,
    capacity,
    fleets,
    groups,
    infrastructure,
    joining,
    tearing_down,
)
from batchyard.services.batch.environments.unfit import Unfit
from batchyard.services.batch.reasons import ENVIRONMENT_HEALTHY, client_error
from batchyard.services.batch.resources import compute_environment, require_environment
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction


@batch.controller
class ComputeController(Controller):
    """One key is one environment's name."""

    name = "batch.compute"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        key = keys[0]
        row = self._find(key)
        if row is None:
            return None
        with self.runtime.sole.environments.of(row.id):
            current = self._find(key)
            return None if current is None else self._bring_about(key, current, acting_as)

    def _find(self, key: Key) -> Row | None:
        with self.read() as tx:
            return compute_environment.find_named(tx, place(key), key.name)

    def _bring_about(self, key: Key, row: Row, acting_as: ActingAs) -> Again | None:
        aws = acting_as(row.service_role, source_arn=row.arn)
        try:
            if row.ending:
                return self._delete(key, row, aws)
            if joining.is_to_be_scaled_down(row):
                capacity.end_all(aws, row)
                return None
            made = self._build(row, aws)
            left = infrastructure.retire(aws, row, self.now)
        except ApiError as error:
            if joining.is_to_be_scaled_down(row) and not row.ending:
                return Again(self.refused_seconds)
            return self._mark_invalid(key, row, client_error(error))
        except Unfit as unfit:
            return self._mark_invalid(key, row, str(unfit))
        made = {name: value for name, value in made.items() if name != "old"} | (
            {"old": left} if left else {}
        )
        if left:
            self.write(lambda tx: _keep_made(tx, row, made))
            return Again(max(0.1, self.runtime.settings.pace))
        self._mark(key, row, status="VALID", reason=ENVIRONMENT_HEALTHY, made=made)
        return None

    def _build(self, row: Row, aws: Clients) -> dict[str, Any]:
        """The cluster, and the group or fleet request of the smallest type; all are harmless to make twice."""
        made = building.build(aws, row)
        types = capacity.launchable_types(row)
        if row.orchestration == "EKS" or not types:
            return made
        wanted = capacity.with_groups(row, [types[0].name])
        if wanted is not None:
            made = {**wanted, **made}
            self.write(lambda tx: _keep_made(tx, row, made))
            with self.read() as tx:
                row = require_environment(tx, row.id)
        if building.uses_spot_fleet(row):
            fleets.refresh(aws, row)
        else:
            groups.refresh(aws, row)
        return dict(row.made)

    def _delete(self, key: Key, row: Row, aws: Clients) -> Again | None:
        """Take down what was made; the row goes last. Nothing made: nothing to be allowed."""
        if row.made or row.status_reason == ENVIRONMENT_HEALTHY:
            left = tearing_down.tear_down(aws, row)
            if left:
                return Again(max(0.1, self.runtime.settings.pace))
        self.write(lambda tx: self._remove(tx, row))
        return None

    def _remove(self, tx: Transaction, row: Row) -> None:
        tx.run(
            delete(compute_environments)
            .where(compute_environments.c.id == row.id)
            .where(compute_environments.c.generation == row.generation)
        )

    def _mark_invalid(self, key: Key, row: Row, reason: str) -> Again:
        """INVALID with the reason, and tried again a little later.

        A deletion that was refused falls back to it, too, until the role may again (batch-on-behalf.md 5).
        """
        self._mark(key, row, status="INVALID", reason=reason)
        return Again(self.refused_seconds)

    def _mark(self, key: Key, row: Row, *, status: str, reason: str, **values: Any) -> None:
        """Write what became of the step, unless the owner changed the environment meanwhile."""
        if (row.status, row.status_reason) == (status, reason) and not values:
            return

        def write(tx: Transaction) -> None:
            changed = tx.run(
                update(compute_environments)
                .where(compute_environments.c.id == row.id)
                .where(compute_environments.c.generation == row.generation)
                .values(status=status, status_reason=reason, **values)
            )
            if changed:
                self.intend(tx, Key("batch.placing", key.account, key.partition, key.region, "queues"))

        self.write(write)


def _keep_made(tx: Transaction, row: Row, made: dict[str, Any]) -> None:
    table = compute_environments
    tx.run(
        update(table)
        .where(table.c.id == row.id)
        .where(table.c.generation == row.generation)
        .values(made=made)
    )
