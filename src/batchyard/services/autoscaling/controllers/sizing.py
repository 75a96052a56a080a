"""Decides, in one write, what a group's size asks for: launches and ends are recorded, nothing is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from batchyard.framework.controller import CLOCKS_DIFFER_SECONDS
from batchyard.framework.place import place
from batchyard.framework.whole_numbers import whole_number
from batchyard.framework.work import Key
from batchyard.services.autoscaling import activity_rows
from batchyard.services.autoscaling.activity_rows import moment
from batchyard.services.autoscaling.controllers import ends, launches
from batchyard.services.autoscaling.group_rows import LEAVING, instances_of, update_group
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.scaling_processes import is_suspended
from batchyard.services.autoscaling.spread import spread, zone_to_fill
from batchyard.services.autoscaling.termination_policies import Candidate, choose
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

LONGEST_RETRY_SECONDS = 60.0
"""The longest delay after refused launches."""

_OUT = "an instance was taken out of service"
_OUTSIDE = 1_000_000
"""Added to the size of a zone that the group has left: its instances go first."""


def decide(tx: Transaction, key: Key, now: datetime) -> None:
    """Compare the group's desired capacity with what it holds, and record what has to begin."""
    at = place(key)
    group = auto_scaling_group.find_named(tx, at, key.name)
    if group is None:
        return
    held = [one for one in instances_of(tx, at, group.name) if one.lifecycle_state not in LEAVING]
    if group.status:
        for one in held:
            cause = f"At {moment(now)} {_OUT} because its Auto Scaling group is being deleted."
            ends.begin(tx, at, group, one, cause=cause, now=now)
        return
    if not is_suspended(group, "ReplaceUnhealthy", "Terminate"):
        held = _end_unhealthy(tx, key, group, held, now)
    asked = sum(len(wave) for wave in launches.waves(activity_rows.unfinished(tx, at, group.name)))
    size = len(held) + asked
    if size < group.desired:
        if _may_launch(group, now):
            subnets = [one.subnet_id for one in held]
            number = min(group.desired - size, launches.BEGUN_AT_ONCE)
            wanted = spread(number, group.subnets, subnets)
            why = launches.DIFFERENCE
            launches.begin(tx, key, group, wanted=wanted, size=size, why=why, now=now)
    elif not is_suspended(group, "Terminate"):
        _shrink(tx, key, group, held, now)
        if size == group.desired and not asked:
            _rebalance(tx, key, group, held, now)


def is_waiting(group: Row, now: datetime) -> bool:
    """Has the group's own waiting an end that is to come? One further away than any is of a clock turned back."""
    if group.retry_at is None:
        return False
    left: float = (group.retry_at - now).total_seconds()
    return 0 < left <= LONGEST_RETRY_SECONDS + CLOCKS_DIFFER_SECONDS


def _may_launch(group: Row, now: datetime) -> bool:
    return bool(group.subnets) and not is_waiting(group, now) and not is_suspended(group, "Launch")


def _end_unhealthy(tx: Transaction, key: Key, group: Row, held: Sequence[Row], now: datetime) -> list[Row]:
    for one in held:
        if one.health_status != "Healthy":
            cause = f"At {moment(now)} {_OUT} in response to {one.health_reason}"
            ends.begin(tx, place(key), group, one, cause=cause, now=now)
    return [one for one in held if one.health_status == "Healthy"]


def _shrink(tx: Transaction, key: Key, group: Row, held: Sequence[Row], now: datetime) -> None:
    """End what is too many, as far as it is in service and not protected."""
    serving = [one for one in held if one.lifecycle_state == "InService"]
    size = len(held)
    request = f"{group.cause}  " if group.cause else ""
    if group.cause:
        update_group(tx, place(key), group.name, cause="")
    for _ in range(len(serving) - group.desired):
        chosen = _choose(group, serving, now)
        if chosen is None:
            return
        cause = (
            f"{request}At {moment(now)} {_OUT} in response to a difference between desired and actual capacity,"
            f" shrinking the capacity from {size} to {size - 1}.  At {moment(now)} instance {chosen.instance_id}"
            " was selected for termination."
        )
        ends.begin(tx, place(key), group, chosen, cause=cause, now=now)
        serving.remove(chosen)
        size -= 1


def _choose(group: Row, serving: Sequence[Row], now: datetime) -> Row | None:
    own = {one["AvailabilityZone"] for one in group.subnets or ()}
    sizes = Counter(one.availability_zone for one in serving)
    for zone in sizes:
        if own and zone not in own:
            sizes[zone] += _OUTSIDE
    candidates = [_candidate(one) for one in serving if not one.is_protected]
    chosen = choose(candidates, zone_sizes=sizes, policies=group.termination_policies, now=now)
    return next((one for one in serving if chosen and one.instance_id == chosen.instance_id), None)


def _candidate(row: Row) -> Candidate:
    version = str(row.launch_template.get("Version", ""))
    return Candidate(
        instance_id=row.instance_id,
        zone=row.availability_zone,
        launched_at=row.launched_at,
        template_version=whole_number(version) or 0,
    )


def _rebalance(tx: Transaction, key: Key, group: Row, held: Sequence[Row], now: datetime) -> None:
    """Launch one instance in the emptiest zone where another has two more; shrinking then ends one of those."""
    if is_suspended(group, "AZRebalance") or not _may_launch(group, now):
        return
    if any(one.lifecycle_state != "InService" for one in held):
        return
    sizes = Counter(one.availability_zone for one in held)
    movable = [one.availability_zone for one in held if not one.is_protected]
    zone = zone_to_fill(group.subnets, sizes, movable)
    if zone is None:
        return
    subnets = [one for one in group.subnets if one["AvailabilityZone"] == zone]
    wanted = spread(1, subnets, [one.subnet_id for one in held])
    launches.begin(tx, key, group, wanted=wanted, size=len(held), why=launches.REBALANCING, now=now)
