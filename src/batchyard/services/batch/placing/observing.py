"""Which environments are looked at for a plan, and what is seen there: those at rest cost nothing."""

from __future__ import annotations

import threading
from datetime import datetime

from batchyard.clock import Clock
from batchyard.framework.controller import ActingAs
from batchyard.framework.sole_server import SoleServer
from batchyard.services.batch.environments.capacity import Seen, SeenSince, observe
from batchyard.services.batch.placing.lines import is_fargate
from batchyard.store.prepared import Row

_KEPT = 4096


class Observer:
    """Sees instances through the gateway, and remembers which environments had none."""

    def __init__(self, clock: Clock, sole: SoleServer) -> None:
        self._idle = SeenSince(clock, sole.idle_since)
        self._outside = SeenSince(clock, sole.outside_since)
        self._at_rest = sole.at_rest
        self._lock = threading.Lock()

    def instances(self, row: Row, acting_as: ActingAs, *, wanted: bool, now: datetime) -> Seen:
        """An environment's instances; raises ApiError as ECS, Auto Scaling or EC2 refused its role.

        `wanted`: a job waits that could go there. An environment that had nothing, should have nothing and that
        nobody wants anything of is not asked again until its owner changes it.
        """
        if not _has_instances(row) or (not wanted and self._at_rest.get(row.uuid) == row.generation):
            return Seen()
        aws = acting_as(row.service_role, source_arn=row.arn)
        found = observe(aws, row, self._idle, self._outside, now)
        with self._lock:
            if (
                found.instances
                or row.compute_resources is None
                or row.compute_resources.get("minvCpus", 0) > 0
            ):
                self._at_rest.pop(row.uuid, None)
            else:
                self._at_rest[row.uuid] = row.generation
                while len(self._at_rest) > _KEPT:
                    self._at_rest.popitem(last=False)
        return found

    def wake(self, row: Row) -> None:
        """An environment was asked for more: it is no longer at rest."""
        with self._lock:
            self._at_rest.pop(row.uuid, None)


def _has_instances(row: Row) -> bool:
    return (
        row.orchestration == "ECS"
        and not is_fargate(row)
        and row.status in ("VALID", "UPDATING")
        and bool(row.made.get("cluster_arn"))
    )
