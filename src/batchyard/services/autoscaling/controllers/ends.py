"""Ends of instances: begun as activities, asked of EC2, and over when EC2 says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.framework.place import Place
from batchyard.services.autoscaling import activity_rows
from batchyard.services.autoscaling.group_rows import update_instance
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

ASKED_AT_ONCE = 100


def begin(tx: Transaction, at: Place, group: Row, instance: Row, *, cause: str, now: datetime) -> str:
    """Record that an instance leaves its group; answers the activity's id. Nothing is called."""
    launch = activity_rows.find(tx, instance.activity_id)
    if launch is not None and launch.ended_at is None:
        text = f"Instance {instance.instance_id} is terminated before it is in service."
        activity_rows.fail(tx, launch.activity_id, now, code="Cancelled", status_message=text)
    activity_id = activity_rows.begin(
        tx,
        at,
        group,
        kind=activity_rows.TERMINATE,
        status_code="InProgress",
        description=f"Terminating EC2 instance: {instance.instance_id}",
        cause=cause,
        now=now,
        details={"Subnet ID": instance.subnet_id, "Availability Zone": instance.availability_zone},
        instance_id=instance.instance_id,
    )
    update_instance(
        tx,
        at,
        instance.instance_id,
        lifecycle_state="Terminating",
        activity_id=activity_id,
        asked_to_end_at=None,
    )
    return activity_id


def to_ask(held: Sequence[Row]) -> list[Row]:
    """The instances that leave and whose end EC2 has not been asked for."""
    return [one for one in held if one.lifecycle_state == "Terminating" and one.asked_to_end_at is None]


def ask(aws: Clients, instances: Sequence[Row]) -> None:
    """Ask EC2 to end up to 100 instances; an instance that EC2 has forgotten is as good as ended."""
    wanted = [one.instance_id for one in instances]
    try:
        aws.ec2.terminate_instances(InstanceIds=wanted)
    except ApiError as error:
        if error.code != "InvalidInstanceID.NotFound":
            raise
        known = aws.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": wanted}])
        left = [one["InstanceId"] for group in known["Reservations"] for one in group["Instances"]]
        if left:
            aws.ec2.terminate_instances(InstanceIds=left)
