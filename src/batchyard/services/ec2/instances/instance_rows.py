"""Instances as rows: their states, and how they are found and changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, null, select, update

from batchyard.services.ec2 import pages
from batchyard.services.ec2.places import Place, at, columns_of, here
from batchyard.services.ec2.tables import instances
from batchyard.services.ec2.tags.tag_rows import forget_tags
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}
"""The states of an instance here with EC2's codes; none is ever stopped."""
LIVE = ("pending", "running")
KEPT_SECONDS = 3600.0
"""How long a terminated instance is still described (EC2 User Guide: "usually about an hour")."""

CONTROLLER = "ec2.instances"
TOPIC = "ec2.instance"
GROUPING = "instances"

_ONE = Prepared(select(instances).where(at(instances)).where(instances.c.id == bindparam("id")))
_AFTER = Prepared(
    select(instances)
    .where(at(instances))
    .where(instances.c.id > bindparam("after"))
    .order_by(instances.c.id)
    .limit(bindparam("size"))
)
_BY_TOKEN = Prepared(
    select(instances)
    .where(at(instances))
    .where(instances.c.client_token == bindparam("client_token"))
    .order_by(instances.c.launch_index)
)
_INSERT = Prepared(insert(instances).values(columns_of(instances)))
_STATE = Prepared(
    update(instances)
    .where(at(instances))
    .where(instances.c.id == bindparam("id"))
    .values(
        state=bindparam("new_state"), state_at=bindparam("new_state_at"), state_reason=bindparam("new_reason")
    )
)
_RELEASE = Prepared(
    update(instances).where(at(instances)).where(instances.c.id == bindparam("id")).values(private_ip=null())
)
_DELETE = Prepared(delete(instances).where(at(instances)).where(instances.c.id == bindparam("id")))
_AT_ONCE = 200


def insert_instances(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Write new instances."""
    tx.run_many(_INSERT, rows)


def find_instance(tx: Transaction, where: Place, identity: str) -> Row | None:
    """An instance by its id."""
    return tx.first(_ONE, **where, id=identity)


def find_launched(tx: Transaction, where: Place, client_token: str) -> list[Row]:
    """The instances that a client token launched, in launch order."""
    return list(tx.all(_BY_TOKEN, **where, client_token=client_token))


def list_instances(tx: Transaction, where: Place, identities: Iterable[str]) -> Iterator[list[Row]]:
    """The instances with these ids, by id, a chunk at a time; the missing are left out."""
    wanted = sorted(set(identities))
    for start in range(0, len(wanted), _AT_ONCE):
        chunk = wanted[start : start + _AT_ONCE]
        statement = select(instances).where(here(instances, where)).where(instances.c.id.in_(chunk))
        yield list(tx.all(statement.order_by(instances.c.id)))


def every_instance(tx: Transaction, where: Place, after: str) -> Iterator[list[Row]]:
    """Every instance of the Region from after an id on, by id, a chunk at a time."""
    return pages.row_chunks(tx, _AFTER, after, **where)


def live_with_group(tx: Transaction, where: Place, group_id: str) -> bool:
    """Does an instance that is not terminated use the security group?"""
    return any(
        row.state != "terminated" and any(group["GroupId"] == group_id for group in row.security_groups)
        for chunk in every_instance(tx, where, "")
        for row in chunk
    )


def set_state(
    tx: Transaction, where: Place, row: Row, state: str, at_time: datetime, reason: dict[str, str] | None
) -> None:
    """Move an instance to a state; a terminated one gives its address back."""
    tx.run(_STATE, **where, id=row.id, new_state=state, new_state_at=at_time, new_reason=reason)
    if state == "terminated":
        tx.run(_RELEASE, **where, id=row.id)


def forget_instance(tx: Transaction, where: Place, row: Row) -> None:
    """Delete an instance with everything that went with it."""
    tx.run(_DELETE, **where, id=row.id)
    launched = row.launched_with
    volumes = [volume["VolumeId"] for volume in launched["Volumes"]]
    for one in (row.id, launched["NetworkInterfaceId"], *volumes, row.spot_request_id):
        if one:
            forget_tags(tx, where, one)
