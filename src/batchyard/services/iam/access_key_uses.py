"""GetAccessKeyLastUsed: when, where and for which service a key last signed a call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.audit.last_access import list_last_accesses
from batchyard.audit.tables import events
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam.access_keys import find_key
from batchyard.services.iam.nouns import USER, Row
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Prepared

_NEWEST = Prepared(
    select(events.c.event_time, events.c.source, events.c.region)
    .where(
        events.c.account == bindparam("of"),
        events.c.partition == bindparam("in_partition"),
        events.c.region == bindparam("in_region"),
        events.c.username == bindparam("who"),
        events.c.access_key_id == bindparam("signed_by"),
    )
    .order_by(events.c.sequence.desc())
    .limit(1)
)
UNUSED = {"ServiceName": "N/A", "Region": "N/A"}
"""What AWS says of a key that never signed anything (recorded: SNAP)."""


def _owner(ctx: Context, request: dict[str, Any]) -> Row | None:
    """The user whose key it is, in the caller's account; or None."""
    key = find_key(ctx, request["AccessKeyId"])
    if key is None or (key.partition, key.account) != (ctx.partition, ctx.account):
        return None
    return USER.find_by_id(ctx.read, key.user_id)


def _owner_check(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    owner = _owner(ctx, request)
    if owner is None:
        return [Check(resource=f"access key {request['AccessKeyId']}")]
    return [Check(resource=USER.arn_of(owner), tags=lambda: owner.tags)]


@iam.operation(on=_owner_check)
def get_access_key_last_used(ctx: Context, request: Any) -> dict[str, Any]:
    """Tell the key's newest call in the event history (90 days), and whose key it is.

    A key that is not the account's is denied to everybody, in words of its own (recorded: SNAP).
    """
    owner = _owner(ctx, request)
    if owner is None:
        text = (
            f"User: {ctx.session.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: "
            f"access key {request['AccessKeyId']}"
        )
        raise ApiError("AccessDenied", text, status=403)
    newest = max(_uses(ctx, owner, request["AccessKeyId"]), key=lambda use: use.event_time, default=None)
    if newest is None:
        return {"UserName": owner.name, "AccessKeyLastUsed": UNUSED}
    used = {
        "LastUsedDate": newest.event_time.replace(microsecond=0),
        "ServiceName": newest.source.removesuffix(".amazonaws.com"),
        "Region": newest.region,
    }
    return {"UserName": owner.name, "AccessKeyLastUsed": used}


def _uses(ctx: Context, owner: Row, access_key_id: str) -> list[Row]:
    """The key's newest event in each Region that its user has called."""
    accesses = list_last_accesses(
        ctx.read, account=ctx.account, partition=ctx.partition, principal_id=owner.id
    )
    found = []
    for region in {access.region for access in accesses}:
        newest = ctx.read.first(
            _NEWEST,
            of=ctx.account,
            in_partition=ctx.partition,
            in_region=region,
            who=owner.name,
            signed_by=access_key_id,
        )
        if newest is not None:
            found.append(newest)
    return found
