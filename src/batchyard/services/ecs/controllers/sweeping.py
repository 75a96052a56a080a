"""Forgets what is over for an hour: stopped tasks, gone container instances, deleted clusters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select

from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.services.ecs.clusters.instance_rows import KEPT_SECONDS
from batchyard.services.ecs.controllers.task_engines import TaskEngines
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import clusters, container_instances, tasks
from batchyard.services.ecs.tasks import task_rows
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

AT_ONCE = 500
LONGEST_DRAIN_SECONDS = 86_400
"""After a day, output that could not be put is given up."""


@ecs.controller
class SweepingController(Controller):
    """One key is one cluster's name; whatever ends there asks for a sweep an hour later."""

    name = "ecs.sweeping"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Delete what is old enough; come back when the next is."""
        again: dict[Key, Again] = {}
        for key in keys:
            forgotten = self.write(lambda tx, key=key: self._sweep_tasks(tx, key))  # type: ignore[misc]
            TaskEngines(self.runtime.engines).forget(forgotten)
            self.write(lambda tx, key=key: self._sweep_instances(tx, key))  # type: ignore[misc]
            following = 0.0 if len(forgotten) == AT_ONCE else self._next(key)
            if following is not None:
                again[key] = Again(following)
        return again

    def _sweep_tasks(self, tx: Transaction, key: Key) -> list[Row]:
        mine = _mine(tasks, key)
        columns = tasks.c
        before = self.now - timedelta(seconds=KEPT_SECONDS)
        drained_before = self.now - timedelta(seconds=LONGEST_DRAIN_SECONDS)
        old = list(
            tx.all(
                select(columns.id, columns.engine)
                .where(*mine, columns.cluster == key.name, columns.stopped_at <= before)
                .where((columns.phase == task_rows.ENDED) | (columns.stopped_at <= drained_before))
                .order_by(columns.stopped_at)
                .limit(AT_ONCE)
            )
        )
        if old:
            tx.run(delete(tasks).where(columns.id.in_([row.id for row in old])))
        return old

    def _sweep_instances(self, tx: Transaction, key: Key) -> None:
        before = self.now - timedelta(seconds=KEPT_SECONDS)
        instances, names = container_instances.c, clusters.c
        tx.run(
            delete(container_instances)
            .where(*_mine(container_instances, key))
            .where(instances.cluster == key.name, instances.status == "INACTIVE", instances.gone_at <= before)
        )
        tx.run(
            delete(clusters)
            .where(*_mine(clusters, key))
            .where(names.name == key.name, names.status == "INACTIVE", names.deleted_at <= before)
        )

    def _next(self, key: Key) -> float | None:
        """Seconds until the next task, instance or cluster is old enough; None: nothing is waiting to be."""
        instances, names = container_instances.c, clusters.c
        with self.read() as tx:
            moments = [
                tx.first(
                    select(func.min(tasks.c.stopped_at).label("at")).where(
                        *_mine(tasks, key), tasks.c.cluster == key.name
                    )
                ),
                tx.first(
                    select(func.min(instances.gone_at).label("at"))
                    .where(*_mine(container_instances, key))
                    .where(instances.cluster == key.name, instances.status == "INACTIVE")
                ),
                tx.first(
                    select(names.deleted_at.label("at"))
                    .where(*_mine(clusters, key))
                    .where(names.name == key.name, names.status == "INACTIVE")
                ),
            ]
        times = [row.at for row in moments if row is not None and row.at is not None]
        if not times:
            return None
        left: float = (min(times) - self.now).total_seconds() + KEPT_SECONDS
        # What is old enough and still here waits for its output to be put: look again in a minute.
        return max(60.0, left)


def _mine(table: Any, key: Key) -> list[Any]:
    return [table.c[name] == value for name, value in place(key).items()]
