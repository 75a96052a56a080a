"""What an environment has, and how it gets more or less: observed and changed as its role."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from batchyard.clock import Clock
from batchyard.data import instance_types
from batchyard.framework.clients import Clients, pages
from batchyard.scheduler import reasons
from batchyard.scheduler.answers import Desire
from batchyard.scheduler.snapshot import Instance, InstanceType
from batchyard.services.batch.environments import fleets, groups, infrastructure
from batchyard.services.batch.environments.building import uses_spot_fleet
from batchyard.services.batch.environments.coming import Coming
from batchyard.store.prepared import Row

CPU_UNITS = 1024
_WORDS_OF_EC2 = {
    "sufficient capacity": reasons.INSUFFICIENT_INSTANCE_CAPACITY,
    "not supported": reasons.EC2_INSTANCE_CONFIGURATION_UNSUPPORTED,
}
"""What EC2 says where it launches nothing, and what Batch makes of it (batch-on-behalf.md 7) [guess: the words]."""
_DESCRIBED_AT_ONCE = 100


class SeenSince:
    """Since when instances of an environment have been in some state, as far as this server has seen.

    In memory: after a restart the times (until an idle instance goes, until a new one must have joined) begin anew.
    """

    def __init__(self, clock: Clock, since: dict[str, dict[str, float]]) -> None:
        """`since`: moments of `monotonic` by environment and instance; the sole server's."""
        self._clock = clock
        self._since = since
        self._lock = threading.Lock()

    def note(self, environment_arn: str, those: Iterable[str], now: datetime) -> Mapping[str, datetime]:
        """Take note of an environment's instances in the state; returns since when each is in it, as of `now`."""
        at = self._clock.monotonic()
        with self._lock:
            before = self._since.get(environment_arn, {})
            after = {one: before.get(one, at) for one in those}
            if after:
                self._since[environment_arn] = after
            else:
                self._since.pop(environment_arn, None)
        return {one: now - timedelta(seconds=at - since) for one, since in after.items()}


def launchable_types(row: Row) -> tuple[InstanceType, ...]:
    """The instance types that an environment may launch, the smallest first; none on Fargate and UNMANAGED."""
    given = (row.compute_resources or {}).get("instanceTypes", ())
    types = {
        InstanceType(name=one.name, vcpus=one.vcpus, memory_mib=one.memory_mib, gpus=one.gpus)
        for one in instance_types.expand(given)
    }
    return tuple(sorted(types, key=lambda one: (one.gpus, one.vcpus, one.memory_mib, one.name)))


@dataclass(frozen=True, slots=True)
class Seen:
    """An environment's instances: those registered in its cluster, and those asked for that are still coming."""

    instances: tuple[Instance, ...] = ()
    awaits_first: bool = False
    """Instances are to come, and the cluster has none."""
    outside_since: datetime | None = None
    """Since when the first of those that run has not joined the cluster, while it has none at all."""
    wait_reason: str | None = None
    """Why instances that were asked for do not come, in AWS's words; None: they come, or nobody can tell."""


def observe(aws: Clients, row: Row, idle: SeenSince, outside: SeenSince, now: datetime) -> Seen:
    """What the environment has, as its role sees it."""
    described = list(_container_instances(aws, row.made["cluster_arn"]))
    resting = [one["containerInstanceArn"] for one in described if _is_idle(one)]
    since = idle.note(row.arn, resting, now)
    leaving = infrastructure.leaving(aws, row)
    registered = tuple(
        replace(one, state="DRAINING") if one.instance_id in leaving else one
        for one in (_registered(each, since.get(each["containerInstanceArn"])) for each in described)
    )
    known = {one["ec2InstanceId"] for one in described}
    coming = fleets.coming(aws, row, known) if uses_spot_fleet(row) else groups.coming(aws, row, known)
    running = [] if described else [one.instance_id for one in coming if one.instance_id]
    waiting = outside.note(row.arn, running, now)
    pending = (_pending(one.instance_type, index) for index, one in enumerate(coming))
    return Seen(
        (*registered, *pending),
        awaits_first=bool(coming) and not described,
        outside_since=min(waiting.values(), default=None),
        wait_reason=None if uses_spot_fleet(row) else _wait_reason(aws, row, coming),
    )


def _wait_reason(aws: Clients, row: Row, coming: Iterable[Coming]) -> str | None:
    """Why a group has not launched what it should; the text that all types have in common counts once."""
    for instance_type in sorted({one.instance_type for one in coming if one.instance_id is None}):
        told = groups.why_none_came(aws, row, instance_type)
        if told is None:
            continue
        for word, reason in _WORDS_OF_EC2.items():
            if word in told:
                return reason.format(instance_type=instance_type)
        return reasons.UNDETERMINED
    return None


def with_groups(row: Row, wanted: Iterable[str]) -> dict[str, Any] | None:
    """`made` with these instance types in it; None where they all stand there already.

    It is written before their groups or fleet requests are made, so that a deletion finds them whatever happens
    in between.
    """
    known = row.made.get("groups", [])
    new = [name for name in wanted if name not in known]
    return {**row.made, "groups": [*known, *new]} if new else None


def prepare(aws: Clients, row: Row, wanted: Iterable[str]) -> None:
    """Make the groups or fleet requests of these instance types where they are missing; they stand in `made`.

    Raises ApiError or Unfit where they cannot be made: then the environment is wrong.
    """
    way: Any = fleets if uses_spot_fleet(row) else groups
    for instance_type in wanted:
        way.ensure(aws, row, instance_type)


def change(aws: Clients, row: Row, desire: Desire) -> None:
    """Launch and end instances as the plan wishes; `prepare` comes first."""
    way: Any = fleets if uses_spot_fleet(row) else groups
    if desire.launch:
        way.launch(aws, row, dict(desire.launch))
    if desire.terminate:
        way.end(aws, row, desire.terminate)


def end_all(aws: Clients, row: Row) -> None:
    """End every instance of an environment and want none."""
    way: Any = fleets if uses_spot_fleet(row) else groups
    way.end_all(aws, row)


def _container_instances(aws: Clients, cluster: str) -> Iterable[Any]:
    arns: Sequence[str] = list(
        pages(aws.ecs.list_container_instances, "containerInstanceArns", cluster=cluster)
    )
    for start in range(0, len(arns), _DESCRIBED_AT_ONCE):
        chunk = list(arns[start : start + _DESCRIBED_AT_ONCE])
        answer = aws.ecs.describe_container_instances(cluster=cluster, containerInstances=chunk)
        yield from answer["containerInstances"]


def _is_idle(described: Any) -> bool:
    return not described.get("runningTasksCount") and not described.get("pendingTasksCount")


def _registered(described: Any, idle_since: datetime | None) -> Instance:
    total = _amounts(described["registeredResources"])
    free = _amounts(described["remainingResources"])
    return Instance(
        instance_id=described["ec2InstanceId"],
        instance_type=_attribute(described, "ecs.instance-type"),
        vcpus=total["CPU"] / CPU_UNITS,
        memory_mib=int(total["MEMORY"]),
        gpus=int(total.get("GPU", 0)),
        free_vcpus=free["CPU"] / CPU_UNITS,
        free_memory_mib=int(free["MEMORY"]),
        free_gpus=int(free.get("GPU", 0)),
        state="ACTIVE" if described["status"] == "ACTIVE" and described["agentConnected"] else "DRAINING",
        idle_since=idle_since,
    )


def _amounts(resources: Any) -> dict[str, float]:
    return {
        one["name"]: len(one["stringSetValue"])
        if one.get("type") == "STRINGSET"
        else one.get("integerValue", 0)
        for one in resources
    }


def _attribute(described: Any, name: str) -> str:
    return next((one.get("value", "") for one in described.get("attributes", ()) if one["name"] == name), "")


def _pending(instance_type: str, index: int) -> Instance:
    found = instance_types.find(instance_type)
    if found is None:
        raise LookupError(f"the instance type {instance_type} is not in the table")
    return Instance(
        instance_id=f"pending-{instance_type}-{index:06}",
        instance_type=instance_type,
        vcpus=found.vcpus,
        memory_mib=found.memory_mib,
        gpus=found.gpus,
        free_vcpus=found.vcpus,
        free_memory_mib=found.memory_mib,
        free_gpus=found.gpus,
        state="PENDING",
    )
