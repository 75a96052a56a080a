"""An environment whose role was refused something in the middle of work: INVALID until that is allowed again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update

from batchyard.framework.controller import Controller
from batchyard.framework.errors import AccessDenied, ApiError
from batchyard.framework.work import Key
from batchyard.services.batch.environments.unfit import Unfit
from batchyard.services.batch.reasons import client_error
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

_GONE = ("ClusterNotFoundException", "InvalidClusterException")


def is_environments_fault(error: ApiError) -> bool:
    """Is it the environment that is wrong (its role, its cluster), and not the job?"""
    return isinstance(error, AccessDenied) or error.code in _GONE


def mark_refused(controller: Controller, key: Key, environment: Row, error: ApiError | Unfit) -> None:
    """Turn a VALID environment INVALID with the refusal's words, and have it looked at a little later."""
    reason = client_error(error) if isinstance(error, ApiError) else str(error)

    def mark(tx: Transaction) -> None:
        changed = tx.run(
            update(compute_environments)
            .where(compute_environments.c.id == environment.id)
            .where(compute_environments.c.status == "VALID")
            .values(status="INVALID", status_reason=reason)
        )
        if changed:
            compute = Key("batch.compute", key.account, key.partition, key.region, environment.name)
            controller.intend(tx, compute, delay_seconds=controller.refused_seconds)

    controller.write(mark)


Refuse = Callable[[Row, ApiError], None]
"""What a step of a round calls with an environment and the error that came of it."""
