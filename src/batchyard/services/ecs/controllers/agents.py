"""The container agents: each registers its instance in the cluster that it names; gone instances are let go of."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from batchyard import ids
from batchyard.data import instance_types
from batchyard.data.instance_types import InstanceType
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.errors import AccessDenied, ApiError
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.framework.workloads import NoCredentials, Workload
from batchyard.services.ecs.clusters.instance_rows import (
    KEPT_SECONDS,
    find_by_ec2_instance,
    mark_gone,
)
from batchyard.services.ecs.clusters.user_data import cluster_of
from batchyard.services.ecs.controllers.task_keys import key_of
from batchyard.services.ecs.definitions.task_sizes import CPU_UNITS
from batchyard.services.ecs.resources import CLUSTER, CONTAINER_INSTANCE
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.service_role import role_arn
from batchyard.services.ecs.tables import clusters, tasks
from batchyard.services.ecs.tasks import task_rows
from batchyard.services.ecs.tasks.log_delivery import host_terminated
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

LONGEST_REGISTRATION_DELAY_SECONDS = 60.0

GONE = ("shutting-down", "terminated", "stopping", "stopped")

_ANY_CLUSTER = Prepared(
    select(clusters.c.name)
    .where(clusters.c.account == bindparam("account"))
    .where(clusters.c.partition == bindparam("partition"))
    .where(clusters.c.status == "ACTIVE")
    .where(clusters.c.region == bindparam("region"))
    .limit(1)
)
_ON_INSTANCE = Prepared(
    select(tasks)
    .where(tasks.c.account == bindparam("account"))
    .where(tasks.c.partition == bindparam("partition"))
    .where(tasks.c.region == bindparam("region"))
    .where(tasks.c.cluster == bindparam("cluster"))
    .where(tasks.c.instance == bindparam("instance"))
    .where(tasks.c.last_status != "STOPPED")
)


@ecs.controller
class AgentController(Controller):
    """One key is one EC2 instance, announced by ec2 whenever its state changes."""

    name = "ecs.agents"
    listens = ("ec2.instance",)

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Look at each instance as ECS's service-linked role, and bring its registration to what is."""
        again: dict[Key, Again] = {}
        for key in keys:
            with self.read() as tx:
                concerned = tx.first(_ANY_CLUSTER, **place(key)) is not None
                known = find_by_ec2_instance(tx, place(key), key.name)
            if not concerned:
                continue
            try:
                later = self._look(key, known, acting_as)
            except AccessDenied as denied:
                # The role is missing, or its policy lacks a right: tried again until somebody mends it.
                _log.info("ECS cannot look at %s: %s", key.name, denied)
                later = Again(self.refused_seconds)
            if later is not None:
                again[key] = later
        return again

    def _look(self, key: Key, known: Row | None, acting_as: ActingAs) -> Again | None:
        ec2 = acting_as(role_arn(key.partition, key.account)).ec2
        instance = _describe(ec2, key.name)
        state = "terminated" if instance is None else instance["State"]["Name"]
        if state in GONE:
            if known is not None:
                self.write(lambda tx: self._let_go(tx, key, known))
            return None
        if state != "running" or known is not None or instance is None:
            return None
        answer = ec2.describe_instance_attribute(InstanceId=key.name, Attribute="userData")
        cluster = cluster_of((answer.get("UserData") or {}).get("Value"))
        if cluster is None or not self._is_active(key, cluster):
            return None
        try:
            self._register(key, cluster, instance)
        except (AccessDenied, NoCredentials) as refused:
            # Without a profile it never can; every other instance until somebody mends its role.
            _log.info("%s does not join %s: %s", key.name, cluster, refused)
            return self._later(instance) if "IamInstanceProfile" in instance else None
        return None

    def _later(self, instance: Any) -> Again:
        """When a refused instance asks again: in growing steps."""
        age = (self.now - instance["LaunchTime"]).total_seconds()
        return Again(min(max(self.refused_seconds, age / 4), LONGEST_REGISTRATION_DELAY_SECONDS))

    def _is_active(self, key: Key, cluster: str) -> bool:
        with self.read() as tx:
            held = CLUSTER.find_named(tx, place(key), cluster)
        return held is not None and held.status == "ACTIVE"

    def _register(self, key: Key, cluster: str, instance: Any) -> None:
        """Ask ECS as the instance, as its agent does; a type that is not known has no resources to tell of."""
        kind = instance_types.find(instance["InstanceType"])
        if kind is None:
            return
        aws = self.runtime.workloads.clients(Workload.instance(place(key), key.name), region=key.region)
        aws.ecs.register_container_instance(
            cluster=cluster,
            instanceIdentityDocument=_identity_document(key, instance),
            totalResources=_resources(kind),
        )

    def _let_go(self, tx: Transaction, key: Key, known: Row) -> None:
        """The instance is gone: its registration too, and its tasks with it."""
        row = find_by_ec2_instance(tx, place(key), key.name)
        if row is None:
            return
        for task in tx.all(_ON_INSTANCE, **place(key), cluster=row.cluster, instance=row.id):
            if task.phase == task_rows.HOST_GONE:
                continue
            changes: dict[str, Any] = {
                "desired_status": "STOPPED",
                "stop_code": task.stop_code or "TerminationNotice",
                "stopped_reason": task.stopped_reason or host_terminated(key.name),
                "stopping_at": task.stopping_at or self.now,
            }
            if task.phase in task_rows.ON_ENGINE:
                changes["phase"] = task_rows.HOST_GONE
            task_rows.change(tx, task.id, **changes)
            self.intend(tx, key_of(task))
        if row.status != "INACTIVE":
            mark_gone(tx, row, now=self.now)
            sweep = Key("ecs.sweeping", key.account, key.partition, key.region, row.cluster)
            self.intend(tx, sweep, delay_seconds=KEPT_SECONDS)
            self._announce(tx, key, row.cluster, row.id)

    def _announce(self, tx: Transaction, key: Key, cluster: str, identity: str) -> None:
        arn = CONTAINER_INSTANCE.arn(key, cluster=cluster, id=identity)
        self.announce(tx, "ecs.container-instance", key, arn, grouping=CLUSTER.arn(key, cluster))


def _identity_document(key: Key, instance: Any) -> str:
    """What an instance tells of itself (EC2 user guide, "Instance identity documents"), without what nobody reads."""
    return json.dumps(
        {
            "accountId": key.account,
            "region": key.region,
            "instanceId": key.name,
            "instanceType": instance["InstanceType"],
            "availabilityZone": (instance.get("Placement") or {}).get("AvailabilityZone", ""),
        }
    )


def _resources(kind: InstanceType) -> list[Any]:
    resources: list[Any] = [
        {"name": "CPU", "type": "INTEGER", "integerValue": kind.vcpus * CPU_UNITS},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": kind.memory_mib},
    ]
    if kind.gpus:
        names = [f"GPU-{ids.uuid4()}" for _ in range(kind.gpus)]
        resources.append({"name": "GPU", "type": "STRINGSET", "stringSetValue": names})
    return resources


def _describe(ec2: Any, instance_id: str) -> Any | None:
    """The instance, or None where EC2 does not know it any more."""
    try:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
    except ApiError as error:
        if error.code == "InvalidInstanceID.NotFound":
            return None
        raise
    for reservation in answer["Reservations"]:
        for instance in reservation["Instances"]:
            return instance
    return None
