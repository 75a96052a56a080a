"""Learns of instances' states from EC2, as the group's service-linked role, and tells their group."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.errors import AccessDenied
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.services.autoscaling import activity_rows
from batchyard.services.autoscaling.group_rows import (
    delete_instance,
    find_instance,
    update_group,
    update_instance,
)
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.scaling_processes import is_suspended
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

GONE = frozenset({"terminated", ""})
"""EC2's last state, and that of an instance which EC2 no longer tells of."""
LOST = frozenset({"stopping", "stopped", "shutting-down"}) | GONE
TERMINATED = "an EC2 health check indicating it has been terminated or stopped."


@autoscaling.controller
class Instances(Controller):
    """Key: an EC2 instance's id, of any group or of none. Up to 100 are looked at by one call."""

    name = "autoscaling.instances"
    listens = ("ec2.instance",)
    batch_size = 100

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        at = place(keys[0])
        of_role: dict[str, list[Key]] = defaultdict(list)
        with self.read() as tx:
            for key in keys:
                instance = find_instance(tx, at, key.name)
                group = (
                    None if instance is None else auto_scaling_group.find_named(tx, at, instance.group_name)
                )
                if group is not None:
                    of_role[group.role_arn].append(key)
        again: dict[Key, Again] = {}
        for role, watched in of_role.items():
            try:
                states = _states(acting_as(role), [key.name for key in watched])
            except AccessDenied as denied:
                # The role is missing, or its policy lacks a right: tried again until somebody mends it.
                _log.info("Auto Scaling cannot look at its instances: %s", denied)
                again |= dict.fromkeys(watched, Again(self.refused_seconds))
            else:
                self._write_states(watched, states)
        return again

    def _write_states(self, keys: Sequence[Key], states: Mapping[str, str]) -> None:
        def write(tx: Transaction) -> None:
            for key in keys:
                self._take(tx, key, states.get(key.name, ""))

        self.write(write)

    def _take(self, tx: Transaction, key: Key, state: str) -> None:
        """Write what a state means for an instance, and wake its group where it matters."""
        at = place(key)
        row = find_instance(tx, at, key.name)
        group = None if row is None else auto_scaling_group.find_named(tx, at, row.group_name)
        if row is None or group is None:
            return
        if row.lifecycle_state == "Terminating":
            if state not in GONE or row.asked_to_end_at is None:
                return
            delete_instance(tx, at, row.instance_id)
            self._succeed(tx, key, group, row)
        elif state == "running" and row.lifecycle_state == "Pending":
            update_instance(tx, at, row.instance_id, lifecycle_state="InService")
            self._succeed(tx, key, group, row)
        elif state in LOST and row.health_status == "Healthy" and not is_suspended(group, "HealthCheck"):
            update_instance(tx, at, row.instance_id, health_status="Unhealthy", health_reason=TERMINATED)
        else:
            return
        self.intend(tx, Key("autoscaling.groups", key.account, key.partition, key.region, group.name))

    def _succeed(self, tx: Transaction, key: Key, group: Row, row: Row) -> None:
        activity_rows.succeed(tx, row.activity_id, self.now)
        update_group(tx, place(key), group.name, scaled_at=self.now)


def _states(aws: Clients, wanted: Sequence[str]) -> dict[str, str]:
    """EC2's state of each instance that it still tells of."""
    answer = aws.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": list(wanted)}])
    return {
        one["InstanceId"]: one["State"]["Name"]
        for reservation in answer["Reservations"]
        for one in reservation["Instances"]
    }
