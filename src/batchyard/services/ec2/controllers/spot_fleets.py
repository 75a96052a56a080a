"""Spot Fleets keep their target: instances are launched and ended as AWSServiceRoleForEC2SpotFleet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.errors import ApiError
from batchyard.framework.work import Key
from batchyard.identity.authorization_messages import without_encoded
from batchyard.services.ec2.instances.instance_rows import LIVE, TOPIC
from batchyard.services.ec2.places import place
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.service_role import SPOT_FLEET_PRINCIPAL, role_arn
from batchyard.services.ec2.spot.spot_fleet_configs import launch_request, specifications
from batchyard.services.ec2.spot.spot_fleet_rights import as_asked
from batchyard.services.ec2.spot.spot_fleet_rows import (
    CONTROLLER,
    add_members,
    change_fleet,
    drop_member,
    find_fleet,
    fleet_of,
    forget_fleet,
    members,
    tell,
)
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

KEPT_SECONDS = 48 * 3600.0
"""How long a cancelled request is still described (EC2 API reference, DescribeSpotFleetRequests)."""
_LAUNCHES_AT_ONCE = 50


@ec2.controller
class FleetInstancesController(Controller):
    """Tells a fleet that one of its instances changed; one key is an instance."""

    name = "ec2.fleet_instances"
    listens = (TOPIC,)

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Wake the fleet that the instance belongs to, if it belongs to any."""
        for key in keys:
            with self.read() as tx:
                fleet = fleet_of(tx, place(key), key.name)
            if fleet is not None:
                work = Key(CONTROLLER, key.account, key.partition, key.region, fleet)
                self.write(lambda tx, work=work: self.intend(tx, work))  # type: ignore[misc]
        return None


@ec2.controller
class SpotFleetController(Controller):
    """One key is one request: launched to its target, lowered, or wound up."""

    name = CONTROLLER

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Bring a request's instances to what it asks for."""
        [key] = keys
        row = self._find(key)
        if row is None:
            return None
        wait = self._wait(row)
        if wait > 0:
            return Again(wait)
        aws = acting_as(
            role_arn(SPOT_FLEET_PRINCIPAL, key.partition, key.account), principal=SPOT_FLEET_PRINCIPAL
        )
        try:
            if row.state in ("submitted", "active", "modifying"):
                return self._keep(key, row, aws)
            return self._wind_up(key, row, aws)
        except ApiError as error:
            refused = error
        self.write(lambda tx: self._failed(tx, key, row, refused))
        return Again(self.refused_seconds)

    def _find(self, key: Key) -> Row | None:
        with self.read() as tx:
            return find_fleet(tx, place(key), key.name)

    def _wait(self, row: Row) -> float:
        """Seconds that a request still stays as it is."""
        stay = {
            "submitted": self.runtime.settings.pace,
            "modifying": self.runtime.settings.pace,
            "cancelled": KEPT_SECONDS,
        }.get(row.state, 0.0)
        return self.left(stay, row.state_at)

    def _keep(self, key: Key, row: Row, aws: Clients) -> Again | None:
        """Launch what is missing, end what is too much, and say how far it is."""
        for _ in range(_LAUNCHES_AT_ONCE):
            planned = self.write(lambda tx: self._plan(tx, key))
            if planned is None:
                break
            answer = aws.ec2.run_instances(**planned["request"])
            launched = [one["InstanceId"] for one in answer["Instances"]]
            self.write(lambda tx, made=(planned, launched): self._launched(tx, key, *made))  # type: ignore[misc]
        excess = self._excess(key)
        if excess:
            aws.ec2.terminate_instances(InstanceIds=excess)
        self.write(lambda tx: self._settle(tx, key))
        return None

    def _plan(self, tx: Transaction, key: Key) -> dict[str, Any] | None:
        """The next launch, written down before it is made: after a crash the same token makes it once."""
        row = find_fleet(tx, place(key), key.name)
        if row is None or row.state not in ("submitted", "active", "modifying"):
            return None
        if row.planned is not None:
            return dict(row.planned)
        live = [one for one in members(tx, place(key), row.id) if one.state in LIVE]
        missing = row.target - sum(one.weight for one in live)
        once = row.config.get("Type", "maintain") == "request" and row.activity == "fulfilled"
        if missing <= 0 or once:
            return None
        choices = specifications(as_asked(row.config, row.templates))
        index, share = _choose(row, choices, live)
        chosen = choices[index]
        count = math.ceil(min(missing, max(share, chosen.weight)) / chosen.weight)
        count = math.ceil(count / max(1, len(chosen.subnets)))
        token = f"{row.id}/{row.launches}"
        request = launch_request(chosen, fleet_id=row.id, token=token, count=count, turn=row.launches)
        planned = {"request": request, "specification": index, "weight": chosen.weight}
        change_fleet(tx, place(key), row.id, planned=planned)
        return planned

    def _launched(self, tx: Transaction, key: Key, planned: dict[str, Any], launched: list[str]) -> None:
        where = place(key)
        row = find_fleet(tx, where, key.name)
        if row is None:
            return
        add_members(
            tx, where, row.id, launched, specification=planned["specification"], weight=planned["weight"]
        )
        for one in launched:
            tell(
                tx, where, row.id, self.now, "instanceChange", {"EventSubType": "launched", "InstanceId": one}
            )
        change_fleet(tx, where, row.id, planned=None, launches=row.launches + 1, last_error=None)

    def _excess(self, key: Key) -> list[str]:
        """Instances above a lowered target, the newest ids first to go; never below the target."""
        with self.read() as tx:
            row = find_fleet(tx, place(key), key.name)
            if row is None or row.excess != "default":
                return []
            live = [one for one in members(tx, place(key), row.id) if one.state in LIVE]
        above = sum(one.weight for one in live) - row.target
        ending: list[str] = []
        for one in reversed(live):
            if one.weight <= above:
                ending.append(one.id)
                above -= one.weight
        return ending

    def _settle(self, tx: Transaction, key: Key) -> None:
        """Note the ended instances, and how far the request is."""
        where = place(key)
        row = find_fleet(tx, where, key.name)
        if row is None or row.state not in ("submitted", "active", "modifying"):
            return
        live = self._note_ended(tx, key)
        fulfilled = sum(one.weight for one in live) >= row.target
        activity = "fulfilled" if fulfilled else "pending_fulfillment"
        if row.state != "active":
            change = "active" if row.state == "submitted" else "modify_successful"
            tell(tx, where, row.id, self.now, "fleetRequestChange", {"EventSubType": change})
        change_fleet(tx, where, row.id, state="active", state_at=self.now, activity=activity)

    def _note_ended(self, tx: Transaction, key: Key) -> list[Row]:
        """Drop the instances that have ended; returns those that live."""
        where = place(key)
        known = members(tx, where, key.name)
        for one in known:
            if one.state == "terminated":
                drop_member(tx, where, key.name, one.id)
                information = {"EventSubType": "terminated", "InstanceId": one.id}
                tell(tx, where, key.name, self.now, "instanceChange", information)
        return [one for one in known if one.state in LIVE]

    def _wind_up(self, key: Key, row: Row, aws: Clients) -> Again | None:
        """End a cancelled request's instances where that was asked, and close it when none is left."""
        if row.state == "cancelled":
            self.write(lambda tx: forget_fleet(tx, place(key), row.id))
            return None
        with self.read() as tx:
            live = [one.id for one in members(tx, place(key), row.id) if one.state in LIVE]
        if live and row.state == "cancelled_terminating":
            aws.ec2.terminate_instances(InstanceIds=live)
        return self.write(lambda tx: self._close(tx, key))

    def _close(self, tx: Transaction, key: Key) -> Again | None:
        self._note_ended(tx, key)
        if members(tx, place(key), key.name):
            return None
        tell(tx, place(key), key.name, self.now, "fleetRequestChange", {"EventSubType": "cancelled"})
        change_fleet(tx, place(key), key.name, state="cancelled", state_at=self.now, is_live=0, activity=None)
        return Again(KEPT_SECONDS)

    def _failed(self, tx: Transaction, key: Key, row: Row, error: ApiError) -> None:
        """A refused launch: told once in the history, planned anew later."""
        plain = without_encoded(error.message)
        if row.last_error != plain:
            information = {
                "EventSubType": "launchSpecTemporarilyBlacklisted",
                "EventDescription": error.message,
            }
            tell(tx, place(key), row.id, self.now, "error", information)
        change_fleet(tx, place(key), row.id, planned=None, activity="error", last_error=plain)


def _choose(row: Row, choices: Sequence[Any], live: Sequence[Row]) -> tuple[int, float]:
    """(which specification, the capacity meant for it): the first, or for `diversified` that with the least."""
    if row.config.get("AllocationStrategy") != "diversified":
        return 0, float(row.target)
    held = [sum(one.weight for one in live if one.specification == index) for index in range(len(choices))]
    index = held.index(min(held))
    return index, row.target / len(choices) - held[index]
