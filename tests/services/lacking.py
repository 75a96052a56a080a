"""A server whose managed policies may lack statements, and what services hold when a call is denied for that."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, select

from batchyard.audit.tables import events
from batchyard.config import Settings
from batchyard.data import managed_policies
from batchyard.data.managed_policies import ManagedPolicy
from batchyard.store.sqlite import SqliteStore
from batchyard.store.types import metadata
from conftest import PACE, Serving, wait_for

NEIGHBOURS = ("ecs_", "ec2_", "autoscaling_", "logs_")
Rows = Mapping[str, Sequence[Any]]


class Lacking:
    """The server, the statements that one policy lacks, and the services' rows at the first denial."""

    def __init__(self) -> None:
        self._policy = ""
        self._numbers: tuple[int, ...] = ()
        self._watched: tuple[str, str] | None = None
        self.at_denial: Rows | None = None
        settings = Settings(ephemeral=True, port=0, pace=PACE, scale_down_delay=0.5, slots=8)
        self.serving = Serving(settings, find_managed_policy=self._find, commit_hook=self._committed)

    def remove(self, policy: str, *numbers: int) -> None:
        """From now on the policy has all statements but these (numbered from 1); the others are whole."""
        self._policy, self._numbers = policy, numbers

    def mend(self) -> None:
        """Every policy is whole again."""
        self.remove("")

    def watch(self, account: str, action: str) -> None:
        """Keep the account's rows as they are right after the commit of the next denial of this action."""
        self.at_denial = None
        self._watched = (account, action)

    def _connect(self) -> Connection:
        store = self.serving.app.store
        assert isinstance(store, SqliteStore)
        return store.connect()

    def rows(self, account: str) -> Rows:
        """What the neighbours hold of the account now."""
        with self._connect() as connection:
            return rows_of(connection, account)

    def denials(self, account: str, action: str) -> int:
        """How often a service-linked role was denied this action so far."""
        with self._connect() as connection:
            return len(_denials(connection, account, action))

    def _find(self, name_or_arn: str) -> ManagedPolicy | None:
        found = managed_policies.find(name_or_arn)
        if found is None or found.name != self._policy:
            return found
        document = json.loads(found.document)
        document["Statement"] = [
            one for number, one in enumerate(document["Statement"], 1) if number not in self._numbers
        ]
        return dataclasses.replace(found, document=json.dumps(document))

    def _committed(self, number: int, moment: str) -> None:
        if moment != "after" or self._watched is None:
            return
        account, action = self._watched
        with self._connect() as connection:
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
    found = connection.execute(
        select(events.c.error_message)
        .where(events.c.account == account)
        .where(events.c.error_code.is_not(None))
    )
    text = re.compile(rf":assumed-role/AWSServiceRoleFor\w+/[\w-]+ is not authorized to perform: {action} ")
    return [one for one in found if text.search(one.error_message)]


@dataclass(frozen=True)
class Denied:
    """What is to be refused, and that nothing of it is done."""

    policies: Lacking
    account: str

    def expect(self, action: str, *, times: int = 2, tables: tuple[str, ...] = NEIGHBOURS) -> None:
        """The action is denied again and again, and the tables' rows stay as at the first denial."""
        wait_for(lambda: self.policies.denials(self.account, action) >= times, seconds=30)
        assert self.policies.at_denial is not None
        now = self.policies.rows(self.account)
        for name, rows in self.policies.at_denial.items():
            if name.startswith(tables):
                assert now[name] == rows, name


Removed = tuple[str, int, str]
"""A policy's name, the number of a statement, an action that is denied without it."""

COVERED: set[Removed] = set()
"""What the tests that were collected remove; tests/services/test_statements.py compares it with the table."""


def removes(policy: str, *pairs: tuple[int, str]) -> Any:
    """Parametrize a test with `number` and `action`: a statement that it removes, and what is denied then."""
    COVERED.update((policy, number, action) for number, action in pairs)
    return pytest.mark.parametrize(("number", "action"), pairs)
