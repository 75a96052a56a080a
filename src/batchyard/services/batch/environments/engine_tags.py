"""The tag of a compute environment that names the engine of its jobs: what it may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.tables import attempts
from batchyard.store.prepared import Prepared, Row

ENGINE_TAG = "batchyard:engine"


_LIVE = Prepared(
    select(attempts.c.job)
    .where(attempts.c.environment_id == bindparam("environment_id"))
    .where(attempts.c.stopped_ms.is_(None))
    .limit(1)
)


def engine_tag(environment: Any) -> str | None:
    """The engine that an environment's tags name."""
    named: str | None = environment.tags.get(ENGINE_TAG)
    return named or None


def check_engine_tag(ctx: Context, tags: Mapping[str, str]) -> None:
    """Raise ClientException for an engine that the settings do not list for the account (no text of AWS's)."""
    name = tags.get(ENGINE_TAG)
    known = ctx.runtime.engines.names_for(ctx.account)
    if name and name not in known:
        raise refusal(
            ctx, f"{ENGINE_TAG} names no engine of this account: {name} is not one of {', '.join(known)}"
        )


def check_engine_changes(ctx: Context, environment: Row, tags: Mapping[str, str]) -> bool:
    """Do these tags give the environment another engine? Raises ClientException where they may not: for an engine
    that is not the account's, and while jobs run there."""
    if (engine_tag(environment) or "") == (tags.get(ENGINE_TAG) or ""):
        return False
    check_engine_tag(ctx, tags)
    if ctx.read.first(_LIVE, environment_id=environment.id) is not None:
        raise refusal(ctx, f"Jobs run in the compute environment: {ENGINE_TAG} changes only while none does")
    return True
