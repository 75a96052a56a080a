"""The two addresses at which a running task asks about itself: its task role's credentials, and its metadata.

Each has a secret. The token of the first is made with the task's place on its engine, in the same transaction, so that
a start that is repeated says the same; it is kept sealed, and gone when the task ends. The second's is derived from it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.place import place
from batchyard.framework.workloads import CREDENTIALS_ROOT, METADATA_ROOT, Door, Workload
from batchyard.identity.keyring import Keyring
from batchyard.services.ecs.tables import IS_DEFINITION_OF_TASK, TOKEN_PURPOSE, task_definitions, tasks
from batchyard.services.ecs.tasks import task_metadata
from batchyard.services.ecs.tasks.workloads import role_of
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_TOKEN_BYTES = 32
_ROW = Prepared(
    select(tasks, task_definitions.c.document)
    .join(task_definitions, IS_DEFINITION_OF_TASK)
    .where(tasks.c.id == bindparam("id"))
)


def new_token(keyring: Keyring) -> str:
    """A fresh token, sealed."""
    return keyring.seal(TOKEN_PURPOSE, secrets.token_urlsafe(_TOKEN_BYTES))


def environment(
    keyring: Keyring, row: Row, document: Mapping[str, Any], endpoint: str
) -> dict[str, dict[str, str]]:
    """What each of a task's containers is told of its doors; the credentials' one only where the task has a role."""
    token = _token_of(keyring, row)
    if token is None:
        return {}
    told: dict[str, str] = {}
    if role_of("task", document, row.overrides):
        told["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{endpoint}{CREDENTIALS_ROOT}{row.id}"
        told["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    return {
        name: {"ECS_CONTAINER_METADATA_URI_V4": f"{endpoint}{METADATA_ROOT}{row.id}/{secret}", **told}
        for name, secret in _metadata_secrets(token, document).items()
    }


class TaskDoors:
    """Finds the door of a task by its id (`framework.workloads.Doors`)."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def find(self, tx: Transaction, identity: str) -> Door | None:
        """The door of a task that has a place on its engine; None for any other, and once it has ended."""
        row = tx.first(_ROW, id=identity)
        token = None if row is None else _token_of(self._keyring, row)
        if row is None or token is None:
            return None
        return Door(
            workload=Workload.task(place(row), row.id, "task"),
            role_arn=role_of("task", row.document, row.overrides),
            token=token,
            containers={
                secret: task_metadata.container(row, row.document, name)
                for name, secret in _metadata_secrets(token, row.document).items()
            },
            task=task_metadata.task(row, row.document),
        )


def _token_of(keyring: Keyring, row: Row) -> str | None:
    token: str | None = None if row.sealed_token is None else keyring.open(TOKEN_PURPOSE, row.sealed_token)
    return token


def _metadata_secrets(token: str, document: Mapping[str, Any]) -> dict[str, str]:
    """By container, the part of its metadata's address that nobody else knows."""
    names = [one["name"] for one in document["containerDefinitions"]]
    uses = {name: f"task metadata {name}" if index else "task metadata" for index, name in enumerate(names)}
    return {
        name: hmac.new(token.encode(), use.encode(), hashlib.sha256).hexdigest()[:32]
        for name, use in uses.items()
    }
