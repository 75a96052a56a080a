"""Keeps the event history at 90 days."""

from __future__ import annotations

from collections.abc import Sequence

from batchyard.audit.sweep import sweep
from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.work import Key
from batchyard.services.cloudtrail.service import cloudtrail

EVERY_SECONDS = 6 * 3600.0


@cloudtrail.controller
class SweepingController(Controller):
    """Its one key is the history of all accounts."""

    name = "cloudtrail.sweeping"

    def started(self) -> None:
        key = Key(self.name, "", "", "", "events")
        self.write(lambda tx: self.intend(tx, key))

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again:
        now = self.now
        more = self.write(lambda tx: sweep(tx, now))
        return Again(0 if more else EVERY_SECONDS)
