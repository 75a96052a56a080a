"""What jobs need of engines, and which compute environments have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.container_needs import Asked, asked_by, may_ask
from batchyard.framework.context import Context
from batchyard.framework.runtime import Runtime
from batchyard.services.batch.environments.engine_tags import engine_tag
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments, job_definitions, queue_environments
from batchyard.store.prepared import Prepared, Row, among
from batchyard.store.transaction import Transaction

_UNABLE = batch.unbuilt(
    "parameters of the container that no engine of the queue makes true (see [engines](#engines))",
    on=["SubmitJob"],
)
_ATTACHED = Prepared(
    select(compute_environments.c.tags)
    .join(queue_environments, queue_environments.c.environment_id == compute_environments.c.id)
    .where(queue_environments.c.queue_id == bindparam("queue_id"))
)
_BODIES = Prepared(
    select(job_definitions.c.id, job_definitions.c.body).where(among(job_definitions.c.id, "ids"))
)


def asked_of(container: Mapping[str, Any]) -> Asked:
    """What containerProperties ask."""
    return asked_by([container], container.get("volumes") or ())


def check_engines(ctx: Context, queue: Row, container: Mapping[str, Any]) -> None:
    """Raise what is told where no environment of the queue has an engine that can run the container."""
    if not may_ask(container):
        return
    asked = asked_of(container)
    tags = [engine_tag(row) for row in ctx.read.all(_ATTACHED, queue_id=queue.id)]
    refused = ctx.runtime.engines.refusal(ctx.account, tags, asked)
    if refused is None:
        return
    raise refusal(ctx, refused.text) if refused.by_setting else _UNABLE(refused.text)


def asked_by_definitions(tx: Transaction, ids: Collection[int]) -> dict[int, Asked]:
    """What the jobs of these definitions ask; those that ask nothing are left out."""
    rows = tx.all(_BODIES, ids=list(ids)) if ids else ()
    asked = {row.id: asked_of(row.body["containerProperties"]) for row in rows}
    return {identity: one for identity, one in asked.items() if one}


def needs_of(definition: int, asked: Mapping[int, Asked]) -> frozenset[str]:
    """What a job of the definition needs of an environment, in the scheduler's words."""
    one = asked.get(definition)
    if one is None:
        return frozenset()
    return frozenset((*one.needs, _power(definition))) if one.wants_power else frozenset(one.needs)


def _power(definition: int) -> str:
    """One word for all that a definition asks of the host: an engine's settings give it, or not."""
    return f"what job definition {definition} asks of the host"


def abilities_of(runtime: Runtime, environment: Row, asked: Mapping[int, Asked]) -> frozenset[str] | None:
    """What the engine of an environment makes true, takes without effect, or gives to the definitions that ask for
    something of its host; None: it is not open."""
    tag = engine_tag(environment)
    able = runtime.engines.of(environment.account, tag)
    if able is None:
        return None
    given = [
        _power(definition)
        for definition, one in asked.items()
        if one.wants_power and runtime.engines.refusal(environment.account, [tag], one) is None
    ]
    return able.union(given)
