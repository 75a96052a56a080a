"""Instances pass from pending to running and from shutting-down to terminated, and are forgotten after an hour."""

from __future__ import annotations

from collections.abc import Sequence

from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.work import Key
from batchyard.services.ec2.instances.instance_rows import (
    CONTROLLER,
    KEPT_SECONDS,
    TOPIC,
    find_instance,
    forget_instance,
    set_state,
)
from batchyard.services.ec2.places import place
from batchyard.services.ec2.service import ec2
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

_NEXT = {"pending": "running", "shutting-down": "terminated"}


@ec2.controller
class InstancesController(Controller):
    """One key is one instance; each stays `pace` seconds at least in a state that passes."""

    name = CONTROLLER
    batch_size = 100

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Move each instance on by one state, where its time has come."""
        return self.write(lambda tx: {key: again for key in keys if (again := self._step(tx, key))})

    def _step(self, tx: Transaction, key: Key) -> Again | None:
        row = find_instance(tx, place(key), key.name)
        if row is None or row.state == "running":
            return None
        left = self._left(row)
        if left > 0:
            return Again(left)
        if row.state == "terminated":
            forget_instance(tx, place(key), row)
            return None
        state = _NEXT[row.state]
        set_state(tx, place(key), row, state, self.now, row.state_reason)
        self.announce(tx, TOPIC, key, row.id)
        return Again(KEPT_SECONDS) if state == "terminated" else None

    def _left(self, row: Row) -> float:
        """How many seconds the instance still stays as it is."""
        stay = KEPT_SECONDS if row.state == "terminated" else self.runtime.settings.pace
        return self.left(stay, row.state_at)
