"""What jobs need of engines, and which compute environments have it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.container_needs import Asked, asked_by, may_ask, together
from batchyard.framework.context import Context
from batchyard.framework.runtime import Runtime
from batchyard.services.batch.definitions.job_tasks import Task, task_of_spec
from batchyard.services.batch.environments.engine_tags import engine_tag
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments, queue_environments
from batchyard.store.prepared import Prepared, Row

_UNABLE = batch.unbuilt(
    "parameters of the container that no engine of the queue makes true (see [engines](#engines))",
    on=["SubmitJob"],
)
_ATTACHED = Prepared(
    select(compute_environments.c.tags)
    .join(queue_environments, queue_environments.c.environment_id == compute_environments.c.id)
    .where(queue_environments.c.queue_id == bindparam("queue_id"))
)
_OF_TASK = ("ephemeralStorage", "enableExecuteCommand", "runtimePlatform")


def asked_of(task: Task) -> Asked:
    """What a task asks."""
    return asked_by(task["containers"], task.get("volumes") or (), task)


def asked_of_spec(spec: Mapping[str, Any]) -> Asked | None:
    """What a job asks; None where it is plain to see that it asks nothing, as of most jobs."""
    container = spec.get("container")
    if container is not None and not may_ask(container) and not any(map(container.get, _OF_TASK)):
        return None
    return asked_of(task_of_spec(spec)) or None


def check_engines(ctx: Context, queue: Row, specs: Sequence[Mapping[str, Any]]) -> Asked | None:
    """What the job asks, by its spec or those of its nodes; raises what is told where no environment of the queue has
    an engine that can run it."""
    asked = together([one for spec in specs if (one := asked_of_spec(spec)) is not None])
    if asked is None:
        return None
    tags = [engine_tag(row) for row in ctx.read.all(_ATTACHED, queue_id=queue.id)]
    refused = ctx.runtime.engines.refusal(ctx.account, tags, asked)
    if refused is None:
        return asked
    raise refusal(ctx, refused.text) if refused.by_setting else _UNABLE(refused.text)


def asked_by_jobs(jobs: Iterable[Row]) -> dict[str, Asked]:
    """What these jobs ask, by their job ids; those that ask nothing are left out."""
    return {row.job_id: Asked.kept(row.asked) for row in jobs if row.asked is not None}


def needs_of(asked: Asked | None) -> frozenset[str]:
    """What a job needs of an environment, in the scheduler's words."""
    if asked is None:
        return frozenset()
    return frozenset((*asked.needs, _power(asked))) if asked.power else frozenset(asked.needs)


def _power(asked: Asked) -> str:
    """One word for all that is asked of the host: an engine's settings give it, or not."""
    return f"what the job asks of the host ({asked.power})"


def abilities_of(runtime: Runtime, environment: Row, asked: Collection[Asked]) -> frozenset[str] | None:
    """What the engine of an environment makes true, takes without effect, or gives of its host of what is asked for;
    None: it is not open."""
    tag = engine_tag(environment)
    able = runtime.engines.of(environment.account, tag)
    if able is None:
        return None
    wanted = {_power(one): one for one in asked if one.power}
    given = [
        word
        for word, one in wanted.items()
        if runtime.engines.refusal(environment.account, [tag], one) is None
    ]
    return able.union(given)
