"""Client tokens of RunTask: the same call twice runs its tasks once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.ecs.resources import TASK
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import run_tokens
from batchyard.store.prepared import Prepared
from batchyard.store.types import encode

KEPT = timedelta(hours=24)
"""How long a token is remembered (ECS developer guide, idempotency)."""

_AT = (
    (run_tokens.c.account == bindparam("account"))
    & (run_tokens.c.partition == bindparam("partition"))
    & (run_tokens.c.region == bindparam("region"))
    & (run_tokens.c.cluster == bindparam("cluster"))
    & (run_tokens.c.token == bindparam("token"))
)
_FIND = Prepared(select(run_tokens).where(_AT))
_KEEP = Prepared(insert(run_tokens).values({column.name: bindparam(column.name) for column in run_tokens.c}))
_OLD = select(run_tokens.c.until).where(run_tokens.c.until < bindparam("now")).order_by(run_tokens.c.until)
_FORGET = Prepared(delete(run_tokens).where(run_tokens.c.until.in_(_OLD.limit(8))))


def _fingerprint(request: Mapping[str, Any]) -> str:
    same = {name: value for name, value in sorted(request.items()) if name != "clientToken"}
    return hashlib.sha256(encode(same).encode()).hexdigest()


def find(ctx: Context, cluster: str, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the same call answered before; raises ConflictException where the token stood for another call."""
    token = request.get("clientToken")
    if not token:
        return None
    if len(token) > 64:
        raise ecs.error.InvalidParameterException("clientToken can have at most 64 characters.")
    row = ctx.read.first(_FIND, **place(ctx), cluster=cluster, token=token)
    if row is None:
        return None
    if row.request != _fingerprint(request):
        raise ecs.error.ConflictException(
            "The clientToken was used before with other parameters.",
            resourceIds=[TASK.arn(ctx, cluster=cluster, id=one) for one in row.answer["tasks"]],
        )
    answer: Mapping[str, Any] = row.answer
    return answer


def keep(ctx: Context, cluster: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Remember the answer of a call with a token; a few that are over are forgotten on the way."""
    token = request.get("clientToken")
    if not token:
        return
    ctx.write.run(_FORGET, now=ctx.now)
    ctx.write.run(
        _KEEP,
        **place(ctx),
        cluster=cluster,
        token=token,
        request=_fingerprint(request),
        answer=answer,
        until=ctx.now + KEPT,
    )
