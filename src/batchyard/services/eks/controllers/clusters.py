"""Brings a cluster from CREATING to ACTIVE and from DELETING to nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, update

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.services.eks.resources import cluster
from batchyard.services.eks.service import eks
from batchyard.services.eks.tables import clusters
from batchyard.store.transaction import Transaction


@eks.controller
class ClustersController(Controller):
    """One key is one cluster's name."""

    name = "eks.clusters"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        self.write(lambda tx: _step(tx, keys[0]))
        return None


def _step(tx: Transaction, key: Key) -> None:
    row = cluster.find_named(tx, place(key), key.name)
    if row is None:
        return
    if row.status == "CREATING":
        tx.run(update(clusters).where(clusters.c.id == row.id).values(status="ACTIVE"))
    elif row.status == "DELETING":
        tx.run(delete(clusters).where(clusters.c.id == row.id))
