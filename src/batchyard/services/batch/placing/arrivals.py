"""Container instances that come and go: each is a reason to look at the account's queues again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from batchyard.framework.controller import ActingAs, Controller
from batchyard.framework.work import Key
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Prepared

_ANY = Prepared(
    select(compute_environments.c.id)
    .where(compute_environments.c.account == bindparam("account"))
    .where(compute_environments.c.region == bindparam("region"))
    .limit(1)
)


@batch.controller
class ArrivalsController(Controller):
    """Its keys are container instances' ARNs, by cluster; whose they are does not matter."""

    name = "batch.arrivals"
    listens = ("ecs.container-instance",)
    batch_size = 100

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> None:
        key = keys[0]
        with self.read() as tx:
            known = tx.first(_ANY, account=key.account, region=key.region)
        if known is not None:
            queues = Key("batch.placing", key.account, key.partition, key.region, "queues")
            self.write(lambda tx: self.intend(tx, queues))
