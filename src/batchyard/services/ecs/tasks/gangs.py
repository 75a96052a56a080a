"""Gangs: tasks that start together or not at all, as RunTask's `group` says of each. No part of ECS.

`gang:<name>:<index>/<size>` is the task group of a member. It waits, with its room on its instance, until all members
of its cluster's gang are there; then they get their places on the engine at once. In the environment of a member the
value `${gang:<index>:address}` stands for the address at which the engine lets that member be reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.services.ecs.tables import tasks
from batchyard.services.ecs.tasks import task_rows
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_GROUP = re.compile(r"gang:([A-Za-z0-9_-]{1,100}):([0-9]{1,4})/([0-9]{1,4})")
_ADDRESS = re.compile(r"\$\{gang:([0-9]{1,4}):address\}")
_MEMBERS = Prepared(
    select(
        tasks.c.id, tasks.c.account, tasks.c.partition, tasks.c.region, tasks.c.cluster, tasks.c.task_group
    )
    .where(tasks.c.account == bindparam("account"))
    .where(tasks.c.partition == bindparam("partition"))
    .where(tasks.c.region == bindparam("region"))
    .where(tasks.c.cluster == bindparam("cluster"))
    .where(tasks.c.gang == bindparam("gang"))
    .where(tasks.c.phase == bindparam("phase"))
)


@dataclass(frozen=True, slots=True)
class Member:
    """Which task of which gang."""

    gang: str
    index: int
    size: int


def member_of(task_group: str) -> Member | None:
    """What a task group says of a gang; None for all other groups."""
    found = _GROUP.fullmatch(task_group)
    if found is None:
        return None
    member = Member(found[1], int(found[2]), int(found[3]))
    return member if member.index < member.size else None


def addresses_in(environment: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """The variables that stand for addresses of members, with those members' indexes."""
    found = ((pair["name"], _ADDRESS.fullmatch(pair.get("value", ""))) for pair in environment)
    return {name: int(match[1]) for name, match in found if match is not None}


def gather(tx: Transaction, row: Any) -> None:
    """Have a new member wait for the others; with the last member, all of them wait for places."""
    task_rows.change(tx, row.id, last_status="PENDING", phase=task_rows.GATHERING)
    members = _in_phase(tx, row, task_rows.GATHERING)
    if is_whole(row, members):
        for one in members:
            task_rows.change(tx, one.id, phase=task_rows.WAITING)


def waiting_members(tx: Transaction, row: Any) -> list[Row]:
    """The members of a waiting task's gang, which wait with it for places; none where some went: the others gather."""
    members = _in_phase(tx, row, task_rows.WAITING)
    if is_whole(row, members):
        return members
    for one in members:
        task_rows.change(tx, one.id, phase=task_rows.GATHERING)
    return []


def is_whole(row: Any, members: list[Row]) -> bool:
    """Are these all members of the task's gang?"""
    member = member_of(row.task_group)
    return member is not None and len(members) >= member.size


def _in_phase(tx: Transaction, row: Any, phase: str) -> list[Row]:
    return list(
        tx.all(
            _MEMBERS,
            account=row.account,
            partition=row.partition,
            region=row.region,
            cluster=row.cluster,
            gang=row.gang,
            phase=phase,
        )
    )
