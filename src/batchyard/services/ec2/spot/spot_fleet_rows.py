"""Spot Fleet requests as rows, with their instances and their history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.services.ec2.places import Place, at, columns_of
from batchyard.services.ec2.tables import instances, spot_fleet_events, spot_fleet_instances, spot_fleets
from batchyard.services.ec2.tags.tag_rows import forget_tags
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

CONTROLLER = "ec2.spot_fleet"
FLEET_TAG = "aws:ec2spot:fleet-request-id"
"""The tag of a fleet's instances [doc: EC2 User Guide]; AWSEC2SpotFleetServiceRolePolicy ends no others."""

_ONE = Prepared(select(spot_fleets).where(at(spot_fleets)).where(spot_fleets.c.id == bindparam("id")))
_BY_TOKEN = Prepared(
    select(spot_fleets).where(at(spot_fleets)).where(spot_fleets.c.client_token == bindparam("client_token"))
)
_AFTER = Prepared(
    select(spot_fleets)
    .where(at(spot_fleets))
    .where(spot_fleets.c.id > bindparam("after"))
    .order_by(spot_fleets.c.id)
    .limit(bindparam("size"))
)
_INSERT = Prepared(insert(spot_fleets).values(columns_of(spot_fleets)))
_DELETE = Prepared(delete(spot_fleets).where(at(spot_fleets)).where(spot_fleets.c.id == bindparam("id")))
_MEMBERS = Prepared(
    select(
        spot_fleet_instances.c.instance_id.label("id"),
        spot_fleet_instances.c.weight,
        spot_fleet_instances.c.specification,
        instances.c.state,
        instances.c.instance_type,
        instances.c.spot_request_id,
    )
    .select_from(
        spot_fleet_instances.join(
            instances,
            (instances.c.account == spot_fleet_instances.c.account)
            & (instances.c.partition == spot_fleet_instances.c.partition)
            & (instances.c.region == spot_fleet_instances.c.region)
            & (instances.c.id == spot_fleet_instances.c.instance_id),
        )
    )
    .where(at(spot_fleet_instances))
    .where(spot_fleet_instances.c.fleet_id == bindparam("fleet_id"))
    .order_by(spot_fleet_instances.c.instance_id)
)
_FLEET_OF = Prepared(
    select(spot_fleet_instances.c.fleet_id)
    .where(at(spot_fleet_instances))
    .where(spot_fleet_instances.c.instance_id == bindparam("instance_id"))
)
_ADD = Prepared(
    insert(spot_fleet_instances).prefix_with("OR IGNORE").values(columns_of(spot_fleet_instances))
)
_LEAVE = Prepared(
    delete(spot_fleet_instances)
    .where(at(spot_fleet_instances))
    .where(spot_fleet_instances.c.fleet_id == bindparam("fleet_id"))
    .where(spot_fleet_instances.c.instance_id == bindparam("instance_id"))
)
_TELL = Prepared(
    insert(spot_fleet_events).values(
        {
            column.name: bindparam(column.name)
            for column in spot_fleet_events.columns
            if column.name != "sequence"
        }
    )
)
_FORGET_MEMBERS = Prepared(
    delete(spot_fleet_instances)
    .where(at(spot_fleet_instances))
    .where(spot_fleet_instances.c.fleet_id == bindparam("fleet_id"))
)
_FORGET_EVENTS = Prepared(
    delete(spot_fleet_events)
    .where(at(spot_fleet_events))
    .where(spot_fleet_events.c.fleet_id == bindparam("fleet_id"))
)
_EVENTS = Prepared(
    select(spot_fleet_events)
    .where(at(spot_fleet_events))
    .where(spot_fleet_events.c.fleet_id == bindparam("fleet_id"))
    .where(spot_fleet_events.c.sequence > bindparam("after"))
    .where(spot_fleet_events.c.happened_at >= bindparam("since"))
    .order_by(spot_fleet_events.c.sequence)
)


def insert_fleet(tx: Transaction, **values: Any) -> None:
    """Write a new request."""
    tx.run(_INSERT, **values)


def find_fleet(tx: Transaction, where: Place, identity: str) -> Row | None:
    """A request by its id."""
    return tx.first(_ONE, **where, id=identity)


def find_fleet_by_token(tx: Transaction, where: Place, token: str) -> Row | None:
    """A request by its client token."""
    return tx.first(_BY_TOKEN, **where, client_token=token)


ALL_FLEETS = _AFTER
"""Requests by id from `after` on, `size` of them."""


def change_fleet(tx: Transaction, where: Place, identity: str, **values: Any) -> None:
    """Change columns of a request."""
    condition = (spot_fleets.c[name] == value for name, value in where.items())
    tx.run(update(spot_fleets).where(*condition, spot_fleets.c.id == identity).values(**values))


def members(tx: Transaction, where: Place, fleet_id: str) -> list[Row]:
    """The request's instances that are still known, with state and weight."""
    return list(tx.all(_MEMBERS, **where, fleet_id=fleet_id))


def fleet_of(tx: Transaction, where: Place, instance_id: str) -> str | None:
    """The id of the request that an instance belongs to."""
    row = tx.first(_FLEET_OF, **where, instance_id=instance_id)
    return row.fleet_id if row else None


def add_members(
    tx: Transaction,
    where: Place,
    fleet_id: str,
    instance_ids: Sequence[str],
    *,
    specification: int,
    weight: float,
) -> None:
    """Count instances as the request's; harmless when done twice."""
    for one in instance_ids:
        tx.run(_ADD, **where, fleet_id=fleet_id, instance_id=one, specification=specification, weight=weight)


def drop_member(tx: Transaction, where: Place, fleet_id: str, instance_id: str) -> None:
    """Count an instance no longer as the request's: it has ended."""
    tx.run(_LEAVE, **where, fleet_id=fleet_id, instance_id=instance_id)


def tell(
    tx: Transaction,
    where: Place,
    fleet_id: str,
    at_time: datetime,
    event_type: str,
    information: dict[str, str],
) -> None:
    """Add to the request's history."""
    tx.run(
        _TELL, **where, fleet_id=fleet_id, event_type=event_type, information=information, happened_at=at_time
    )


def history(tx: Transaction, where: Place, fleet_id: str, *, since: datetime, after: int) -> Sequence[Row]:
    """The request's history from a moment on, after a position."""
    return tx.all(_EVENTS, **where, fleet_id=fleet_id, since=since, after=after)


def forget_fleet(tx: Transaction, where: Place, identity: str) -> None:
    """Delete a request with its history and its tags."""
    tx.run(_FORGET_MEMBERS, **where, fleet_id=identity)
    tx.run(_FORGET_EVENTS, **where, fleet_id=identity)
    tx.run(_DELETE, **where, id=identity)
    forget_tags(tx, where, identity)
