"""Launches: begun as activities, run in EC2 in waves that a client token makes harmless to repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from batchyard import ids
from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.services.autoscaling import activity_rows
from batchyard.services.autoscaling.activity_rows import moment
from batchyard.services.autoscaling.group_rows import update_group
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.tables import instances
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

WAVE_SIZE = 100
"""How many instances one RunInstances asks for at most."""
BEGUN_AT_ONCE = 5 * WAVE_SIZE
"""How many instances one decision begins at most: however many are wanted, one group holds nobody up."""
GROUP_TAG = "aws:autoscaling:groupName"
DIFFERENCE = "an instance was started in response to a difference between desired and actual capacity"
REBALANCING = "an instance was launched to aid in balancing the group's zones"


def begin(
    tx: Transaction,
    key: Key,
    group: Row,
    *,
    wanted: Mapping[str, int],
    size: int,
    why: str,
    now: datetime,
) -> None:
    """Record the launches: so many for each subnet; `size` is what the group holds now. Nothing is called."""
    zone_of = {one["SubnetId"]: one["AvailabilityZone"] for one in group.subnets}
    request = f"{group.cause}  " if group.cause else ""
    for subnet, count in wanted.items():
        for number in range(count):
            if number % WAVE_SIZE == 0:
                token = ids.uuid4()
            activity_rows.begin(
                tx,
                place(key),
                group,
                kind=activity_rows.LAUNCH,
                status_code="PreInService",
                description="Launching a new EC2 instance",
                cause=f"{request}At {moment(now)} {why}, increasing the capacity from {size} to {size + 1}.",
                now=now,
                details={"Subnet ID": subnet, "Availability Zone": zone_of[subnet]},
                token=token,
                launch=_launch(group, subnet),
            )
            size += 1
    if group.cause:
        update_group(tx, place(key), group.name, cause="")


def _launch(group: Row, subnet: str) -> dict[str, Any]:
    """What the launch is made with; kept, so that repeating it asks for the same."""
    tags = {tag["Key"]: tag["Value"] for tag in group.tags if tag["PropagateAtLaunch"]}
    return {"template": group.launch_template, "subnet": subnet, "tags": {**tags, GROUP_TAG: group.name}}


def waves(activities: Iterable[Row]) -> list[list[Row]]:
    """The launches that EC2 has not answered yet, by client token; each wave in the order of its ids."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in activities:
        if row.kind == activity_rows.LAUNCH and row.instance_id is None:
            found[row.token].append(row)
    return [sorted(wave, key=lambda row: str(row.activity_id)) for wave in found.values()]


def run(aws: Clients, wave: Sequence[Row]) -> list[Any]:
    """Ask EC2 for a wave; answers its instances by id. Repeating it gives the same instances."""
    launch = wave[0].launch
    template = {key: value for key, value in launch["template"].items() if key != "LaunchTemplateName"}
    if "LaunchTemplateId" not in template:
        template = launch["template"]
    answer = aws.ec2.run_instances(
        LaunchTemplate=template,  # type: ignore[arg-type]
        MinCount=len(wave),
        MaxCount=len(wave),
        SubnetId=launch["subnet"],
        ClientToken=wave[0].token,
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": key, "Value": value} for key, value in launch["tags"].items()],
            }
        ],
    )
    return sorted(answer["Instances"], key=lambda one: str(one["InstanceId"]))


def record(tx: Transaction, key: Key, wave: Sequence[Row], launched: Sequence[Any], now: datetime) -> None:
    """Take a wave's instances into the group as Pending."""
    group = auto_scaling_group.find_named(tx, place(key), key.name)
    is_protected = int(group.protects_new_instances) if group is not None else 0
    for activity, instance in zip(wave, launched, strict=True):
        instance_id = instance["InstanceId"]
        tx.run(
            insert(instances).values(
                **place(key),
                instance_id=instance_id,
                group_name=key.name,
                lifecycle_state="Pending",
                health_status="Healthy",
                health_reason="",
                is_protected=is_protected,
                instance_type=instance.get("InstanceType", ""),
                image_id=instance.get("ImageId", ""),
                availability_zone=activity.details["Availability Zone"],
                zone_id=_zone_id(group, activity.launch["subnet"]),
                subnet_id=activity.launch["subnet"],
                launch_template=activity.launch["template"],
                activity_id=activity.activity_id,
                launched_at=now,
                asked_to_end_at=None,
            )
        )
        activity_rows.change(
            tx,
            activity.activity_id,
            instance_id=instance_id,
            progress=30,
            description=f"Launching a new EC2 instance: {instance_id}",
        )


def _zone_id(group: Row | None, subnet: str) -> str:
    subnets = (group.subnets or ()) if group is not None else ()
    return next((one["AvailabilityZoneId"] for one in subnets if one["SubnetId"] == subnet), "")


def refuse(tx: Transaction, wave: Sequence[Row], error: ApiError, now: datetime) -> None:
    """End a wave that EC2 refused, with EC2's words."""
    reason = _reason(error)
    description = f"Launching a new EC2 instance.  Status Reason: {reason}"
    for activity in wave:
        activity_rows.fail(tx, activity.activity_id, now, status_message=reason, description=description)


def begin_refused(tx: Transaction, key: Key, group: Row, error: ApiError, now: datetime) -> None:
    """Record a launch that did not come to EC2, as its template or its subnets could not be looked up."""
    reason = _reason(error)
    activity_rows.begin(
        tx,
        place(key),
        group,
        kind=activity_rows.LAUNCH,
        status_code="Failed",
        description=f"Launching a new EC2 instance.  Status Reason: {reason}",
        cause=group.cause or f"At {moment(now)} {DIFFERENCE}.",
        now=now,
        status_message=reason,
        progress=100,
        ended_at=now,
    )


def _reason(error: ApiError) -> str:
    text = error.message if error.message.endswith(".") else f"{error.message}."
    return f"{text} Launching EC2 instance failed."
