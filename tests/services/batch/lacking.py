"""A server whose BatchServiceRolePolicy may lack statements, and what its neighbours hold when a call is denied."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from batchyard.audit.tables import events
from batchyard.config import Settings
from batchyard.data import managed_policies
from batchyard.data.managed_policies import ManagedPolicy
from batchyard.store.types import metadata
from conftest import PACE, Serving

NEIGHBOURS = ("ecs_", "ec2_", "autoscaling_", "logs_")
Rows = Mapping[str, Sequence[Any]]


class Lacking:
    """The server, the statements that its policy lacks, and the neighbours' rows at the first denial."""

    def __init__(self) -> None:
        self.lacking: set[str] = set()
        self._watched: tuple[str, str] | None = None
        self.at_denial: Rows | None = None
        settings = Settings(ephemeral=True, port=0, pace=PACE, scale_down_delay=0.5, slots=8)
        self.serving = Serving(settings, find_managed_policy=self._find, commit_hook=self._committed)

    def remove(self, *numbers: int) -> None:
        """From now on the policy has all statements but these (numbered from 1)."""
        self.lacking = {f"AWSBatchPolicyStatement{number}" for number in numbers}

    def watch(self, account: str, action: str) -> None:
        """Keep the account's rows as they are right after the commit of the next denial of this action."""
        self.at_denial = None
        self._watched = (account, action)

    def rows(self, account: str) -> Rows:
        """What the neighbours hold of the account now."""
        with self.serving.app.store.connect() as connection:
            return rows_of(connection, account)

    def denials(self, account: str, action: str) -> int:
        """How often Batch was denied this action so far."""
        with self.serving.app.store.connect() as connection:
            return len(_denials(connection, account, action))

    def _find(self, name_or_arn: str) -> ManagedPolicy | None:
        found = managed_policies.find(name_or_arn)
        if found is None or found.name != "BatchServiceRolePolicy" or not self.lacking:
            return found
        document = json.loads(found.document)
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] not in self.lacking]
        return dataclasses.replace(found, document=json.dumps(document))

    def _committed(self, number: int, moment: str) -> None:
        if moment != "after" or self._watched is None:
            return
        account, action = self._watched
        with self.serving.app.store.connect() as connection:
            if _denials(connection, account, action):
                self.at_denial = rows_of(connection, account)
                self._watched = None


def rows_of(connection: Connection, account: str) -> Rows:
    """Every row that the neighbours of Batch hold of an account, by table."""
    return {
        table.name: sorted(map(repr, connection.execute(select(table).where(table.c.account == account))))
        for table in metadata.sorted_tables
        if table.name.startswith(NEIGHBOURS)
    }


def _denials(connection: Connection, account: str, action: str) -> list[Any]:
    name = action.partition(":")[2]
    found = connection.execute(
        select(events.c.error_message)
        .where(events.c.account == account, events.c.name == name)
        .where(events.c.error_code.is_not(None))
    )
    return [one for one in found if f"is not authorized to perform: {action} " in one.error_message]
